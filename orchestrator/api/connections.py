"""Connections to the lanes: who we are in each, asked before anything else."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from orchestrator.core.inventory.calls import Answer, Problem, Unanswered
from orchestrator.core.plan.model import Plan
from orchestrator.core.review.limits import stranger_to
from orchestrator.core.values.lane import Caller, Lane
from orchestrator.core.values.timestamps import believed
from orchestrator.engine.clock import SystemClock
from orchestrator.engine.executors import InactivityTimer, run_concurrently, threads
from orchestrator.engine.survey import LaneRateLimits, Progress, Surveyor, nobody
from orchestrator.errors import GuardRefused, NoAccess
from orchestrator.ports import Clock, Connect, Identity

MOST_AT_DOOR = 64
"""Lanes that are entered or listed side by side."""

MOST_PROBLEMS_NAMED = 5
NO_ENTRY = "nothing was begun; set credentials, region and endpoint as for any AWS tool, and see `orchestrator doctor PLAN`"
WRONG_ACCOUNT = "set the credentials that the plan is for, or correct its AccountId; `orchestrator doctor PLAN` tells whose"
SILENT = "nothing answered any more for ten minutes"
AMBIENT = "ambient"
"""Stands for the account of the environment's credentials until it is known."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """
    How the lanes are entered, and who we are there.

    `endpoints` is where Service Catalog is called, by lane; `unreachable` are lanes that could not be entered, and why;
    `timer` makes what tells how long questions are waited for that nothing answers. `rate_limits` are those of the lanes,
    as far as they are in use; `on_progress` hears how far their listings have come.
    """

    connect: Connect
    identities: dict[Lane, Identity]
    endpoints: dict[Lane, str]
    simulated: bool
    workers: int
    unreachable: dict[Lane, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=SystemClock)
    sleep: Callable[[float], None] = time.sleep
    timer: Callable[[], InactivityTimer] = InactivityTimer
    rate_limits: dict[Lane, LaneRateLimits] = field(default_factory=dict)
    on_progress: Callable[[Progress], None] = nobody

    def rate_limits_of(self, lane: Lane) -> LaneRateLimits:
        """Return the rate limiters of a lane, the same each time."""
        return self.rate_limits.setdefault(lane, LaneRateLimits())

    def clock_ahead(self) -> float | None:
        """Return how many seconds the services' clocks are ahead of ours: the median of the lanes; None if none tells."""
        told = (believed(self.connect(lane).clock_ahead()) for lane in self.identities)
        found = sorted(ahead for ahead in told if ahead is not None)
        return found[len(found) // 2] if found else None

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """All lanes, those that could not be entered as well."""
        return (*self.identities, *self.unreachable)

    def moved_from(self, callers: Iterable[Caller]) -> tuple[Caller, str] | None:
        """
        Hold endpoints against those of an earlier time: what looks like the same account elsewhere may be another one.

        Returns:

            A caller of then whose lane is called elsewhere now, and where; None if there is none.
        """
        here = ((caller, self.endpoints.get(caller.lane, caller.endpoint)) for caller in callers)
        return next(((caller, now) for caller, now in here if now != caller.endpoint), None)


def enter_ambient(connect: Connect, plan: Plan, region: str, *, simulated: bool, workers: int, clock: Clock) -> Connections:
    """Ask whose the credentials are, and let that name the lane."""
    [found] = ask_who(connect, [Lane(AMBIENT, region)])
    if not isinstance(found, Identity):
        nobody = f"{found}\n{NO_ENTRY}"
        raise NoAccess(nobody)
    lane = Lane(found.account_id, region)
    if message := stranger_to(plan, lane):
        raise GuardRefused(message)
    return at_the_door(connect, [lane], simulated=simulated, workers=workers, clock=clock)


def at_the_door(connect: Connect, lanes: Sequence[Lane], *, simulated: bool, workers: int, clock: Clock) -> Connections:
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
    return Connections(
        connect=connect,
        identities=identities,
        endpoints=endpoints,
        simulated=simulated,
        workers=workers,
        unreachable=barred,
        clock=clock,
    )


def ask_who(connect: Connect, lanes: Sequence[Lane], timer: InactivityTimer | None = None) -> list[Identity | str]:
    """Ask in each lane who we are; where nobody says, return why."""

    def ask(surveyor: Surveyor, lane: Lane) -> Identity | str:
        try:
            return surveyor.identify(connect(lane))
        except NoAccess as error:
            return str(error)

    said: dict[Lane, Identity | str] = ask_each(lanes, ask, late=SILENT, timer=timer)
    return [said[lane] for lane in lanes]


def knock(connect: Connect, lanes: Sequence[Lane], attempts: int) -> dict[Lane, Identity | Problem | str]:
    """
    Ask in each lane who we are; raise nothing, and judge nothing.

    Args:

        connect: Gives the catalogs.
        lanes: Where to ask.
        attempts: How often, where an answer may come at the next try.

    Returns:

        For each lane who we are, what went wrong with asking, or in words why nobody could be asked.
    """

    def ask(surveyor: Surveyor, lane: Lane) -> Identity | Problem | str:
        try:
            catalog = connect(lane)
        except NoAccess as error:
            return str(error)
        answer = surveyor.call_with_retries(catalog.caller_identity, attempts)
        return answer.value if isinstance(answer, Answer) else answer

    return ask_each(lanes, ask, late=Unanswered(SILENT))


def ask_each(
    lanes: Sequence[Lane], ask: Callable[[Surveyor, Lane], T], *, late: T, timer: InactivityTimer | None = None
) -> dict[Lane, T]:
    """
    Ask a question in each lane, side by side.

    Args:

        lanes: Where to ask.
        ask: Asks it in one lane.
        late: What counts as the answer of a lane that stays silent.
        timer: Tells how long is waited while nothing answers.

    Returns:

        The answer of each lane.
    """
    with threads(1) as unused, threads(min(len(lanes), MOST_AT_DOOR) or 1) as executor:
        surveyor = Surveyor(clock=SystemClock(), sleep=time.sleep, executor=unused, timer=timer or InactivityTimer())
        return run_concurrently((executor,), partial(ask, surveyor), lanes, timer=surveyor.timer, late=lambda _: late)


def listed_briefly(what: str, items: Sequence[str]) -> str:
    """Say what holds for some things, naming the first of them."""
    if len(items) == 1:
        return f"{what}: {items[0]}"
    more = [f"... and {len(items) - MOST_PROBLEMS_NAMED} more"] if len(items) > MOST_PROBLEMS_NAMED else []
    return "\n  ".join([f"{what}:", *items[:MOST_PROBLEMS_NAMED], *more])
