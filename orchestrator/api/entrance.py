"""How lanes are entered: as a plan's targets say, a rehearsal's, or those that a run was begun in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.api.rehearsal import world_for
from orchestrator.core.ambient import stranger_to
from orchestrator.core.lane import Lane
from orchestrator.core.plan import Plan
from orchestrator.engine.clock import SystemClock
from orchestrator.engine.pools import Pulse, side_by_side, threads
from orchestrator.engine.survey import Surveyor
from orchestrator.errors import GuardRefused, NoAccess
from orchestrator.ports import Clock, Connect, Identity
from orchestrator.store.journal import Caller, Story

LEAST_WORKERS = 32
MOST_WORKERS = 256
MOST_AT_DOOR = 64
"""Lanes that are entered or listed side by side."""

MOST_NAMED = 5
NO_ENTRY = "nothing was begun; set credentials, region and endpoint as for any AWS tool, and see `orchestrator doctor PLAN`"
WRONG_ACCOUNT = "set the credentials that the plan is for, or correct its AccountId; `orchestrator doctor PLAN` tells whose"
SILENT = "nothing answered any more for ten minutes"
AMBIENT = "ambient"
"""Stands for the account of the environment's credentials until it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """
    How the lanes are entered, and who we are there.

    `endpoints` is where Service Catalog is called, by lane; `barred` are lanes that could not be entered, and why;
    `pulse` makes what tells how long questions are waited for that nothing answers.
    """

    connect: Connect
    identities: dict[Lane, Identity]
    endpoints: dict[Lane, str]
    simulated: bool
    workers: int
    barred: dict[Lane, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=SystemClock)
    sleep: Callable[[float], None] = time.sleep
    pulse: Callable[[], Pulse] = Pulse

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """All lanes, those that could not be entered as well."""
        return (*self.identities, *self.barred)

    def moved_from(self, callers: Iterable[Caller]) -> tuple[Caller, str] | None:
        """
        Hold endpoints against those of an earlier time: what looks like the same account elsewhere may be another one.

        Returns:

            A caller of then whose lane is called elsewhere now, and where; None if there is none.
        """
        here = ((caller, self.endpoints.get(caller.lane, caller.endpoint)) for caller in callers)
        return next(((caller, now) for caller, now in here if now != caller.endpoint), None)


def enter(plan: Plan, *, workers: int | None = None) -> Entrance:
    """
    Enter the lanes of a plan's targets; without targets, the account and region of the environment.

    Args:

        plan: A valid plan.
        workers: How many calls may be in flight; None for as many as the lanes need.

    Raises:

        NoAccess: Not one lane can be entered, or the environment names no region.
        GuardRefused: The credentials of a lane belong to another account.
    """
    from orchestrator.aws import connect  # noqa: PLC0415 - boto3 is most of the start-up time

    workers = workers or workers_for(len(plan.lanes))
    sessions = connect.ambient(workers, plan.targets)
    if plan.targets:
        return at_the_door(sessions, plan.lanes, simulated=False, workers=workers)
    return enter_ambient(sessions, plan, connect.ambient_region(), simulated=False, workers=workers)


def enter_lanes(plan: Plan, lanes: Sequence[Lane], *, workers: int | None = None) -> Entrance:
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
    from orchestrator.aws import connect  # noqa: PLC0415 - boto3 is most of the start-up time

    workers = workers or workers_for(len(lanes))
    return at_the_door(connect.ambient(workers, plan.targets), lanes, simulated=False, workers=workers)


def workers_for(lanes: int) -> int:
    """Return how many calls may be in flight: waiting costs hardly anything, and each lane should have two of its own."""
    return min(MOST_WORKERS, max(LEAST_WORKERS, 2 * lanes))


def enter_ambient(connect: Connect, plan: Plan, region: str, *, simulated: bool, workers: int) -> Entrance:
    """Ask whose the credentials are, and let that name the lane."""
    [found] = ask_who(connect, [Lane(AMBIENT, region)])
    if not isinstance(found, Identity):
        nobody = f"{found}\n{NO_ENTRY}"
        raise NoAccess(nobody)
    lane = Lane(found.account_id, region)
    if message := stranger_to(plan, lane):
        raise GuardRefused(message)
    return at_the_door(connect, [lane], simulated=simulated, workers=workers)


def at_the_door(connect: Connect, lanes: Sequence[Lane], *, simulated: bool, workers: int) -> Entrance:
    """
    Ask in each lane who we are, before anything else.

    Raises:

        NoAccess: Not one can be entered.
        GuardRefused: One of them is another account than it should be.
    """
    if not lanes:
        message = "there is no lane that could be entered"
        raise NoAccess(message)
    found = dict(zip(lanes, ask_who(connect, lanes), strict=True))
    identities = {lane: answer for lane, answer in found.items() if isinstance(answer, Identity)}
    barred = {lane: answer for lane, answer in found.items() if not isinstance(answer, Identity)}
    wrong = [
        f"{lane}: the credentials belong to account {identity.account_id} ({identity.arn})"
        for lane, identity in identities.items()
        if identity.account_id != lane.account_id
    ]
    if wrong:
        message = f"{listed_briefly('wrong account; nothing was begun', wrong)}\n{WRONG_ACCOUNT}"
        raise GuardRefused(message)
    if not identities:
        problems = [f"{lane}: {problem}" for lane, problem in barred.items()]
        message = f"{listed_briefly('no lane could be entered', problems)}\n{NO_ENTRY}"
        raise NoAccess(message)
    endpoints = {lane: connect(lane).endpoint for lane in identities}
    return Entrance(
        connect=connect,
        identities=identities,
        endpoints=endpoints,
        simulated=simulated,
        workers=workers,
        barred=barred,
    )


def ask_who(connect: Connect, lanes: Sequence[Lane], pulse: Pulse | None = None) -> list[Identity | str]:
    """Ask in each lane who we are; where nobody says, return why."""
    with threads(1) as unused, threads(min(len(lanes), MOST_AT_DOOR) or 1) as executor:
        surveyor = Surveyor(clock=SystemClock(), sleep=time.sleep, executor=unused, pulse=pulse or Pulse())

        def ask(lane: Lane) -> Identity | str:
            try:
                return surveyor.identify(connect(lane))
            except NoAccess as error:
                return str(error)

        said = side_by_side((executor,), ask, lanes, pulse=surveyor.pulse, late=lambda _: SILENT)
        return [said[lane] for lane in lanes]


def listed_briefly(what: str, items: Sequence[str]) -> str:
    """Say what holds for some things, naming the first of them."""
    if len(items) == 1:
        return f"{what}: {items[0]}"
    more = [f"... and {len(items) - MOST_NAMED} more"] if len(items) > MOST_NAMED else []
    return "\n  ".join([f"{what}:", *items[:MOST_NAMED], *more])


@contextmanager
def rehearse(plan: Plan, world: Path | None, *, workers: int | None = None) -> Iterator[Entrance]:
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
    from orchestrator.aws import connect  # noqa: PLC0415 - boto3 is most of the start-up time
    from orchestrator.simulator import Simulator  # noqa: PLC0415 - only rehearsals need it

    spec = world_for(plan, world)
    workers = workers or workers_for(len(plan.lanes))
    with Simulator(spec) as server:
        sessions = connect.rehearsal(server.url, workers, plan.targets)
        if plan.targets:
            yield at_the_door(sessions, plan.lanes, simulated=True, workers=workers)
        else:
            yield enter_ambient(sessions, plan, spec.Region, simulated=True, workers=workers)


def reenter(story: Story, *, workers: int | None = None) -> Entrance:
    """
    Enter where a run was begun: its lanes, or the simulator of a rehearsal if it still listens.

    Args:

        story: The run's journal.
        workers: How many calls may be in flight; None for as many as the lanes need.

    Raises:

        NoAccess: Not one lane can be entered.
        GuardRefused: The credentials of a lane belong to another account.
    """
    from orchestrator.aws import connect  # noqa: PLC0415

    header, plan = story.birth.header, story.birth.plan
    lanes = story.birth.worklist.usable_lanes
    if not header.simulated:
        return enter_lanes(plan, lanes, workers=workers)
    workers = workers or workers_for(len(lanes))
    endpoint = header.callers[0].endpoint
    try:
        return at_the_door(connect.rehearsal(endpoint, workers, plan.targets), lanes, simulated=True, workers=workers)
    except NoAccess as error:
        message = f"this was a rehearsal, and its made-up accounts at {endpoint} are gone: {error}"
        raise NoAccess(message) from error
