"""
What `run --resume` does about earlier runs of its plan that are unfinished: a job that nobody watches has to get to its
work again, whatever has become of them, and has to say so.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestrator import api
from orchestrator.cli.ending import end, tell_closed
from orchestrator.cli.streams import tell, tell_error
from orchestrator.cli.terminal import Display
from orchestrator.core.duration import format_duration
from orchestrator.core.events import Drain
from orchestrator.core.pasteable import pasteable
from orchestrator.core.plan import Plan
from orchestrator.core.run import Run
from orchestrator.core.states import DONE
from orchestrator.core.worklist import Worklist
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
from orchestrator.store.journal import Story, load

SEVERITY = (ExitCode.DONE, ExitCode.SOME_NOT_DONE, ExitCode.LEFT_TO_DO)
"""Exit codes of finished work, the worst last."""

REASON = "`run --resume` could not finish it, and it is too old to be resumed"


@dataclass(frozen=True, slots=True)
class Before:
    """
    What has become of the earlier runs.

    `is_clear` says that nothing of them keeps the new run from beginning, which must not end better than `code`: 0 where
    all were finished, 4 where one is to be closed with something unknown, 7 where a journal had to be set aside. Where it
    is not clear, `code` is how this ends. `left` are the lines of finished runs that did not go, `stale` the journals to be
    closed; `any` says that there was something earlier at all.
    """

    code: ExitCode = ExitCode.DONE
    is_clear: bool = True
    left: frozenset[str] = frozenset()
    stale: tuple[Path, ...] = ()
    any: bool = False

    def then(self, later: Before) -> Before:
        """Return what has become of these and of another one."""
        return Before(
            worse(self.code, later.code), later.is_clear, self.left | later.left, (*self.stale, *later.stale), any=True
        )

    def ending(self, code: int, worklist: Worklist | None = None) -> ExitCode:
        """
        Say how it all ends.

        Args:

            code: How the new run ended.
            worklist: What it was about, None if it did not get that far. What an earlier run left behind and it does not
                meet again is still not done.
        """
        met = {line.id for line in worklist.lines} if worklist is not None else set()
        behind = ExitCode.SOME_NOT_DONE if self.left - met else ExitCode.DONE
        return worse(worse(self.code, behind), code)


class Earlier:
    """
    The earlier runs of a plan.

    Args:

        plan_name: The plan.
        state: Where its journals are.
        display: How a run is shown.
        grace: Seconds that what is under way is followed after a wish to stop.
        workers: How many calls may be in flight; None for as many as the lanes need.
        clock: Returns seconds since the epoch.
    """

    def __init__(
        self,
        plan_name: str,
        state: api.StateDir,
        display: Display,
        *,
        grace: float,
        workers: int | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._plan_name = plan_name
        self._state = state
        self._display = display
        self._grace = grace
        self._workers = workers
        self._clock = clock

    def finish(self) -> Before:
        """
        Finish the plan's unfinished runs, newest first; say which of them can be finished no more.

        Raises:

            GuardRefused, NoAccess: One of them cannot be gone on with here, and is not old enough to be closed for that.
            LockHeld: One of them is going on.
            JournalError: A journal is another plan's, or cannot be read.
        """
        before = Before()
        for path in self._state.all_unfinished(self._plan_name):
            before = before.then(self._finish_one(path))
            if not before.is_clear:
                break
        return before

    def _finish_one(self, path: Path) -> Before:
        if holder := api.is_going_on(path):
            message = f"an earlier run of the plan `{self._plan_name}` is going on: {path} is in use by {holder}"
            raise LockHeld(message)
        try:
            story = load(path)
            left = api.left_by_canary(story)
        except (JournalCorrupt, IllegalTransition) as error:
            return set_aside(path, error)
        refuse_stranger(story, self._plan_name)
        is_old = api.has_expired(story, self._clock())
        if left > 0 and not is_old:
            tell(canary(path, left))
            return Before(ExitCode.LEFT_TO_DO, is_clear=False)
        tell(f"An earlier run of `{self._plan_name}` is unfinished; finishing it first: {path}")
        try:
            entrance = api.reenter(story, workers=self._workers)
            settings = self._display.settings(self._grace, simulated=False)
            result = api.resume(story, entrance, settings=settings, max_age=api.NIGHT, restart=False)
        except (GuardRefused, NoAccess) as error:
            if not is_old:
                raise
            tell_error(error)
            return Before(ExitCode.LEFT_TO_DO, stale=(path,))
        return self._after(result, is_old=is_old)

    def _after(self, result: api.RunResult, *, is_old: bool) -> Before:
        """Say what follows from how an earlier run ended."""
        drain = result.run.drained_by
        is_stopped = result.interrupted is not None or (drain is not None and drain.why is Drain.STOPPED)
        is_stale = is_old and result.run.is_unfinished and not is_stopped and result.broken is None
        code = ExitCode(end(result, result.exit_code, simulated=False, state_dir=self._state.root, advise=not is_stale))
        if is_stale:
            return Before(ExitCode.LEFT_TO_DO, stale=(result.journal,))
        if is_stopped:
            # The wish to stop holds for all that would have followed, too.
            tell("The new run was not begun.")
            wished = 128 + result.interrupted if result.interrupted is not None else ExitCode.LEFT_TO_DO
            return Before(ExitCode.JOURNAL if result.broken else ExitCode(wished), is_clear=False)
        if result.run.is_unfinished or result.broken is not None:
            tell("The earlier run is still unfinished; nothing new was begun.")
            return Before(code, is_clear=False)
        return Before(left=not_gone(result.run))


def trust_notices(before: Before, plan: Plan, state: api.StateDir) -> Before:
    """Let the notices of a plan not keep it from being reviewed, whatever has become of their file."""
    done = api.mend_notices(plan, state)
    if done is None:
        return before
    tell(f"Error: {done}")
    return before.then(Before(ExitCode.JOURNAL))


def close_stale(before: Before) -> None:
    """Close the runs that could not be finished, now that it is sure that the new one can begin."""
    for path in before.stale:
        machine = api.abandon(load(path), REASON)
        tell(
            f"This run began more than {format_duration(api.NIGHT)} ago and could not be finished; it was closed:"
            f" {path}\nThe new run meets what is left of its products again."
        )
        tell_closed(machine)


def worse(one: int, other: int) -> ExitCode:
    """Return the worse of two exit codes: 7, then a signal's or another's that is none of finished work, then 4, 1, 0."""
    if ExitCode.JOURNAL in (one, other):
        return ExitCode.JOURNAL
    for code in (other, one):
        if code not in SEVERITY:
            return ExitCode(code)
    return max(ExitCode(one), ExitCode(other), key=SEVERITY.index)


def not_gone(run: Run) -> frozenset[str]:
    """Return the lines of a run that did not end as they should."""
    return frozenset(line for line, state in run.board.states.items() if state not in DONE)


def refuse_stranger(story: Story, plan_name: str) -> None:
    """
    Refuse a journal that lies among those of another plan.

    Raises:

        JournalError: It does.
    """
    header = story.birth.header
    if header.plan_name != plan_name:
        message = (
            f"{story.path}: this is a journal of the plan `{header.plan_name}`, and lies among those of `{plan_name}`; "
            "move it to where it belongs"
        )
        raise JournalError(message)


def set_aside(path: Path, error: OrchestratorError) -> Before:
    """Put a journal that cannot be trusted out of the way."""
    why = str(error).partition("\n")[0]
    tell(f"Error: {why}")
    aside = api.set_aside(path, f"`run --resume` found: {why}")
    tell(f"It was set aside as {aside}; what it knew of its products is unknown, and the new run meets them again.")
    return Before(ExitCode.JOURNAL)


def canary(path: Path, left: int) -> str:
    """Say what a run waits for that did its first lines."""
    return (
        f"An earlier run did its first lines and was not told to do the rest ({plural(left, 'product')}): {path}\n"
        f"To do it:   orchestrator resume {pasteable(path)}\n"
        f"To drop it: orchestrator abandon {pasteable(path)} --reason TEXT"
    )
