"""
From a conclusion about an open line to the event that records it.

A conclusion that needs a question, a send or another look gives no event; everything else does, and the event carries
its evidence. A line that may not be sent any more, but one of whose sends may still be carried out, is looked at until
that has settled. After a FAILED record `retry_or_fail` decides between a further attempt and the end.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from orchestrator.core.inventory.calls import Lookup, Operation
from orchestrator.core.inventory.evidence import (
    NOTHING_DENIED,
    Adopt,
    AtRest,
    Changed,
    Conclusion,
    EndedUnread,
    Follow,
    Gone,
    NewRecord,
    StillInProgress,
    Undetermined,
)
from orchestrator.core.inventory.model import FAILED, SUCCEEDED, Record, RecordError
from orchestrator.core.plan.model import Retry
from orchestrator.core.review.worklist import Reason
from orchestrator.core.run import events as e
from orchestrator.core.run.product_state import Termination
from orchestrator.core.run.tokens import jitter
from orchestrator.core.run.transitions import State
from orchestrator.core.values.policy import POLICY

NOTHING_CAME_OF_IT = "one send stayed unanswered, and nothing came of it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """
    What holds for a line now: how often is tried, and why nothing may be sent, if that is so.

    `exhausted` says that no attempt is left, `blocked_by_prerequisite` what keeps the line from ever having its turn,
    `drift_reason` what its lane's newest listing shows that forbids to send it, `unreviewed_prerequisite` which product
    it would have to come after that nobody has reviewed. `expired` says that the run is too old to be gone on with.
    `denied` are operations on records that may not be called in its lane.
    """

    retry: Retry
    lane_closed: str | None = None
    send_ban: str | None = None
    exhausted: str | None = None
    blocked_by_prerequisite: str | None = None
    drift_reason: str | None = None
    unreviewed_prerequisite: str | None = None
    expired: bool = False
    denied: Collection[Operation] = NOTHING_DENIED

    @property
    def stop(self) -> str | None:
        """Why the line may not be sent, None if it may."""
        return (
            self.exhausted
            or self.lane_closed
            or self.send_ban
            or self.blocked_by_prerequisite
            or self.drift_reason
            or self.unreviewed_prerequisite
        )


def conclusion_of(t: Termination, state: State, denied: Collection[Operation] = NOTHING_DENIED) -> Conclusion:
    """
    Return what is known of a line, lookups that fail too often counted as an answer.

    Args:

        t: The line's life so far.
        state: Its state.
        denied: Operations on records that may not be called in its lane.
    """
    if state is State.IN_PROGRESS:
        conclusion = t.conclude_followed(denied)
    else:
        conclusion = t.conclude(may_be_sent=state is not State.PENDING, denied=denied)
    if isinstance(conclusion, Lookup | StillInProgress | AtRest) and t.misses >= POLICY.max_lookup_misses:
        return Undetermined(f"{t.misses} lookups in a row failed")
    return conclusion


def verdict(t: Termination, state: State, at: float, constraints: Constraints) -> e.LineEvent | None:
    """
    Turn what is known of an open line into an event.

    Args:

        t: The line's life so far.
        state: `PENDING`, `IN_DOUBT`, or `IN_PROGRESS` if its record cannot be read.
        at: Now, seconds since the epoch.
        constraints: What holds for it.

    Returns:

        The event; None if the line needs a lookup, a send or more time first.
    """
    if state is State.PENDING:
        return verdict_of_pending(t, at, constraints)
    conclusion = conclusion_of(t, state, constraints.denied)
    is_unsettled = t.lookups.looks >= POLICY.max_unsettled_looks and not isinstance(conclusion, Lookup)
    if state is State.IN_DOUBT and is_unsettled and needs_look(t, conclusion, constraints):
        return parked(t, state, "what lookups show of it keeps changing", at, constraints)
    match conclusion:
        case Follow(record):
            return verdict_of_record(t, record, at, constraints)
        case Adopt(record):
            return e.Adopted(at=at, line=t.line.id, record_id=record.record_id)
        case Gone():
            return verdict_of_gone(t, state, conclusion, at)
        case EndedUnread(record_id, words) if t.is_settled:
            return retry_or_fail_unread(t, record_id, words, at, constraints)
        case Changed() | NewRecord() if t.is_settled:
            return drifted(t, conclusion, at)
        case Undetermined(reason) if t.is_settled or t.misses >= POLICY.max_lookup_misses:
            return parked(t, state, reason, at, constraints)
        case AtRest() if state is State.IN_DOUBT:
            return verdict_of_quiet(t, at, constraints)
        case StillInProgress(record_id) if at >= t.overdue_at and is_recent(t, at):
            return e.TimedOut(at=at, line=t.line.id, evidence=f"it is still under change by record {record_id}")
        case _:
            return None


def verdict_of_pending(t: Termination, at: float, constraints: Constraints) -> e.LineEvent | None:
    """Say what becomes of a line that nothing is out of: an event, or None if it is to be looked up or sent."""
    line = t.line.id
    if is_adoption(t):
        assert t.line.record_id is not None
        return e.Adopted(at=at, line=line, record_id=t.line.record_id)
    conclusion = conclusion_of(t, State.PENDING, constraints.denied)
    # What the listing does not show is looked up first: gone is neither drifted nor blocked.
    is_open = t.unlisted and isinstance(conclusion, Lookup)
    is_ours = isinstance(conclusion, Follow) or (isinstance(conclusion, Gone) and conclusion.ours)
    is_moot = is_ours or (
        constraints.stop in (constraints.blocked_by_prerequisite, constraints.unreviewed_prerequisite)
        and (is_open or isinstance(conclusion, Gone))
    )
    may_end = t.loose is None or t.is_settled
    if not is_moot and may_end and (refusal := refused(t, at, constraints)):
        return refusal
    match conclusion:
        case Follow(record):
            return verdict_of_record(t, record, at, constraints)
        case Gone():
            return verdict_of_gone(t, State.PENDING, conclusion, at)
        case Adopt(record):
            return e.Adopted(at=at, line=line, record_id=record.record_id)
        case Changed() | NewRecord() if t.loose is not None and not t.is_settled:
            return None
        case Changed(reason):
            return e.Drifted(at=at, line=line, reason=reason)
        case NewRecord(denied=denied) if denied or t.is_settled:
            return e.Drifted(at=at, line=line, reason=conclusion.reason)
        case Undetermined(reason):
            return e.Parked(at=at, line=line, reason=reason)
        case _:
            return None


def is_adoption(t: Termination) -> bool:
    """Whether the review saw somebody's termination in progress that has not been followed yet."""
    return t.line.reason is Reason.ADOPT and not t.was_adopted


def is_recent(t: Termination, at: float) -> bool:
    """Whether the product was looked at just now."""
    return t.lookups.observation is not None and at - t.lookups.observation.at <= POLICY.recent_look_s


def refused(t: Termination, at: float, constraints: Constraints) -> e.LineEvent | None:
    """Close a line that may not be sent any more: as failed if it was sent and failed, else as what kept it from that."""
    reason = constraints.stop
    if reason is None:
        return None
    line = t.line.id
    suffix = f"; {NOTHING_CAME_OF_IT}" if t.doubts else ""
    if constraints.exhausted or (t.errors and t.own_records):
        evidence = f"its last attempt FAILED; {reason}{suffix}"
        return e.Failed(at=at, line=line, evidence=evidence, errors=t.errors, record_id=t.failed_record)
    if constraints.lane_closed:
        return e.Refused(at=at, line=line, reason=constraints.lane_closed + suffix)
    if constraints.send_ban:
        return e.Drifted(at=at, line=line, reason=constraints.send_ban + suffix)
    if constraints.blocked_by_prerequisite:
        return e.Blocked(at=at, line=line, reason=constraints.blocked_by_prerequisite + suffix)
    return e.Drifted(at=at, line=line, reason=reason + suffix)


def drifted(t: Termination, conclusion: Changed | NewRecord, at: float) -> e.Drifted:
    """Close a line that was sent, and whose product is not what was reviewed."""
    suffix = f"; {NOTHING_CAME_OF_IT}" if t.doubts and isinstance(conclusion, Changed) else ""
    return e.Drifted(at=at, line=t.line.id, reason=conclusion.reason + suffix)


def parked(t: Termination, state: State, reason: str, at: float, constraints: Constraints) -> e.LineEvent:
    """Leave a line as it is in this execution; close it if that has happened too often, or there will be no other."""
    if state is State.IN_DOUBT and (constraints.expired or t.parked_count + 1 >= POLICY.max_parked_executions):
        often = (
            "the run has expired" if constraints.expired else f"{POLICY.max_parked_executions} executions left it in doubt"
        )
        return e.TimedOut(at=at, line=t.line.id, evidence=f"{reason}; {often}")
    return e.Parked(at=at, line=t.line.id, reason=reason)


def verdict_of_record(t: Termination, record: Record, at: float, constraints: Constraints) -> e.LineEvent:
    """Say what the record of our request means, as it was found by looking the product up."""
    if record.status == SUCCEEDED:
        return succeeded(t, record, at)
    if record.status == FAILED:
        return retry_or_fail(t, record, at, constraints)
    if at >= t.overdue_at:
        return e.TimedOut(at=at, line=t.line.id, evidence=f"record {record.record_id} is still {record.status}")
    return e.RecordFound(at=at, line=t.line.id, record_id=record.record_id)


def succeeded(t: Termination, record: Record, at: float) -> e.Terminated:
    """Say that a record's termination went through."""
    return terminated(t, record.record_id, f"record {record.record_id} SUCCEEDED", at)


def terminated(t: Termination, record_id: str, evidence: str, at: float) -> e.Terminated:
    """Say that the product is gone by the termination that was followed, ours or another's."""
    return e.Terminated(
        at=at,
        line=t.line.id,
        evidence=f"by another, {evidence}" if t.adopted else evidence,
        record_id=record_id,
        by_another=t.adopted,
        options_unmet=t.adopted and t.line.options.retain_physical_resources,
    )


def retry_or_fail(t: Termination, record: Record, at: float, constraints: Constraints) -> e.LineEvent:
    """
    Decide after a FAILED record: another attempt, or not.

    Somebody else's failed termination costs no attempt if the review had shown it; one that began later leaves a product
    that is not what was reviewed.
    """
    evidence = f"record {record.record_id} FAILED"
    if t.adopted and record.record_id != t.line.record_id:
        words = "".join(f"; {error}" for error in record.errors)
        reason = f"another's termination that began after the review came to nothing: {evidence}{words}"
        return e.Drifted(at=at, line=t.line.id, reason=reason)
    again = (
        (t.adopted or t.failed_attempts + 1 < constraints.retry.attempts)
        and not constraints.send_ban
        and not constraints.lane_closed
    )
    if not again and at >= t.open_until:
        return e.Failed(at=at, line=t.line.id, evidence=evidence, errors=record.errors, record_id=record.record_id)
    longest = constraints.retry.backoff_seconds * 2**t.failed_attempts
    pause = longest * jitter(t.line.id, record.record_id, t.attempt)
    return e.AttemptFailed(
        at=at,
        line=t.line.id,
        record_id=record.record_id,
        errors=record.errors,
        # A send of this attempt that stayed unanswered may still be carried out: no other token leaves until then.
        retry_at=round(max(at + pause, t.open_until), 6),
    )


def retry_or_fail_unread(
    t: Termination, record_id: str, words: str | None, at: float, constraints: Constraints
) -> e.LineEvent:
    """Decide after a termination whose record may not be read, and whose product is there, at rest, with it as the last."""
    said = words or "its record may not be read, so that its errors are not known"
    record = Record(
        record_id=record_id,
        product_id=t.product_id,
        record_type="",
        status=FAILED,
        errors=(RecordError("", said),),
    )
    return retry_or_fail(t, record, at, constraints)


def verdict_of_gone(t: Termination, state: State, gone: Gone, at: float) -> e.LineEvent | None:
    """Say of a vanished product whether we terminated it."""
    line = t.line.id
    if state is State.IN_PROGRESS and gone.ours:
        assert t.record_id is not None
        if gone.record is not None:
            return succeeded(t, gone.record, at)
        evidence = f"not found any more, after its termination {t.record_id} was seen in progress"
        return terminated(t, t.record_id, evidence, at)
    if gone.ours and gone.record is not None:
        return succeeded(t, gone.record, at)
    if t.may_be_carried_out and not t.is_settled:
        return None
    if gone.record is not None:
        return e.AlreadyGone(at=at, line=line, evidence=f"terminated by another, record {gone.record.record_id}")
    if state is State.IN_DOUBT and not t.not_found and not t.is_settled:
        return None
    if t.may_be_carried_out and not t.lookups.history_denied and t.agreement.seconds < POLICY.settling_s:
        # Its record may be late, too.
        return None
    sent = " after it was sent" if t.send else ""
    return e.AlreadyGone(at=at, line=line, evidence=f"not found{sent}, and no record tells who terminated it")


def verdict_of_quiet(t: Termination, at: float, constraints: Constraints) -> e.LineEvent | None:
    """Say what becomes of a line in doubt whose product is there and at rest: it is sent again, if it may be."""
    if t.rejection is not None:
        if not t.is_settled:
            return None
        suffix = f"; {NOTHING_CAME_OF_IT}" if t.doubts else ""
        return e.Failed(at=at, line=t.line.id, evidence=f"rejected {t.rejection}{suffix}", denied=t.denied)
    if constraints.stop:
        return refused(t, at, constraints) if t.is_settled else None
    if t.doubts >= POLICY.max_unanswered_sends:
        return parked(t, State.IN_DOUBT, f"{t.doubts} sends stayed unanswered", at, constraints)
    return None


def needs_look(t: Termination, conclusion: Conclusion, constraints: Constraints) -> bool:
    """Whether a line in doubt that has no verdict yet, and no question, waits for another look and not for a send."""
    return not (isinstance(conclusion, AtRest) and t.rejection is None and constraints.stop is None)
