"""
How each event changes the state of a run: the one place where anything of it is mutated, live and on replay.
"""

from __future__ import annotations

from dataclasses import replace

from orchestrator.core import events as e
from orchestrator.core import volatile as v
from orchestrator.core import watch
from orchestrator.core.commands import Operation
from orchestrator.core.lane_work import AUDIT_PAUSE, LaneWork
from orchestrator.core.ordering import in_turn
from orchestrator.core.states import UNDER_WAY, State
from orchestrator.core.termination import Termination
from orchestrator.core.work import Work, is_serial

LOOK_PAUSE = 5.0
"""Seconds before something is looked at again that did not say what it must."""


def apply(work: Work, event: e.Event) -> None:
    """
    Let an event have happened.

    Args:

        work: The state of the run; changed.
        event: What has happened.

    Raises:

        IllegalTransition: It cannot happen to the line in its state. Nothing has changed.
    """
    match event:
        case v.Learned() | v.Followed():
            look(work, event)
        case e.LineEvent():
            happen(work, event)
        case v.Asked():
            asked(work, event)
        case v.Heard():
            heard(work, event)
        case e.LaneEvent():
            lane_event(work, event)
        case e.Began():
            began(work, event)
        case e.Draining():
            draining(work, event)
        case e.Finished() | e.Abandoned():
            work.ended = True
        case _:
            # A pulse: for displays only.
            return


def happen(work: Work, event: e.LineEvent) -> None:
    """Something durable has happened to a line."""
    before = work.board.states.get(event.line)
    after = work.board.move(event)
    assert before is not None
    t = work.lines[event.line]
    held = before in UNDER_WAY and not t.resting
    t.happen(event)
    lane = work.lane_of(t)
    lane.under_way += work.holds_slot(t) - held
    if is_serial(t):
        lane.serial_under_way += (work.state(t) in UNDER_WAY) - (before in UNDER_WAY)
    match event:
        case e.Intended():
            lane.call(Operation.TERMINATE, event.at)
        case e.Accepted():
            lane.accepted += 1
            t.look_at = event.at + watch.FIRST
        case e.Unanswered():
            t.look_at = watch.after_miss(event.at, t.doubts)
        case e.AttemptFailed():
            t.look_at = event.retry_at
            lane.failed_since[event.line] = event.at
        case e.Failed() | e.Stuck():
            # A right that is missing is the lane's trouble: it is closed for that, and the others go on.
            work.failures += not (isinstance(event, e.Failed) and event.denied)
        case e.Terminated() | e.AlreadyGone():
            lane.verdict_at = event.at
            lane.gone.add(event.line)
            lane.audit = None
        case e.Contradicted():
            lane.gone.discard(event.line)
            lane.audit = {line: since for line, since in (lane.audit or {}).items() if line != event.line}
        case _:
            t.look_at = event.at
    if is_serial(t):
        # Others wait for it to end, or have nothing to wait for any more.
        work.replan_all(event.at, lane)
    else:
        work.replan(t, event.at)
    for dependent in work.prerequisites.moved(event.line, before, after):
        work.replan(work.lines[dependent], event.at)


def look(work: Work, event: v.Learned | v.Followed) -> None:
    """A lookup said something about a line."""
    t = work.lines[event.line]
    lane = work.lane_of(t)
    if isinstance(event, v.Followed):
        t.unreadable = 0 if event.readable else t.unreadable + 1
        t.record_status = event.status or t.record_status
        t.misses = 0
        since = t.followed_at or event.at
        t.look_at = watch.next_look(event.at, since, lane.under_way, t.overdue_at)
    else:
        t.learn(event)
        # What is asked twice was not there yet the first time.
        again = event.history is not None or event.hidden_record_id is not None or t.facts.looks > 1
        t.look_at = event.at + (LOOK_PAUSE if again else 0.0)
        audit_look(t, lane, event)
    work.replan(t, event.at)


def audit_look(t: Termination, lane: LaneWork, event: v.Learned) -> None:
    """A lookup was for the audit: what is gone needs no further look."""
    if lane.audit is None or t.line.id not in lane.audit or event.sighting is None:
        return
    if event.sighting.gone:
        del lane.audit[t.line.id]
    t.look_at = event.at + AUDIT_PAUSE


def asked(work: Work, event: v.Asked) -> None:
    """A read was issued."""
    lane = work.lanes[event.lane]
    lane.call(event.operation, event.at)
    if event.line is None:
        lane.ask_page(event.at)
        return
    t = work.lines[event.line]
    t.asked = True
    work.replan(t, event.at)


def heard(work: Work, event: v.Heard) -> None:
    """An answer came, or none."""
    lane = work.lanes[event.lane]
    answered_at = lane.answered_at
    lane.hear(event)
    if event.line is None or event.operation is Operation.TERMINATE:
        return
    t = work.lines[event.line]
    t.asked = False
    if event.missed:
        # While the whole lane is silent a miss says nothing about this product.
        if event.definite or answered_at >= t.missed_at:
            t.misses += 1
            t.missed_at = event.at
        t.look_at = watch.after_miss(event.at, max(1, t.misses))
    work.replan(t, event.at)


def lane_event(work: Work, event: e.LaneEvent) -> None:
    """Something has happened to a lane."""
    lane = work.lanes[event.lane]
    match event:
        case v.PageRead():
            lane.read(event)
        case v.Listed():
            hold_listing(work, lane, event)
        case v.ListingFailed():
            lane.give_up_listing(event.at)
        case e.LaneClosed(reason=reason):
            lane.closed = reason
            work.replan_all(event.at, lane)
        case e.LaneLost(reason=reason):
            lane.lost = reason
            work.replan_all(event.at, lane)
        case _:
            assert isinstance(event, e.Audited)
            lane.audited_at = event.begun_at
            lane.audit = None


def hold_listing(work: Work, lane: LaneWork, event: v.Listed) -> None:
    """A complete listing came: what waits for it is shown, what was said to be gone is held against it."""
    lane.listing = None
    lane.listed_at = event.at
    lane.listing_begun_at = event.begun_at
    lane.unlistable_since = None
    lane.failed_since = {line: at for line, at in lane.failed_since.items() if at > event.begun_at}
    if lane.owes_audit and lane.verdict_at is not None and event.begun_at >= lane.verdict_at:
        shown = event.sightings.keys()
        lane.audit = {line: event.at for line in lane.gone if work.lines[line].product_id in shown}
    for t in work.of(lane):
        t.bar = event.bars.get(t.line.id)
        if work.state(t) in (State.PENDING, State.IN_DOUBT):
            t.show(event.sightings.get(t.product_id), event.begun_at)
            work.replan(t, event.at)
        elif lane.audit and t.line.id in lane.audit:
            t.forget(event.at, must_look=False)
            t.look_at = event.at
            work.replan(t, event.at)


def began(work: Work, event: e.Began) -> None:
    """An execution begins: what only the last one knew is forgotten."""
    work.began_at = event.at
    work.failures = 0
    work.drain = None
    work.no_sends = event.no_sends
    in_order = [line.id for line in in_turn(work.worklist.lines)] if event.first is not None else []
    work.held = frozenset(in_order[event.first :])
    if event.no_sends is None:
        work.tolerance = None
    rate = work.plan.limits.rate_per_second
    work.lanes = {lane: its.renewed(event.at, rate) for lane, its in work.lanes.items()}
    for t in work.lines.values():
        t.begin(event.at)
        lane = work.lane_of(t)
        lane.under_way += work.holds_slot(t)
        lane.serial_under_way += is_serial(t) and work.state(t) in UNDER_WAY
    work.replan_all(event.at)


def draining(work: Work, event: e.Draining) -> None:
    """Nothing new is started from now on."""
    if event.why is e.Drain.TOLERANCE:
        work.tolerance = event.detail
    earlier = work.drain.until if work.drain is not None else None
    # A second reason to stop does not lengthen the grace of the first.
    until = min((moment for moment in (earlier, event.until) if moment is not None), default=None)
    work.drain = replace(event, until=until)
    work.replan_all(event.at)
