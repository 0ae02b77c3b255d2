"""What needs no call to be known: why a run could not begin, all at once and before anybody is asked anything."""

from __future__ import annotations

from orchestrator.api.journals import is_going_on
from orchestrator.core.plan.model import Plan
from orchestrator.core.review.limits import too_many_named
from orchestrator.core.values.shell import pasteable
from orchestrator.errors import GuardRefused, InvalidInput, LockHeld, OrchestratorError, RunUnfinished
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
