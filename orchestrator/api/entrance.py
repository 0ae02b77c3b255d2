"""How lanes are entered: the environment's account, a rehearsal's, or the one that a run was begun in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.core.lane import Lane
from orchestrator.core.plan import Plan
from orchestrator.engine.clock import SystemClock
from orchestrator.engine.pools import threads
from orchestrator.engine.survey import Surveyor
from orchestrator.errors import InvalidInput, NoAccess
from orchestrator.ports import Clock, Connect, Identity
from orchestrator.store.journal import Header

WORKERS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """How the lanes are entered, and who we are there. `endpoint` is where Service Catalog is called."""

    connect: Connect
    identities: dict[Lane, Identity]
    endpoint: str
    simulated: bool
    workers: int
    clock: Clock = field(default_factory=SystemClock)
    sleep: Callable[[float], None] = time.sleep


def enter(*, workers: int = WORKERS) -> Entrance:
    """
    Enter the account and region of the environment, and find out who we are.

    Args:

        workers: How many calls may be in flight.

    Raises:

        NoAccess: No credentials, no region, or nobody answers.
    """
    from orchestrator.aws import connect  # noqa: PLC0415 - boto3 is most of the start-up time

    sessions = connect.ambient(workers)
    return enter_with(sessions, sessions.region, simulated=False, workers=workers)


def enter_with(connect: Connect, region: str, *, simulated: bool, workers: int) -> Entrance:
    """Enter one region through *connect*: ask who we are, and let that name the lane."""
    clock = SystemClock()
    with threads(1) as executor:
        catalog = connect(Lane("?", region))
        identity = Surveyor(clock=clock, sleep=time.sleep, executor=executor).identify(catalog)
    lane = Lane(identity.account_id, region)
    return Entrance(
        connect=connect,
        identities={lane: identity},
        endpoint=catalog.endpoint,
        simulated=simulated,
        workers=workers,
        clock=clock,
    )


@contextmanager
def rehearse(plan: Plan, world: Path | None, *, workers: int = WORKERS) -> Iterator[Entrance]:
    """
    Start a simulator for a plan and enter it, and nothing else.

    Args:

        plan: Every product that it names exists, unless *world* says otherwise.
        world: A world file, or None.
        workers: How many calls may be in flight.

    Raises:

        InvalidInput: The world file has mistakes.
    """
    from orchestrator import simulator  # noqa: PLC0415 - only rehearsals need it
    from orchestrator.aws import connect  # noqa: PLC0415

    try:
        spec = (
            simulator.read_world(world)
            if world is not None
            else simulator.WorldSpec.model_validate({"Products": [{"Id": entry.product_id} for entry in plan.entries]})
        )
    except simulator.WorldInvalid as error:
        raise InvalidInput(str(error)) from error
    with simulator.Simulator(spec) as server:
        sessions = connect.rehearsal(server.url, spec.Region, workers)
        yield enter_with(sessions, spec.Region, simulated=True, workers=workers)


def reenter(header: Header, *, workers: int = WORKERS) -> Entrance:
    """
    Enter where a run was begun: the environment's account, or the simulator of a rehearsal if it still listens.

    Args:

        header: The run's.
        workers: How many calls may be in flight.

    Raises:

        NoAccess: It cannot be entered.
    """
    if not header.simulated:
        return enter(workers=workers)
    from orchestrator.aws import connect  # noqa: PLC0415 - boto3 is most of the start-up time

    region = Lane.parse(header.identities[0][0]).region
    try:
        sessions = connect.rehearsal(header.endpoint, region, workers)
        return enter_with(sessions, region, simulated=True, workers=workers)
    except NoAccess as error:
        message = f"this was a rehearsal, and its made-up account at {header.endpoint} is gone: {error}"
        raise NoAccess(message) from error
