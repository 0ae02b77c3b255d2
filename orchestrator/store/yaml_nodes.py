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


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value. `plain` says that it stood without quotes."""

    value: Plain
    text: str
    plain: bool
    position: Position


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in order."""

    entries: dict[str, tuple[Scalar, Node]]
    position: Position


@dataclass(frozen=True, slots=True)
class Sequence:
    """Values in order."""

    items: list[Node]
    position: Position


Node = Scalar | Mapping | Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong with the YAML itself."""

    position: Position
    message: str
    hint: str | None = None
    related: Position | None = None


@dataclass(slots=True)
class Document:
    """What was read: the tree, if one came about, and every problem met on the way."""

    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)


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
            return {key: to_plain(value) for key, (_, value) in node.entries.items()}
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
            name, node = node.entries[str(step)]
            position = name.position if key else node.position
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            position = node.position
        else:
            return position
    return position
