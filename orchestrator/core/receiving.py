"""
What a reply means: for its lane, whose pace, credentials and listings it tells of, and for its line.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.core import events as e
from orchestrator.core import volatile as v
from orchestrator.core.commands import Command, DescribeRecord, ListPage
from orchestrator.core.hearing import hear
from orchestrator.core.lane_work import LaneWork
from orchestrator.core.operation import Operation
from orchestrator.core.outcomes import (
    Answer,
    Denied,
    NotFound,
    NotSent,
    Rejected,
    Throttled,
    Unanswered,
    Unauthenticated,
    explain,
)
from orchestrator.core.replies import Reply
from orchestrator.core.work import Work

RECORD_OPERATIONS = frozenset({Operation.RECORD, Operation.HISTORY})

MOST_DENIED_RECORDS = 3
"""Different records that an operation has to be denied, with none shown, before it is not called any more in a lane."""


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
    yield v.ReplyReceived(
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
        about=about(command),
        shows=isinstance(outcome, Answer),
        clock_ahead=reply.clock_ahead,
    )
    yield from records_denied(work.lanes[command.lane], reply)
    if isinstance(outcome, Unauthenticated):
        reason = f"its credentials are no longer accepted: {explain(outcome)}"
        yield e.LaneUnreachable(at=reply.at, lane=command.lane, reason=reason)
    if isinstance(command, ListPage):
        yield from receive_page(work, reply, command)
    elif (t := work.lines.get(command.line)) is not None:
        yield from hear(reply, t, work.state(t), work.rules(t))


def records_denied(lane: LaneWork, reply: Reply) -> Iterator[v.RecordsDenied]:
    """Say that an operation on records may not be called in a lane, once it was denied often enough and never worked."""
    operation = Operation(reply.command.operation)
    if not isinstance(reply.outcome, Denied) or operation not in RECORD_OPERATIONS or operation in lane.denied:
        return
    refused = lane.refused_for[operation] | {about(reply.command) or ""}
    if operation not in lane.shown and len(refused) >= min(MOST_DENIED_RECORDS, lane.askable):
        yield v.RecordsDenied(at=reply.at, lane=lane.lane, operation=operation, words=explain(reply.outcome))


def about(command: Command) -> str | None:
    """Return the record or product that a command asks for, None for pages of a listing."""
    match command:
        case DescribeRecord(record_id=record_id):
            return record_id
        case ListPage():
            return None
        case _:
            return command.product_id


def receive_page(work: Work, reply: Reply, command: ListPage) -> Iterator[e.LaneEvent]:
    """Take note of an answer for the lane's listing; one that nobody waits for any more means nothing."""
    listing = work.lanes[command.lane].listing
    if listing is not None and (listing.number, listing.step_number) == (command.listing, command.page):
        yield v.PageRead(at=reply.at, lane=command.lane, listing=command.listing, page=command.page, outcome=reply.outcome)
