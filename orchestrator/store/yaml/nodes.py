"""The tree of a YAML document, with the position of every key and value, and what a plain scalar means."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType

import yaml

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")

Plain = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Position:
    """A position in the text; lines and columns count from 0, as in PyYAML."""

    line: int
    column: int
    length: int


BITS = 20
"""Bits of a packed position for the column, and for the length; longer lines are shown as if they ended there."""

LARGEST = (1 << BITS) - 1


def pack_position(line: int, column: int, length: int) -> int:
    """Pack a position into one number, since a plan of 100,000 entries has more than a million positions."""
    return (line << BITS | (min(LARGEST, column))) << BITS | (min(LARGEST, length))


def unpack_position(place: int) -> Position:
    """Return the position that was packed into a number."""
    return Position(place >> 2 * BITS, place >> BITS & LARGEST, place & LARGEST)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value. `text` is the value as written; `place` is its packed position."""

    value: Plain
    text: str
    place: int

    @property
    def position(self) -> Position:
        """The position of the value."""
        return unpack_position(self.place)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their values, and the packed positions of the keys."""

    entries: dict[str, YamlNode]
    keys: dict[str, int]
    position: Position

    def key(self, name: str) -> Position:
        """Return the position of a key."""
        return unpack_position(self.keys[name])


@dataclass(frozen=True, slots=True)
class Sequence:
    """Values in order."""

    items: list[YamlNode]
    position: Position


YamlNode = Scalar | Mapping | Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlProblem:
    """A problem of the YAML itself, whatever the document is about."""

    position: Position
    message: str
    hint: str | None = None
    related: Position | None = None


@dataclass(slots=True)
class Document:
    """The tree of a document, None if it could not be built, and all problems that were found."""

    root: YamlNode | None = None
    problems: list[YamlProblem] = field(default_factory=list)


def split_lines(text: str) -> list[str]:
    """Split a text into lines as the YAML parser does."""
    return LINE_BREAK.split(text)


def position_at(text: str, offset: int) -> Position:
    """Return the position of a character."""
    before = split_lines(text[:offset])
    return Position(len(before) - 1, len(before[-1]), 1)


def to_plain(node: YamlNode) -> object:
    """Convert a tree to dictionaries, lists and values."""
    match node:
        case Scalar():
            return node.value
        case Mapping():
            return {key: to_plain(value) for key, value in node.entries.items()}
        case Sequence():
            return [to_plain(item) for item in node.items]


def find(root: YamlNode, path: tuple[str | int, ...], *, key: bool = False) -> Position:
    """
    Return the position that a path leads to; if it leads nowhere, the position of its last step that exists.

    Args:

        root: The tree.
        path: Keys and indexes from the root.
        key: Whether to return the position of the key instead of the value.
    """
    node = root
    position = root.position
    for step in path:
        if isinstance(node, Mapping) and step in node.entries:
            position = node.key(str(step)) if key else node.entries[str(step)].position
            node = node.entries[str(step)]
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            position = node.position
        else:
            return position
    return position


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
