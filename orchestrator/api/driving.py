"""How a run is driven to its rest, whether it begins or goes on."""

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
from orchestrator.core.run.machine import Run
from orchestrator.engine.clock import ReplyInbox
from orchestrator.engine.executors import threads
from orchestrator.engine.observers import Observers
from orchestrator.engine.runner import Runner, RunnerDependencies
from orchestrator.engine.signals import StopSignal
from orchestrator.errors import Bug, ExitCode, Interrupted, JournalError, OrchestratorError
from orchestrator.ports import Observer
from orchestrator.store import stop_file
from orchestrator.store.journal import JournalFile

GRACE = 20.0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionStart:
    """
    How an execution begins: with which events, why it sends nothing if that is so, and how many lines it starts at most.
    """

    how: StartedBy
    first: Sequence[Event] = ()
    send_ban: str | None = None
    first_lines: int | None = None


def drive(
    machine: Run,
    open_journal: Callable[[], JournalFile],
    connections: Connections,
    settings: RunSettings,
    opening: ExecutionStart,
) -> RunResult:
    """Drive a run to its rest, and say how it ended. Signals are listened to already."""
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
            runner.drive(opening.how, first=opening.first, send_ban=opening.send_ban, most=opening.first_lines)
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
