"""
How a run stands: counts, the stable final line, and the exit code that follows from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.core.review.worklist import Worklist
from orchestrator.core.run.transitions import OPEN, State, StateTable
from orchestrator.errors import ExitCode

# Every state is counted in exactly one place of the final line, so that it adds up to the worklist. A termination with a
# known record that is not over yet is in progress, one without is in doubt; a product that is still there although its
# record says otherwise has not been terminated.
PLACES: tuple[tuple[str, frozenset[State]], ...] = (
    ("terminated", frozenset({State.TERMINATED})),
    ("failed", frozenset({State.FAILED, State.CONTRADICTED})),
    ("timed out", frozenset({State.TIMED_OUT})),
    ("in progress", frozenset({State.IN_PROGRESS})),
    ("pending", frozenset({State.PENDING})),
    ("in doubt", frozenset({State.REQUESTED, State.IN_DOUBT})),
    ("blocked", frozenset({State.BLOCKED})),
    ("drifted", frozenset({State.DRIFTED})),
    ("not found", frozenset({State.NOT_FOUND})),
    ("skipped", frozenset({State.SKIPPED})),
    ("refused", frozenset({State.REFUSED})),
    ("already gone", frozenset({State.ALREADY_GONE})),
)

PLACES_OF_A_REVIEW: tuple[tuple[str, State], ...] = (
    ("to terminate", State.PENDING),
    ("blocked", State.BLOCKED),
    ("drifted", State.DRIFTED),
    ("not found", State.NOT_FOUND),
    ("skipped", State.SKIPPED),
    ("refused", State.REFUSED),
    ("already gone", State.ALREADY_GONE),
)

LEFT_TO_DO = OPEN | {State.TIMED_OUT}
UNSUCCESSFUL = frozenset({State.FAILED, State.CONTRADICTED, State.REFUSED, State.DRIFTED, State.BLOCKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """
    Counts by state.

    `options_unmet` counts products that another terminated without what the plan asked to retain;
    `audit_owed` says that verdicts have not been held against a final listing yet; `nothing_seen` that not one product was
    found or had ever been seen.
    """

    counts: Mapping[State, int]
    options_unmet: int = 0
    audit_owed: bool = False
    nothing_seen: bool = False

    def of(self, states: frozenset[State]) -> int:
        """Return how many lines are in one of *states*."""
        return sum(self.counts.get(state, 0) for state in states)

    def line(self, run_id: str, plan_name: str) -> str:
        """Return the stable final line."""
        parts = (f"{self.of(states)} {name}" for name, states in PLACES)
        return f"Run {run_id} ({plan_name}): {', '.join(parts)}."

    @property
    def exit_code(self) -> ExitCode:
        """What the counts alone say; interrupts and broken journals come before."""
        if self.of(LEFT_TO_DO) or self.audit_owed:
            return ExitCode.LEFT_TO_DO
        if self.of(UNSUCCESSFUL) or self.options_unmet or self.nothing_seen:
            return ExitCode.SOME_NOT_DONE
        return ExitCode.DONE


def review_line(worklist: Worklist) -> str:
    """Return the stable line that a review begins with: the words of a run's final line, for what would be done."""
    counts = StateTable(worklist).counts
    return f"Review: {', '.join(f'{counts[state]} {name}' for name, state in PLACES_OF_A_REVIEW)}."


def tally(board: StateTable, *, options_unmet: int = 0, audit_owed: bool = False, nothing_seen: bool = False) -> Tally:
    """Count the lines of a board."""
    return Tally(counts=dict(board.counts), options_unmet=options_unmet, audit_owed=audit_owed, nothing_seen=nothing_seen)
