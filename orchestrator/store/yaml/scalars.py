"""
Reads unquoted scalars; one that YAML parsers read differently is an error, with a hint how to write it.

Three kinds of parsers are compared: those of YAML 1.1 (with the patterns of PyYAML), those of the core schema of YAML 1.2,
and those that allow the underscores of YAML 1.1 in the numbers of YAML 1.2.
"""

from __future__ import annotations

import re
from types import MappingProxyType

import yaml

from orchestrator.store.yaml.nodes import Plain

PLAIN_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
PLAIN_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
BOOLEAN_WORDS = MappingProxyType({"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False})
NULLS = frozenset({"", "~", "null", "Null", "NULL"})

LETTERS = MappingProxyType({"y": "true", "Y": "true", "n": "false", "N": "false"})
"""Further booleans in the specification of YAML 1.1, which PyYAML does not know."""

OCTAL = re.compile(r"[-+]?0o?[0-7]+")
INTEGERS: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"[-+]?[0-9]+"), 10),
    (re.compile(r"[-+]?0x[0-9a-fA-F]+"), 16),
    (re.compile(r"[-+]?0b[01]+"), 2),
)
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
NUMERIC = frozenset("+-.0123456789")
"""Characters that a number can begin with."""

LONGEST_NUMBER = 40
"""Characters of the longest number that a hint spells out."""

SPECIAL: MappingProxyType[str, str] = MappingProxyType(
    {".inf": "infinity", "+.inf": "infinity", "-.inf": "minus infinity", ".nan": "not a number"}
)


def resolve(text: str) -> tuple[Plain, str | None]:
    """
    Read an unquoted scalar.

    Returns:

        Its value, and a hint if other parsers would read another value.
    """
    if text in BOOLEAN_WORDS:
        return BOOLEAN_WORDS[text], None
    if text in NULLS:
        return None, None
    if PLAIN_INT.fullmatch(text):
        return int(text), None
    if PLAIN_FLOAT.fullmatch(text):
        return float(text), None
    return text, ambiguity_hint(text)


def ambiguity_hint(text: str) -> str | None:
    """Return a hint for a scalar that is text here and something else to other parsers, None if all read it as text."""
    quoted = f'quote it: "{text}"'
    kind = kind_in_yaml_1_1(text)
    if kind == "bool" or text in LETTERS:
        meaning = LETTERS.get(text, "true" if text.lower() in ("yes", "on") else "false")
        return f"some YAML parsers read this as {meaning}; write {meaning}, or {quoted}"
    if kind == "timestamp":
        return f"some YAML parsers read this as a date; {quoted}"
    if kind in ("int", "float") and ":" in text:
        return f"some YAML parsers read this as a number in base 60; {quoted}"
    if kind == "float" and text.lower() in SPECIAL:
        return f"some YAML parsers read this as {SPECIAL[text.lower()]}; {quoted}"
    if number := number_reading(text):
        return f"some YAML parsers {number}; {quoted}"
    if kind in ("int", "float"):
        return f"some YAML parsers read this as a number; {quoted}"
    return f"some YAML parsers give this a special meaning; {quoted}" if kind else None


def kind_in_yaml_1_1(text: str) -> str | None:
    """Return the type of a scalar in YAML 1.1 (`bool`, `int`, `timestamp`...), None for text."""
    for tag, pattern in yaml.SafeLoader.yaml_implicit_resolvers.get(text[0], ()):
        if pattern.match(text):
            return str(tag).rpartition(":")[2]
    return None


def number_reading(text: str) -> str | None:
    """Say which number other parsers read a scalar as, None if they do not read it as a number."""
    digits = text.replace("_", "") if text[0] in NUMERIC else text
    if OCTAL.fullmatch(digits):
        return "read this as an octal number"
    base = next((base for pattern, base in INTEGERS if pattern.fullmatch(digits)), None)
    if base is None and not FLOAT.fullmatch(digits):
        return None
    if len(digits) > LONGEST_NUMBER:
        return "read this as a number"
    number = f"{float(digits):.15g}" if base is None else str(int(digits, base))
    return "cannot hold this number exactly" if number == text else f"read this as the number {number}"
