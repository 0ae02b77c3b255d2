"""Says in our words what pydantic found wrong with a value, and what would be right."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from orchestrator.store.plan.suggestions import keys_at, nearest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

TYPE_WORDS = {
    "Name": "lower-case letters, digits and hyphens, as in sandbox-nightly, at most 64",
    "ProvisionedProductId": "letters, digits, `_` and `-`, at most 100, as in pp-abcdefghijklm",
    "ProductId": "letters, digits, `_` and `-`, at most 100, as in prod-abcdefghijklm",
    "AccountId": "twelve digits in quotes",
    "Region": "a region, as in eu-west-1",
    "Regions": "regions, as in [eu-west-1]",
    "Key": "letters, digits, `.`, `_` and `-`, at most 128",
    "RoleArn": "the ARN of a role, as in arn:aws:iam::123456789012:role/CatalogJanitor",
    "RoleName": "the name of a role, perhaps with its path",
}
"""What a key wants to be, where its pattern would be hard to read."""


def explain_error(kind: str, path: tuple[str | int, ...], detail: ErrorDetails) -> tuple[str, str | None]:
    """Say in our words what pydantic found, and what would be right."""
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    given = detail["input"]
    context: dict[str, Any] = detail.get("ctx") or {}
    match kind:
        case "extra_forbidden":
            return f"unknown key `{name}`", suggestion(path)
        case "missing":
            return f"`{name}` is missing", None
        case "bool_type":
            return f"`{name}` must be true or false, not {describe_value(given)}", "write true or false, without quotes"
        case "string_type":
            wanted = TYPE_WORDS["AccountId"] if name == "AccountId" else None
            return f"`{name}` must be text, not {describe_value(given)}", f"write its {wanted}" if wanted else None
        case "int_type" | "int_from_float" | "float_type":
            return f"`{name}` must be a number, not {describe_value(given)}", number_hint(given)
        case "string_pattern_mismatch":
            wanted = f"it must be {TYPE_WORDS[name]}" if name in TYPE_WORDS else f"it must match {context['pattern']}"
            return f"`{name}` cannot be {describe_value(given)}", wanted
        case "literal_error":
            return f"`{name}` cannot be {describe_value(given)}", literal_hint(given, context["expected"])
        case "greater_than_equal" | "less_than_equal" | "greater_than":
            return f"`{name}` is out of range: {detail['msg'].lower().removeprefix('input ')}", None
        case "model_type" | "dict_type":
            return (
                f"{f'`{name}`' if name else 'a plan'} must be a mapping of keys to values, not {describe_value(given)}",
                None,
            )
        case "too_short":
            return f"`{name}` must not be empty", None
        case "list_type":
            return f"`{name}` must be a list, not {describe_value(given)}", "begin each item with `- `, or write [one, two]"
        case _:
            return f"`{name}`: {detail['msg']}", None


def number_hint(given: object) -> str | None:
    """Say how a number is written that was written in another way."""
    digits = re.sub(r"[_,%\s]", "", given) if isinstance(given, str) else ""
    return f"write {digits}" if digits.isdecimal() else None


def literal_hint(given: object, expected: str) -> str:
    """Say which words there are, or which one was probably meant."""
    words = re.findall(r"'([^']*)'", expected)
    near = get_close_matches(str(given).upper(), words, n=1, cutoff=0.7)
    return f"did you mean `{near[0]}`?" if near else f"it must be {expected.replace(chr(39), '`')}"


def suggestion(path: tuple[str | int, ...]) -> str:
    """Name the key that was probably meant, or all there are."""
    return nearest(str(path[-1]), keys_at(path[:-1]))


def describe_value(value: object) -> str:
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
