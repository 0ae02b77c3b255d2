"""
What became of each line of a run: the values that the machine-readable reports are made of.

Folded from the run and its history alone, so that it can be told at any time, also while the run goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from orchestrator.core.review.worklist import Decision, Line
from orchestrator.core.run import events as e
from orchestrator.core.run.machine import Run
from orchestrator.core.run.product_state import Termination
from orchestrator.core.run.transitions import OPEN, State


@dataclass(slots=True)
class Times:
    """When a line was first sent and when it was settled, in seconds since the epoch; how often it was sent and tried."""

    sent_at: float | None = None
    ended_at: float | None = None
    sends: int = 0
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOutcome:
    """
    How one line stands. `evidence` is what that rests on, or why it was not worked on; `errors` are those of its last
    record, word for word. `left_behind` is the stack that was kept, or may have been.
    """

    line: Line
    state: State
    evidence: str
    record_id: str | None = None
    times: Times = field(default_factory=Times)
    errors: tuple[str, ...] = ()
    left_behind: str | None = None

    @property
    def seconds(self) -> float | None:
        """How long it took from the first send to the verdict."""
        if self.times.sent_at is None or self.times.ended_at is None:
            return None
        return round(self.times.ended_at - self.times.sent_at, 3)


def outcomes(run: Run, events: Iterable[e.Event]) -> list[LineOutcome]:
    """
    Say how each line of a run stands.

    Args:

        run: The run, with all that has happened applied.
        events: What has happened, in order.

    Returns:

        One outcome for each line of the worklist, in its order.
    """
    times = times_of(run, events)
    lives = {t.line.id: t for t in run.terminations}
    found = []
    for line in run.worklist.lines:
        state = run.state_table.states[line.id]
        t = lives.get(line.id)
        if t is None or line.decision is not Decision.TERMINATE:
            found.append(LineOutcome(line=line, state=state, evidence=line.detail, record_id=line.record_id))
            continue
        left = may_have_left(t, state)
        stack = line.product.physical_id if line.product else None
        found.append(
            LineOutcome(
                line=line,
                state=state,
                evidence=t.evidence,
                record_id=t.record_id,
                times=times[line.id],
                errors=tuple(map(str, t.errors)),
                left_behind=(stack or "its stack is not known") if left else None,
            )
        )
    return found


def may_have_left(t: Termination, state: State) -> bool:
    """
    Whether our termination may have left a stack behind, whatever the line ended as: it went through, or it was sent and
    may have been carried out.
    """
    if not t.line.options.may_leave_resources or state in OPEN:
        return False
    if state is State.TERMINATED:
        return not t.by_another
    unknown = t.doubts > 0 or t.found_gone or (t.record_id is not None and state in (State.TIMED_OUT, State.DRIFTED))
    return t.was_sent and (state is State.ALREADY_GONE or unknown) and not t.by_another


def times_of(run: Run, events: Iterable[e.Event]) -> dict[str, Times]:
    """Return when each line to terminate was sent and settled."""
    times = {t.line.id: Times() for t in run.terminations}
    for event in events:
        if not isinstance(event, e.LineEvent):
            continue
        found = times[event.line]
        if isinstance(event, e.Intended):
            found.sends += 1
            found.attempts = event.attempt
            found.sent_at = found.sent_at or event.at
        found.ended_at = event.at
    for line, found in times.items():
        if run.state_table.states[line] in OPEN:
            found.ended_at = None
    return times
