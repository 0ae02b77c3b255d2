"""
The whole state of a run, and which queue each line waits in. `Run` is the door; nothing else may hold one of these, and
only `apply` changes it.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.core.inventory.calls import Operation
from orchestrator.core.inventory.listing import Listing
from orchestrator.core.inventory.model import CONTROL_TOWER_ACCOUNT, Inventory
from orchestrator.core.plan.model import Plan
from orchestrator.core.review.drift import Shown, find_drift, lacks_tags
from orchestrator.core.review.order import shown_by
from orchestrator.core.review.unreviewed import UnreviewedProducts
from orchestrator.core.review.worklist import Decision, Worklist
from orchestrator.core.run import events as e
from orchestrator.core.run import observations as o
from orchestrator.core.run.due_queue import DueQueue
from orchestrator.core.run.lane_state import LaneState
from orchestrator.core.run.next_step import LookupStep, SendStep, Situation, VerdictStep, next_step
from orchestrator.core.run.prerequisites import Prerequisites
from orchestrator.core.run.product_state import Termination
from orchestrator.core.run.rate_limit import RateLimiter
from orchestrator.core.run.transitions import GONE, UNDER_WAY, State, StateTable
from orchestrator.core.run.verdict import Constraints, is_adoption
from orchestrator.core.values.lane import Lane
from orchestrator.core.values.timestamps import by_service

RateLimits = Mapping[Lane, Mapping[Operation, RateLimiter]]


class RunState:
    """Everything that is known within a run."""

    def __init__(self, plan: Plan, worklist: Worklist, workers: int, rate_limits: RateLimits) -> None:
        self.plan = plan
        self.workers = workers
        self.worklist = worklist
        self.state_table = StateTable(worklist)
        self.prerequisites = Prerequisites(worklist, self.state_table)
        self.held_back: frozenset[str] = frozenset()
        self.began_at = 0.0
        self.began_service_at: float | None = None
        self.failures = 0
        self.drain: e.Draining | None = None
        self.tolerance: str | None = None
        self.send_ban: str | None = None
        self.ended = False
        self.replaying = False
        self.due_verdicts: dict[str, None] = {}
        self.steps: dict[str, LookupStep | SendStep] = {}
        self._queue_of: dict[str, DueQueue] = {}
        self.rejected: set[str] = set()
        self.lines: dict[str, Termination] = {}
        self._by_lane: dict[Lane, list[Termination]] = {lane: [] for lane, problem in worklist.lanes if not problem}
        for rank, line in enumerate(worklist.of(Decision.TERMINATE)):
            assert line.lane is not None
            self.lines[line.id] = Termination(line=line, rank=rank, reviewed_at=worklist.made_at)
            self._by_lane[line.lane].append(self.lines[line.id])
        rate = plan.limits.rate_per_second
        self.lanes = {
            lane: LaneState(lane, rate, len(lines), rate_limits.get(lane)) for lane, lines in self._by_lane.items()
        }
        self.unreviewed = UnreviewedProducts(plan, worklist)
        self.elsewhere = {id_: self.unreviewed.lanes_of(t.line) for id_, t in self.lines.items()}
        self.watchers: dict[Lane, list[Termination]] = {}
        for id_, lanes in self.elsewhere.items():
            for lane in lanes:
                self.watchers.setdefault(lane, []).append(self.lines[id_])
        self.allowed_failures = plan.limits.failure_tolerance.allowed(len(self.lines))

    def lane_of(self, t: Termination) -> LaneState:
        """Return the lane that a line to terminate is worked on in."""
        assert t.line.lane is not None
        return self.lanes[t.line.lane]

    def state(self, t: Termination) -> State:
        """Return the state of a line."""
        return self.state_table.states[t.line.id]

    def new_listing(self, lane: LaneState, at: float) -> Listing:
        """Return a listing of a lane that begins at *at*. Reads only."""
        explained = frozenset(
            t.product_id for t in self.of(lane) if t.was_sent or self.state(t) in UNDER_WAY or self.state(t) in GONE
        )
        # The run's deadline drains it, and what is left for the grace may be the audit.
        return Listing(at, number=lane.listing_number + 1, explained=explained)

    def listed(self, inventory: Inventory, at: float) -> o.Listed:
        """Return what a complete listing says. Reads only."""
        products = inventory.products
        shown = Shown(products, inventory.moments)
        lines = self._by_lane.get(inventory.lane, ())
        open_lines = [t for t in lines if self.state(t) in (State.PENDING, State.IN_DOUBT)]
        return o.Listed(
            at=at,
            lane=inventory.lane,
            started_at=inventory.started_at,
            observed=inventory.observed,
            drift_reasons={t.line.id: reason for t in open_lines if (reason := find_drift(self.plan, t.line, shown))},
            untagged=frozenset(
                t.line.id for t in open_lines if t.product_id in products and lacks_tags(t.line, products[t.product_id])
            ),
            unreviewed=self.unreviewed.shown_in(inventory.lane, shown_by(inventory), shown.moments),
            clock_ahead=inventory.clock_ahead,
        )

    @property
    def owes_audit(self) -> bool:
        """Whether verdicts were reached in any lane that no complete listing has been held against yet."""
        return any(lane.owes_audit for lane in self.lanes.values())

    @property
    def may_be_over_tolerance(self) -> bool:
        """Whether the failures there were, and the refusals that may turn out to be some, pass the failure tolerance."""
        return self.failures + len(self.rejected) > self.allowed_failures

    @property
    def over_tolerance(self) -> str | None:
        """Why nothing new may be started for the failures there were, None if it may."""
        if self.failures <= self.allowed_failures:
            return None
        return f"{self.failures} failures, and the plan's FailureTolerance allows {self.allowed_failures}"

    def constraints(self, t: Termination) -> Constraints:
        """Return what holds for a line now."""
        state, lane = self.state(t), self.lane_of(t)
        is_open = state in (State.PENDING, State.IN_DOUBT)
        return Constraints(
            retry=self.plan.retry,
            lane_closed=lane.closed,
            exhausted=self.exhausted(t) if state is State.PENDING else None,
            send_ban=self.send_ban,
            blocked_by_prerequisite=self.prerequisites.permanent_blocker(t.line.id) if is_open else None,
            drift_reason=t.drift_reason,
            unreviewed_prerequisite=self.unreviewed_prerequisite(t) if is_open else None,
            expired=self.send_ban is not None and self.send_ban.startswith("expired"),
            denied=lane.denied,
        )

    def exhausted(self, t: Termination) -> str | None:
        """Say that no attempt of a line is left, None if one is."""
        return "no attempt is left" if t.failed_attempts >= self.plan.retry.attempts else None

    def unreviewed_prerequisite(self, t: Termination) -> str | None:
        """Say which product a line would have to come after that nobody has reviewed."""
        if not t.line.after_globs and not t.line.after_entries and not t.line.after_selections:
            return None
        shown = {
            lane: self.lanes[lane].unreviewed for lane in (t.line.lane, *self.elsewhere[t.line.id]) if lane in self.lanes
        }
        return self.unreviewed.beside(t.line, shown, self.is_gone)

    def is_gone(self, line: str) -> bool:
        """Whether a line that was to be terminated has ended as gone."""
        return line in self.lines and self.state_table.states[line] in GONE

    def is_listed_elsewhere(self, t: Termination, now: float) -> bool:
        """Whether the other lanes that something which a line comes after may be in are listed as freshly as its own."""
        return all(lane in self.lanes and self.lanes[lane].is_fresh(now) for lane in self.elsewhere[t.line.id])

    def is_lost_elsewhere(self, t: Termination) -> bool:
        """Whether such a lane is given up in this execution, so that the line is left for later."""
        return any(lane in self.lanes and self.lanes[lane].unreachable for lane in self.elsewhere[t.line.id])

    def service_time(self, lane: Lane, at: float) -> float | None:
        """Return a moment of ours (seconds since the epoch) by a lane's service, None if that is not known."""
        return by_service(at, self.lanes[lane].clock_ahead)

    def waits_its_turn(self, t: Termination) -> bool:
        """Whether a line has to wait: for what it comes after, or because this execution starts only the first ones."""
        return t.line.id in self.held_back or self.prerequisites.wait(t.line.id)

    def _serial_is_parked(self, lane: LaneState) -> bool:
        """Whether a product that must be alone in the lane was left in doubt or timed out, so that no other may follow."""
        return any(
            is_serial(t) and (self.state(t) is State.TIMED_OUT or (t.is_parked and self.state(t) in UNDER_WAY))
            for t in self.of(lane)
        )

    def holds_slot(self, t: Termination) -> bool:
        """Whether a line counts as under way for the lane's InFlight."""
        return self.state(t) in UNDER_WAY and not t.is_parked

    def of(self, lane: LaneState) -> list[Termination]:
        """Return the lines of a lane that were to be terminated."""
        return self._by_lane[lane.lane]

    def reschedule_all(self, at: float, lane: LaneState | None = None) -> None:
        """Plan all lines anew, or those of one lane."""
        if self.replaying:
            return
        for t in self.lines.values() if lane is None else self.of(lane):
            self.reschedule(t, at)

    def reschedule(self, t: Termination, at: float) -> None:
        """Work out what a line waits for now, and queue it for that."""
        if self.replaying:
            return
        self.unschedule(t)
        lane = self.lane_of(t)
        situation = Situation(
            constraints=lambda: self.constraints(t),
            may_begin=lambda constraints: self._may_begin(t, lane, constraints),
            is_held_by_serial=lambda: is_serial(t) and self._serial_is_parked(lane),
        )
        step = next_step(t, self.state(t), lane, at, situation)
        if isinstance(step, VerdictStep):
            self.due_verdicts[t.line.id] = None
        elif step is not None:
            self.steps[t.line.id] = step
            self._queue_of[t.line.id] = lane.queues[step.operation]
            lane.queues[step.operation].put(t.line.id, step.at, step.rank)

    def unschedule(self, t: Termination) -> None:
        """Take a line out of the queue that it is in."""
        if (queue := self._queue_of.pop(t.line.id, None)) is not None:
            queue.drop(t.line.id)
        self.steps.pop(t.line.id, None)
        self.due_verdicts.pop(t.line.id, None)

    def _may_begin(self, t: Termination, lane: LaneState, constraints: Constraints) -> bool:
        """Whether a pending line has its turn, or what stops it for good does not wait for one."""
        if self.drain is not None and not lane.closed and not constraints.blocked_by_prerequisite:
            return False
        if constraints.stop or is_adoption(t):
            return True
        return not (self.waits_its_turn(t) or self.is_lost_elsewhere(t))


def is_serial(t: Termination) -> bool:
    """Whether a product is terminated alone in its lane: Control Tower unmanages one account at a time (documented)."""
    return t.line.product is not None and t.line.product.type == CONTROL_TOWER_ACCOUNT
