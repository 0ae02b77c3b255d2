"""Says in our words what pydantic found wrong with a value, and what would be right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from orchestrator.store import plan_schema as schema

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MODELS: dict[str, type[BaseModel]] = {
    "": schema.PlanKeys,
    "Targets": schema.TargetKeys,
    "Defaults": schema.DefaultKeys,
    "Products": schema.ProductKeys,
    "Select": schema.SelectKeys,
    "Select.Where": schema.WhereKeys,
    "Protect": schema.ProtectKeys,
    "Limits": schema.LimitKeys,
    "Retry": schema.RetryKeys,
}


def explain(kind: str, path: tuple[str | int, ...], detail: ErrorDetails) -> tuple[str, str | None]:
    """Say in our words what pydantic found, and what would be right."""
    name = next((step for step in reversed(path) if isinstance(step, str)), "the plan")
    given = detail["input"]
    context: dict[str, Any] = detail.get("ctx") or {}
    match kind:
        case "extra_forbidden":
            return f"unknown key `{name}`", suggestion(path)
        case "missing":
            return f"`{name}` is missing", None
        case "bool_type":
            return f"`{name}` must be true or false, not {describe(given)}", "write true or false, without quotes"
        case "string_type":
            return f"`{name}` must be text, not {describe(given)}", None
        case "int_type" | "int_from_float" | "float_type":
            return f"`{name}` must be a number, not {describe(given)}", None
        case "string_pattern_mismatch":
            return f"`{name}` cannot be {describe(given)}", f"it must match {context['pattern']}"
        case "literal_error":
            return f"`{name}` cannot be {describe(given)}", literal_hint(given, context["expected"])
        case "greater_than_equal" | "less_than_equal" | "greater_than":
            return f"`{name}` is out of range: {detail['msg'].lower().removeprefix('input ')}", None
        case "model_type" | "dict_type":
            return f"`{name}` must be a mapping of keys to values, not {describe(given)}", None
        case "too_short":
            return f"`{name}` must not be empty", None
        case "list_type":
            return f"`{name}` must be a list, not {describe(given)}", "begin each item with `- `, or write [one, two]"
        case _:
            return f"`{name}`: {detail['msg']}", None


def literal_hint(given: object, expected: str) -> str:
    """Say which words there are, or which one was probably meant."""
    words = re.findall(r"'([^']*)'", expected)
    near = get_close_matches(str(given).upper(), words, n=1, cutoff=0.7)
    return f"did you mean `{near[0]}`?" if near else f"it must be {expected.replace(chr(39), '`')}"


def suggestion(path: tuple[str | int, ...]) -> str:
    """Name the key that was probably meant, or all there are."""
    place = ".".join(step for step in path[:-1] if isinstance(step, str))
    return nearest(str(path[-1]), list(MODELS[place].model_fields))


def nearest(given: str, known: Sequence[str], what: str = "keys") -> str:
    """Say which of the known words was probably meant, or which there are."""
    folded = {fold(word): word for word in known}
    near = folded.get(fold(given)) or next(iter(get_close_matches(given, known, n=1, cutoff=0.7)), None)
    if near:
        return f"did you mean `{near}`?"
    return f"the {what} here are {', '.join(known)}"


def fold(word: str) -> str:
    """Make spellings of one word equal: PascalCase, snake_case, kebab-case, plural."""
    return word.replace("_", "").replace("-", "").lower().removesuffix("s")


def describe(value: object) -> str:
    """Say what was given, for people."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case int() | float():
            return f"the number `{value}`"
        case str():
            shown = value if len(value) <= 60 else value[:57] + "..."
            return f"`{shown}`"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return type(value).__name__
