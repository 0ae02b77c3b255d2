"""
From a conclusion about an open line to the event that records it.

A conclusion that needs a question or a send gives no event; everything else does, and the event carries its evidence.
"""

from __future__ import annotations

from orchestrator.core import events as e
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
    Unreadable,
)
from orchestrator.core.states import State
from orchestrator.core.termination import MOST_DOUBTS, MOST_MISSES, Termination


def conclusion_of(t: Termination, state: State) -> Conclusion:
    """
    Return what is known of an open line, lookups that fail too often counted as an answer.

    Args:

        t: The line's life so far.
        state: `PENDING` or `IN_DOUBT`.
    """
    conclusion = t.conclude(in_doubt=state is State.IN_DOUBT)
    if isinstance(conclusion, AskProduct | AskRecord | AskHistory) and t.misses >= MOST_MISSES:
        return Unreadable(f"{t.misses} lookups in a row failed")
    if isinstance(conclusion, Quiet) and t.unlisted:
        return Unreadable("a lookup shows it and the complete listing does not")
    return conclusion


def verdict(t: Termination, state: State, at: float, *, lane_closed: str | None) -> e.LineEvent | None:
    """
    Turn what is known of an open line into an event.

    Args:

        t: The line's life so far.
        state: `PENDING` or `IN_DOUBT`.
        at: Now, seconds since the epoch.
        lane_closed: Why nothing may be sent in the lane any more, None if it may.

    Returns:

        The event; None if the line needs a lookup or a send first.
    """
    if state is State.PENDING and lane_closed:
        return e.Refused(at=at, line=t.line.id, reason=lane_closed)
    match conclusion_of(t, state):
        case Follow(record):
            return e.Attached(at=at, line=t.line.id, record_id=record.record_id)
        case Adopt(record):
            return e.Adopted(at=at, line=t.line.id, record_id=record.record_id)
        case Gone() as gone:
            return verdict_of_gone(t, gone, at)
        case Changed(reason):
            return e.Drifted(at=at, line=t.line.id, reason=reason)
        case Unreadable(reason) if state is State.PENDING:
            return e.Drifted(at=at, line=t.line.id, reason=reason)
        case Unreadable(reason):
            return e.Rested(at=at, line=t.line.id, reason=reason)
        case Quiet() if state is State.IN_DOUBT:
            return verdict_of_quiet(t, at, lane_closed)
        case _:
            return None


def verdict_of_gone(t: Termination, gone: Gone, at: float) -> e.LineEvent:
    """Say of a vanished product whether we terminated it."""
    if gone.ours and gone.record is not None:
        evidence = f"record {gone.record.record_id} SUCCEEDED"
        return e.Terminated(at=at, line=t.line.id, evidence=evidence, record_id=gone.record.record_id)
    if t.record_id is not None:
        evidence = f"not found any more, after its termination {t.record_id} was seen under way"
        return e.Terminated(
            at=at,
            line=t.line.id,
            evidence=evidence,
            record_id=t.record_id,
            by_another=t.adopted,
            options_unmet=t.adopted and t.line.options.retain_physical_resources,
        )
    if gone.record is not None:
        return e.AlreadyGone(at=at, line=t.line.id, evidence=f"terminated by another, record {gone.record.record_id}")
    return e.AlreadyGone(at=at, line=t.line.id, evidence="not found, and no record tells who terminated it")


def verdict_of_quiet(t: Termination, at: float, lane_closed: str | None) -> e.LineEvent | None:
    """Say what becomes of a line in doubt whose product is there and at rest: usually it is sent again."""
    if t.rejection is not None:
        return e.Failed(at=at, line=t.line.id, evidence=f"rejected {t.rejection}")
    if t.doubts >= MOST_DOUBTS:
        return e.Rested(at=at, line=t.line.id, reason=f"{t.doubts} sends stayed unanswered")
    if lane_closed:
        return e.Rested(at=at, line=t.line.id, reason=lane_closed)
    return None
