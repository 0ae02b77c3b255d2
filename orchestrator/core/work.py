"""
The whole state of a run, and how each event changes it. `Run` is the door; nothing else may hold one of these.
"""

from __future__ import annotations

from dataclasses import replace

from orchestrator.core import events as e
from orchestrator.core import volatile as v
from orchestrator.core import watch
from orchestrator.core.commands import Operation
from orchestrator.core.inventory import CONTROL_TOWER_ACCOUNT
from orchestrator.core.lane import Lane
from orchestrator.core.lane_work import AUDIT_PAUSE, LaneWork, Listing
from orchestrator.core.ordering import in_turn
from orchestrator.core.plan import Plan
from orchestrator.core.prerequisites import Prerequisites
from orchestrator.core.protection import bar
from orchestrator.core.settle import AskHistory, AskProduct, AskRecord, Quiet, UnderWay
from orchestrator.core.states import UNDER_WAY, Board, State
from orchestrator.core.termination import Termination
from orchestrator.core.verdict import Rules, conclusion_of, is_adoption, verdict
from orchestrator.core.worklist import Decision, Worklist

LOOK_PAUSE = 5.0
"""Seconds before something is looked at again that did not say what it must."""

QUESTIONS = {
    AskProduct: Operation.PRODUCT,
    UnderWay: Operation.PRODUCT,
    AskRecord: Operation.RECORD,
    AskHistory: Operation.HISTORY,
}


class Work:
    """Everything that is known within a run. Changed by `apply` only."""

    def __init__(self, plan: Plan, worklist: Worklist, workers: int) -> None:
        self.plan = plan
        self.workers = workers
        self.worklist = worklist
        self.board = Board(worklist)
        self.prerequisites = Prerequisites(worklist.lines, self.board)
        self.held: frozenset[str] = frozenset()
        self.began_at = 0.0
        self.failures = 0
        self.drain: e.Draining | None = None
        self.tolerance: str | None = None
        self.no_sends: str | None = None
        self.ended = False
        self.concluded: dict[str, None] = {}
        rate = plan.limits.rate_per_second
        self.lanes: dict[Lane, LaneWork] = {lane: LaneWork(lane, rate) for lane, problem in worklist.lanes if not problem}
        self.lines: dict[str, Termination] = {}
        self._by_lane: dict[Lane, list[Termination]] = {lane: [] for lane in self.lanes}
        for rank, line in enumerate(worklist.of(Decision.TERMINATE)):
            assert line.lane is not None
            self.lines[line.id] = Termination(line=line, rank=rank, reviewed_at=worklist.made_at)
            self._by_lane[line.lane].append(self.lines[line.id])
        self.allowed_failures = plan.limits.failure_tolerance.allowed(len(self.lines))

    def lane_of(self, t: Termination) -> LaneWork:
        """Return the lane that a line to terminate is worked on in."""
        assert t.line.lane is not None
        return self.lanes[t.line.lane]

    def state(self, t: Termination) -> State:
        """Return the state of a line."""
        return self.board.states[t.line.id]

    def apply(self, event: e.Event) -> None:
        """
        Let *event* have happened.

        Raises:

            IllegalTransition: It cannot happen to the line in its state. Nothing has changed.
        """
        match event:
            case v.Learned() | v.Followed():
                self._look(event)
            case e.LineEvent():
                self._happen(event)
            case v.Asked():
                self._asked(event)
            case v.Heard():
                self._heard(event)
            case e.LaneEvent():
                self._lane_event(event)
            case e.Began():
                self._began(event)
            case e.Draining():
                self._draining(event)
            case e.Finished() | e.Abandoned():
                self.ended = True
            case _:
                # A pulse: for displays only.
                return

    def _happen(self, event: e.LineEvent) -> None:
        before = self.board.states.get(event.line)
        after = self.board.move(event)
        assert before is not None
        t = self.lines[event.line]
        held = before in UNDER_WAY and not t.resting
        t.happen(event)
        lane = self.lane_of(t)
        lane.under_way += self._holds_slot(t) - held
        if is_serial(t):
            lane.serial_under_way += (self.state(t) in UNDER_WAY) - (before in UNDER_WAY)
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
            case e.Failed() | e.Stuck():
                # A right that is missing is the lane's trouble: it is closed for that, and the others go on.
                self.failures += not (isinstance(event, e.Failed) and event.denied)
            case e.Terminated():
                lane.verdict_at = event.at
                lane.terminated.add(event.line)
                lane.audit = None
            case e.Contradicted():
                lane.terminated.discard(event.line)
                lane.audit = {line: since for line, since in (lane.audit or {}).items() if line != event.line}
            case _:
                t.look_at = event.at
        if is_serial(t):
            # Others wait for it to end, or have nothing to wait for any more.
            self._replan_all(event.at, lane)
        else:
            self.replan(t, event.at)
        for dependent in self.prerequisites.moved(event.line, before, after):
            self.replan(self.lines[dependent], event.at)

    def _look(self, event: v.Learned | v.Followed) -> None:
        t = self.lines[event.line]
        lane = self.lane_of(t)
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
            self._audit_look(t, lane, event)
        self.replan(t, event.at)

    def _audit_look(self, t: Termination, lane: LaneWork, event: v.Learned) -> None:
        if lane.audit is None or t.line.id not in lane.audit or event.sighting is None:
            return
        if event.sighting.gone:
            del lane.audit[t.line.id]
        t.look_at = event.at + AUDIT_PAUSE

    def _asked(self, event: v.Asked) -> None:
        lane = self.lanes[event.lane]
        lane.call(event.operation, event.at)
        if event.line is None:
            lane.ask_page(event.at)
            return
        t = self.lines[event.line]
        t.asked = True
        self.replan(t, event.at)

    def _heard(self, event: v.Heard) -> None:
        lane = self.lanes[event.lane]
        answered_at = lane.answered_at
        lane.hear(event)
        if event.line is None or event.operation is Operation.TERMINATE:
            return
        t = self.lines[event.line]
        t.asked = False
        if event.missed:
            # While the whole lane is silent a miss says nothing about this product.
            if event.definite or answered_at >= t.missed_at:
                t.misses += 1
                t.missed_at = event.at
            t.look_at = watch.after_miss(event.at, max(1, t.misses))
        self.replan(t, event.at)

    def _lane_event(self, event: e.LaneEvent) -> None:
        lane = self.lanes[event.lane]
        match event:
            case v.PageRead():
                lane.read(event)
            case v.Listed():
                self._listed(lane, event)
            case v.ListingFailed():
                lane.give_up_listing(event.at)
            case e.LaneClosed(reason=reason):
                lane.closed = reason
                self._replan_all(event.at, lane)
            case e.LaneLost(reason=reason):
                lane.lost = reason
                self._replan_all(event.at, lane)
            case _:
                assert isinstance(event, e.Audited)
                lane.audited_at = event.begun_at
                lane.audit = None

    def listed(self, lane: LaneWork, listing: Listing, at: float) -> v.Listed:
        """Return what a listing that was read to its end at *at* says. Reads only."""
        products = listing.products
        bars = {
            t.line.id: reason
            for t in self._of(lane)
            if t.product_id in products and (reason := bar(self.plan, t.line, products[t.product_id], at))
        }
        return v.Listed(at=at, lane=lane.lane, begun_at=listing.begun_at, sightings=listing.sightings, bars=bars)

    def _listed(self, lane: LaneWork, event: v.Listed) -> None:
        lane.listing = None
        lane.listed_at = event.at
        lane.listing_begun_at = event.begun_at
        lane.unlistable_since = None
        if lane.owes_audit and lane.verdict_at is not None and event.begun_at >= lane.verdict_at:
            shown = event.sightings.keys()
            lane.audit = {line: event.at for line in lane.terminated if self.lines[line].product_id in shown}
        for t in self._of(lane):
            if self.state(t) in (State.PENDING, State.IN_DOUBT):
                t.bar = event.bars.get(t.line.id)
                t.show(event.sightings.get(t.product_id), event.begun_at)
                self.replan(t, event.at)
            elif lane.audit and t.line.id in lane.audit:
                t.forget(event.at, must_look=False)
                t.look_at = event.at
                self.replan(t, event.at)

    def _began(self, event: e.Began) -> None:
        self.began_at = event.at
        self.failures = 0
        self.drain = None
        self.no_sends = event.no_sends
        in_order = [line.id for line in in_turn(self.worklist.lines)] if event.first is not None else []
        self.held = frozenset(in_order[event.first :])
        if event.no_sends is None:
            self.tolerance = None
        rate = self.plan.limits.rate_per_second
        self.lanes = {lane: work.renewed(event.at, rate) for lane, work in self.lanes.items()}
        for t in self.lines.values():
            t.begin(event.at)
            lane = self.lane_of(t)
            lane.under_way += self._holds_slot(t)
            lane.serial_under_way += is_serial(t) and self.state(t) in UNDER_WAY
        self._replan_all(event.at)

    def _draining(self, event: e.Draining) -> None:
        if event.why is e.Drain.TOLERANCE:
            self.tolerance = event.detail
        earlier = self.drain.until if self.drain is not None else None
        # A second reason to stop does not lengthen the grace of the first.
        until = min((moment for moment in (earlier, event.until) if moment is not None), default=None)
        self.drain = replace(event, until=until)
        self._replan_all(event.at)

    @property
    def owes_audit(self) -> bool:
        """Whether verdicts were reached in any lane that no complete listing has been held against yet."""
        return any(lane.owes_audit for lane in self.lanes.values())

    @property
    def over_tolerance(self) -> str | None:
        """Why nothing new may be started for the failures there were, None if it may."""
        if self.failures <= self.allowed_failures:
            return None
        return f"{self.failures} failures, and the plan's FailureTolerance allows {self.allowed_failures}"

    def rules(self, t: Termination) -> Rules:
        """Return what holds for a line now."""
        blocked = self.prerequisites.stays(t.line.id) if self.state(t) is State.PENDING else None
        return Rules(
            retry=self.plan.retry, lane_closed=self.lane_of(t).closed, no_sends=self.no_sends, blocked=blocked, barred=t.bar
        )

    def waits_its_turn(self, t: Termination) -> bool:
        """Whether a line has to wait: for what it comes after, or because this execution starts only the first ones."""
        return t.line.id in self.held or self.prerequisites.wait(t.line.id)

    def _serial_rests(self, lane: LaneWork) -> bool:
        """Whether a product that must be alone in the lane was left in doubt or stuck, so that no other may follow it."""
        return any(
            is_serial(t) and (self.state(t) is State.STUCK or (t.resting and self.state(t) in UNDER_WAY))
            for t in self._of(lane)
        )

    def _holds_slot(self, t: Termination) -> bool:
        return self.state(t) in UNDER_WAY and not t.resting

    def _of(self, lane: LaneWork) -> list[Termination]:
        return self._by_lane[lane.lane]

    def _replan_all(self, at: float, lane: LaneWork | None = None) -> None:
        for t in self.lines.values() if lane is None else self._of(lane):
            self.replan(t, at)

    def replan(self, t: Termination, at: float) -> None:
        """Put a line where its next step will be looked for: on one agenda, among the concluded, or nowhere."""
        lane = self.lane_of(t)
        for agenda in lane.agendas.values():
            agenda.drop(t.line.id)
        self.concluded.pop(t.line.id, None)
        state = self.state(t)
        if t.asked or lane.lost:
            return
        if state is State.IN_PROGRESS:
            lane.agendas[Operation.RECORD].put(t.line.id, t.look_at, t.rank)
        elif state is State.TERMINATED and lane.audit and t.line.id in lane.audit:
            lane.agendas[Operation.PRODUCT].put(t.line.id, t.look_at, t.rank)
        elif t.resting:
            return
        elif state is State.IN_DOUBT:
            self._replan_open(t, state, lane, at)
        elif state is State.PENDING:
            rules = self.rules(t)
            final = rules.stop
            if (self.drain is None or lane.closed or rules.blocked) and (
                final or is_adoption(t) or not self.waits_its_turn(t)
            ):
                self._replan_open(t, state, lane, at)

    def _replan_open(self, t: Termination, state: State, lane: LaneWork, at: float) -> None:
        rules = self.rules(t)
        unseen = state is State.PENDING and t.facts.sighting is None and not t.must_look
        if unseen and not (is_adoption(t) or rules.stop):
            # It waits for the lane's listing.
            lane.agendas[Operation.TERMINATE].put(t.line.id, t.retry_at, t.rank)
            return
        if verdict(t, state, at, rules) is not None:
            self.concluded[t.line.id] = None
            return
        if state is State.PENDING and is_serial(t) and self._serial_rests(lane):
            return
        conclusion = conclusion_of(t, state)
        if isinstance(conclusion, Quiet) and state is State.IN_DOUBT:
            # Already under way as far as limits go, so never behind lines that wait for one to end.
            lane.agendas[Operation.TERMINATE].put(t.line.id, 0.0, -1)
        elif isinstance(conclusion, Quiet):
            lane.agendas[Operation.TERMINATE].put(t.line.id, t.retry_at, t.rank)
        else:
            lane.agendas[QUESTIONS[type(conclusion)]].put(t.line.id, t.look_at, t.rank)


def is_serial(t: Termination) -> bool:
    """Whether a product is terminated alone in its lane: Control Tower unmanages one account at a time (documented)."""
    return t.line.product is not None and t.line.product.type == CONTROL_TOWER_ACCOUNT
