"""
What time alone decides: conclusions that are due, limits that are passed, lanes that are given up, audits that end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from orchestrator.core.inventory.calls import Operation
from orchestrator.core.inventory.evidence import Follow, Gone
from orchestrator.core.inventory.model import FAILED, SUCCEEDED
from orchestrator.core.run import events as e
from orchestrator.core.run import observations as o
from orchestrator.core.run.lane_state import LaneState
from orchestrator.core.run.schedule import (
    LOOKUP_OPERATIONS,
    fair_share,
    is_closed_to_sends,
    is_cut_short,
    is_quiet,
    leaves_audit,
    owes_audit_now,
    wants_listing,
)
from orchestrator.core.run.state import RunState
from orchestrator.core.run.transitions import OPEN
from orchestrator.core.run.verdict import conclusion_of, succeeded, verdict
from orchestrator.core.values.policy import POLICY


def on_tick(run: RunState, at: float, grace: float) -> Iterator[e.Event]:
    """
    Yield what has come to pass by *at*.

    Args:

        run: The state of the run.
        at: Now, seconds since the epoch.
        grace: Seconds that terminations under way are followed after the deadline.
    """
    for line in run.due_verdicts:
        t = run.lines[line]
        # None if an answer was stamped later than this moment; the next one will do.
        if (event := verdict(t, run.state(t), at, run.constraints(t))) is not None:
            yield event
    for lane in run.lanes.values():
        yield from listing_end(run, lane, at)
        yield from lane_end(lane, at)
        if not run.due_verdicts:
            # An audit does not cover the verdicts of this very moment.
            yield from audit_end(run, lane, at)
    yield from drain(run, at, grace)


def listing_end(run: RunState, lane: LaneState, at: float) -> Iterator[e.LaneEvent]:
    """Say what a listing shows that is over, or that it was given up."""
    listing = lane.listing
    if listing is None or not listing.is_over:
        return
    if listing.is_complete and listing.ended_at is not None:
        inventory = replace(listing.inventory(lane.lane), clock_ahead=lane.clock_ahead)
        yield run.listed(inventory, min(at, listing.ended_at))
    else:
        reason = listing.problem or "it was not read to its end"
        yield o.ListingFailed(at=at, lane=lane.lane, listing=listing.number, reason=reason)


def lane_end(lane: LaneState, at: float) -> Iterator[e.LaneEvent]:
    """Close a lane that refuses us, give up one that is silent."""
    if lane.denials >= POLICY.max_denials and not lane.accepted and not lane.closed:
        reason = f"the right servicecatalog:TerminateProvisionedProduct is missing in {lane.lane}: {lane.last_problem}"
        yield e.LaneClosed(at=at, lane=lane.lane, reason=reason)
    if lane.unreachable:
        return
    if lane.failing_since is not None and lane.failed_at - lane.failing_since >= POLICY.lane_patience_s:
        minutes = round(POLICY.lane_patience_s / 60)
        reason = f"no call has succeeded for {minutes} minutes; the last one: {lane.last_problem}"
        yield e.LaneUnreachable(at=at, lane=lane.lane, reason=reason)
    elif lane.is_unlistable(at) and not is_followed(lane):
        reason = f"it cannot be listed completely; the last problem: {lane.last_problem}"
        yield e.LaneUnreachable(at=at, lane=lane.lane, reason=reason)


def is_followed(lane: LaneState) -> bool:
    """Whether something in the lane can still be looked up, whatever its listing does."""
    return lane.in_flight > 0 or any(lane.queues[operation] for operation in LOOKUP_OPERATIONS)


def audit_end(run: RunState, lane: LaneState, at: float) -> Iterator[e.Event]:
    """Contradict what the audit still sees after its patience; end the audit when nothing is left to look at."""
    if lane.audit is None:
        return
    left = dict(lane.audit)
    for line, since in lane.audit.items():
        t = run.lines[line]
        seen_again = t.lookups.observation is not None and t.lookups.observation.at - since >= POLICY.audit_patience_s
        if seen_again or t.misses >= POLICY.max_lookup_misses:
            del left[line]
            seen = (
                f"it is still there ({t.lookups.observation.status})"
                if t.lookups.observation
                else "the final listing still shows it, and it cannot be looked up"
            )
            yield e.Contradicted(at=at, line=line, evidence=f"{t.evidence}, and {seen}")
    found = {line: resettled(run, lane, line, at) for line in lane.resettle}
    yield from (event for event in found.values() if event is not None)
    is_open = any(event is None and not is_given_up(run, lane, line, at) for line, event in found.items())
    if not left and not is_open and lane.listing_begun_at is not None:
        checked = len(lane.gone) + len(lane.ended)
        yield e.Verified(at=at, lane=lane.lane, started_at=lane.listing_begun_at, checked=checked)


def resettled(run: RunState, lane: LaneState, line: str, at: float) -> e.LineEvent | None:
    """Say what became of a line that ended otherwise, and whose product is gone or changing; None: nothing (yet)."""
    t = run.lines[line]
    conclusion = conclusion_of(t, run.state(t), lane.denied)
    if isinstance(conclusion, Gone) and conclusion.ours and conclusion.record is not None:
        return succeeded(t, conclusion.record, at)
    if isinstance(conclusion, Follow) and conclusion.record.status == SUCCEEDED:
        return succeeded(t, conclusion.record, at)
    if isinstance(conclusion, Follow) and conclusion.record.status != FAILED and at < t.overdue_at:
        return e.RecordFound(at=at, line=line, record_id=conclusion.record.record_id)
    if isinstance(conclusion, Gone) and t.is_settled:
        by = f"by another, record {conclusion.record.record_id}" if conclusion.record else "and no record tells by whom"
        return e.FoundGone(at=at, line=line, evidence=f"it is gone now, {by}")
    return None


def is_given_up(run: RunState, lane: LaneState, line: str, at: float) -> bool:
    """Whether looks agree that what the final listing did not show is there, or nothing can be learned about it."""
    t = run.lines[line]
    seen = t.lookups.observation
    is_there = seen is not None and not seen.gone and t.is_settled
    return is_there or t.misses >= POLICY.max_lookup_misses or at - lane.resettle[line] >= POLICY.max_resettling_s


def drain(run: RunState, at: float, grace: float) -> Iterator[e.Draining]:
    """Stop starting when the failure tolerance or the deadline is passed."""
    if is_cut_short(run) or not has_work(run):
        return
    if run.drain is None and (detail := run.over_tolerance):
        yield e.Draining(at=at, why=e.Drain.TOLERANCE, detail=detail)
    elif at >= run.began_at + run.plan.limits.deadline_seconds:
        yield e.Draining(at=at, why=e.Drain.DEADLINE, detail="the plan's Deadline has passed", until=round(at + grace, 6))


def has_work(run: RunState) -> bool:
    """Whether a line is open, or an audit is owed."""
    return run.state_table.has(OPEN) or run.owes_audit


def is_idle(run: RunState, now: float) -> bool:
    """Whether nothing is left to ask in this execution, calls in flight apart."""
    cut = run.drain is not None and run.drain.until is not None and now >= run.drain.until
    return cut or all(is_lane_idle(run, lane, now) for lane in run.lanes.values())


def is_lane_idle(run: RunState, lane: LaneState, now: float) -> bool:
    """Whether nothing is left to ask in one lane."""
    if lane.unreachable:
        return True
    if any(run.lines[line].line.lane == lane.lane for line in run.due_verdicts):
        return False
    if not is_quiet(run, lane) or wants_listing(run, lane, now) or lane.audit is not None:
        return False
    return not lane.owes_audit or leaves_audit(run)


def wake_at(run: RunState, now: float) -> float:
    """Return the next moment at which something may be due that no answer brings about."""
    moments = [now] if run.due_verdicts else []
    if run.drain is not None and run.drain.until is not None:
        moments.append(run.drain.until)
    else:
        moments.append(run.began_at + run.plan.limits.deadline_seconds)
    lanes = [lane for lane in run.lanes.values() if not lane.unreachable]
    share = fair_share(run, lanes, now)
    for lane in lanes:
        # Where there is no room, an answer will bring the next moment.
        if lane.room(now, share) > 0:
            moments += lane_moments(run, lane, now)
    return min(moments, default=float("inf"))


def lane_moments(run: RunState, lane: LaneState, now: float) -> Iterator[float]:
    """Yield the moments at which something may be due in one lane."""
    for operation in (*LOOKUP_OPERATIONS, Operation.TERMINATE):
        due = lane.queues[operation].next_at()
        if due is None or (operation is Operation.TERMINATE and is_closed_to_sends(run, lane)):
            continue
        yield max(due, lane.limiters[operation].ready_at())
    if lane.verdict_at is not None and lane.verdict_at > now and owes_audit_now(run, lane):
        yield lane.verdict_at
    if not lane.listing_asked and wants_listing(run, lane, now):
        step = lane.listing.step if lane.listing else None
        operation = step.operation if step else Operation.SCAN
        yield max(lane.listing_at, lane.limiters[operation].ready_at())
