"""Puts into words what is wrong with a key or a value, and what would be right, such as the nearest valid word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from orchestrator.store.plan import schema

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MODELS: Mapping[str, type[BaseModel]] = MappingProxyType(
    {
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
)

EXPECTED: Mapping[str, str] = MappingProxyType(
    {
        "account": "AccountId",
        "id": "ProvisionedProductId",
        "productid": "ProvisionedProductId",
        "name": "ProvisionedProductName",
        "provisionedproductname": "Name",
        "owner": "UserArn",
        "age": "OlderThan",
        "older": "OlderThan",
        "younger": "YoungerThan",
        "role": "RoleName",
        "after": "DependsOn",
        "timeout": "TerminationTimeout",
        "tag": "Tags",
    }
)
"""Words that people try, and the keys that they mean by them."""

LIKELY = 0.7
"""How similar two words must be, from 0 to 1, to be suggested for one another."""

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
"""What the value of a key must look like, in words, where its pattern would be hard to read."""

ABSENT: Mapping[str, tuple[str, str | None]] = MappingProxyType(
    {
        "missing": ("is missing", None),
        "too_short": ("must not be empty", None),
        "no_condition": ("is empty", 'say what is meant; for everything there is, write Name: "*"'),
    }
)
"""What is wrong where a value is missing or empty, and what would be right."""


def explain_error(kind: str, path: tuple[str | int, ...], detail: ErrorDetails) -> tuple[str, str | None]:
    """Say what is wrong where pydantic found an error of a kind, and what would be right, None if that is obvious."""
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    given = detail["input"]
    context: dict[str, Any] = detail.get("ctx") or {}
    match kind:
        case "extra_forbidden":
            return f"unknown key `{name}`", nearest(name, keys_at(path[:-1]))
        case "missing" | "too_short" | "no_condition":
            what, hint = ABSENT[kind]
            return f"`{name}` {what}", hint
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
            return f"`{name}` must be a mapping of keys to values, not {describe_value(given)}", None
        case "list_type":
            return f"`{name}` must be a list, not {describe_value(given)}", "begin each item with `- `, or write [one, two]"
        case _:
            return f"`{name}`: {detail['msg']}", None


def number_hint(given: object) -> str | None:
    """Return a hint for a number that was written with quotes, separators or a percent sign."""
    digits = re.sub(r"[_,%\s]", "", given) if isinstance(given, str) else ""
    return f"write {digits}" if digits.isdecimal() else None


def literal_hint(given: object, expected: str) -> str:
    """Return a hint that names the nearest of the expected words, or all of them if none is near."""
    words = re.findall(r"'([^']*)'", expected)
    found = get_close_matches(str(given).upper(), words, n=1, cutoff=LIKELY)
    return f"did you mean `{found[0]}`?" if found else f"it must be {expected.replace(chr(39), '`')}"


def describe_value(value: object) -> str:
    """Describe a value in a message."""
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


def keys_at(path: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the mapping at a path of a plan may have."""
    return list(MODELS[".".join(step for step in path if isinstance(step, str))].model_fields)


def misspelled_keys(given: Iterable[str], known: Sequence[str]) -> set[str]:
    """Return the known keys that were probably meant by unknown ones; calling these missing as well would mislead."""
    return {meant for name in given if name not in known and (meant := near(name, known))}


def near(given: str, known: Sequence[str]) -> str | None:
    """Return the known word that is nearest to the given one, None if none is near."""
    folded = {fold(word): word for word in known}
    expected = EXPECTED.get(fold(given))
    if fold(given) in folded:
        return folded[fold(given)]
    if expected in known:
        return expected
    return next(iter(get_close_matches(given, known, n=1, cutoff=LIKELY)), None)


def fold(word: str) -> str:
    """Reduce a word to what its spellings have in common: PascalCase, snake_case, kebab-case, plural."""
    return word.replace("_", "").replace("-", "").lower().removesuffix("s")


def nearest(given: str, known: Sequence[str]) -> str:
    """Return a hint that names the nearest known key, or all of them if none is near."""
    meant = near(given, known)
    return f"did you mean `{meant}`?" if meant else f"the keys here are {', '.join(known)}"
