"""
What `run --resume` does about earlier runs of its plan that are unfinished: a job that nobody watches has to get to its
work again, whatever has become of them, and has to say so.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from pathlib import Path

from orchestrator import api
from orchestrator.cli.before import RunsBefore, broken_off, left_by
from orchestrator.cli.console import Display
from orchestrator.cli.ending import end, tell_closed
from orchestrator.cli.inputs import RunRequest
from orchestrator.cli.stdio import write_error, write_stderr
from orchestrator.core.run.events import Drain
from orchestrator.core.values.durations import format_duration
from orchestrator.core.values.shell import pasteable
from orchestrator.errors import (
    ExitCode,
    GuardRefused,
    IllegalTransition,
    JournalCorrupt,
    JournalError,
    LockHeld,
    NoAccess,
    OrchestratorError,
)
from orchestrator.report.text import plural
from orchestrator.store.journal import LoadedJournal, load_journal

UNKNOWN = "what it knew of its products is unknown, and the new run meets them again."
REASON = "`run --resume` could not finish it, and it is too old to be resumed"


class PreviousRuns:
    """
    The earlier runs of a plan. `before` is what has become of them so far.

    Args:

        request: What is to be run after them.
        state: Where their journals are.
        display: How a run is shown.
        agreed: Whether somebody has said yes to what is to be run.
        grace: Seconds that what is under way is followed after a wish to stop.
        workers: How many calls may be in flight; None for as many as the lanes need.
        clock: Returns seconds since the epoch.
    """

    def __init__(
        self,
        request: RunRequest,
        state: api.StateDir,
        display: Display,
        *,
        agreed: bool,
        grace: float,
        workers: int | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.before = RunsBefore()
        self._request = request
        self._state = state
        self._display = display
        self._agreed = agreed
        self._grace = grace
        self._workers = workers
        self._clock = clock

    def finish(self) -> None:
        """
        Finish the plan's unfinished runs, newest first; find which of them can be finished no more. What goes wrong after
        something was done belongs to what has become of them.

        Raises:

            GuardRefused, NoAccess: One of them cannot be gone on with here, and is not old enough to be closed for that.
            LockHeld: One of them is going on.
            JournalError: A journal is another plan's, or cannot be read.
        """
        for path in self._state.all_unfinished(self._request.plan.name):
            try:
                found = self._finish_one(path)
            except (OrchestratorError, KeyboardInterrupt) as error:
                if not self.before.any:
                    raise
                found = RunsBefore(broken_off(error), is_clear=False)
            self.before = self.before.then(found)
            if not self.before.is_clear:
                return

    def trust_notices(self) -> None:
        """Let the notices of the plan not keep it from being reviewed, whatever has become of their file."""
        done = api.mend_notices(self._request.plan, self._state) if self._request.worklist is None else None
        if done is not None:
            write_stderr(f"Error: {done}")
            self.before = self.before.then(RunsBefore(ExitCode.JOURNAL))

    def close_stale(self) -> None:
        """Close the runs that could not be finished, now that it is sure that the new one can begin."""
        for path in self.before.stale:
            loaded = load_journal(path)
            try:
                machine = api.abandon(loaded, REASON)
            except JournalError as error:
                if not is_out_of_reach(error):
                    raise
                machine = api.replay(loaded)
                self.before = self.before.then(set_aside_and_tell(path, error, "what it knows of its products is this:"))
            else:
                write_stderr(
                    f"This run began more than {format_duration(api.NIGHT)} ago and could not be finished; it was closed:"
                    f" {path}\nWhat the new run's plan has of its products is met again."
                )
            tell_closed(machine)

    def _finish_one(self, path: Path) -> RunsBefore:
        if holder := api.is_going_on(path):
            message = f"an earlier run of the plan `{self._request.plan.name}` is going on: {path} is in use by {holder}"
            raise LockHeld(message)
        try:
            loaded = load_journal(path)
            left = api.left_by_canary(loaded)
        except (JournalCorrupt, IllegalTransition) as error:
            return set_aside_and_tell(path, error)
        refuse_stranger(loaded, self._request.plan.name)
        is_old = api.has_expired(loaded, self._clock())
        if left > 0 and not is_old:
            write_stderr(canary(path, left))
            return RunsBefore(ExitCode.LEFT_TO_DO, is_clear=False)
        write_stderr(f"An earlier run of `{self._request.plan.name}` is unfinished; finishing it first: {path}")
        send_ban = self._why_nothing_is_sent(loaded)
        if send_ban and not is_old:
            write_stderr(f"What it has not sent is left to the new run: {send_ban}.")
        try:
            connections = api.reenter(loaded, workers=self._workers)
            is_old = api.is_out_of_date(api.run_age(loaded, connections), api.NIGHT)
            settings = self._display.settings(self._grace, simulated=False)
            result = api.resume(loaded, connections, settings=settings, max_age=api.NIGHT, restart=False, send_ban=send_ban)
        except (GuardRefused, NoAccess, LockHeld, JournalError) as error:
            if not is_old:
                raise
            write_error(error)
            return RunsBefore(ExitCode.LEFT_TO_DO, stale=(path,))
        return self._after(result, is_old=is_old)

    def _why_nothing_is_sent(self, loaded: LoadedJournal) -> str | None:
        """Say why an earlier run only follows what it has sent: nobody has said yes to the rest of it today."""
        worklist = self._request.worklist
        if worklist is not None and loaded.header.origin.reviewed_digest != worklist.digest:
            return "the worklist that is to be run is another one"
        if loaded.header.plan.without_locations != self._request.plan.without_locations:
            return "the plan was changed since"
        if not self._agreed:
            return "nobody has said yes to it (--yes)"
        if worklist is not None:
            return api.outdated(worklist, self._clock(), self._request.max_age)
        regions = {lane.region for lane in loaded.header.worklist.usable_lanes}
        if not self._request.plan.targets and regions != {here := api.region_of_environment()}:
            return f"the environment is for {here or 'no region'} now, and that was for {', '.join(sorted(regions))}"
        return None

    def _after(self, result: api.RunResult, *, is_old: bool) -> RunsBefore:
        """Say what follows from how an earlier run ended."""
        drain = result.run.drained_by
        is_stopped = result.interrupted is not None or (drain is not None and drain.why is Drain.STOPPED)
        is_stale = is_old and result.run.is_unfinished and not is_stopped and result.broken is None
        code = ExitCode(end(result, result.exit_code, simulated=False, state_dir=self._state.root, advise=not is_stale))
        if is_stale:
            return RunsBefore(ExitCode.LEFT_TO_DO, stale=(result.journal,))
        if is_stopped:
            # The wish to stop holds for all that would have followed, too.
            write_stderr("The new run was not begun.")
            wished = 128 + result.interrupted if result.interrupted is not None else ExitCode.LEFT_TO_DO
            return RunsBefore(ExitCode.JOURNAL if result.broken else ExitCode(wished), is_clear=False)
        if result.run.is_unfinished or result.broken is not None:
            write_stderr("The earlier run is still unfinished; nothing new was begun.")
            return RunsBefore(code, is_clear=False)
        # What another's termination has left behind does not come back, so no new run meets it.
        unmet = any(termination.options_unmet for termination in result.run.terminations)
        return RunsBefore(ExitCode.SOME_NOT_DONE if unmet else ExitCode.DONE, left=left_by(result.run))


def refuse_stranger(loaded: LoadedJournal, plan_name: str) -> None:
    """
    Refuse a journal that lies among those of another plan.

    Raises:

        JournalError: It does.
    """
    header = loaded.header.origin
    if header.plan_name != plan_name:
        message = (
            f"{loaded.path}: this is a journal of the plan `{header.plan_name}`, and lies among those of `{plan_name}`; "
            "move it to where it belongs"
        )
        raise JournalError(message)


def is_out_of_reach(error: JournalError) -> bool:
    """Whether a journal cannot be written by us at all, whatever room there is; it may be possible to rename it."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in (errno.EROFS, errno.EACCES, errno.EPERM)


def set_aside_and_tell(path: Path, error: OrchestratorError, known: str = UNKNOWN) -> RunsBefore:
    """Put a journal out of the way that cannot be trusted, or closed; `known` says what is still known by it."""
    why = str(error).partition("\n")[0]
    write_stderr(f"Error: {why}")
    aside = api.set_aside(path, f"`run --resume` found: {why}")
    write_stderr(f"It was set aside as {aside}; {known}")
    return RunsBefore(ExitCode.JOURNAL)


def canary(path: Path, left: int) -> str:
    """Say what a run waits for that did its first lines."""
    return (
        f"An earlier run did its first lines and was not told to do the rest ({plural(left, 'product')}): {path}\n"
        f"To do it:   orchestrator resume {pasteable(path)}\n"
        f"To drop it: orchestrator abandon {pasteable(path)} --reason TEXT"
    )
