"""
From what boto3 gives back to values of ours. Answers are read with suspicion: a truncated body reaches us as a 200 without
content, and botocore passes on whatever stands in a member's place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from math import isfinite
from typing import Any, TypeVar

from orchestrator.aws.faults import problem, unreadable
from orchestrator.core.inventory import Product, Record, RecordError
from orchestrator.core.outcomes import Answer, Page, Problem, RecordPage
from orchestrator.ports import Identity

T = TypeVar("T")


class Unreadable(Exception):
    """An answer is not what it must be, in words that say how; never leaves the gateway."""


class Refused(Exception):
    """A request of ours was not sent, for a problem that we found ourselves; never leaves the gateway."""

    def __init__(self, found: Problem) -> None:
        super().__init__(found)
        self.problem = found


def call(ask: Callable[[], T]) -> Answer[T] | Problem:
    """Make one call; whatever goes wrong becomes a problem."""
    try:
        return Answer(ask())
    except Unreadable as error:
        return unreadable(str(error))
    except Refused as error:
        return error.problem
    except Exception as error:  # noqa: BLE001 - an answer may break the parser in any way; all of them mean the same
        return problem(error)


def missing(name: str) -> Unreadable:
    """Return the error for an answer without what it must have."""
    return Unreadable(f"{name} is missing")


def demand(found: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - the stubs' types do not survive here
    """Return a member that an answer must have."""
    value = found.get(name)
    if value is None or value == "":
        raise missing(name)
    return value


def text(found: Mapping[str, Any], name: str) -> str | None:
    """Return a member that is text, None if it is not there. botocore passes on whatever stands in a string's place."""
    value = found.get(name)
    if value is not None and not isinstance(value, str):
        message = f"{name} is no text"
        raise Unreadable(message)
    return value or None


def needed(found: Mapping[str, Any], name: str) -> str:
    """Return a member that is text and must be there."""
    value = text(found, name)
    if value is None:
        raise missing(name)
    return value


def record_in(answer: Mapping[str, Any]) -> Record:
    """Read the record of an answer."""
    return read_record(demand(answer, "RecordDetail"))


def read_record(detail: Mapping[str, Any]) -> Record:
    """Read one record."""
    return Record(
        record_id=needed(detail, "RecordId"),
        product_id=text(detail, "ProvisionedProductId"),
        record_type=text(detail, "RecordType") or "",
        status=needed(detail, "Status"),
        product_name=text(detail, "ProvisionedProductName"),
        created_at=seconds(detail.get("CreatedTime")),
        errors=tuple(
            RecordError(text(error, "Code") or "", text(error, "Description") or "")
            for error in detail.get("RecordErrors") or ()
        ),
    )


def records_in(answer: Mapping[str, Any]) -> tuple[Record, ...]:
    """Read the records of an answer."""
    if "RecordDetails" not in answer:
        raise missing("RecordDetails")
    return tuple(read_record(detail) for detail in answer["RecordDetails"])


def record_page_in(answer: Mapping[str, Any]) -> RecordPage:
    """Read a page of records."""
    return RecordPage(records=records_in(answer), next_token=text(answer, "NextPageToken"))


def described_in(answer: Mapping[str, Any]) -> Product:
    """Read the product of a lookup."""
    return read_product(demand(answer, "ProvisionedProductDetail"))


def page_in(answer: Mapping[str, Any]) -> Page:
    """Read a page of products."""
    if "ProvisionedProducts" not in answer:
        raise missing("ProvisionedProducts")
    products = tuple(read_product(detail) for detail in answer["ProvisionedProducts"])
    total = answer.get("TotalResultsCount")
    return Page(
        products=products, next_token=text(answer, "NextPageToken"), total=total if isinstance(total, int) else None
    )


def found_in(answer: Mapping[str, Any]) -> Page:
    """Read a page of a search, which shows the tags of products; one that has none comes without them."""
    page = page_in(answer)
    tags = [tags_in(detail) for detail in answer["ProvisionedProducts"]]
    return replace(page, products=tuple(replace(each, tags=its) for each, its in zip(page.products, tags, strict=True)))


def tags_in(detail: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Read the tags of a product."""
    return tuple((text(tag, "Key") or "", text(tag, "Value") or "") for tag in detail.get("Tags") or ())


def read_product(detail: Mapping[str, Any]) -> Product:
    """Read one product, as any of the three operations shows it."""
    product_id = needed(detail, "Id")
    return Product(
        product_id=product_id,
        name=text(detail, "Name") or product_id,
        type=text(detail, "Type") or "",
        status=needed(detail, "Status"),
        arn=text(detail, "Arn"),
        status_message=text(detail, "StatusMessage"),
        created_at=seconds(detail.get("CreatedTime")),
        last_record_id=text(detail, "LastRecordId"),
        physical_id=text(detail, "PhysicalId"),
        catalog_id=text(detail, "ProductId"),
        catalog_name=text(detail, "ProductName"),
        user_arn=text(detail, "UserArn"),
    )


def identity_in(answer: Mapping[str, Any]) -> Identity:
    """Read who we are."""
    return Identity(account_id=needed(answer, "Account"), arn=needed(answer, "Arn"))


def seconds(moment: object) -> float | None:
    """Return a time of AWS's in seconds since the epoch; in CBOR it may be a number already."""
    if isinstance(moment, int | float) and not isinstance(moment, bool):
        return float(moment) if isfinite(moment) else None
    return moment.timestamp() if isinstance(moment, datetime) else None
