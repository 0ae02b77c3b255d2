"""
What a run of a plan does first about the plan's unfinished runs: a job that nobody watches has to get to its work again,
whatever has become of them, and its exit code has to say so.

    previous = PreviousRuns(plan=plan, state=state, settings=RunSettings(), is_confirmed=True)
    previous.finish()
    if previous.outcome.is_clear:
        result = run(review, state=state, settings=RunSettings(), make_way=previous.close_stale)
        code = previous.outcome.exit_code(result.exit_code, review.worklist)
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.api.connect import reenter, region_of_environment
from orchestrator.api.drive import RunResult, RunSettings, replay
from orchestrator.api.execute import is_out_of_date, resume, run_age
from orchestrator.api.journals import abandon, is_going_on, set_aside
from orchestrator.api.previous_outcome import PreviousOutcome, left_by
from orchestrator.api.review_inputs import mend_notices
from orchestrator.api.worklists import outdated
from orchestrator.core.plan.model import Plan
from orchestrator.core.run.events import Drain
from orchestrator.core.run.machine import Run
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
from orchestrator.store.journal import LoadedJournal, load_journal
from orchestrator.store.state_dir import StateDir
from orchestrator.store.worklist_file import SavedWorklist

NIGHT = 82_800.0
"""Seconds after which a nightly job gives an earlier run up: 23 h, since a run begins a little after its job does."""

CLOSED_AS = "`run --resume` could not finish it, and it is too old to be resumed"


class PreviousRunsReporter:
    """Hears what is done about previous runs, when it is done. A subclass says what it wants to; this one is silent."""

    def finishing(self, path: Path, send_ban: str | None) -> None:
        """A run is gone on with; `send_ban` says why nothing is sent that was not sent before."""

    def ended(self, result: RunResult, *, is_stale: bool) -> None:
        """It has ended; `is_stale` says that it will be closed."""

    def failed(self, error: OrchestratorError) -> None:
        """It cannot be gone on with, and will be closed."""

    def waiting(self, path: Path, left: int) -> None:
        """A run did its first lines, and waits for somebody to resume or abandon it; so many lines are left."""

    def not_begun(self, *, is_stopped: bool) -> None:
        """Nothing new is begun: somebody wants it to stop, or a run is still unfinished."""

    def distrusted(self, why: str) -> None:
        """A journal is about to be set aside."""

    def renamed(self, aside: Path, run: Run | None) -> None:
        """It was set aside; `run` is what it says all the same, None if nothing of it can be trusted."""

    def closed(self, path: Path, run: Run) -> None:
        """A run was closed for good."""

    def renewed(self, what: str) -> None:
        """Notices could not be trusted, and begin anew."""


@dataclass(slots=True, kw_only=True)
class PreviousRuns:
    """
    The unfinished runs of a plan, before a new one. `outcome` is what has become of them so far.

    `plan` is what is to be run, or what `worklist` was made from; `worklist_max_age` is how old that may be, in seconds,
    None for the default. `is_confirmed` says that somebody wants it done. `settings` are how a run is driven, `workers` how
    many calls may be in flight, None for as many as the lanes need; `clock` returns seconds since the epoch.
    """

    plan: Plan
    state: StateDir
    settings: RunSettings
    worklist: SavedWorklist | None = None
    worklist_max_age: float | None = None
    is_confirmed: bool = False
    workers: int | None = None
    reporter: PreviousRunsReporter = field(default_factory=PreviousRunsReporter)
    clock: Callable[[], float] = time.time
    outcome: PreviousOutcome = field(default_factory=PreviousOutcome, init=False)

    def finish(self) -> None:
        """
        Finish the plan's unfinished runs, newest first, and find those that can be finished no more; then see to its
        notices. Where `outcome.is_clear` is False afterwards, nothing new may begin.

        Raises:

            GuardRefused, NoAccess: One of them cannot be gone on with here, and is not old enough to be closed for that.
            LockHeld: One of them is going on.
            JournalError: A journal is another plan's, or cannot be read.
        """
        for path in self.state.all_unfinished(self.plan.name):
            self.outcome = self.outcome.then(self._finish_one(path))
            if not self.outcome.is_clear:
                return
        renewed = mend_notices(self.plan, self.state) if self.worklist is None else None
        if renewed is not None:
            self.reporter.renewed(renewed)
            self.outcome = self.outcome.then(PreviousOutcome(ExitCode.JOURNAL))

    def close_stale(self) -> None:
        """
        Close the runs that could not be finished, now that it is sure that the new one can begin.

        Raises:

            LockHeld: One of them is going on.
            JournalError: A journal cannot be read or written, or renamed where it cannot be written.
        """
        for path in self.outcome.stale:
            loaded = load_journal(path)
            try:
                machine = abandon(loaded, CLOSED_AS)
            except JournalError as error:
                if not is_out_of_reach(error):
                    raise
                self.outcome = self.outcome.then(self._set_aside(path, error, replay(loaded)))
            else:
                self.reporter.closed(path, machine)

    def _finish_one(self, path: Path) -> PreviousOutcome:
        if holder := is_going_on(path):
            message = f"an earlier run of the plan `{self.plan.name}` is going on: {path} is in use by {holder}"
            raise LockHeld(message)
        try:
            loaded = load_journal(path)
            left = replay(loaded).held_back
        except (JournalCorrupt, IllegalTransition) as error:
            return self._set_aside(path, error)
        refuse_stranger(loaded, self.plan.name)
        is_old = is_out_of_date(self.clock() - loaded.header.origin.started_at, NIGHT)
        if left > 0 and not is_old:
            self.reporter.waiting(path, left)
            return PreviousOutcome(ExitCode.LEFT_TO_DO, is_clear=False)
        send_ban = self._why_nothing_is_sent(loaded)
        self.reporter.finishing(path, None if is_old else send_ban)
        try:
            connections = reenter(loaded, workers=self.workers)
            is_old = is_out_of_date(run_age(loaded, connections), NIGHT)
            result = resume(loaded, connections, settings=self.settings, max_age=NIGHT, restart=False, send_ban=send_ban)
        except (GuardRefused, NoAccess, LockHeld, JournalError) as error:
            if not is_old:
                raise
            self.reporter.failed(error)
            return PreviousOutcome(ExitCode.LEFT_TO_DO, stale=(path,))
        return self._after(result, is_old=is_old)

    def _why_nothing_is_sent(self, loaded: LoadedJournal) -> str | None:
        """Say why a previous run only follows what it has sent: nobody has said yes to the rest of it today."""
        if self.worklist is not None and loaded.header.origin.reviewed_digest != self.worklist.digest:
            return "the worklist that is to be run is another one"
        if loaded.header.plan.without_locations != self.plan.without_locations:
            return "the plan was changed since"
        if not self.is_confirmed:
            return "nobody has said yes to it (--yes)"
        if self.worklist is not None:
            return outdated(self.worklist, self.clock(), self.worklist_max_age)
        regions = {lane.region for lane in loaded.header.worklist.usable_lanes}
        if not self.plan.targets and regions != {here := region_of_environment()}:
            return f"the environment is for {here or 'no region'} now, and that was for {', '.join(sorted(regions))}"
        return None

    def _after(self, result: RunResult, *, is_old: bool) -> PreviousOutcome:
        """Say what follows from how a previous run ended."""
        drain = result.run.drained_by
        is_stopped = result.interrupted is not None or (drain is not None and drain.why is Drain.STOPPED)
        is_stale = is_old and result.run.is_unfinished and not is_stopped and result.broken is None
        self.reporter.ended(result, is_stale=is_stale)
        if is_stale:
            return PreviousOutcome(ExitCode.LEFT_TO_DO, stale=(result.journal,))
        if is_stopped:
            # The wish to stop holds for all that would have followed, too.
            self.reporter.not_begun(is_stopped=True)
            wished = 128 + result.interrupted if result.interrupted is not None else ExitCode.LEFT_TO_DO
            return PreviousOutcome(ExitCode.JOURNAL if result.broken else ExitCode(wished), is_clear=False)
        if result.run.is_unfinished or result.broken is not None:
            self.reporter.not_begun(is_stopped=False)
            return PreviousOutcome(result.exit_code, is_clear=False)
        # What another's termination has left behind does not come back, so no new run meets it.
        unmet = any(termination.options_unmet for termination in result.run.terminations)
        return PreviousOutcome(ExitCode.SOME_NOT_DONE if unmet else ExitCode.DONE, left=left_by(result.run))

    def _set_aside(self, path: Path, error: OrchestratorError, run: Run | None = None) -> PreviousOutcome:
        why = str(error).partition("\n")[0]
        self.reporter.distrusted(why)
        self.reporter.renamed(set_aside(path, f"`run --resume` found: {why}"), run)
        return PreviousOutcome(ExitCode.JOURNAL)


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
