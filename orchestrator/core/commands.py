"""
Commands: what is asked of the world. Frozen, picklable data that a worker turns into exactly one call.

A command is a wish. It becomes history by the event that `issued` gives: for a termination that is the intent, which has
to be on disk before the request leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orchestrator.core.lane import Lane
from orchestrator.core.plan import Options


class Operation(StrEnum):
    """The calls of the loop, by their API name. Each has a pace of its own in each lane."""

    TERMINATE = "TerminateProvisionedProduct"
    RECORD = "DescribeRecord"
    PRODUCT = "DescribeProvisionedProduct"
    HISTORY = "ListRecordHistory"
    SCAN = "ScanProvisionedProducts"
    SEARCH = "SearchProvisionedProducts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminate:
    """Send one termination. The same attempt has the same token, however often it is sent."""

    lane: Lane
    line: str
    product_id: str
    attempt: int
    send: int
    token: str
    options: Options
    record_before: str | None

    operation = Operation.TERMINATE


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeRecord:
    """Look one record up."""

    lane: Lane
    line: str
    record_id: str

    operation = Operation.RECORD


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribeProduct:
    """Look one product up by its id."""

    lane: Lane
    line: str
    product_id: str

    operation = Operation.PRODUCT


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadHistory:
    """Read the newest records of one product."""

    lane: Lane
    line: str
    product_id: str

    operation = Operation.HISTORY


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """
    Read one page of the lane's listing: of the scan, which is complete, or of the search, which knows tags. `listing` tells
    pages of different listings apart, `page` counts those of one.
    """

    lane: Lane
    listing: int
    page: int
    page_token: str | None
    operation: Operation = Operation.SCAN


Command = Terminate | DescribeRecord | DescribeProduct | ReadHistory | ListPage
LineCommand = Terminate | DescribeRecord | DescribeProduct | ReadHistory
