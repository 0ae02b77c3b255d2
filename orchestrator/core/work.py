"""
The whole state of a run, and where each line's next step will be looked for. `Run` is the door; nothing else may hold one
of these, and only `changes` changes it.
"""

from __future__ import annotations

from orchestrator.core import events as e
from orchestrator.core import volatile as v
from orchestrator.core.commands import Operation
from orchestrator.core.inventory import CONTROL_TOWER_ACCOUNT
from orchestrator.core.lane import Lane
from orchestrator.core.lane_work import LaneWork, Listing
from orchestrator.core.plan import Plan
from orchestrator.core.prerequisites import Prerequisites
from orchestrator.core.protection import bar
from orchestrator.core.settle import AskHistory, AskProduct, AskRecord, Quiet, UnderWay
from orchestrator.core.states import GONE, UNDER_WAY, Board, State
from orchestrator.core.termination import Termination
from orchestrator.core.verdict import Rules, conclusion_of, is_adoption, verdict
from orchestrator.core.worklist import Decision, Worklist

QUESTIONS = {
    AskProduct: Operation.PRODUCT,
    UnderWay: Operation.PRODUCT,
    AskRecord: Operation.RECORD,
    AskHistory: Operation.HISTORY,
}


class Work:
    """Everything that is known within a run."""

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
        self.replaying = False
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

    def listed(self, lane: LaneWork, listing: Listing, at: float) -> v.Listed:
        """Return what a listing that was read to its end at *at* says. Reads only."""
        products = listing.products
        bars = {
            t.line.id: reason
            for t in self.of(lane)
            if t.product_id in products and (reason := bar(self.plan, t.line, products[t.product_id], at))
        }
        return v.Listed(at=at, lane=lane.lane, begun_at=listing.begun_at, sightings=listing.sightings, bars=bars)

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
            for t in self.of(lane)
        )

    def holds_slot(self, t: Termination) -> bool:
        """Whether a line counts as under way for the lane's InFlight."""
        return self.state(t) in UNDER_WAY and not t.resting

    def of(self, lane: LaneWork) -> list[Termination]:
        """Return the lines of a lane that were to be terminated."""
        return self._by_lane[lane.lane]

    def replan_all(self, at: float, lane: LaneWork | None = None) -> None:
        """Plan all lines anew, or those of one lane."""
        if self.replaying:
            return
        for t in self.lines.values() if lane is None else self.of(lane):
            self.replan(t, at)

    def replan(self, t: Termination, at: float) -> None:
        """Put a line where its next step will be looked for: on one agenda, among the concluded, or nowhere."""
        if self.replaying:
            return
        lane = self.lane_of(t)
        for agenda in lane.agendas.values():
            agenda.drop(t.line.id)
        self.concluded.pop(t.line.id, None)
        state = self.state(t)
        if t.asked or lane.lost:
            return
        if state is State.IN_PROGRESS:
            lane.agendas[Operation.RECORD].put(t.line.id, t.look_at, t.rank)
        elif state in GONE and lane.audit and t.line.id in lane.audit:
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
