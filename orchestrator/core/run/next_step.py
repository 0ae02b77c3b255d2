"""
What a line waits for: a lookup, its send, a verdict that is due, or nothing that time alone brings about. Reads only.

It is worked out once for each event of the line, and kept until the next one: what is proposed and sent follows from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orchestrator.core.inventory.calls import DescribeProduct, DescribeRecord, Lookup, Operation
from orchestrator.core.inventory.evidence import AtRest
from orchestrator.core.run.lane_state import LaneState
from orchestrator.core.run.product_state import Termination
from orchestrator.core.run.transitions import GONE, State
from orchestrator.core.run.verdict import Constraints, conclusion_of, is_adoption, needs_look, verdict


@dataclass(frozen=True, slots=True)
class LookupStep:
    """A lookup, at `at` (seconds since the epoch), lower ranks first among those that are due."""

    lookup: Lookup
    at: float
    rank: int

    @property
    def operation(self) -> Operation:
        """The call that it takes."""
        return self.lookup.operation


@dataclass(frozen=True, slots=True)
class SendStep:
    """
    The send of the line's attempt, at `at` (seconds since the epoch) or later, lower ranks first among those that are due.

    `record_before` is the product's last record as it was last seen. A line that was not seen since the question arose
    (`is_seen`) waits for the lane's listing.
    """

    at: float
    rank: int
    record_before: str | None = None
    is_seen: bool = True

    operation = Operation.TERMINATE


@dataclass(frozen=True, slots=True)
class VerdictStep:
    """A verdict that is reached at the next tick."""


Step = LookupStep | SendStep | VerdictStep

FIRST_RANK = -1
"""
Before the rank of every line: a line in doubt already counts for the limits, so it need not wait for another line to
end.
"""


@dataclass(frozen=True, slots=True)
class Situation:
    """
    What the run says of a line: `constraints` hold for it, `may_begin` says whether a pending line has its turn, and
    `is_held_by_serial` whether a product that has to be alone in the lane keeps it from that.
    """

    constraints: Callable[[], Constraints]
    may_begin: Callable[[Constraints], bool]
    is_held_by_serial: Callable[[], bool]


def next_step(t: Termination, state: State, lane: LaneState, at: float, situation: Situation) -> Step | None:
    """
    Say what a line waits for.

    Args:

        t: The line's life so far.
        state: Its state.
        lane: Its lane.
        at: Now, seconds since the epoch.
        situation: What the run says of it.

    Returns:

        The step; None if only another event can bring one about.
    """
    if t.asked or lane.unreachable:
        return None
    if state is State.IN_PROGRESS and t.is_followed_by_record(lane.denied):
        assert t.record_id is not None
        return LookupStep(DescribeRecord(t.record_id), t.look_at, t.rank)
    if state in GONE and lane.audit and t.line.id in lane.audit:
        return LookupStep(DescribeProduct(), t.look_at, t.rank)
    if t.line.id in lane.resettle:
        return lookup_step(t, state, lane)
    if t.is_parked:
        return None
    if state is State.IN_PROGRESS:
        is_due = verdict(t, state, at, situation.constraints()) is not None
        return VerdictStep() if is_due else lookup_step(t, state, lane)
    if state is State.IN_DOUBT:
        return step_in_doubt(t, at, lane, situation.constraints())
    return step_of_pending(t, at, situation) if state is State.PENDING else None


def lookup_step(t: Termination, state: State, lane: LaneState) -> LookupStep:
    """Look up what the evidence lacks; the product itself if it lacks nothing."""
    conclusion = conclusion_of(t, state, lane.denied)
    return LookupStep(conclusion if isinstance(conclusion, Lookup) else DescribeProduct(), t.look_at, t.rank)


def step_in_doubt(t: Termination, at: float, lane: LaneState, constraints: Constraints) -> Step:
    """Settle a line in doubt: by a verdict, by another look, or by a repetition of its send."""
    if verdict(t, State.IN_DOUBT, at, constraints) is not None:
        return VerdictStep()
    conclusion = conclusion_of(t, State.IN_DOUBT, constraints.denied)
    if isinstance(conclusion, Lookup):
        return LookupStep(conclusion, t.look_at, t.rank)
    if needs_look(t, conclusion, constraints):
        return LookupStep(DescribeProduct(), t.look_at, t.rank)
    assert isinstance(conclusion, AtRest)
    return SendStep(t.retry_at if t.line.id in lane.failed_since else 0.0, FIRST_RANK, conclusion.record_id)


def step_of_pending(t: Termination, at: float, situation: Situation) -> Step | None:
    """Let a pending line have its turn: a verdict, a lookup, or its send."""
    constraints = situation.constraints()
    if not situation.may_begin(constraints):
        return None
    unseen = t.lookups.observation is None and not t.must_look
    if unseen and not (is_adoption(t) or constraints.stop):
        return SendStep(t.retry_at, t.rank, is_seen=False)
    if verdict(t, State.PENDING, at, constraints) is not None:
        return VerdictStep()
    if situation.is_held_by_serial():
        return None
    conclusion = conclusion_of(t, State.PENDING, constraints.denied)
    if isinstance(conclusion, AtRest) and not constraints.stop:
        return SendStep(t.retry_at, t.rank, conclusion.record_id)
    return LookupStep(conclusion if isinstance(conclusion, Lookup) else DescribeProduct(), t.look_at, t.rank)
