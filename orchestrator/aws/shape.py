"""
Holds the JSON of an answer against the service's own model, before botocore reads it: botocore makes an empty list of an
empty text that stands in a list's place, and so a product without tags of one whose tags nobody could read (seen).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, OperationModel, Shape, StructureShape

from orchestrator.aws.answers import Unreadable, missing

KINDS: Mapping[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "timestamp": (int, float, str),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
}


def hold_to_shape(operation_model: OperationModel, response_dict: Mapping[str, Any], **_: object) -> None:
    """
    Check an answer before it is parsed; botocore's handler of `before-parse`.

    Args:

        operation_model: What was called.
        response_dict: The status and the body that came back.

    Raises:

        Unreadable: Something in it is of another kind than the model says.
    """
    if response_dict["status_code"] >= 300 or operation_model.output_shape is None:
        return
    try:
        body = json.loads(response_dict["body"])
    except ValueError:
        # What is no JSON is botocore's to refuse.
        return
    check(operation_model.output_shape, body, operation_model.name)


def check(shape: Shape, value: object, path: str) -> None:
    """Check a value and what is in it; nothing at all may stand anywhere but in the place of what is required."""
    if value is None:
        return
    kinds = KINDS.get(shape.type_name)
    if kinds is not None and type(value) not in kinds:
        message = f"{path} is no {shape.type_name}"
        raise Unreadable(message)
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name in shape.required_members:
            if value.get(name) is None:
                raise missing(path + "." + name)
        for name in shape.members.keys() & value.keys():
            check(shape.members[name], value[name], f"{path}.{name}")
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for each in value:
            check(shape.member, each, path)
