"""
From a conclusion about an open line to the event that records it.

A conclusion that needs a question or a send gives no event; everything else does, and the event carries its evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.core import events as e
from orchestrator.core.inventory import FAILED, SUCCEEDED, Record
from orchestrator.core.plan import Retry
from orchestrator.core.settle import (
    Adopt,
    AskHistory,
    AskProduct,
    AskRecord,
    Changed,
    Conclusion,
    Follow,
    Gone,
    Quiet,
    UnderWay,
    Unreadable,
)
from orchestrator.core.states import State
from orchestrator.core.termination import MOST_DOUBTS, MOST_MISSES, Termination
from orchestrator.core.tokens import jitter
from orchestrator.core.worklist import Reason

RECENT = 60.0
"""A look that a line may be called stuck upon is not older than this, in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """
    What holds for a line now: how often is tried, and why nothing may be sent, if that is so.

    `blocked` says what keeps a line that was not sent from ever having its turn, `barred` what its lane's newest listing
    shows that forbids to send it.
    """

    retry: Retry
    lane_closed: str | None = None
    no_sends: str | None = None
    blocked: str | None = None
    barred: str | None = None

    @property
    def stop(self) -> str | None:
        """Why the line may not be sent, None if it may."""
        return self.lane_closed or self.no_sends or self.blocked or self.barred


def conclusion_of(t: Termination, state: State) -> Conclusion:
    """
    Return what is known of an open line, lookups that fail too often counted as an answer.

    Args:

        t: The line's life so far.
        state: `PENDING` or `IN_DOUBT`.
    """
    conclusion = t.conclude(in_doubt=state is State.IN_DOUBT)
    if isinstance(conclusion, AskProduct | AskRecord | AskHistory | UnderWay | Quiet) and t.misses >= MOST_MISSES:
        return Unreadable(f"{t.misses} lookups in a row failed")
    if isinstance(conclusion, Quiet) and t.unlisted:
        why = "a lookup shows it and the complete listing does not"
        return Changed(why) if state is State.PENDING else Unreadable(why)
    return conclusion


def verdict(t: Termination, state: State, at: float, rules: Rules) -> e.LineEvent | None:
    """
    Turn what is known of an open line into an event.

    Args:

        t: The line's life so far.
        state: `PENDING` or `IN_DOUBT`.
        at: Now, seconds since the epoch.
        rules: What holds for it.

    Returns:

        The event; None if the line needs a lookup or a send first.
    """
    line = t.line.id
    if state is State.PENDING and is_adoption(t):
        assert t.line.record_id is not None
        return e.Adopted(at=at, line=line, record_id=t.line.record_id)
    if state is State.PENDING and (refusal := refused(t, at, rules)):
        return refusal
    match conclusion_of(t, state):
        case Follow(record):
            return verdict_of_record(t, record, at, rules)
        case Adopt(record):
            return e.Adopted(at=at, line=line, record_id=record.record_id)
        case Gone() as gone:
            return verdict_of_gone(t, gone, at)
        case Changed(reason):
            return e.Drifted(at=at, line=line, reason=reason)
        case Unreadable(reason):
            return e.Rested(at=at, line=line, reason=reason)
        case UnderWay(record_id) if at >= t.overdue_at and is_recent(t, at):
            return e.Stuck(at=at, line=line, evidence=f"it is still under change by record {record_id}")
        case Quiet() if state is State.IN_DOUBT:
            return verdict_of_quiet(t, at, rules)
        case _:
            return None


def is_adoption(t: Termination) -> bool:
    """Whether the review saw somebody's termination under way that has not been followed yet."""
    return t.line.reason is Reason.ADOPT and not t.was_adopted


def is_recent(t: Termination, at: float) -> bool:
    """Whether the product was looked at just now."""
    return t.facts.sighting is not None and at - t.facts.sighting.at <= RECENT


def refused(t: Termination, at: float, rules: Rules) -> e.LineEvent | None:
    """Close a line that may not be sent any more: as failed if it was sent and failed, else as what kept it from that."""
    reason = rules.stop
    if reason and t.errors and t.own_records:
        return e.Failed(at=at, line=t.line.id, evidence=f"its last attempt FAILED; {reason}", errors=t.errors)
    if rules.lane_closed:
        return e.Refused(at=at, line=t.line.id, reason=rules.lane_closed)
    if rules.no_sends:
        return e.Drifted(at=at, line=t.line.id, reason=rules.no_sends)
    if rules.blocked:
        return e.Blocked(at=at, line=t.line.id, reason=rules.blocked)
    if rules.barred:
        return e.Drifted(at=at, line=t.line.id, reason=rules.barred)
    return None


def verdict_of_record(t: Termination, record: Record, at: float, rules: Rules) -> e.LineEvent:
    """Say what the record of our request means, as it was found by looking the product up."""
    if record.status == SUCCEEDED:
        return succeeded(t, record, at)
    if record.status == FAILED:
        return failed(t, record, at, rules)
    if at >= t.overdue_at:
        return e.Stuck(at=at, line=t.line.id, evidence=f"record {record.record_id} is still {record.status}")
    return e.Attached(at=at, line=t.line.id, record_id=record.record_id)


def succeeded(t: Termination, record: Record, at: float) -> e.Terminated:
    """Say that a record's termination went through."""
    return terminated(t, record.record_id, f"record {record.record_id} SUCCEEDED", at)


def terminated(t: Termination, record_id: str, evidence: str, at: float) -> e.Terminated:
    """Say that the product is gone by the termination that was followed, ours or another's."""
    return e.Terminated(
        at=at,
        line=t.line.id,
        evidence=evidence,
        record_id=record_id,
        by_another=t.adopted,
        options_unmet=t.adopted and t.line.options.retain_physical_resources,
    )


def failed(t: Termination, record: Record, at: float, rules: Rules) -> e.LineEvent:
    """Decide after a FAILED record: another attempt, or not. Somebody else's failed termination costs no attempt."""
    again = (t.adopted or t.attempt < rules.retry.attempts) and not rules.no_sends and not rules.lane_closed
    if not again:
        return e.Failed(at=at, line=t.line.id, evidence=f"record {record.record_id} FAILED", errors=record.errors)
    longest = rules.retry.backoff * 2 ** (t.attempt - 1)
    pause = longest * jitter(t.line.id, record.record_id, t.attempt)
    return e.AttemptFailed(
        at=at, line=t.line.id, record_id=record.record_id, errors=record.errors, retry_at=round(at + pause, 6)
    )


def verdict_of_gone(t: Termination, gone: Gone, at: float) -> e.LineEvent:
    """Say of a vanished product whether we terminated it."""
    if gone.ours and gone.record is not None:
        return succeeded(t, gone.record, at)
    if gone.record is not None and gone.record.record_id != t.record_id:
        return e.AlreadyGone(at=at, line=t.line.id, evidence=f"terminated by another, record {gone.record.record_id}")
    if t.record_id is not None:
        evidence = f"not found any more, after its termination {t.record_id} was seen under way"
        return terminated(t, t.record_id, evidence, at)
    sent = " after it was sent" if t.send else ""
    return e.AlreadyGone(at=at, line=t.line.id, evidence=f"not found{sent}, and no record tells who terminated it")


def verdict_of_quiet(t: Termination, at: float, rules: Rules) -> e.LineEvent | None:
    """Say what becomes of a line in doubt whose product is there and at rest: usually it is sent again."""
    if t.rejection is not None:
        return e.Failed(at=at, line=t.line.id, evidence=f"rejected {t.rejection}", denied=t.denied)
    if refusal := refused(t, at, rules):
        return refusal
    if t.doubts >= MOST_DOUBTS:
        return e.Rested(at=at, line=t.line.id, reason=f"{t.doubts} sends stayed unanswered")
    return None
