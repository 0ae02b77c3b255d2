"""What needs no call to be known: what a second run is for, and why a run could not begin, all at once."""

from __future__ import annotations

from pathlib import Path

from orchestrator.api.drive import replay
from orchestrator.api.journals import is_going_on
from orchestrator.core.plan.model import Plan
from orchestrator.core.review.limits import too_many_named
from orchestrator.core.run.rerun import lines_to_retry
from orchestrator.core.values.shell import pasteable
from orchestrator.errors import GuardRefused, InvalidInput, LockHeld, OrchestratorError, RunUnfinished
from orchestrator.store import journal
from orchestrator.store.state_dir import StateDir

PRESSING = (InvalidInput, LockHeld, RunUnfinished, GuardRefused)
"""Which of several obstacles names the exit code: the first of these."""


def earlier_runs(plan_name: str, state: StateDir) -> list[OrchestratorError]:
    """
    Return what is wrong with the earlier runs of a plan: one is going on, or was not finished.

    Raises:

        JournalError: A journal cannot be read.
    """
    path = state.unfinished(plan_name)
    if path is None:
        return []
    if holder := is_going_on(path):
        in_use = f"the plan `{plan_name}` is in use by {holder}; nothing was begun"
        return [LockHeld(f"{in_use}\nwait until it has ended, or ask it to stop with `orchestrator stop`")]
    message = (
        f"an earlier run of the plan `{plan_name}` is unfinished: {path}\n"
        f"finish it with:   orchestrator resume {pasteable(path)}\n"
        f"or close it with: orchestrator abandon {pasteable(path)} --reason TEXT"
    )
    return [RunUnfinished(message)]


def named_products(plan: Plan) -> list[OrchestratorError]:
    """Return what is wrong with the number of products that a plan names."""
    message = too_many_named(plan)
    return [GuardRefused(message)] if message else []


def refuse_all(obstacles: list[OrchestratorError]) -> None:
    """
    Refuse a run for all that stands against it.

    Raises:

        InvalidInput, LockHeld, RunUnfinished, GuardRefused: There is something; with the words of all of it.
    """
    for kind in PRESSING:
        if any(isinstance(obstacle, kind) for obstacle in obstacles):
            raise kind("\n".join(map(str, obstacles)))


def load_again(path: Path, *, only_failed: bool, simulated: bool) -> tuple[Plan, frozenset[str]]:
    """
    Read what a second run of an earlier run's plan is for.

    Args:

        path: The earlier run's journal.
        only_failed: Whether only those are that were not terminated.
        simulated: Whether it is for a rehearsal; the earlier run has to have been the same.

    Returns:

        The earlier run's plan, and the lines of the earlier run to retry, see `Review.restrict_to`.

    Raises:

        InvalidInput: There is no such journal, or one is a rehearsal and the other is not.
        RunUnfinished: The earlier run is not finished.
        JournalError: The journal cannot be trusted.
    """
    loaded = journal.load_journal(path)
    if loaded.header.origin.simulated != simulated:
        message = f"{path}: the earlier run was {'a' if not simulated else 'no'} rehearsal, and this is the other way round"
        raise InvalidInput(message)
    if not loaded.is_finished:
        message = f"{path}: the run is unfinished; finish it with: orchestrator resume {pasteable(path)}"
        raise RunUnfinished(message)
    machine = replay(loaded)
    header = loaded.header
    ids = lines_to_retry(header.worklist, machine.state_table.states, only_failed=only_failed)
    return header.plan, ids
