"""
How each event changes the state of a run: the one place where anything of it is mutated, live and on replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orchestrator.core.inventory.calls import Denied, DescribeProduct, Lookup, Operation, Rejected, Unanswered
from orchestrator.core.inventory.evidence import AtRest, StillInProgress
from orchestrator.core.inventory.model import STABLE_STATUSES, Observation
from orchestrator.core.review.order import in_waves
from orchestrator.core.review.protect import UNSEARCHED
from orchestrator.core.run import events as e
from orchestrator.core.run import observations as o
from orchestrator.core.run import polling
from orchestrator.core.run.commands import LookUp
from orchestrator.core.run.lane_state import LaneState
from orchestrator.core.run.product_state import Termination
from orchestrator.core.run.state import RunState, is_serial
from orchestrator.core.run.transitions import ENDED_OTHERWISE, GONE, UNDER_WAY, State
from orchestrator.core.run.verdict import conclusion_of
from orchestrator.core.values.policy import POLICY
from orchestrator.core.values.timestamps import believed


def apply(run: RunState, event: e.Event) -> None:
    """
    Let an event have happened.

    Args:

        run: The state of the run; changed.
        event: What has happened.

    Raises:

        IllegalTransition: It cannot happen to the line in its state. Nothing has changed.
    """
    match event:
        case o.LookupResult() | o.RecordPolled():
            on_lookup(run, event)
        case e.LineEvent():
            on_line_event(run, event)
        case o.LookupIssued():
            on_lookup_issued(run, event)
        case o.ReplyReceived():
            on_reply_received(run, event)
        case e.LaneEvent():
            on_lane_event(run, event)
        case e.Started():
            on_started(run, event)
        case e.Draining():
            on_draining(run, event)
        case e.Finished() | e.Abandoned():
            run.ended = True
        case _:
            # A heartbeat: for displays only.
            return


def on_line_event(run: RunState, event: e.LineEvent) -> None:
    """Something durable has happened to a line."""
    before = run.state_table.states.get(event.line)
    after = run.state_table.move(event)
    assert before is not None
    t = run.lines[event.line]
    held = before in UNDER_WAY and not t.is_parked
    t.on_event(event)
    lane = run.lane_of(t)
    lane.under_way += run.holds_slot(t) - held
    if is_serial(t):
        lane.serial_under_way += (after in UNDER_WAY) - (before in UNDER_WAY)
    plan_next_look(t, lane, event)
    # A missing permission is the lane's trouble: it is closed for that, and the others go on.
    is_failure = isinstance(event, e.Failed | e.TimedOut) and not (isinstance(event, e.Failed) and event.denied)
    # What the audit corrects is no failure any more.
    was_failure = before in (State.FAILED, State.TIMED_OUT) and after is not before and not t.denied
    run.failures = max(0, run.failures + is_failure - was_failure)
    if t.rejection is not None and after is State.IN_DOUBT and not (t.denied or t.not_found):
        run.rejected.add(event.line)
    else:
        run.rejected.discard(event.line)
    owe_audit(t, lane, event, before, after)
    if is_serial(t):
        # Others wait for it to end, or have nothing to wait for any more.
        run.reschedule_all(event.at, lane)
    else:
        run.reschedule(t, event.at)
    for dependent in run.prerequisites.moved(event.line, before, after):
        run.reschedule(run.lines[dependent], event.at)


def plan_next_look(t: Termination, lane: LaneState, event: e.LineEvent) -> None:
    """Say when to look at a line next, and what its lane learns of its pace."""
    match event:
        case e.Intended():
            lane.on_call(Operation.TERMINATE, event.at)
        case e.Accepted():
            lane.accepted += 1
            t.look_at = event.at + POLICY.first_poll_s
        case e.Unanswered():
            t.look_at = polling.after_miss(event.at, t.doubts)
        case e.AttemptFailed():
            t.look_at = event.retry_at
            lane.failed_since[event.line] = event.at
        case _:
            t.look_at = event.at


def owe_audit(t: Termination, lane: LaneState, event: e.LineEvent, before: State, after: State) -> None:
    """Take note of what the lane's final listing has to be held against."""
    line = event.line
    if isinstance(event, e.Contradicted):
        lane.gone.discard(line)
        lane.audit = {each: since for each, since in (lane.audit or {}).items() if each != line}
    elif isinstance(event, e.FoundGone) or before in ENDED_OTHERWISE:
        # The audit itself has found it out.
        lane.ended.discard(line)
        lane.resettle.pop(line, None)
    elif after in GONE or (after in ENDED_OTHERWISE and (t.send > 0 or t.loose is not None)):
        (lane.gone if after in GONE else lane.ended).add(line)
        # A send that stayed unanswered may be carried out after a repetition of it has failed.
        open_until = t.open_until if after not in GONE else event.at
        lane.verdict_at = max(event.at, open_until, lane.verdict_at or 0.0)
        lane.audit = None
        lane.resettle.clear()


def on_lookup(run: RunState, event: o.LookupResult | o.RecordPolled) -> None:
    """A lookup said something about a line."""
    t = run.lines[event.line]
    lane = run.lane_of(t)
    if isinstance(event, o.RecordPolled):
        t.unreadable = 0 if event.readable else t.unreadable + 1
        t.record_status = event.status or t.record_status
        t.misses = 0
        since = t.followed_at or event.at
        t.look_at = polling.next_look(event.at, since, lane.under_way, t.overdue_at)
    else:
        t.learn(event)
        t.look_at = event.at
        look_again(run, t, lane, event)
    run.reschedule(t, event.at)


def look_again(run: RunState, t: Termination, lane: LaneState, event: o.LookupResult) -> None:
    """Say what the looks at a product agree on by now, and when to look again."""
    state = run.state(t)
    if lane.audit is not None and t.line.id in lane.audit and event.observation is not None:
        if event.observation.gone:
            # What is gone needs no further look.
            del lane.audit[t.line.id]
        t.look_at = event.at + POLICY.audit_pause_s
        return
    conclusion = conclusion_of(t, state, lane.denied)
    if isinstance(conclusion, Lookup):
        # What is asked twice was not there yet the first time.
        again = event.hidden_record_id is not None or t.lookups.looks > 1
        is_first = event.observation is not None and not isinstance(conclusion, DescribeProduct)
        t.look_at = event.at + (POLICY.repeated_look_pause_s if again and not is_first else 0.0)
        return
    assert t.lookups.observation is not None
    t.agreement = t.agreement.with_look(type(conclusion).__name__, t.lookups.observation.at)
    if t.unlisted and isinstance(conclusion, AtRest):
        wait_for_listing(t, lane, event.at, "a lookup shows it, and the complete listing does not")
    if state is State.IN_PROGRESS and isinstance(conclusion, StillInProgress):
        since = t.followed_at or event.at
        t.look_at = polling.next_look(event.at, since, lane.under_way, t.overdue_at)
    elif state is not State.PENDING or not isinstance(conclusion, AtRest) or t.loose is not None:
        t.look_at = max(event.at, t.agreement.next_look_at(t.given_up_at if t.may_be_carried_out else None))


def wait_for_listing(t: Termination, lane: LaneState, at: float, why: str) -> None:
    """Let a line wait for the next listing, which may show what this one did not; after some of them it may not be sent."""
    t.waits += 1
    if t.waits >= POLICY.max_listing_waits:
        t.drift_reason = why
        return
    lane.failed_since[t.line.id] = at
    t.retry_at = max(t.retry_at, at + POLICY.relisting_pause_s)


def on_lookup_issued(run: RunState, event: o.LookupIssued) -> None:
    """A read was issued."""
    lane = run.lanes[event.lane]
    lane.on_call(event.operation, event.at)
    if event.line is None:
        lane.ask_page(lane.listing or run.new_listing(lane, event.at))
        return
    t = run.lines[event.line]
    t.asked = True
    run.unschedule(t)


def on_reply_received(run: RunState, event: o.ReplyReceived) -> None:
    """Let the lane and the line's question learn from an answer, or from none."""
    lane, command, outcome = run.lanes[event.lane], event.reply.command, event.reply.outcome
    answered_at = lane.answered_at
    lane.on_reply(event.reply)
    if not isinstance(command, LookUp) or (t := run.lines.get(command.line)) is None:
        return
    t.asked = False
    if isinstance(outcome, Denied | Rejected | Unanswered):
        # While the whole lane is silent a miss says nothing about this product.
        if not isinstance(outcome, Unanswered) or answered_at >= t.missed_at:
            t.misses += 1
            t.missed_at = event.at
        t.look_at = polling.after_miss(event.at, max(1, t.misses))
    run.reschedule(t, event.at)


def on_lane_event(run: RunState, event: e.LaneEvent) -> None:
    """Something has happened to a lane."""
    lane = run.lanes[event.lane]
    match event:
        case o.Listed():
            on_listed(run, lane, event)
        case o.ListingFailed():
            lane.give_up_listing(event.at)
        case o.RecordsDenied(operation=operation, words=words):
            lane.denied[operation] = words
            run.reschedule_all(event.at, lane)
        case e.LaneClosed(reason=reason):
            lane.closed = reason
            run.reschedule_all(event.at, lane)
        case e.LaneUnreachable(reason=reason):
            lane.unreachable = reason
            run.reschedule_all(event.at, lane)
            for t in run.watchers.get(lane.lane, ()):
                run.reschedule(t, event.at)
        case _:
            assert isinstance(event, e.Verified)
            lane.audited_at = event.started_at
            lane.audit = None
            looked_at = list(lane.resettle)
            lane.resettle.clear()
            for line in looked_at:
                run.reschedule(run.lines[line], event.at)


def on_listed(run: RunState, lane: LaneState, event: o.Listed) -> None:
    """A complete listing came: what waits for it is shown, what was said to be gone is held against it."""
    lane.listing = None
    lane.listed_at = event.at
    lane.listing_begun_at = event.started_at
    lane.unlistable_since = None
    lane.unreviewed = event.unreviewed
    lane.clock_ahead = lane.clock_ahead if event.clock_ahead is None else believed(event.clock_ahead)
    lane.failed_since = {line: at for line, at in lane.failed_since.items() if at > event.started_at}
    if lane.owes_audit and lane.verdict_at is not None and event.started_at >= lane.verdict_at:
        begin_audit(run, lane, event)
    for t in run.of(lane):
        state = run.state(t)
        if state in (State.PENDING, State.IN_DOUBT):
            t.drift_reason = event.drift_reasons.get(t.line.id)
            is_untagged = t.line.id in event.untagged
            observation = event.observed.get(t.product_id)
            if t.show(observation, event.started_at):
                t.look_at = min(t.look_at, event.at)
            if is_untagged and t.drift_reason is None:
                wait_for_listing(t, lane, event.at, UNSEARCHED)
            elif observation is not None:
                t.waits = 0
            run.reschedule(t, event.at)
        elif (lane.audit and t.line.id in lane.audit) or t.line.id in lane.resettle:
            t.forget(event.at, must_look=True)
            t.look_at = event.at
            run.reschedule(t, event.at)
    for t in run.watchers.get(lane.lane, ()):
        run.reschedule(t, event.at)


def begin_audit(run: RunState, lane: LaneState, event: o.Listed) -> None:
    """
    Hold a listing against how lines have ended: what is still shown, and what is gone or changing although it ended
    otherwise.
    """
    shown = event.observed
    lane.audit = {line: event.at for line in lane.gone if run.lines[line].product_id in shown}
    lane.resettle = {line: event.at for line in lane.ended if is_news(run.lines[line], shown)}


def is_news(t: Termination, shown: Mapping[str, Observation]) -> bool:
    """Whether a listing does not show a product, or shows it otherwise than at rest with a record that is known."""
    seen = shown.get(t.product_id)
    return seen is None or seen.status not in STABLE_STATUSES or seen.record_id not in {*t.known_records, t.record_id}


def on_started(run: RunState, event: e.Started) -> None:
    """An execution begins: what only the last one knew is forgotten."""
    then, now = (run.began_at, run.began_service_at), (event.at, event.service_at)
    run.began_at, run.began_service_at = now
    run.failures = 0
    run.drain = None
    run.send_ban = event.send_ban
    in_order = [line.id for line in in_waves(run.worklist.lines)] if event.first is not None else []
    run.held_back = frozenset(in_order[event.first :])
    if event.send_ban is None:
        run.tolerance = None
    rate = run.plan.limits.rate_per_second
    run.lanes = {lane: its.renewed(event.at, rate) for lane, its in run.lanes.items()}
    for t in run.lines.values():
        state = run.state(t)
        t.begin(then, now, is_out=state in (State.REQUESTED, State.IN_DOUBT))
        lane = run.lane_of(t)
        lane.under_way += run.holds_slot(t)
        lane.serial_under_way += is_serial(t) and state in UNDER_WAY
    run.reschedule_all(event.at)


def on_draining(run: RunState, event: e.Draining) -> None:
    """Nothing new is started from now on."""
    if event.why is e.Drain.TOLERANCE:
        run.tolerance = event.detail
    earlier = run.drain.until if run.drain is not None else None
    # A second reason to stop does not lengthen the grace of the first.
    until = min((moment for moment in (earlier, event.until) if moment is not None), default=None)
    run.drain = replace(event, until=until)
    run.reschedule_all(event.at)
