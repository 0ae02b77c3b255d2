"""
Commands: what is asked of the world. Frozen, picklable data that a worker turns into exactly one call.

A command is a wish. It becomes history by the event that `schedule.event_for` gives: for a termination that is the
intent, which has to be on disk before the request leaves.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.core.inventory.calls import DescribeRecord, Lookup, Operation
from orchestrator.core.inventory.listing import Listing
from orchestrator.core.plan.model import Options
from orchestrator.core.values.lane import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminate:
    """
    Send one termination. The same attempt has the same token, however often it is sent. `service_at` is when it is issued
    by the service's clock (seconds since the epoch), None if that is not known.
    """

    lane: Lane
    line: str
    product_id: str
    attempt: int
    send: int
    token: str
    options: Options
    record_before: str | None
    service_at: float | None = None

    operation = Operation.TERMINATE


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """Perform one lookup about the product of a line."""

    lane: Lane
    line: str
    product_id: str
    lookup: Lookup

    @property
    def operation(self) -> Operation:
        """The call that it takes."""
        return self.lookup.operation


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """
    Make the next call of the lane's listing: a page of the scan, which is complete, or of the search, which knows tags; or
    one product by its id, which only one of them shows. `listing` tells calls of different listings apart, `page` counts
    those of one.
    """

    lane: Lane
    listing: int
    page: int
    page_token: str | None
    operation: Operation = Operation.SCAN
    product_id: str | None = None


Command = Terminate | LookUp | ListPage


def next_page(listing: Listing, lane: Lane) -> ListPage:
    """Return the next call of a listing, which must have one."""
    step = listing.step
    assert step is not None
    return ListPage(
        lane=lane,
        listing=listing.number,
        page=listing.step_number,
        page_token=step.page_token,
        operation=step.operation,
        product_id=step.product_id,
    )


def requested_id(command: Terminate | LookUp) -> str:
    """Return the id that a command asks for: a record's, or the product's."""
    if isinstance(command, LookUp) and isinstance(command.lookup, DescribeRecord):
        return command.lookup.record_id
    return command.product_id
