"""The YAML reader: positions, traps, refusals, bounded time and memory."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.store.yaml import parser as yaml_reader
from orchestrator.store.yaml.nodes import Position, find, to_plain
from orchestrator.store.yaml.parser import parse_yaml


def problems(text: str) -> list[tuple[int, int, str]]:
    """Return line, column (from 1) and message of each problem."""
    return [(p.position.line + 1, p.position.column + 1, p.message) for p in parse_yaml(text).problems]


def test_values_are_read_with_the_place_they_stand_at() -> None:
    """Keys and values, in mappings and lists."""
    document = parse_yaml("A: 1\nB:\n  - x: true\n    y: 2.5\n  - null\nC: text\n")
    assert document.problems == []
    assert document.root is not None
    assert to_plain(document.root) == {"A": 1, "B": [{"x": True, "y": 2.5}, None], "C": "text"}
    assert find(document.root, ("B", 0, "y")) == Position(3, 7, 3)
    assert find(document.root, ("B", 0, "y"), key=True) == Position(3, 4, 1)
    assert find(document.root, ("B", 0, "nowhere")) == Position(2, 4, 1)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("012345670123", 'some YAML parsers read this as an octal number; quote it: "012345670123"'),
        ("012345678901", 'some YAML parsers read this as the number 12345678901; quote it: "012345678901"'),
        ("00", "some YAML parsers read this as an octal number"),
        ("08", "some YAML parsers read this as the number 8"),
        ("-09", "some YAML parsers read this as the number -9"),
        ("+0_8", "some YAML parsers read this as the number 8"),
        ("0o17", "some YAML parsers read this as an octal number"),
        ("007.5", "some YAML parsers read this as the number 7.5"),
        ("1e3", "some YAML parsers read this as the number 1000"),
        ("+.5", "some YAML parsers read this as the number 0.5"),
        ("0x1F", "some YAML parsers read this as the number 31"),
        ("0b11", "some YAML parsers read this as the number 3"),
        ("0x_", "some YAML parsers read this as a number"),
        ("1_000", "some YAML parsers read this as the number 1000"),
        ("1234567890123456789", "some YAML parsers cannot hold this number exactly"),
        ("9" * 50, "some YAML parsers read this as a number"),
        ("190:20:30", "some YAML parsers read this as a number in base 60"),
        ("no", "some YAML parsers read this as false; write false, or quote it"),
        ("Yes", "some YAML parsers read this as true; write true, or quote it"),
        ("on", "some YAML parsers read this as true"),
        ("N", "some YAML parsers read this as false"),
        ("2026-11-22", "some YAML parsers read this as a date"),
        ("-.Inf", "some YAML parsers read this as minus infinity"),
        (".nan", "some YAML parsers read this as not a number"),
        ("1.5e+3", "some YAML parsers read this as the number 1500"),
        ("=", "some YAML parsers give this a special meaning"),
        ("<<", "some YAML parsers give this a special meaning"),
    ],
)
def test_what_another_reader_would_turn_into_something_else_is_an_error(text: str, hint: str) -> None:
    """With the fix; quoted, it is text and no error."""
    [problem] = parse_yaml(f"A: {text}").problems
    assert problem.message == f"ambiguous value `{text}`"
    assert problem.hint is not None
    assert problem.hint.startswith(hint)
    assert parse_yaml(f'A: "{text}"').problems == []


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("FALSE", False), ("null", None), ("~", None), ("", None), ("12", 12), ("-3", -3), ("0.5", 0.5)],
)
def test_what_all_readers_agree_on_is_read(text: str, value: object) -> None:
    """Words and decimal numbers."""
    document = parse_yaml(f"A: {text}")
    assert document.problems == []
    assert document.root is not None
    assert to_plain(document.root) == {"A": value}


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("A: &x 1\nB: *x", 1, 4, "an anchor, `&x`"),
        ("A: *x", 1, 4, "an alias, `*x`"),
        ("A: !!python/object:os.system {}", 1, 4, "a tag, `tag:yaml.org,2002:python/object:os.system`"),
        ("A:\n  <<: {B: 1}", 2, 3, "a merge key"),
        ("A: 1\n---\nB: 2", 2, 1, "a second document"),
        ("? [a]\n: 1", 1, 3, "a key that is not a word"),
        ("A: 1\nB: x\u202ey", 2, 5, "bidirectional control character U+202E"),
        ("[" * 17, 1, 17, "more than 16 levels of nesting"),
    ],
)
def test_what_hides_a_value_from_a_reviewer_is_refused_where_it_stands(
    text: str, line: int, column: int, message: str
) -> None:
    """At once, and it is the last thing that is said."""
    assert problems(text)[-1] == (line, column, message)


def test_a_key_given_twice_is_reported_with_both_places() -> None:
    """Other readers would silently take the last."""
    [problem] = parse_yaml("A: 1\nB: 2\nA: 3\n").problems
    assert (problem.position.line, problem.related) == (2, Position(0, 0, 1))


def test_a_tab_is_named() -> None:
    """The most common mistake that looks like nothing."""
    [problem] = parse_yaml("A:\n\tB: 1\n").problems
    assert problem.position.line == 1
    assert problem.hint == "indent with spaces; YAML does not allow tabs there"


def test_control_characters_are_refused_with_their_place() -> None:
    """They are no part of YAML."""
    assert problems("A: 1\nB: \x07\n") == [(2, 4, "a control character")]


@pytest.mark.parametrize(
    "bomb",
    [
        "[" * 400_000,
        "{a: " * 100_000,
        "- " * 200_000,
        "a: &a [x]\n" + "".join(f"b{n}: &b{n} [*a, *a]\n" for n in range(10_000)),
        "a: " + "9" * 1_000_000,
        "? " * 100_000,
    ],
    ids=["flow", "maps", "block", "aliases", "digits", "keys"],
)
def test_bombs_are_refused_quickly(bomb: str) -> None:
    """Nothing crashes, and nothing takes long."""
    began = time.process_time()
    parse_yaml(bomb)
    assert time.process_time() - began < 5


@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    """Whatever is read, the answer is a document with problems."""
    document = parse_yaml(text)
    assert document.root is not None or document.problems or not text.strip() or text.lstrip().startswith(("#", "%", "-"))


@given(
    st.recursive(
        st.booleans() | st.integers(-(10**17), 10**17) | st.text("ab z", max_size=5),
        lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=3), v, max_size=3),
        max_leaves=10,
    )
)
def test_what_pyyaml_writes_is_read_back(value: object) -> None:
    """With quotes where quotes are needed."""
    if not isinstance(value, dict | list):
        value = [value]
    document = parse_yaml(yaml.safe_dump(value))
    assert document.problems == []
    assert document.root is not None
    assert to_plain(document.root) == value


def test_the_parser_in_python_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where libyaml was not built in."""
    monkeypatch.setattr(yaml_reader, "loader", lambda: yaml.SafeLoader)
    assert problems("A: 1\nA: no\n") == [(2, 1, "the key `A` is given twice"), (2, 4, "ambiguous value `no`")]
