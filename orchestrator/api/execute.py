"""The life of a run: begun, resumed, abandoned. Locks, guards and the journal's header are its frame."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial

from orchestrator.api.beforehand import earlier_runs, refuse_all
from orchestrator.api.connections import Connections
from orchestrator.api.drive import RunResult, RunSettings, drive, lanes_of, locks_of, replay, states_of
from orchestrator.api.review import Review, enforce_limits
from orchestrator.core.run.events import LaneUnreachable, StartedBy
from orchestrator.core.run.machine import Run
from orchestrator.core.values.policy import POLICY
from orchestrator.core.values.timestamps import age_between, by_service
from orchestrator.engine.signals import listening
from orchestrator.errors import GuardRefused
from orchestrator.store import journal
from orchestrator.store.codec import digest, format_time
from orchestrator.store.provenance import RunOrigin
from orchestrator.store.state_dir import StateDir
from orchestrator.version import VERSION

MAX_AGE = 86_400.0
"""Seconds after which `resume` does not send what was never sent."""


def run(
    review: Review,
    *,
    state: StateDir,
    settings: RunSettings,
    make_way: Callable[[], object] = lambda: None,
) -> RunResult:
    """
    Execute what was reviewed, to its end.

    Args:

        review: What to do.
        state: Where the journal and the locks go.
        settings: How to drive it.
        make_way: Called once nothing can refuse this run but an unfinished one of its plan, under the locks.

    Raises:

        GuardRefused: A limit refuses; nothing was sent and no journal was begun.
        LockHeld: Another run of this plan, or in one of its lanes.
        RunUnfinished: The plan's last run is not finished.
        JournalError: The journal cannot be written.
    """
    enforce_limits(review)
    connections, plan = review.connections, review.plan
    started_at = connections.clock.now()
    run_id = secrets.token_hex(4)
    path = state.new_journal(plan.name, started_at, run_id)
    machine = Run(
        run_id=run_id,
        plan=plan,
        worklist=review.worklist,
        grace=settings.grace,
        workers=connections.workers,
        rate_limits={lane: rate_limits.of for lane, rate_limits in connections.rate_limits.items()},
    )

    def begin() -> journal.JournalFile:
        header = header_of(review, run_id, started_at, state)
        return journal.create(path, journal.JournalHeader(origin=header, plan=plan, worklist=review.worklist))

    lanes = list(connections.identities)
    with listening(settings.interruption), locks_of(plan.name, lanes, path, [state], started_at, run_id):
        # Asked before anything is done about earlier runs, too.
        journal.make_room(path, len(review.worklist.lines))
        make_way()
        # Rehearsals are nobody's earlier run.
        refuse_all([] if connections.simulated else earlier_runs(plan.name, state))
        known = [*machine.survey_events(review.inventories), *review.opening]
        return drive(machine, begin, connections, settings, StartedBy.RUN, known=known)


def resume(
    loaded: journal.LoadedJournal,
    connections: Connections,
    *,
    settings: RunSettings,
    max_age: float = MAX_AGE,
    restart: bool = True,
    send_ban: str | None = None,
) -> RunResult:
    """
    Finish an interrupted run.

    Args:

        loaded: Its journal, read back, and not finished.
        connections: The same account and endpoint as before.
        settings: How to drive it.
        max_age: Seconds after which lines that were never sent are not sent any more.
        restart: Whether a run that its failure tolerance stopped starts anything new.
        send_ban: Why nothing is sent whatever the age of the run, and only what was sent is followed; None if it is.

    Raises:

        GuardRefused: This is another account, or another endpoint.
        LockHeld: The run is going on elsewhere.
        JournalError: The journal cannot be written.
    """
    header = loaded.header.origin
    refuse_moved_run(loaded, connections)
    now = connections.clock.now()
    locks = locks_of(header.plan_name, lanes_of(loaded), loaded.path, states_of(loaded), now, header.run_id)
    with listening(settings.interruption), locks:
        # Read again under the lock: whoever held it may have gone on with the run.
        loaded = journal.load_journal(loaded.path)
        machine = replay(loaded, settings.grace, connections.workers)
        if loaded.is_finished:
            return RunResult(run=machine, journal=loaded.path, exit_code=machine.tally().exit_code)
        send_ban = expiry(loaded, machine, run_age(loaded, connections), max_age=max_age, restart=restart) or send_ban
        go_on = partial(journal.reopen, loaded)
        lost = [LaneUnreachable(at=now, lane=lane, reason=why) for lane, why in connections.unreachable.items()]
        return drive(machine, go_on, connections, settings, StartedBy.RESUME, known=lost, send_ban=send_ban)


def run_age(loaded: journal.LoadedJournal, connections: Connections) -> float:
    """Return how old a run is (seconds)."""
    header, now = loaded.header.origin, connections.clock.now()
    return age_between((header.started_at, header.service_at), (now, by_service(now, connections.clock_ahead())))


def is_out_of_date(age: float, max_age: float) -> bool:
    """Whether a run of such an age (seconds) is too old, or seems to have begun so far ahead that nobody knows its age."""
    return not -POLICY.clock_skew_s <= age <= max_age


def expiry(loaded: journal.LoadedJournal, machine: Run, age: float, *, max_age: float, restart: bool) -> str | None:
    """Say why nothing is sent any more, and only what was sent is followed; None if it is."""
    if is_out_of_date(age, max_age):
        return f"expired: the run was begun {format_time(loaded.header.origin.started_at)}"
    if not restart and machine.passed_tolerance:
        return f"the run was stopped by its failure tolerance: {machine.passed_tolerance}"
    return None


def refuse_moved_run(loaded: journal.LoadedJournal, connections: Connections) -> None:
    """Refuse to go on with a run in another account or at another endpoint."""
    if moved := connections.moved_from(loaded.header.origin.callers):
        caller, now = moved
        message = (
            f"{loaded.path}: in {caller.lane} the run was begun at {caller.endpoint}, and this would go on at {now}; "
            "set the same endpoint as then"
        )
        raise GuardRefused(message)
    foreign = [lane for lane, problem in loaded.header.worklist.lanes if not problem and lane not in connections.lanes]
    if foreign:
        here = ", ".join(map(str, connections.lanes))
        message = f"{loaded.path}: the run works in {', '.join(map(str, foreign))}, and this would go on in {here}"
        raise GuardRefused(message)


def header_of(review: Review, run_id: str, started_at: float, state: StateDir) -> RunOrigin:
    """Make the header of a new run's journal."""
    connections = review.connections
    return RunOrigin(
        run_id=run_id,
        plan_name=review.plan.name,
        plan_digest=digest(review.plan),
        worklist_digest=digest(review.worklist),
        tool_version=VERSION,
        started_at=started_at,
        simulated=connections.simulated,
        callers=review.callers,
        state_dir=str(state.root),
        reviewed_digest=review.reviewed,
        service_at=by_service(started_at, connections.clock_ahead()),
    )
