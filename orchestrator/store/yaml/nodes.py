"""What a YAML document is made of, and where each part stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")

Plain = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Position:
    """Where something stands; line and column count from 0 as PyYAML counts."""

    line: int
    column: int
    length: int


BITS = 20
"""Of a packed place, for the column and for the length each; longer lines are shown as if they ended there."""

LARGEST = (1 << BITS) - 1


def packed(line: int, column: int, length: int) -> int:
    """Return a position as one number: a plan of 100,000 entries has more than a million of them."""
    return (line << BITS | (min(LARGEST, column))) << BITS | (min(LARGEST, length))


def unpacked(place: int) -> Position:
    """Return the position that was packed."""
    return Position(place >> 2 * BITS, place >> BITS & LARGEST, place & LARGEST)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value. `text` is how it was written; `place` is its position, packed."""

    value: Plain
    text: str
    place: int

    @property
    def position(self) -> Position:
        """Where it stands."""
        return unpacked(self.place)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in order, and the keys as they stand there."""

    entries: dict[str, Node]
    keys: dict[str, int]
    position: Position

    def key(self, name: str) -> Position:
        """Return where a key stands."""
        return unpacked(self.keys[name])


@dataclass(frozen=True, slots=True)
class Sequence:
    """Values in order."""

    items: list[Node]
    position: Position


Node = Scalar | Mapping | Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlProblem:
    """Something wrong with the YAML itself."""

    position: Position
    message: str
    hint: str | None = None
    related: Position | None = None


@dataclass(slots=True)
class Document:
    """What was read: the tree, if one came about, and every problem met on the way."""

    root: Node | None = None
    problems: list[YamlProblem] = field(default_factory=list)


def split_lines(text: str) -> list[str]:
    """Split a text where YAML 1.1 breaks lines, so that lines are counted as the parser counts them."""
    return LINE_BREAK.split(text)


def position_at(text: str, offset: int) -> Position:
    """Return the place of a character."""
    before = split_lines(text[:offset])
    return Position(len(before) - 1, len(before[-1]), 1)


def to_plain(node: Node) -> object:
    """Return the tree as dictionaries, lists and values."""
    match node:
        case Scalar():
            return node.value
        case Mapping():
            return {key: to_plain(value) for key, value in node.entries.items()}
        case Sequence():
            return [to_plain(item) for item in node.items]


def find(root: Node, path: tuple[str | int, ...], *, key: bool = False) -> Position:
    """
    Return where a path leads to; where it leads nowhere, the place of the last step that exists.

    Args:

        root: The tree.
        path: Keys and indexes from the root.
        key: Whether the key is meant and not its value.
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
