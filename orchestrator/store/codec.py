"""
Values ↔ lines of a journal: a pure pair.

A line is one JSON object whose first keys are its sequence number and its kind, and whose last key is a CRC-32 of every
byte before it. Moments are written as ISO 8601 in UTC, so that a person can read them; they are kept to the microsecond.
"""

from __future__ import annotations

import hashlib
import json
import re
import types
import zlib
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from orchestrator.core.values.lane import Lane
from orchestrator.store.formats import KEYS, TIMES, keys_of

T = TypeVar("T")

FRAME = re.compile(rb'(\{"seq":(\d+),"kind":"([a-z_]+)".*),"crc":"([0-9a-f]{8})"\}\n', re.DOTALL)


PLAIN = frozenset({str, int, float, bool, type(None)})
"""Types that JSON holds as they are."""

READER = json.JSONDecoder()


class Malformed(ValueError):
    """A line or a value is not what it should be."""


def frame(seq: int, kind: str, value: Mapping[str, Any]) -> bytes:
    """
    Make a line.

    Args:

        seq: Its number, 1 for the first of the file.
        kind: What it holds.
        value: The rest, ready for JSON.
    """
    body = json.dumps({"seq": seq, "kind": kind, **value}, separators=(",", ":"), ensure_ascii=False)
    # A lone surrogate becomes the escape that JSON has for it, and is read back as it was.
    head = body.encode(errors="backslashreplace")[:-1]
    return b'%s,"crc":"%08x"}\n' % (head, zlib.crc32(head))


def unframe(line: bytes) -> tuple[int, str, dict[str, Any]]:
    """
    Read a line.

    Returns:

        Its number, its kind and the rest.

    Raises:

        Malformed: Anything about it is not exactly as `frame` writes it.
    """
    head, seq, kind = checked(line)
    try:
        value: dict[str, Any] = READER.decode(head.decode() + "}")
    except ValueError as error:
        message = f"it is not JSON: {error}"
        raise Malformed(message) from error
    del value["seq"], value["kind"]
    return int(seq), kind.decode(), value


def sequence_number(line: bytes) -> int:
    """
    Return a line's number, having checked that it is as it was written.

    Raises:

        Malformed: It is not.
    """
    return int(checked(line)[1])


def checked(line: bytes) -> tuple[bytes, bytes, bytes]:
    """Return what a line holds, its number and its kind, if its frame and its checksum are in order."""
    match = FRAME.fullmatch(line)
    if match is None:
        message = "it is not framed as a journal line"
        raise Malformed(message)
    head, seq, kind, crc = match.groups()
    if zlib.crc32(head) != int(crc, 16):
        message = "its checksum does not fit"
        raise Malformed(message)
    return head, seq, kind


def encode(value: object) -> Any:  # noqa: ANN401 - JSON
    """Turn a value of the core into what JSON can hold."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Lane):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {key: encode_field(key, getattr(value, name)) for key, name in known_keys(type(value))}
    if isinstance(value, tuple | list):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    message = f"cannot be written: {value!r}"
    raise TypeError(message)


def known_keys(kind: type) -> tuple[tuple[str, str], ...]:
    """Return the keys and attributes of a class; raises `TypeError` for one that is not written to disk."""
    return KEYS.get(kind) or tuple(keys_of(kind).items())


def encode_field(key: str, value: object) -> Any:  # noqa: ANN401 - JSON
    """Encode an attribute; moments become text."""
    if key in TIMES and isinstance(value, float | int):
        return format_time(value)
    return encode(value)


def format_time(seconds: float) -> str:
    """Write seconds since the epoch as ISO 8601."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def parse_time(text: str) -> float:
    """Read ISO 8601 as seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()


def decode(kind: type[T], value: object) -> T:
    """
    Turn JSON back into a value.

    Raises:

        Malformed: It does not fit; unknown keys do not fit either.
    """
    reader: Callable[[Any], T] = decoder(kind)  # type: ignore[arg-type]
    try:
        return reader(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"it does not hold a {kind.__name__}: {error}"
        raise Malformed(message) from error


@cache
def decoder(kind: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - a type, generic or not
    """Return the function that reads a type."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        inner = decoder(next(argument for argument in arguments if argument is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin is tuple and arguments[-1] is Ellipsis:
        item = decoder(arguments[0])
        return lambda value: tuple(item(each) for each in value)
    if origin is tuple:
        items = [decoder(argument) for argument in arguments]
        return lambda value: tuple(item(each) for item, each in zip(items, value, strict=True))
    if kind is Lane:
        return Lane.parse
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if is_dataclass(kind):
        return dataclass_decoder(kind)
    return primitive(kind)


def primitive(kind: type) -> Callable[[Any], Any]:
    """Return a function that lets values of a JSON type through."""
    accepted = (int, float) if kind is float else (kind,)

    def check(value: object) -> object:
        if type(value) not in accepted:
            message = f"expected {kind.__name__}, found {value!r}"
            raise TypeError(message)
        return value

    return check


def dataclass_decoder(kind: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - any dataclass
    """Return the function that reads a dataclass."""
    hints = get_type_hints(kind)
    readers = {
        key: (name, time_decoder(hints[name]) if key in TIMES else decoder(hints[name])) for key, name in known_keys(kind)
    }

    def read(value: dict[str, Any]) -> object:
        attributes = {}
        for key, each in value.items():
            name, reader = readers[key]
            attributes[name] = reader(each)
        return kind(**attributes)

    return read


def time_decoder(kind: Any) -> Callable[[Any], float | None]:  # noqa: ANN401 - `float`, perhaps optional
    """Return the function that reads a moment."""
    optional = type(None) in get_args(kind)

    def read(value: object) -> float | None:
        if value is None and optional:
            return None
        if not isinstance(value, str):
            message = f"expected a moment, found {value!r}"
            raise TypeError(message)
        return parse_time(value)

    return read


def digest(value: object) -> str:
    """Return the SHA-256 of a value's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(encode(value))).hexdigest()


def canonical(value: object) -> bytes:
    """Write JSON in the one way that digests are made of."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="backslashreplace")
