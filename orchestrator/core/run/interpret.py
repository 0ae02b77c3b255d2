"""
What a reply means: for its lane, whose pace, credentials and listings it tells of, and for its line.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.core.inventory.calls import (
    Answer,
    Denied,
    DescribeProduct,
    DescribeRecord,
    NotFound,
    NotSent,
    Operation,
    Outcome,
    ReadHistory,
    RecordPage,
    Rejected,
    Throttled,
    Unanswered,
    Unauthenticated,
    explain,
)
from orchestrator.core.inventory.model import FAILED, SUCCEEDED, Observation, Product, Record
from orchestrator.core.run import events as e
from orchestrator.core.run import observations as o
from orchestrator.core.run.commands import ListPage, LookUp, Terminate, requested_id
from orchestrator.core.run.lane_state import LaneState
from orchestrator.core.run.product_state import Termination
from orchestrator.core.run.replies import Reply
from orchestrator.core.run.state import RunState
from orchestrator.core.run.transitions import ENDED_OTHERWISE, GONE, State
from orchestrator.core.run.verdict import Constraints, retry_or_fail, succeeded
from orchestrator.core.values.policy import POLICY

RECORD_OPERATIONS = frozenset({Operation.RECORD, Operation.HISTORY})


LOOKED_AT = frozenset({State.PENDING, State.IN_DOUBT, State.IN_PROGRESS}) | ENDED_OTHERWISE
"""States in which lookups of a line's product and its records mean something."""


def interpret(run: RunState, reply: Reply) -> Iterator[e.Event]:
    """
    Say what a reply means.

    Args:

        run: The state of the run.
        reply: What came back, perhaps late or doubled.

    Yields:

        Events that may be applied now: that something was heard of the lane, and what it says.
    """
    command, outcome = reply.command, reply.outcome
    yield o.ReplyReceived(at=reply.at, lane=command.lane, reply=reply)
    yield from records_denied(run.lanes[command.lane], reply)
    if isinstance(outcome, Unauthenticated):
        reason = f"its credentials are no longer accepted: {explain(outcome)}"
        yield e.LaneUnreachable(at=reply.at, lane=command.lane, reason=reason)
    if not isinstance(command, ListPage) and (t := run.lines.get(command.line)) is not None:
        yield from interpret_line_reply(reply, t, run.state(t), run.constraints(t))


def records_denied(lane: LaneState, reply: Reply) -> Iterator[o.RecordsDenied]:
    """Say that an operation on records may not be called in a lane, once it was denied often enough and never worked."""
    command, operation = reply.command, reply.command.operation
    if not isinstance(reply.outcome, Denied) or not isinstance(command, LookUp):
        return
    if operation not in RECORD_OPERATIONS or operation in lane.denied:
        return
    refused = lane.refused_for[operation] | {requested_id(command)}
    if operation not in lane.shown and len(refused) >= min(POLICY.max_denied_records, lane.askable):
        yield o.RecordsDenied(at=reply.at, lane=lane.lane, operation=operation, words=explain(reply.outcome))


def interpret_line_reply(reply: Reply, t: Termination, state: State, constraints: Constraints) -> Iterator[e.LineEvent]:
    """
    Say what a reply to a command about one line means.

    Yields:

        Events that may be applied now; none if the reply is stale or says nothing.
    """
    match reply.command:
        case Terminate() as command:
            yield from on_terminate_reply(reply, command, t, state)
        case LookUp(lookup=DescribeRecord(record_id)) if state is State.IN_PROGRESS and t.is_followed_by_record(
            constraints.denied
        ):
            if record_id == t.record_id:
                yield from on_polled_record(reply, t, constraints)
        case LookUp(lookup=DescribeRecord(record_id)) if state in LOOKED_AT:
            yield from on_record(reply, record_id, t)
        case LookUp(lookup=DescribeProduct()) if state in LOOKED_AT or state in GONE:
            yield from on_product(reply, t)
        case LookUp(lookup=ReadHistory(page_token)) if state in LOOKED_AT and page_token == t.lookups.history_token:
            yield from on_history(reply, page_token, t)
        case _:
            return


def on_terminate_reply(reply: Reply, command: Terminate, t: Termination, state: State) -> Iterator[e.LineEvent]:
    """Deal with the answer to a send: the newest one, or a late acceptance of the same attempt."""
    if command.token != t.token or state not in (State.REQUESTED, State.IN_DOUBT):
        return
    accepted = isinstance(reply.outcome, Answer)
    if not accepted and (state is not State.REQUESTED or command.send != t.send):
        return
    yield from on_send_outcome(reply.outcome, t, state, reply.at)


def on_send_outcome(outcome: Outcome, t: Termination, state: State, at: float) -> Iterator[e.LineEvent]:
    """Say what became of a send."""
    line = t.line.id
    match outcome:
        case Answer(Record() as record) if not is_mismatch(record, t):
            yield e.Accepted(at=at, line=line, record_id=record.record_id, record_status=record.status)
        case Answer() if state is State.REQUESTED:
            yield e.Unanswered(at=at, line=line, reason=f"the answer does not fit the request: {outcome.value}")
        case Answer():
            return
        case Unanswered(reason):
            yield e.Unanswered(at=at, line=line, reason=reason)
        case (Throttled() | NotSent() | Unauthenticated()) as problem if t.doubts:
            yield e.StillInDoubt(at=at, line=line, reason=explain(problem))
        case Throttled(code):
            yield e.Throttled(at=at, line=line, code=code)
        case (NotSent() | Unauthenticated()) as problem:
            yield e.NotSent(at=at, line=line, reason=explain(problem))
        case _:
            # Not found, denied or rejected: definite, and yet to be looked into.
            yield e.Rejected(
                at=at,
                line=line,
                code=outcome.code,
                message=outcome.message,
                denied=isinstance(outcome, Denied),
                not_found=isinstance(outcome, NotFound),
            )


def is_mismatch(record: Record, t: Termination) -> bool:
    """Whether an answer's record cannot be the one of this attempt."""
    return (
        not is_about(record, t)
        or record.record_id in {*t.own_records, t.record_before}
        or not (record.is_termination or not record.record_type)
    )


def on_polled_record(reply: Reply, t: Termination, constraints: Constraints) -> Iterator[e.LineEvent]:
    """Deal with a look at the record of a termination that is under way."""
    at, line = reply.at, t.line.id
    match reply.outcome:
        case Answer(Record(status=status) as record) if status == SUCCEEDED and not is_other_record(record, t):
            yield succeeded(t, record, at)
        case Answer(Record(status=status) as record) if status == FAILED and not is_other_record(record, t):
            yield retry_or_fail(t, record, at, constraints)
        case Answer(Record() as record) if not is_other_record(record, t):
            if at >= t.overdue_at:
                yield e.TimedOut(at=at, line=line, evidence=f"record {record.record_id} is still {record.status}")
            else:
                yield o.RecordPolled(at=at, line=line, status=record.status)
        case NotFound() | Denied() | Rejected() | Answer():
            why = explain(reply.outcome) if not isinstance(reply.outcome, Answer) else "it is not that of this termination"
            if t.unreadable + 1 >= POLICY.max_unreadable_polls or isinstance(reply.outcome, Denied):
                yield e.RecordUnreadable(at=at, line=line, reason=f"record {t.record_id} cannot be read: {why}")
            else:
                yield o.RecordPolled(at=at, line=line, status="", readable=False)
        case _:
            if at >= t.overdue_at and t.misses >= POLICY.max_unreadable_polls:
                yield e.RecordUnreadable(at=at, line=line, reason=f"record {t.record_id} cannot be read in time")


def is_other_record(record: Record, t: Termination) -> bool:
    """Whether a record that was asked for by its id is another one, of another product, or no termination's."""
    return (
        record.record_id != t.record_id or not is_about(record, t) or not (record.is_termination or not record.record_type)
    )


def is_about(record: Record, t: Termination) -> bool:
    """Whether a record is this product's, as far as it says whose it is."""
    return record.product_id in (None, t.product_id)


def on_record(reply: Reply, record_id: str, t: Termination) -> Iterator[e.LineEvent]:
    """Deal with a record that was looked up to settle a doubt."""
    match reply.outcome:
        case Answer(Record() as record) if record.record_id == record_id and is_about(record, t):
            yield o.LookupResult(at=reply.at, line=t.line.id, record=record)
        case Denied():
            yield o.LookupResult(at=reply.at, line=t.line.id, denied_record_id=record_id)
        case NotFound() | Rejected() | Answer():
            # Another product's record says nothing about this one, wherever its id was found.
            yield o.LookupResult(at=reply.at, line=t.line.id, hidden_record_id=record_id)
        case _:
            return


def on_history(reply: Reply, page_token: str | None, t: Termination) -> Iterator[e.LineEvent]:
    """Deal with the page of a product's records that is waited for."""
    match reply.outcome:
        case Answer(RecordPage(records=records, next_token=token)):
            # A page that leads to itself has no end.
            token = None if token == page_token else token
            history = tuple(each for each in records if is_about(each, t))
            yield o.LookupResult(at=reply.at, line=t.line.id, history=history, history_token=token)
        case NotFound():
            yield o.LookupResult(at=reply.at, line=t.line.id, history=())
        case Denied():
            yield o.LookupResult(at=reply.at, line=t.line.id, history_denied=True)
        case _:
            return


def on_product(reply: Reply, t: Termination) -> Iterator[e.LineEvent]:
    """Deal with a product that was looked up."""
    match reply.outcome:
        case Answer(Product() as product) if product.product_id == t.product_id:
            observation = Observation(
                at=reply.at, status=product.status, record_id=product.last_record_id, words=product.status_message
            )
            yield o.LookupResult(at=reply.at, line=t.line.id, observation=observation)
        case NotFound():
            yield o.LookupResult(at=reply.at, line=t.line.id, observation=Observation(at=reply.at, status=None))
        case _:
            return
