"""
What should be asked of the world now: state → commands, in order of urgency, and the events by which they become history.
Reads only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from orchestrator.core.inventory.calls import DescribeProduct, Operation
from orchestrator.core.run import events as e
from orchestrator.core.run import observations as o
from orchestrator.core.run import tokens
from orchestrator.core.run.commands import Command, ListPage, LookUp, Terminate, next_page
from orchestrator.core.run.lane_state import LaneState
from orchestrator.core.run.next_step import LookupStep, SendStep
from orchestrator.core.run.product_state import Termination
from orchestrator.core.run.state import RunState, is_serial
from orchestrator.core.run.transitions import OPEN, State
from orchestrator.core.values.policy import POLICY

LOOKUP_OPERATIONS = (Operation.PRODUCT, Operation.HISTORY, Operation.RECORD)


def propose(run: RunState, run_id: str, now: float) -> Iterator[Command]:
    """
    Yield what may be asked now: the lanes in turn, the least busy first, each up to its share; within a lane what settles
    doubt, then what follows, then sends.

    Args:

        run: The state of the run.
        run_id: For the tokens.
        now: Seconds since the epoch.
    """
    lanes = sorted(
        (lane for lane in run.lanes.values() if not lane.unreachable), key=lambda lane: (lane.in_flight, lane.lane)
    )
    share = fair_share(run, lanes, now)
    asked = [islice(lane_commands(run, lane, run_id, now), room) for lane in lanes if (room := lane.room(now, share)) > 0]
    while asked:
        going_on = []
        for commands in asked:
            if (command := next(commands, None)) is not None:
                yield command
                going_on.append(commands)
        asked = going_on


def fair_share(run: RunState, lanes: Sequence[LaneState], now: float) -> int:
    """
    Say how many calls one lane may have in flight: an equal part for each that has something to do now.

    Where there are several lanes no one gets more than half, so that one which hangs never holds all of them.
    """
    busy = sum(lane.is_busy(now) for lane in lanes)
    if len(run.lanes) == 1:
        return run.workers
    return max(1, min(run.workers // max(1, busy), run.workers // 2))


def lane_commands(run: RunState, lane: LaneState, run_id: str, now: float) -> Iterator[Command]:
    """Yield what may be asked in one lane."""
    for operation in LOOKUP_OPERATIONS:
        allowed = lane.limiters[operation].allowance(now)
        for line in islice(lane.queues[operation].due(now), allowed):
            yield lookup_command(run, run.lines[line])
    yield from listing_page(run, lane, now)
    if not is_closed_to_sends(run, lane) and lane.is_fresh(now):
        yield from sends(run, lane, run_id, now)


def lookup_command(run: RunState, t: Termination) -> LookUp:
    """Make the lookup that a line waits for."""
    step = run.steps[t.line.id]
    assert isinstance(step, LookupStep)
    return LookUp(lane=run.lane_of(t).lane, line=t.line.id, product_id=t.product_id, lookup=step.lookup)


def wants_listing(run: RunState, lane: LaneState, now: float) -> bool:
    """Whether the lane has to be listed: sends wait for a fresh listing, or its audit is owed."""
    if lane.unreachable or run.ended:
        return False
    if lane.listing is not None:
        return True
    if sends_wait(run, lane, now) and (not lane.is_fresh(now, POLICY.listing_refresh_s) or lane.needs_listing(now)):
        return True
    if not lane.is_fresh(now, POLICY.listing_refresh_s) and is_watched_now(run, lane, now):
        return True
    return owes_audit_now(run, lane) and now >= (lane.verdict_at or 0.0)


def is_watched_now(run: RunState, lane: LaneState, now: float) -> bool:
    """Whether a line of another lane is due to be sent that comes after something which may be in this one."""
    for t in run.watchers.get(lane.lane, ()):
        other = run.lane_of(t)
        if not is_closed_to_sends(run, other) and other.queues[Operation.TERMINATE].is_due(t.line.id, now):
            return True
    return False


def owes_audit_now(run: RunState, lane: LaneState) -> bool:
    """Whether it is time for the audit: verdicts were reached, and nothing else is left to do in the lane."""
    return lane.owes_audit and lane.audit is None and not leaves_audit(run) and is_quiet(run, lane)


def is_quiet(run: RunState, lane: LaneState) -> bool:
    """Whether no line of the lane waits for a call, and none is in flight."""
    if lane.in_flight or any(lane.queues[operation] for operation in LOOKUP_OPERATIONS):
        return False
    return not lane.queues[Operation.TERMINATE] or is_closed_to_sends(run, lane)


def is_closed_to_sends(run: RunState, lane: LaneState) -> bool:
    """Whether nothing is sent in the lane any more, in this execution at least."""
    return run.drain is not None or run.send_ban is not None or lane.closed is not None


def is_cut_short(run: RunState) -> bool:
    """Whether the execution ends before its work does, so that a resume will finish it."""
    return run.drain is not None and run.drain.until is not None


def leaves_audit(run: RunState) -> bool:
    """Whether an owed audit is left to a resume: the execution is cut short, and an audit would not finish the run."""
    return is_cut_short(run) and run.state_table.has(OPEN)


def sends_wait(run: RunState, lane: LaneState, now: float) -> bool:
    """Whether a line is due to be sent."""
    if is_closed_to_sends(run, lane):
        return False
    return next(lane.queues[Operation.TERMINATE].due(now), None) is not None


def listing_page(run: RunState, lane: LaneState, now: float) -> Iterator[Command]:
    """Yield the next page of the lane's listing, if one is wanted."""
    if lane.listing_asked or now < lane.listing_at or not wants_listing(run, lane, now):
        return
    listing = lane.listing or run.new_listing(lane, now)
    if listing.is_over:
        return
    command = next_page(listing, lane.lane)
    if lane.limiters[command.operation].allowance(now) >= 1:
        yield command


def sends(run: RunState, lane: LaneState, run_id: str, now: float) -> Iterator[Command]:
    """Yield the terminations that may leave now, within rate and limits. Lines in doubt come first (`FIRST_RANK`)."""
    room = lane.limiters[Operation.TERMINATE].allowance(now)
    slots = run.plan.limits.in_flight - lane.under_way
    looks = lane.limiters[Operation.PRODUCT].allowance(now)
    serial = lane.serial_under_way
    for line in lane.queues[Operation.TERMINATE].due(now):
        t = run.lines[line]
        pending = run.state(t) is State.PENDING
        if room < 1 or (pending and (slots < 1 or run.may_be_over_tolerance)):
            return
        if line in lane.failed_since or (pending and is_serial(t) and serial) or not run.is_listed_elsewhere(t, now):
            continue
        if is_stale(t, now):
            if looks > 0 and t.look_at <= now:
                looks -= 1
                yield LookUp(lane=lane.lane, line=line, product_id=t.product_id, lookup=DescribeProduct())
            continue
        room -= 1
        slots -= pending
        serial += pending and is_serial(t)
        yield send(run, t, run_id, now)


def is_stale(t: Termination, now: float) -> bool:
    """Whether the product has to be looked at again before it may be sent: what was seen of it is too old."""
    observation = t.lookups.observation
    return observation is not None and now - observation.at > POLICY.listing_fresh_s


def send(run: RunState, t: Termination, run_id: str, now: float) -> Terminate:
    """Make the termination of a line; a fresh listing of its lane has shown it at rest."""
    step, lane = run.steps[t.line.id], run.lane_of(t).lane
    assert isinstance(step, SendStep)
    assert step.is_seen
    return Terminate(
        lane=lane,
        line=t.line.id,
        product_id=t.product_id,
        attempt=t.attempt,
        send=t.send + 1,
        token=tokens.token(run_id, lane, t.product_id, t.attempt),
        options=t.line.options,
        record_before=step.record_before,
        service_at=run.service_time(lane, now),
    )


def event_for(command: Command, at: float) -> e.Event:
    """
    Return the event by which a wish becomes history.

    Args:

        command: What is about to be called.
        at: Now, seconds since the epoch.
    """
    if isinstance(command, Terminate):
        return e.Intended(
            at=at,
            line=command.line,
            attempt=command.attempt,
            send=command.send,
            token=command.token,
            ignore_errors=command.options.ignore_errors,
            retain_physical_resources=command.options.retain_physical_resources,
            accept_language=command.options.accept_language,
            record_before=command.record_before,
            service_at=command.service_at,
        )
    line = None if isinstance(command, ListPage) else command.line
    return o.LookupIssued(at=at, lane=command.lane, operation=Operation(command.operation), line=line)
