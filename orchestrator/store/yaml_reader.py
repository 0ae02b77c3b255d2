"""
YAML with a position for every key and value, in bounded time and memory.

Built on PyYAML's event stream, since its loaders crash on deep nesting, take minutes on merge bombs and drop duplicate keys
without a word (all seen). What would keep a reviewer from reading each line alone is refused as soon as it is met; scalars
that another YAML reader would turn into something else are errors, not guesses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

MOST_BYTES = 64 * 1024 * 1024
MOST_LEVELS = 16

BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
YAML_1_2 = re.compile(r"0o[0-7]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+|[yYnN]")
DECIMAL_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
DECIMAL_FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
NULLS = frozenset({"", "~", "null", "Null", "NULL"})

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


class Refused(Exception):
    """Reading cannot go on; never leaves this module."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read(text: str) -> Document:
    """
    Read one YAML document.

    Args:

        text: The whole file.

    Returns:

        The document; with problems, its tree is for looking at only.
    """
    document = Document()
    try:
        refuse_bidi(text)
        builder = Builder(document.problems)
        for event in yaml.parse(text, Loader=loader()):
            builder.take(event)
        document.root = builder.root
    except Refused as refused:
        document.problems.append(refused.problem)
    except yaml.MarkedYAMLError as error:
        document.problems.append(syntax_problem(error, text))
    except yaml.YAMLError as error:
        document.problems.append(character_problem(error, text))
    return document


def loader() -> type[yaml.CSafeLoader | yaml.SafeLoader]:
    """Return libyaml's parser where it was built in, else the one in Python: slower, and the same to us."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def refuse_bidi(text: str) -> None:
    """Refuse characters that make a line look other than it reads."""
    match = BIDI.search(text)
    if match is None:
        return
    raise Refused(
        Problem(
            position=position_at(text, match.start()),
            message=f"bidirectional control character U+{ord(match.group()):04X}",
            hint="remove it: with it, the line does not read as it looks",
        )
    )


def syntax_problem(error: yaml.MarkedYAMLError, text: str) -> Problem:
    """Turn a parser's complaint into ours."""
    mark = error.problem_mark or error.context_mark
    position = Position(mark.line, mark.column, 1) if mark else Position(0, 0, 1)
    hint = None
    lines = split_lines(text)
    if position.line < len(lines) and "\t" in lines[position.line][: position.column + 1]:
        hint = "indent with spaces; YAML does not allow tabs there"
    message = " ".join(part for part in (error.problem, error.context) if part)
    return Problem(position=position, message=f"not YAML: {message}", hint=hint)


def character_problem(error: yaml.YAMLError, text: str) -> Problem:
    """Turn a complaint about a single character into ours."""
    offset = getattr(error, "position", None)
    if not isinstance(offset, int):
        return Problem(position=Position(0, 0, 1), message=f"not YAML: {' '.join(str(error).split())}")
    if loader() is not yaml.SafeLoader:
        # libyaml counts bytes.
        offset = len(text.encode()[:offset].decode(errors="ignore"))
    hint = "remove it, or write it as an escape"
    return Problem(position=position_at(text, offset), message="a control character", hint=hint)


def split_lines(text: str) -> list[str]:
    """Split a text where YAML 1.1 breaks lines, so that lines are counted as the parser counts them."""
    return LINE_BREAK.split(text)


def position_at(text: str, offset: int) -> Position:
    """Return the place of a character."""
    before = split_lines(text[:offset])
    return Position(len(before) - 1, len(before[-1]), 1)


class Builder:
    """Puts the tree together from parser events."""

    def __init__(self, problems: list[Problem]) -> None:
        self.root: Node | None = None
        self._problems = problems
        self._open: list[tuple[Mapping | Sequence, Scalar | None]] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        """Take the next event."""
        refuse_indirection(event)
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    position = position_of(event)
                    raise Refused(Problem(position=position, message="a second document", hint="one plan per file"))
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent():
                self._enter(Mapping({}, position_of(event)), event)
            case yaml.SequenceStartEvent():
                self._enter(Sequence([], position_of(event)), event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._open.pop()
            case _:
                return

    def _enter(self, node: Mapping | Sequence, event: yaml.Event) -> None:
        if len(self._open) >= MOST_LEVELS:
            message = f"more than {MOST_LEVELS} levels of nesting"
            raise Refused(Problem(position=position_of(event), message=message))
        self._add(node)
        self._open.append((node, None))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        is_key = bool(self._open) and isinstance(self._open[-1][0], Mapping) and self._open[-1][1] is None
        plain = event.style is None or event.style == ""
        position = position_of(event)
        value: Plain = event.value
        if plain and not is_key:
            value, hint = resolve(event.value)
            if hint:
                message = f"ambiguous value `{event.value}`"
                self._problems.append(Problem(position=position, message=message, hint=hint))
        if plain and is_key and event.value == "<<":
            hint = "write the keys out; a reviewer must be able to read each line alone"
            raise Refused(Problem(position=position, message="a merge key", hint=hint))
        self._add(Scalar(value, event.value, plain, position))

    def _add(self, node: Node) -> None:
        if not self._open:
            self.root = node
            return
        parent, key = self._open[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
        elif key is None:
            self._open[-1] = (parent, self._key(node, parent))
        else:
            if key.text not in parent.entries:
                parent.entries[key.text] = (key, node)
            self._open[-1] = (parent, None)

    def _key(self, node: Node, parent: Mapping) -> Scalar:
        if not isinstance(node, Scalar):
            raise Refused(Problem(position=node.position, message="a key that is not a word"))
        earlier = parent.entries.get(node.text)
        if earlier is not None:
            self._problems.append(
                Problem(
                    position=node.position,
                    message=f"the key `{node.text}` is given twice",
                    hint="keep one of the two; other readers would silently take the last",
                    related=earlier[0].position,
                )
            )
        return node


def refuse_indirection(event: yaml.Event) -> None:
    """Refuse what makes a value stand elsewhere than where it is read."""
    what = None
    anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
    if isinstance(event, yaml.AliasEvent):
        what, name = "an alias", f"*{anchor}"
    elif anchor:
        what, name = "an anchor", f"&{anchor}"
    elif tag is not None:
        what, name = "a tag", str(tag)
    if what:
        hint = "write the value out; a reviewer must be able to read each line alone"
        raise Refused(Problem(position=position_of(event), message=f"{what}, `{name}`", hint=hint))


def position_of(event: yaml.Event) -> Position:
    """Return where an event begins, and how long it is on that line."""
    start, end = event.start_mark, event.end_mark
    assert start is not None
    assert end is not None
    length = end.column - start.column if end.line == start.line else 1
    return Position(start.line, start.column, max(1, length))


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
