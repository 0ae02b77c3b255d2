"""Unquoted scalars, held against readers of YAML 1.1 and 1.2 that are written from the specifications."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.store.yaml.nodes import resolve

# YAML 1.2.2, section 10.3.2 (tag resolution of the core schema), as it stands there.
CORE = {
    "null": re.compile(r"null|Null|NULL|~|"),
    "bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    "int": re.compile(r"[-+]?[0-9]+"),
    "octal": re.compile(r"0o[0-7]+"),
    "hex": re.compile(r"0x[0-9a-fA-F]+"),
    "float": re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"),
    "inf": re.compile(r"[-+]?(\.inf|\.Inf|\.INF)"),
    "nan": re.compile(r"\.nan|\.NaN|\.NAN"),
}
Reading = tuple[str, object]


def core(text: str) -> Reading:
    """What a reader of the core schema of YAML 1.2 makes of a scalar: a type and a value."""
    kind = next((kind for kind, pattern in CORE.items() if pattern.fullmatch(text)), "str")
    match kind:
        case "null":
            return "null", None
        case "bool":
            return "bool", text.lower() == "true"
        case "int":
            return "int", int(text)
        case "octal" | "hex":
            return "int", int(text, 0)
        case "float":
            return "float", float(text)
        case "inf" | "nan":
            return "float", text
    return "str", text


def old(text: str) -> Reading:
    """What PyYAML makes of a scalar, by the types of YAML 1.1."""
    tag: str = yaml.SafeLoader("").resolve(  # type: ignore[no-untyped-call]
        yaml.ScalarNode, text, (True, False)
    )
    kind = tag.rpartition(":")[2]
    if kind == "str":
        return "str", text
    try:
        return kind, yaml.safe_load(text)
    except ValueError:
        # A number by its form and not by its content, `0x_`.
        return kind, "no value"


def ours(text: str) -> Reading:
    """What we make of a scalar."""
    value, _ = resolve(text)
    kinds: dict[type, str] = {int: "int", float: "float", bool: "bool", str: "str", type(None): "null"}
    return kinds[type(value)], value


def is_trap(text: str) -> bool:
    """Whether we refuse a scalar."""
    return resolve(text)[1] is not None


NUMERIC = st.text("0123456789+-._exo:", max_size=8) | st.text("01789+-._e:", max_size=6)


@settings(max_examples=1_000)
@given(NUMERIC | st.text("0178.", min_size=1, max_size=14))
@pytest.mark.parametrize("sign", ["", "-", "+"])
def test_whatever_readers_disagree_on_is_refused(sign: str, text: str) -> None:
    """Ours, those of YAML 1.1 and those of the core schema of YAML 1.2: by type and by value."""
    scalar = sign + text
    readings = [core(scalar), old(scalar), ours(scalar)]
    if any(reading != readings[0] for reading in readings):
        assert is_trap(scalar), readings


@settings(max_examples=1_000)
@given(NUMERIC | st.from_regex(r"[A-Za-z][A-Za-z0-9_./:-]{0,12}", fullmatch=True))
def test_what_is_text_to_every_reader_is_no_error(text: str) -> None:
    """Also to those that take underscores in the numbers of YAML 1.2 as well, and to those that know `y` and `n`."""
    lenient = text.replace("_", "") if text and text[0] in "+-.0123456789" else text
    unsigned = lenient.lstrip("+-")
    if {core(text)[0], old(text)[0], core(lenient)[0], core(unsigned)[0]} == {"str"} and text.lower() not in ("y", "n"):
        assert resolve(text) == (text, None)


@pytest.mark.parametrize(
    "text",
    [
        "pp-abcdefghijklm",
        "team-1",
        "1.2.3",
        "10.0.0.1/8",
        "3rd",
        "0xyz",
        "0o8",
        "1e",
        "e3",
        "-",
        "+",
        ".",
        "..",
        "a:b",
        "12:3x",
    ],
)
def test_a_plain_word_is_text(text: str) -> None:
    """Names, versions and addresses need no quotes."""
    assert resolve(text) == (text, None)


@pytest.mark.parametrize("text", ["0" * 1_000_000, "9" * 1_000_000, "1_" * 500_000, "1e" + "9" * 1_000_000])
def test_a_number_of_a_million_digits_is_refused(text: str) -> None:
    """It is not computed."""
    assert is_trap(text)
