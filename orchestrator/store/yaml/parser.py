"""
Parses YAML into a tree with a position for every key and value, in bounded time and memory.

It uses the events of PyYAML, whose loaders crash on deep nesting, take minutes on merge bombs and silently drop duplicate
keys (all seen). Anything that keeps a reviewer from understanding each line alone, such as anchors, is refused at once;
scalars that other YAML parsers read differently are errors.
"""

from __future__ import annotations

import re
from sys import intern

import yaml

from orchestrator.store.yaml.nodes import (
    Document,
    Mapping,
    Plain,
    Position,
    Scalar,
    Sequence,
    YamlNode,
    YamlProblem,
    pack_position,
    position_at,
    resolve,
    split_lines,
    unpack_position,
)

MOST_LEVELS = 16
MOST_VALUES = 2_000_000
"""Keys and values of one document; more would take minutes and gigabytes, and nobody would review them."""

BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")


class YamlRefused(Exception):
    """Parsing cannot continue; never leaves this module."""

    def __init__(self, problem: YamlProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def parse_yaml(text: str) -> Document:
    """
    Parse one YAML document.

    Args:

        text: The content of the file.

    Returns:

        The document; if it has problems, its tree is only good for finding further mistakes.
    """
    document = Document()
    try:
        refuse_bidi(text)
        builder = TreeBuilder(document.problems)
        for event in yaml.parse(text, Loader=loader()):
            builder.take(event)
        document.root = builder.root
    except YamlRefused as refused:
        document.problems.append(refused.problem)
    except yaml.MarkedYAMLError as error:
        document.problems.append(syntax_problem(error, text))
    except yaml.YAMLError as error:
        document.problems.append(character_problem(error, text))
    return document


def loader() -> type[yaml.CSafeLoader | yaml.SafeLoader]:
    """Return the parser of libyaml if PyYAML was built with it, else the slower one in Python."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def refuse_bidi(text: str) -> None:
    """Refuse characters that make a line look different from what it says."""
    match = BIDI.search(text)
    if match is None:
        return
    raise YamlRefused(
        YamlProblem(
            position=position_at(text, match.start()),
            message=f"bidirectional control character U+{ord(match.group()):04X}",
            hint="remove it: with it, the line does not read as it looks",
        )
    )


def syntax_problem(error: yaml.MarkedYAMLError, text: str) -> YamlProblem:
    """Convert a syntax error of PyYAML."""
    mark = error.problem_mark or error.context_mark
    position = Position(mark.line, mark.column, 1) if mark else Position(0, 0, 1)
    hint = None
    lines = split_lines(text)
    if position.line < len(lines) and "\t" in lines[position.line][: position.column + 1]:
        hint = "indent with spaces; YAML does not allow tabs there"
    message = " ".join(part for part in (error.problem, error.context) if part)
    return YamlProblem(position=position, message=f"not YAML: {message}", hint=hint)


def character_problem(error: yaml.YAMLError, text: str) -> YamlProblem:
    """Convert an error of PyYAML about a single character."""
    offset = getattr(error, "position", None)
    if not isinstance(offset, int):
        return YamlProblem(position=Position(0, 0, 1), message=f"not YAML: {' '.join(str(error).split())}")
    if loader() is not yaml.SafeLoader:
        # libyaml counts bytes.
        offset = len(text.encode()[:offset].decode(errors="ignore"))
    hint = "remove it, or write it as an escape"
    return YamlProblem(position=position_at(text, offset), message="a control character", hint=hint)


class TreeBuilder:
    """Builds the tree from the events of the parser."""

    def __init__(self, problems: list[YamlProblem]) -> None:
        self.root: YamlNode | None = None
        self._problems = problems
        self._open: list[tuple[Mapping | Sequence, Scalar | None]] = []
        self._documents = 0
        self._values = 0

    def take(self, event: yaml.Event) -> None:
        """Process the next event."""
        refuse_indirection(event)
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    position = position_of(event)
                    raise YamlRefused(YamlProblem(position=position, message="a second document", hint="one plan per file"))
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent():
                self._enter(Mapping({}, {}, position_of(event)), event)
            case yaml.SequenceStartEvent():
                self._enter(Sequence([], position_of(event)), event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._open.pop()
            case _:
                return

    def _enter(self, node: Mapping | Sequence, event: yaml.Event) -> None:
        if len(self._open) >= MOST_LEVELS:
            message = f"more than {MOST_LEVELS} levels of nesting"
            raise YamlRefused(YamlProblem(position=position_of(event), message=message))
        self._add(node)
        self._open.append((node, None))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        is_key = bool(self._open) and isinstance(self._open[-1][0], Mapping) and self._open[-1][1] is None
        # Keys are the same few words again and again.
        text = intern(event.value) if is_key else event.value
        value: Plain = text
        if not event.style:
            if not is_key:
                value, hint = resolve(text)
                if hint:
                    message = f"ambiguous value `{text}`"
                    self._problems.append(YamlProblem(position=position_of(event), message=message, hint=hint))
            elif text == "<<":
                hint = "write the keys out; a reviewer must be able to read each line alone"
                raise YamlRefused(YamlProblem(position=position_of(event), message="a merge key", hint=hint))
        self._add(Scalar(value, text, packed_position(event)))

    def _add(self, node: YamlNode) -> None:
        self._values += 1
        if self._values > MOST_VALUES:
            hint = "long lists belong in files of their own, see ProductsFrom"
            message = f"more than {MOST_VALUES:,} keys and values"
            raise YamlRefused(YamlProblem(position=node.position, message=message, hint=hint))
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
                parent.entries[key.text] = node
                parent.keys[key.text] = key.place
            self._open[-1] = (parent, None)

    def _key(self, node: YamlNode, parent: Mapping) -> Scalar:
        if not isinstance(node, Scalar):
            raise YamlRefused(YamlProblem(position=node.position, message="a key that is not a word"))
        if node.text in parent.entries:
            self._problems.append(
                YamlProblem(
                    position=node.position,
                    message=f"the key `{node.text}` is given twice",
                    hint="keep one of the two; other readers would silently take the last",
                    related=parent.key(node.text),
                )
            )
        return node


def refuse_indirection(event: yaml.Event) -> None:
    """Refuse anchors, aliases and tags, with which a line does not say all that it means."""
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
        raise YamlRefused(YamlProblem(position=position_of(event), message=f"{what}, `{name}`", hint=hint))


def packed_position(event: yaml.Event) -> int:
    """Return the position of an event, packed; its length ends with the line."""
    start, end = event.start_mark, event.end_mark
    assert start is not None
    assert end is not None
    length = end.column - start.column if end.line == start.line else 1
    return pack_position(start.line, start.column, length or 1)


def position_of(event: yaml.Event) -> Position:
    """Return the position of an event; its length ends with the line."""
    return unpack_position(packed_position(event))
