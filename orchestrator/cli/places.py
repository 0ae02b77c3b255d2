"""Where a command works: the state directory, and the account that it enters or makes up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator import api
from orchestrator.core.plan import Plan
from orchestrator.errors import InvalidInput


@contextmanager
def entrance_for(plan: Plan, path: Path, *, simulate: bool, world: Path | None, workers: int) -> Iterator[api.Entrance]:
    """
    Enter the account of the environment, or a simulated one.

    Args:

        plan: The plan.
        path: Its file; a world file may be beside it.
        simulate: Whether to rehearse.
        world: The world file that was asked for.
        workers: How many calls may be in flight.

    Raises:

        InvalidInput: A world without a rehearsal, or one with mistakes.
        NoAccess: The account cannot be entered.
    """
    if world is not None and not simulate:
        message = "--world says what a rehearsal finds; it needs --simulate"
        raise InvalidInput(message)
    if not simulate:
        yield api.enter(workers=workers)
        return
    beside = path.with_suffix(".world.yaml")
    with api.rehearse(plan, world or (beside if beside.exists() else None), workers=workers) as entrance:
        yield entrance


def state_at(path: Path | None, *, simulated: bool) -> api.StateDir:
    """Return the state directory that was asked for, else the platform's."""
    return api.StateDir(path or api.default_state_dir(), simulated=simulated)
