"""
Holds the body of an answer against the service's own model, before botocore reads it: botocore makes an empty list of an
empty text that stands in a list's place, and so a product without tags of one whose tags nobody could read (seen).

The body is decoded by the protocol that botocore itself speaks. botocore has no setting for it: it takes the first protocol
of its own order that the model lists, JSON before CBOR. An answer in a protocol that is not known here is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import botocore.parsers
from botocore.model import ListShape, OperationModel, Shape, StructureShape

from orchestrator.aws.answers import Unreadable, missing

CBOR = "smithy-rpc-v2-cbor"

Kinds = tuple[type, ...]

KINDS: Mapping[str, Kinds] = MappingProxyType(
    {
        "structure": (dict,),
        "map": (dict,),
        "list": (list,),
        "string": (str,),
        "integer": (int,),
        "long": (int,),
        "boolean": (bool,),
    }
)


def hold_to_shape(operation_model: OperationModel, response_dict: Mapping[str, Any], **_: object) -> None:
    """
    Check an answer before it is parsed; botocore's handler of `before-parse`.

    Args:

        operation_model: What was called.
        response_dict: The status and the body that came back.

    Raises:

        Unreadable: The body cannot be decoded, or something in it is of another kind than the model says.
    """
    if response_dict["status_code"] >= 300 or operation_model.output_shape is None:
        return
    protocol = operation_model.service_model.resolved_protocol
    if protocol not in PROTOCOLS:
        message = f"botocore speaks {protocol}, whose answers cannot be checked"
        raise Unreadable(message)
    decode, times = PROTOCOLS[protocol]
    kinds = {**KINDS, "timestamp": times}
    check(operation_model.output_shape, decode(response_dict["body"]), operation_model.name, kinds)


def json_in(body: bytes) -> object:
    """Decode JSON; raises `Unreadable` where there is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        message = "the body is no JSON"
        raise Unreadable(message) from error


def cbor_in(body: bytes) -> object:
    """Decode CBOR with botocore's own parser; raises `Unreadable` where there is none, or where botocore has no parser."""
    try:
        parser: Any = botocore.parsers.create_parser(CBOR)
        stream = parser.get_peekable_stream_from_bytes(body)
        value: object = parser.parse_data_item(stream)
        rest = stream.read(1)
    except Exception as error:  # a damaged body breaks the parser in any way
        message = f"the body is no CBOR that botocore can read ({type(error).__name__})"
        raise Unreadable(message) from error
    if rest:
        message = "the body goes on after its CBOR"
        raise Unreadable(message)
    return value


PROTOCOLS: Mapping[str, tuple[Callable[[bytes], object], Kinds]] = MappingProxyType(
    {"json": (json_in, (int, float, str)), CBOR: (cbor_in, (int, float, datetime))}
)
"""By protocol: how a body is decoded, and what its times are then."""


def check(shape: Shape, value: object, path: str, kinds: Mapping[str, Kinds]) -> None:
    """Check a value and what is in it; nothing at all may stand anywhere but in the place of what is required."""
    if value is None:
        return
    if type(value) not in kinds.get(shape.type_name, (type(value),)):
        message = f"{path} is no {shape.type_name}"
        raise Unreadable(message)
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name in shape.required_members:
            if value.get(name) is None:
                raise missing(path + "." + name)
        for name in shape.members.keys() & value.keys():
            check(shape.members[name], value[name], f"{path}.{name}", kinds)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for each in value:
            check(shape.member, each, path, kinds)
