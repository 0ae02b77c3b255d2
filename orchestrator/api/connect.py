"""The ways into lanes: as a plan's targets say, a rehearsal's, or those that a run was begun in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from orchestrator.api.connections import Connections, at_the_door, enter_ambient
from orchestrator.api.simulation import world_for
from orchestrator.core.plan.model import Plan
from orchestrator.core.values.lane import Lane
from orchestrator.engine.clock import SystemClock
from orchestrator.errors import NoAccess
from orchestrator.store.journal import LoadedJournal

LEAST_WORKERS = 32
MOST_WORKERS = 256


def enter(plan: Plan, *, workers: int | None = None) -> Connections:
    """
    Enter the lanes of a plan's targets; without targets, the account and region of the environment.

    Args:

        plan: A valid plan.
        workers: How many calls may be in flight; None for as many as the lanes need.

    Raises:

        NoAccess: Not one lane can be entered, or the environment names no region.
        GuardRefused: The credentials of a lane belong to another account.
    """
    from orchestrator.aws import sessions as connect  # noqa: PLC0415 - boto3 is most of the start-up time

    workers = workers or workers_for(len(plan.lanes))
    clock = SystemClock()
    sessions = connect.ambient(workers, plan.targets, clock.now)
    if plan.targets:
        return at_the_door(sessions, plan.lanes, simulated=False, workers=workers, clock=clock)
    return enter_ambient(sessions, plan, connect.ambient_region(), simulated=False, workers=workers, clock=clock)


def region_of_environment() -> str | None:
    """Return the region that a plan without targets would be for, None if the environment names none."""
    from orchestrator.aws import sessions as connect  # noqa: PLC0415 - boto3 is most of the start-up time

    try:
        return connect.ambient_region()
    except NoAccess:
        return None


def enter_lanes(plan: Plan, lanes: Sequence[Lane], *, workers: int | None = None) -> Connections:
    """
    Enter lanes that are known already, as the plan's targets say; without targets with the environment's credentials.

    Args:

        plan: What the lanes belong to.
        lanes: Where to go.
        workers: How many calls may be in flight; None for as many as the lanes need.

    Raises:

        NoAccess: Not one lane can be entered.
        GuardRefused: The credentials of a lane belong to another account.
    """
    from orchestrator.aws import sessions as connect  # noqa: PLC0415 - boto3 is most of the start-up time

    workers = workers or workers_for(len(lanes))
    clock = SystemClock()
    sessions = connect.ambient(workers, plan.targets, clock.now)
    return at_the_door(sessions, lanes, simulated=False, workers=workers, clock=clock)


def workers_for(lanes: int) -> int:
    """Return how many calls may be in flight: waiting costs hardly anything, and each lane should have two of its own."""
    return min(MOST_WORKERS, max(LEAST_WORKERS, 2 * lanes))


@contextmanager
def rehearse(plan: Plan, world: Path | None, *, workers: int | None = None) -> Iterator[Connections]:
    """
    Start a simulator for a plan and enter it, and nothing else.

    Args:

        plan: Every product that it names exists, unless *world* says otherwise.
        world: A world file, or None.
        workers: How many calls may be in flight; None for as many as the lanes need.

    Raises:

        InvalidInput: The world file has mistakes.
        NoAccess: Not one lane can be entered.
        GuardRefused: The plan is for other accounts than the world's.
    """
    from orchestrator.aws import sessions as connect  # noqa: PLC0415 - boto3 is most of the start-up time
    from orchestrator.simulator import Simulator  # noqa: PLC0415 - only rehearsals need it

    spec = world_for(plan, world)
    workers = workers or workers_for(len(plan.lanes))
    with Simulator(spec) as server:
        clock = SystemClock()
        sessions = connect.rehearsal(server.url, workers, plan.targets, clock.now)
        if plan.targets:
            yield at_the_door(sessions, plan.lanes, simulated=True, workers=workers, clock=clock)
        else:
            yield enter_ambient(sessions, plan, spec.Region, simulated=True, workers=workers, clock=clock)


def reenter(loaded: LoadedJournal, *, workers: int | None = None) -> Connections:
    """
    Enter where a run was begun: its lanes, or the simulator of a rehearsal if it still listens.

    Args:

        loaded: The run's journal.
        workers: How many calls may be in flight; None for as many as the lanes need.

    Raises:

        NoAccess: Not one lane can be entered.
        GuardRefused: The credentials of a lane belong to another account.
    """
    from orchestrator.aws import sessions as connect  # noqa: PLC0415

    header, plan = loaded.header.origin, loaded.header.plan
    lanes = loaded.header.worklist.usable_lanes
    if not header.simulated:
        return enter_lanes(plan, lanes, workers=workers)
    workers = workers or workers_for(len(lanes))
    endpoint = header.callers[0].endpoint
    clock = SystemClock()
    sessions = connect.rehearsal(endpoint, workers, plan.targets, clock.now)
    try:
        return at_the_door(sessions, lanes, simulated=True, workers=workers, clock=clock)
    except NoAccess as error:
        message = f"this was a rehearsal, and its made-up accounts at {endpoint} are gone: {error}"
        raise NoAccess(message) from error
