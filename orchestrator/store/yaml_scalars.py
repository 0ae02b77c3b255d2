"""
Unquoted scalars: what all readers agree on is read, what they read differently is an error with its fix.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from orchestrator.store.yaml_nodes import Plain

YAML_1_2 = re.compile(r"0o[0-7]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+|[yYnN]")
DECIMAL_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
DECIMAL_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
NULLS = frozenset({"", "~", "null", "Null", "NULL"})


def resolve(text: str) -> tuple[Plain, str | None]:
    """
    Read an unquoted scalar.

    Returns:

        Its value, and the fix if another reader would read something else.
    """
    if text in WORDS:
        return WORDS[text], None
    if text in NULLS:
        return None, None
    if DECIMAL_INT.fullmatch(text):
        return int(text), None
    if DECIMAL_FLOAT.fullmatch(text):
        return float(text), None
    for tag, pattern in yaml_1_1(text):
        if pattern.match(text):
            return text, trap(text, tag.rpartition(":")[2])
    if YAML_1_2.fullmatch(text):
        return text, trap(text, "other")
    return text, None


def yaml_1_1(text: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield what a YAML 1.1 reader would try on an unquoted scalar."""
    yield from yaml.SafeLoader.yaml_implicit_resolvers.get(text[0], ())


def trap(text: str, kind: str) -> str:
    """Say what another reader would make of a scalar, and how to be plain."""
    quoted = f'quote it: "{text}"'
    match kind:
        case "bool":
            meaning = "true" if text.lower() in ("yes", "on", "y") else "false"
            return f"some readers take it for {meaning}; write {meaning}, or {quoted}"
        case "int" if ":" in text:
            return f"some readers take it for a number in base 60; {quoted}"
        case "int" if text.lstrip("+-").startswith("0"):
            return f"some readers take it for a number in another base; {quoted}"
        case "timestamp":
            return f"some readers take it for a date; {quoted}"
        case _:
            return f"some readers take it for another value; {quoted}"
