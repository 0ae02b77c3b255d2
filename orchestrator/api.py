"""
What the command line and library users call: reads plans, enters lanes, surveys, decides, runs, resumes.

Composes the packages below it and holds no rule of its own.

    plan = load_plan(Path("plan.yaml"))
    with enter() as entrance:
        review = survey(plan, entrance)
        result = run(review, state_dir=StateDir(default_state_dir(), simulated=False))
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.core.decision import decide
from orchestrator.core.events import Abandoned, Beginning, Event, Listed
from orchestrator.core.guards import refusals
from orchestrator.core.inventory import Inventory
from orchestrator.core.lane import Lane
from orchestrator.core.plan import Plan
from orchestrator.core.run import Run
from orchestrator.core.settle import Sighting
from orchestrator.core.worklist import Worklist
from orchestrator.engine.clock import ReplyInbox, SystemClock
from orchestrator.engine.interrupt import Interruption, listening
from orchestrator.engine.observers import Audience
from orchestrator.engine.pools import threads
from orchestrator.engine.runner import Runner, Surroundings
from orchestrator.engine.survey import Surveyor
from orchestrator.errors import ExitCode, GuardRefused, InvalidInput, NoAccess, RunUnfinished
from orchestrator.ports import Clock, Connect, Identity, Observer
from orchestrator.store import journal
from orchestrator.store.codec import digest, format_moment
from orchestrator.store.locks import Locks
from orchestrator.store.plan_file import load_plan
from orchestrator.store.state_dir import StateDir, default_state_dir
from orchestrator.version import VERSION

__all__ = [
    "Entrance",
    "Review",
    "RunResult",
    "RunSettings",
    "StateDir",
    "abandon",
    "default_state_dir",
    "enter",
    "load_plan",
    "reenter",
    "refuse",
    "rehearse",
    "resume",
    "run",
    "survey",
]

WORKERS = 32
GRACE = 20.0
MAX_AGE = 86_400.0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a run of a plan would do, and what it was decided from."""

    plan: Plan
    worklist: Worklist
    inventories: tuple[Inventory, ...]
    entrance: Entrance

    @property
    def refusals(self) -> list[str]:
        """Why the run may not begin; none means that it may."""
        return refusals(self.plan, self.worklist)


def no_observers(_: Run, __: Sequence[Event]) -> AbstractContextManager[Sequence[Observer]]:
    """Watch nothing."""
    return nothing()


@contextmanager
def nothing() -> Iterator[Sequence[Observer]]:
    """Give no observers."""
    yield ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """
    How a run is driven.

    `grace` is in seconds. `watch` is given the run and its history, and returns a context manager that yields observers.
    `complain` hears about an observer that raised.
    """

    grace: float = GRACE
    watch: Callable[[Run, Sequence[Event]], AbstractContextManager[Sequence[Observer]]] = no_observers
    complain: Callable[[Observer, Exception], None] = lambda _observer, _error: None
    interruption: Interruption = field(default_factory=Interruption)
    executor: Callable[[int], Executor] = threads


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How an execution ended. `abandoned_calls` says that workers still wait for answers nobody needs any more."""

    run: Run
    journal: Path
    exit_code: ExitCode
    interrupted: bool = False
    abandoned_calls: bool = False


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


def survey(plan: Plan, entrance: Entrance, *, strict: bool = False) -> Review:
    """
    Read what is there and decide.

    Args:

        plan: A valid plan.
        entrance: Where to look.
        strict: Whether products that are not found are refused, not skipped.

    Raises:

        NoAccess: No lane could be read at all.
    """
    ids = [entry.product_id for entry in plan.entries]
    with threads(entrance.workers) as executor:
        surveyor = Surveyor(clock=entrance.clock, sleep=entrance.sleep, executor=executor)
        inventories = tuple(surveyor.survey(lane, entrance.connect(lane), ids) for lane in entrance.identities)
    if inventories and all(inventory.barred for inventory in inventories):
        problems = "; ".join(f"{inventory.lane}: {inventory.problem}" for inventory in inventories)
        message = f"no lane could be read: {problems}"
        raise NoAccess(message)
    return Review(plan=plan, worklist=decide(plan, inventories, strict=strict), inventories=inventories, entrance=entrance)


def run(review: Review, *, state: StateDir, settings: RunSettings, journal_path: Path | None = None) -> RunResult:
    """
    Execute what was reviewed, to its end.

    Args:

        review: What to do.
        state: Where the journal and the locks go.
        settings: How to drive it.
        journal_path: Where the journal goes instead.

    Raises:

        GuardRefused: A limit refuses; nothing was sent and no journal was begun.
        LockHeld: Another run of this plan, or in one of its lanes.
        RunUnfinished: The plan's last run is not finished.
        JournalError: The journal cannot be written.
    """
    refuse(review)
    entrance, plan = review.entrance, review.plan
    started_at = entrance.clock.now()
    run_id = secrets.token_hex(4)
    path = journal_path or state.new_journal(plan.name, started_at, run_id)
    with locks_of(plan.name, list(entrance.identities), state, started_at, run_id):
        refuse_unfinished(plan.name, state, simulated=entrance.simulated)
        header = header_of(review, run_id, started_at, state)
        file = journal.create(path, journal.Birth(header=header, plan=plan, worklist=review.worklist))
        state.note_elsewhere(plan.name, path)
        machine = Run(run_id=run_id, plan=plan, worklist=review.worklist, grace=settings.grace)
        first = [listed(inventory) for inventory in review.inventories if inventory.complete]
        return drive(machine, file, entrance, settings, how=Beginning.RUN, first=first)


def refuse(review: Review) -> None:
    """
    Let the guards have their say.

    Raises:

        GuardRefused: One of them refuses.
    """
    if review.refusals:
        raise GuardRefused("; ".join(review.refusals))


def reenter(header: journal.Header, *, workers: int = WORKERS) -> Entrance:
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


def resume(
    story: journal.Story,
    entrance: Entrance,
    *,
    settings: RunSettings,
    max_age: float = MAX_AGE,
    restart: bool = True,
) -> RunResult:
    """
    Finish an interrupted run.

    Args:

        story: Its journal, read back, and not finished.
        entrance: The same account and endpoint as before.
        settings: How to drive it.
        max_age: Seconds after which lines that were never sent are not sent any more.
        restart: Whether a run that its failure tolerance stopped starts anything new.

    Raises:

        GuardRefused: This is another account, or another endpoint.
        LockHeld: The run is going on elsewhere.
        JournalError: The journal cannot be written.
    """
    header = story.birth.header
    refuse_elsewhere(story, entrance)
    state = StateDir(Path(header.state_dir), simulated=header.simulated)
    now = entrance.clock.now()
    with locks_of(header.plan_name, lanes_of(story), state, now, header.run_id):
        # Read again under the lock: whoever held it may have gone on with the run.
        story = journal.load(story.path)
        machine = replay(story, settings.grace)
        if story.is_finished:
            return RunResult(run=machine, journal=story.path, exit_code=machine.tally().exit_code)
        file = journal.reopen(story)
        no_sends = expiry(story, machine, now - header.started_at, max_age=max_age, restart=restart)
        return drive(machine, file, entrance, settings, how=Beginning.RESUME, no_sends=no_sends, history=story.events)


def expiry(story: journal.Story, machine: Run, age: float, *, max_age: float, restart: bool) -> str | None:
    """Say why nothing is sent any more, and only what was sent is followed; None if it is."""
    if age > max_age:
        return f"expired: the run was begun {format_moment(story.birth.header.started_at)}"
    if not restart and machine.passed_tolerance:
        return f"the run was stopped by its failure tolerance: {machine.passed_tolerance}"
    return None


def abandon(story: journal.Story, reason: str) -> Run:
    """
    Close an unfinished run for good; what is unknown of its lines stays unknown.

    Args:

        story: Its journal, read back.
        reason: Why, for whoever reads the journal.

    Returns:

        The run as it was left.

    Raises:

        InvalidInput: The run is finished.
        LockHeld: The run is going on.
        JournalError: The journal cannot be written.
    """
    if story.is_finished:
        message = f"{story.path}: the run is finished; there is nothing to abandon"
        raise InvalidInput(message)
    header = story.birth.header
    state = StateDir(Path(header.state_dir), simulated=header.simulated)
    now = SystemClock().now()
    with locks_of(header.plan_name, lanes_of(story), state, now, header.run_id):
        story = journal.load(story.path)
        if story.is_finished:
            message = f"{story.path}: the run has been finished meanwhile; there is nothing to abandon"
            raise InvalidInput(message)
        machine = replay(story, GRACE)
        file = journal.reopen(story)
        file.append([Abandoned(at=now, reason=reason, summary=machine.tally().line(header.run_id))])
        file.sync()
        file.close()
    return machine


def replay(story: journal.Story, grace: float = GRACE) -> Run:
    """Return the run that a journal tells of."""
    birth = story.birth
    machine = Run(run_id=birth.header.run_id, plan=birth.plan, worklist=birth.worklist, grace=grace)
    for event in story.events:
        machine.apply(event)
    return machine


def drive(
    machine: Run,
    file: journal.JournalFile,
    entrance: Entrance,
    settings: RunSettings,
    *,
    how: Beginning,
    first: Sequence[Event] = (),
    no_sends: str | None = None,
    history: Sequence[Event] = (),
) -> RunResult:
    """Drive a run to its rest, and say how it ended."""
    inbox = ReplyInbox()
    executor = settings.executor(entrance.workers)
    interruption = settings.interruption
    try:
        with settings.watch(machine, history) as observers, listening(interruption):
            runner = Runner(
                machine,
                Surroundings(
                    connect=entrance.connect,
                    executor=executor,
                    workers=entrance.workers,
                    clock=entrance.clock,
                    inbox=inbox,
                    journal=file,
                    audience=Audience(observers, settings.complain),
                    interruption=interruption,
                ),
            )
            runner.drive(how, first=first, no_sends=no_sends)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        file.close()
    code = machine.tally().exit_code
    interrupted = interruption.signal is not None
    if interruption.signal is not None and machine.is_unfinished:
        code = ExitCode(128 + interruption.signal)
    return RunResult(
        run=machine,
        journal=file.path,
        exit_code=code,
        interrupted=interrupted,
        abandoned_calls=runner.in_flight > 0,
    )


def locks_of(plan_name: str, lanes: Sequence[Lane], state: StateDir, now: float, run_id: str) -> Locks:
    """Take the locks of a run."""
    locks = Locks(state.locks, purpose=f"run {run_id} of the plan `{plan_name}`", since=format_moment(now))
    try:
        locks.plan(plan_name)
        for lane in sorted(lanes):
            locks.lane(lane)
    except BaseException:
        locks.release()
        raise
    return locks


def refuse_unfinished(plan_name: str, state: StateDir, *, simulated: bool) -> None:
    """Refuse to begin a run while the last one of its plan is unfinished; rehearsals are nobody's last run."""
    last = None if simulated else state.last(plan_name)
    if last is not None and not last.is_finished:
        message = (
            f"the last run of the plan `{plan_name}` is unfinished: {last.path}\n"
            f"finish it with:   orchestrator resume {last.path}\n"
            f"or close it with: orchestrator abandon {last.path} --reason TEXT"
        )
        raise RunUnfinished(message)


def refuse_elsewhere(story: journal.Story, entrance: Entrance) -> None:
    """Refuse to go on with a run in another account or at another endpoint."""
    header = story.birth.header
    if entrance.endpoint != header.endpoint:
        message = (
            f"{story.path}: the run was begun at {header.endpoint}, and this would go on at {entrance.endpoint}; "
            "set the same region and endpoint as then"
        )
        raise GuardRefused(message)
    foreign = [lane for lane in lanes_of(story) if lane not in entrance.identities]
    if foreign:
        here = ", ".join(map(str, entrance.identities))
        message = f"{story.path}: the run works in {', '.join(map(str, foreign))}, and the credentials belong to {here}"
        raise GuardRefused(message)


def lanes_of(story: journal.Story) -> list[Lane]:
    """Return the lanes that a journal's run works in."""
    return [lane for lane, _ in story.birth.worklist.lanes]


def header_of(review: Review, run_id: str, started_at: float, state: StateDir) -> journal.Header:
    """Make the header of a new run's journal."""
    entrance = review.entrance
    return journal.Header(
        run_id=run_id,
        plan_name=review.plan.name,
        plan_digest=digest(review.plan),
        worklist_digest=digest(review.worklist),
        tool_version=VERSION,
        started_at=started_at,
        endpoint=entrance.endpoint,
        simulated=entrance.simulated,
        identities=tuple((str(lane), identity.arn) for lane, identity in entrance.identities.items()),
        state_dir=str(state.root),
    )


def listed(inventory: Inventory) -> Listed:
    """Turn the survey's listing into the run's first."""
    sightings = {
        product.product_id: Sighting(at=inventory.begun_at, status=product.status, record_id=product.last_record_id)
        for product in inventory.products.values()
    }
    return Listed(at=inventory.begun_at, lane=inventory.lane, begun_at=inventory.begun_at, sightings=sightings)
