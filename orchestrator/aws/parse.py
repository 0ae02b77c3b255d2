"""
From what boto3 gives back to values of ours. Answers are read with suspicion: a truncated body reaches us as a 200 without
content, and botocore passes on whatever stands in a member's place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from math import isfinite
from types import MappingProxyType
from typing import Any, TypeVar

import botocore.parsers
from botocore.model import ListShape, OperationModel, Shape, StructureShape

from orchestrator.aws.errors import problem, unreadable_answer
from orchestrator.core.inventory.calls import Answer, Page, Problem, RecordPage
from orchestrator.core.inventory.model import Product, Record, RecordError
from orchestrator.ports import Identity

T = TypeVar("T")


class UnreadableAnswer(Exception):
    """An answer is not what it must be, in words that say how; never leaves the gateway."""


class CredentialsRefused(Exception):
    """A request of ours was not sent, for a problem that we found ourselves; never leaves the gateway."""

    def __init__(self, found: Problem) -> None:
        super().__init__(found)
        self.problem = found


def call(ask: Callable[[], T]) -> Answer[T] | Problem:
    """Make one call; whatever goes wrong becomes a problem."""
    try:
        return Answer(ask())
    except UnreadableAnswer as error:
        return unreadable_answer(str(error))
    except CredentialsRefused as error:
        return error.problem
    except Exception as error:  # noqa: BLE001 - an answer may break the parser in any way; all of them mean the same
        return problem(error)


def missing_member(name: str) -> UnreadableAnswer:
    """Return the error for an answer without what it must have."""
    return UnreadableAnswer(f"{name} is missing")


def demand(found: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - the stubs' types do not survive here
    """Return a member that an answer must have."""
    value = found.get(name)
    if value is None or value == "":
        raise missing_member(name)
    return value


def text_member(found: Mapping[str, Any], name: str) -> str | None:
    """Return a member that is text, None if it is not there. botocore passes on whatever stands in a string's place."""
    value = found.get(name)
    if value is not None and not isinstance(value, str):
        message = f"{name} is no text"
        raise UnreadableAnswer(message)
    return value or None


def needed(found: Mapping[str, Any], name: str) -> str:
    """Return a member that is text and must be there."""
    value = text_member(found, name)
    if value is None:
        raise missing_member(name)
    return value


def record_in(answer: Mapping[str, Any]) -> Record:
    """Read the record of an answer."""
    return read_record(demand(answer, "RecordDetail"))


def read_record(detail: Mapping[str, Any]) -> Record:
    """Read one record."""
    return Record(
        record_id=needed(detail, "RecordId"),
        product_id=text_member(detail, "ProvisionedProductId"),
        record_type=text_member(detail, "RecordType") or "",
        status=needed(detail, "Status"),
        product_name=text_member(detail, "ProvisionedProductName"),
        created_at=seconds(detail.get("CreatedTime")),
        errors=tuple(
            RecordError(text_member(error, "Code") or "", text_member(error, "Description") or "")
            for error in detail.get("RecordErrors") or ()
        ),
    )


def records_in(answer: Mapping[str, Any]) -> tuple[Record, ...]:
    """Read the records of an answer."""
    if "RecordDetails" not in answer:
        raise missing_member("RecordDetails")
    return tuple(read_record(detail) for detail in answer["RecordDetails"])


def record_page_in(answer: Mapping[str, Any]) -> RecordPage:
    """Read a page of records."""
    return RecordPage(records=records_in(answer), next_token=text_member(answer, "NextPageToken"))


def described_in(answer: Mapping[str, Any]) -> Product:
    """Read the product of a lookup."""
    return read_product(demand(answer, "ProvisionedProductDetail"))


def page_in(answer: Mapping[str, Any]) -> Page:
    """Read a page of products."""
    if "ProvisionedProducts" not in answer:
        raise missing_member("ProvisionedProducts")
    products = tuple(read_product(detail) for detail in answer["ProvisionedProducts"])
    total = answer.get("TotalResultsCount")
    return Page(
        products=products, next_token=text_member(answer, "NextPageToken"), total=total if isinstance(total, int) else None
    )


def found_in(answer: Mapping[str, Any]) -> Page:
    """Read a page of a search, which shows the tags of products; one that has none comes without them."""
    page = page_in(answer)
    tags = [tags_in(detail) for detail in answer["ProvisionedProducts"]]
    return replace(page, products=tuple(replace(each, tags=its) for each, its in zip(page.products, tags, strict=True)))


def tags_in(detail: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Read the tags of a product."""
    return tuple((text_member(tag, "Key") or "", text_member(tag, "Value") or "") for tag in detail.get("Tags") or ())


def read_product(detail: Mapping[str, Any]) -> Product:
    """Read one product, as any of the three operations shows it."""
    product_id = needed(detail, "Id")
    return Product(
        product_id=product_id,
        name=text_member(detail, "Name") or product_id,
        type=text_member(detail, "Type") or "",
        status=needed(detail, "Status"),
        arn=text_member(detail, "Arn"),
        status_message=text_member(detail, "StatusMessage"),
        created_at=seconds(detail.get("CreatedTime")),
        last_record_id=text_member(detail, "LastRecordId"),
        physical_id=text_member(detail, "PhysicalId"),
        catalog_id=text_member(detail, "ProductId"),
        catalog_name=text_member(detail, "ProductName"),
        user_arn=text_member(detail, "UserArn"),
    )


def identity_in(answer: Mapping[str, Any]) -> Identity:
    """Read who we are."""
    return Identity(account_id=needed(answer, "Account"), arn=needed(answer, "Arn"))


def seconds(moment: object) -> float | None:
    """Return a time of AWS's in seconds since the epoch; in CBOR it may be a number already."""
    if isinstance(moment, int | float) and not isinstance(moment, bool):
        return float(moment) if isfinite(moment) else None
    return moment.timestamp() if isinstance(moment, datetime) else None


CBOR = "smithy-rpc-v2-cbor"

Kinds = tuple[type, ...]

JSON_KINDS: Mapping[str, Kinds] = MappingProxyType(
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
        raise UnreadableAnswer(message)
    decode, times = PROTOCOLS[protocol]
    kinds = {**JSON_KINDS, "timestamp": times}
    check(operation_model.output_shape, decode(response_dict["body"]), operation_model.name, kinds)


def json_in(body: bytes) -> object:
    """Decode JSON; raises `UnreadableAnswer` where there is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        message = "the body is no JSON"
        raise UnreadableAnswer(message) from error


def cbor_in(body: bytes) -> object:
    """Decode CBOR with botocore's own parser; raises `UnreadableAnswer` if it cannot be, or if botocore has no parser."""
    try:
        parser: Any = botocore.parsers.create_parser(CBOR)
        stream = parser.get_peekable_stream_from_bytes(body)
        value: object = parser.parse_data_item(stream)
        rest = stream.read(1)
    except Exception as error:  # a damaged body breaks the parser in any way
        message = f"the body is no CBOR that botocore can read ({type(error).__name__})"
        raise UnreadableAnswer(message) from error
    if rest:
        message = "the body goes on after its CBOR"
        raise UnreadableAnswer(message)
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
        raise UnreadableAnswer(message)
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name in shape.required_members:
            if value.get(name) is None:
                raise missing_member(path + "." + name)
        for name in shape.members.keys() & value.keys():
            check(shape.members[name], value[name], f"{path}.{name}", kinds)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for each in value:
            check(shape.member, each, path, kinds)
