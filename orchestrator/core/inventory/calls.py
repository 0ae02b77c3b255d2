"""
What is asked of AWS, and what comes back: operations, lookups about one product, and outcomes.

Outcomes are a closed union, so that every kind has to be dealt with somewhere. Answers are never trusted: a truncated or
corrupt body reaches us without an exception and without its content, and is `Unanswered` like a request that no answer
came to at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from orchestrator.core.inventory.model import Product, Record


class Operation(StrEnum):
    """The calls of the loop, by their API name. Each has a pace of its own in each lane."""

    TERMINATE = "TerminateProvisionedProduct"
    RECORD = "DescribeRecord"
    PRODUCT = "DescribeProvisionedProduct"
    HISTORY = "ListRecordHistory"
    SCAN = "ScanProvisionedProducts"
    SEARCH = "SearchProvisionedProducts"


REVIEW_ACTIONS = (
    f"servicecatalog:{Operation.SCAN}",
    f"servicecatalog:{Operation.SEARCH}",
    f"servicecatalog:{Operation.PRODUCT}",
    f"servicecatalog:{Operation.RECORD}",
    f"servicecatalog:{Operation.HISTORY}",
)
"""The permissions that a review needs."""

TERMINATE_ACTION = f"servicecatalog:{Operation.TERMINATE}"
"""What a run needs besides."""

ALIAS_ACTION = "iam:ListAccountAliases"
"""What `doctor` needs to call an account by its alias; nothing else asks for it."""


@dataclass(frozen=True, slots=True)
class DescribeProduct:
    """Look the product up by its id."""

    operation = Operation.PRODUCT


@dataclass(frozen=True, slots=True)
class DescribeRecord:
    """Look one record up."""

    record_id: str

    operation = Operation.RECORD


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """Read one page of the product's records, newest first; the first page if `page_token` is None."""

    page_token: str | None = None

    operation = Operation.HISTORY


Lookup = DescribeProduct | DescribeRecord | ReadHistory


T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Answer(Generic[T_co]):
    """AWS answered, and the answer could be read."""

    value: T_co


@dataclass(frozen=True, slots=True)
class Throttled:
    """AWS refused because of its rate; nothing was carried out."""

    code: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """AWS says that there is no such thing. For a write this still has to be looked into."""

    message: str

    code = "ResourceNotFoundException"


@dataclass(frozen=True, slots=True)
class Denied:
    """The caller lacks a right."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """Any other definite refusal (4xx)."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Unauthenticated:
    """The credentials are missing, wrong or expired; nothing was carried out."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """The request cannot have reached AWS: no connection came about."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The request may have been carried out; no readable answer came."""

    reason: str


Problem = Throttled | NotFound | Denied | Rejected | Unauthenticated | NotSent | Unanswered


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a listing. `total` is how many products a search says that there are, on all pages."""

    products: tuple[Product, ...]
    next_token: str | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """One page of a lane's records, newest first."""

    records: tuple[Record, ...]
    next_token: str | None = None


Value = Record | Product | RecordPage | Page
Outcome = Answer[Value] | Problem


def explain(problem: Problem) -> str:
    """Say in one line what went wrong, for people."""
    match problem:
        case Throttled(code):
            return f"throttled ({code})"
        case NotFound(message):
            return f"not found: {message}"
        case Denied(code, message) | Rejected(code, message) | Unauthenticated(code, message):
            return f"{code}: {message}"
        case _:
            return problem.reason
