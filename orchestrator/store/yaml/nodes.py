"""The tree of a YAML document, with the position of every key and value."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

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
