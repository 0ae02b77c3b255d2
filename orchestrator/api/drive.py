"""How a run is driven to its rest, whether it begins or goes on: what it is told, its locks, its history, its end."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from orchestrator.api.connections import Connections
from orchestrator.core.run.events import Event, StartedBy
from orchestrator.core.run.machine import WORKERS, Run
from orchestrator.core.values.lane import Lane
from orchestrator.engine.clock import ReplyInbox
from orchestrator.engine.executors import threads
from orchestrator.engine.runner import Observers, Runner, RunnerDependencies
from orchestrator.engine.signals import StopSignal
from orchestrator.errors import Bug, ExitCode, Interrupted, JournalError, OrchestratorError
from orchestrator.ports import Observer
from orchestrator.store import stop_file
from orchestrator.store.codec import format_time
from orchestrator.store.journal import JournalFile, LoadedJournal
from orchestrator.store.locks import Locks
from orchestrator.store.state_dir import StateDir

GRACE = 20.0
"""Seconds that what is under way is followed after a wish to stop."""


def no_observers(_: Run) -> AbstractContextManager[Sequence[Observer]]:
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

    `grace` is in seconds. `watch` is given the run as it stands, and returns a context manager that yields observers;
    `complain` hears about an observer that raised. `exit_message` is given the journal's path and returns what a second
    signal leaves on stderr. With `first`, a new run starts so many lines and leaves the rest to be resumed.
    """

    grace: float = GRACE
    watch: Callable[[Run], AbstractContextManager[Sequence[Observer]]] = no_observers
    complain: Callable[[Observer, Exception], None] = lambda _observer, _error: None
    interruption: StopSignal = field(default_factory=StopSignal)
    exit_message: Callable[[Path], str] = lambda _path: ""
    executor: Callable[[int], Executor] = threads
    first: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """
    How an execution ended.

    `interrupted` is the signal that asked for it, `broken` what was wrong with the journal or, worse, with this program.
    """

    run: Run
    journal: Path
    exit_code: ExitCode
    interrupted: signal.Signals | None = None
    broken: OrchestratorError | None = None


def drive(
    machine: Run,
    open_journal: Callable[[], JournalFile],
    connections: Connections,
    settings: RunSettings,
    how: StartedBy,
    *,
    known: Sequence[Event] = (),
    send_ban: str | None = None,
) -> RunResult:
    """
    Drive a run to its rest. Signals are listened to already, and its locks are held.

    Args:

        machine: The run, as its journal has it.
        open_journal: Opens that, once nothing can come between.
        connections: The accounts that it works in.
        settings: How to drive it.
        how: Whether it begins or goes on; only one that begins heeds `settings.first`.
        known: Events that it begins with: what has been found out already.
        send_ban: Why nothing is sent, and only what was sent is followed; None if it is.

    Returns:

        How it ended, also where that was for a broken journal or a mistake of this program.

    Raises:

        Interrupted: A signal came before anything was begun.
        JournalError: The journal cannot be opened.
    """
    interruption = settings.interruption
    executor = settings.executor(connections.workers)
    with settings.watch(machine) as observers:
        if interruption.signal is not None:
            raise Interrupted(interruption.signal)
        file = open_journal()
        interruption.exit_message = settings.exit_message(file.path).encode()
        runner = Runner(
            machine,
            RunnerDependencies(
                connect=connections.connect,
                executor=executor,
                workers=connections.workers,
                clock=connections.clock,
                inbox=ReplyInbox(),
                journal=file,
                observers=Observers(observers, settings.complain),
                interruption=interruption,
                stop_requested=partial(stop_file.take, file.path),
                clock_ahead=connections.clock_ahead,
            ),
        )
        broken: OrchestratorError | None = None
        try:
            runner.drive(how, first=known, send_ban=send_ban, most=settings.first if how is StartedBy.RUN else None)
        except JournalError as error:
            broken = error
        except Exception as error:  # noqa: BLE001 - whatever it is, what is known has to be told
            broken = Bug("".join(traceback.format_exception(error)).strip())
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            file.close()
    return result_of(machine, file.path, interruption, broken)


def result_of(machine: Run, path: Path, interruption: StopSignal, broken: OrchestratorError | None) -> RunResult:
    """Say how an execution ended: a broken journal comes before a signal, a signal before the counts."""
    code = machine.tally().exit_code
    if interruption.signal is not None and machine.is_unfinished:
        code = ExitCode(128 + interruption.signal)
    if broken is not None:
        code = broken.exit_code
    return RunResult(
        run=machine,
        journal=path,
        exit_code=code,
        interrupted=interruption.signal,
        broken=broken,
    )


def locks_of(
    plan_name: str, lanes: Sequence[Lane], path: Path, states: Sequence[StateDir], now: float, run_id: str
) -> Locks:
    """Take the locks of a run: the plan's name and its lanes, in each state directory, and its journal."""
    purpose = f"run {run_id} of the plan `{plan_name}`"
    locks = Locks([state.locks for state in states], purpose=purpose, since=format_time(now))
    try:
        locks.plan(plan_name)
        for lane in sorted(lanes):
            locks.lane(lane)
        locks.journal(path)
        # A wish to stop from now on is meant for this execution, an older one was not.
        stop_file.clear(path)
    except BaseException:
        locks.release()
        raise
    return locks


def states_of(loaded: LoadedJournal) -> list[StateDir]:
    """
    Return the state directories that a run is locked in when it is gone on with.

    That is the one that its journal lies in, where other runs are locked now, and the one that it was begun in, if that is
    still there: it may have been moved since, and what a journal names is not made anew.
    """
    header = loaded.header.origin
    begun_in = StateDir(Path(header.state_dir), simulated=header.simulated)
    lies_in = StateDir.holding(loaded.path, header.plan_name, simulated=header.simulated)
    there = [state for state in (lies_in, begun_in) if state is not None and state.locks.is_dir()]
    if len(there) == 2 and there[0].locks.samefile(there[1].locks):
        return there[:1]
    return there or [begun_in]


def lanes_of(loaded: LoadedJournal) -> list[Lane]:
    """Return the lanes that a journal's run works in."""
    return [lane for lane, _ in loaded.header.worklist.lanes]


def replay(loaded: LoadedJournal, grace: float = GRACE, workers: int = WORKERS) -> Run:
    """Return the run that a journal tells of."""
    header = loaded.header
    machine = Run(run_id=header.origin.run_id, plan=header.plan, worklist=header.worklist, grace=grace, workers=workers)
    machine.replay(loaded.events)
    return machine
