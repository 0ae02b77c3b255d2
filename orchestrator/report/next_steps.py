"""The exact commands by which somebody goes on after an execution, whatever it came to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orchestrator.core.run.machine import Run
from orchestrator.core.run.rerun import RETRYABLE
from orchestrator.core.run.transitions import State
from orchestrator.core.values.shell import pasteable

CHANGED = frozenset({State.REFUSED, State.DRIFTED})
"""States that only a new review can change."""


def ways_on(
    run: Run, journal: Path, *, broken: bool = False, plan_file: Path | None = None, options: str = ""
) -> Iterator[str]:
    """
    Yield the commands to go on with, each with what it is for.

    Args:

        run: The run, at rest.
        journal: Where its journal is.
        broken: Whether the journal could not be written, so that nobody knows whether the run is finished.
        plan_file: Where the plan is, None if that is not known.
        options: Options of every new run of the plan: where the state directory is, if not where it is by default.
    """
    path = pasteable(journal)
    if run.is_unfinished or broken:
        yield f"To go on: orchestrator resume {path}"
        if not broken:
            yield f"or to leave it at that: orchestrator abandon {path} --reason TEXT"
        return
    if run.state_table.has(RETRYABLE):
        yield f"To try again what did not go: orchestrator run --from {path} --only-failed{options}"
    if run.state_table.has(CHANGED) and plan_file is not None:
        yield f"To review again what was refused or drifted: orchestrator review {pasteable(plan_file)}{options}"
    elif run.state_table.has(CHANGED):
        yield "What was refused or drifted needs a new review: orchestrator review PLAN"
