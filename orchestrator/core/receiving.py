"""
What a reply means: for its lane, whose pace, credentials and listings it tells of, and for its line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from orchestrator.core import events as e
from orchestrator.core import volatile as v
from orchestrator.core.commands import ListPage, Operation
from orchestrator.core.hearing import hear
from orchestrator.core.inventory import gather
from orchestrator.core.lane_work import LISTING_TRIES, MOST_PAGES
from orchestrator.core.replies import (
    Answer,
    Denied,
    NotFound,
    NotSent,
    Page,
    Rejected,
    Reply,
    Throttled,
    Unanswered,
    Unauthenticated,
    explain,
)
from orchestrator.core.work import Work


def receive(work: Work, reply: Reply) -> Iterator[e.Event]:
    """
    Say what a reply means.

    Args:

        work: The state of the run.
        reply: What came back, perhaps late or doubled.

    Yields:

        Events that may be applied now: that something was heard of the lane, and what it says.
    """
    command = reply.command
    line = None if isinstance(command, ListPage) else command.line
    outcome = reply.outcome
    yield v.Heard(
        at=reply.at,
        lane=command.lane,
        operation=command.operation,
        line=line,
        slower=isinstance(outcome, Throttled | NotSent | Unanswered),
        well=isinstance(outcome, Answer | NotFound | Denied | Rejected),
        missed=isinstance(outcome, Denied | Rejected | Unanswered),
        definite=isinstance(outcome, Denied | Rejected),
        denied=isinstance(outcome, Denied),
        problem=None if isinstance(outcome, Answer | NotFound) else explain(outcome),
    )
    if isinstance(outcome, Unauthenticated):
        reason = f"its credentials are no longer accepted: {explain(outcome)}"
        yield e.LaneLost(at=reply.at, lane=command.lane, reason=reason)
    if isinstance(command, ListPage):
        yield from receive_page(work, reply, command)
    elif (t := work.lines.get(command.line)) is not None:
        yield from hear(reply, t, work.state(t), work.rules(t))


def receive_page(work: Work, reply: Reply, command: ListPage) -> Iterator[e.LaneEvent]:
    """Say what a page of a lane's listing means; one that nobody waits for any more means nothing."""
    lane = work.lanes[command.lane]
    listing = lane.listing
    if listing is None or (listing.number, listing.page) != (command.listing, command.page):
        return
    at, number = reply.at, command.listing
    match reply.outcome:
        case Answer(Page(next_token=next_token) as page):
            if next_token is not None and (next_token in listing.tokens or listing.page >= MOST_PAGES):
                reason = "its pages repeat without end"
                yield v.ListingFailed(at=at, lane=lane.lane, listing=number, reason=reason)
                return
            yield v.PageRead(
                at=at,
                lane=lane.lane,
                listing=number,
                operation=listing.operation,
                products=page.products,
                next_token=next_token,
            )
            if next_token is None and listing.operation is Operation.SEARCH:
                searched = listing.searched.copy()
                gather(searched, page.products)
                yield work.listed(lane, replace(listing, searched=searched), at)
        case NotFound() | Denied() | Rejected() | Answer():
            reason = "the listing was refused"
            yield v.ListingFailed(at=at, lane=lane.lane, listing=number, reason=reason)
        case Unanswered() if listing.misses + 1 >= LISTING_TRIES:
            reason = "a page stayed unanswered"
            yield v.ListingFailed(at=at, lane=lane.lane, listing=number, reason=reason)
        case _:
            return
