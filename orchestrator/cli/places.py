"""Where a command works: the state directory, and the account that it enters or makes up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator import api
from orchestrator.core.plan import Plan
from orchestrator.errors import InvalidInput


@contextmanager
def entrance_for(
    plan: Plan, path: Path, *, simulate: bool, world: Path | None, workers: int | None
) -> Iterator[api.Entrance]:
    """
    Enter the account of the environment, or a simulated one.

    Args:

        plan: The plan.
        path: Its file; a world file may be beside it.
        simulate: Whether to rehearse.
        world: The world file that was asked for.
        workers: How many calls may be in flight; None for as many as the lanes need.

    Raises:

        InvalidInput: A world without a rehearsal, or one with mistakes.
        NoAccess: The account cannot be entered.
    """
    if world is not None and not simulate:
        message = "--world says what a rehearsal finds; it needs --simulate"
        raise InvalidInput(message)
    if not simulate:
        yield api.enter(plan, workers=workers)
        return
    beside = path.with_suffix(".world.yaml")
    with api.rehearse(plan, world or (beside if beside.exists() else None), workers=workers) as entrance:
        yield entrance


def journal_at(path: Path | None, plan_name: str | None, state_dir: Path | None) -> Path:
    """
    Find the journal that is meant.

    Args:

        path: The journal itself, or None.
        plan_name: Or the plan whose newest unfinished run is meant.
        state_dir: Where that is looked for, None for the platform's.

    Raises:

        InvalidInput: Both or neither is given, or the plan has no unfinished run.
    """
    if (path is None) == (plan_name is None):
        message = "name the JOURNAL, or with --plan NAME the plan whose newest unfinished run is meant"
        raise InvalidInput(message)
    if path is not None:
        return path
    assert plan_name is not None
    state = state_at(state_dir, simulated=False)
    unfinished = state.unfinished(plan_name)
    if unfinished is None:
        message = f"no unfinished run of the plan `{plan_name}` in {state.base}"
        raise InvalidInput(message)
    return unfinished


def state_at(path: Path | None, *, simulated: bool) -> api.StateDir:
    """Return the state directory that was asked for, else the platform's."""
    return api.StateDir(path or api.default_state_dir(), simulated=simulated)
