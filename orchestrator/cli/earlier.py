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
from orchestrator.cli.ending import end
from orchestrator.cli.streams import put, tell
from orchestrator.cli.terminal import Display
from orchestrator.core.duration import format_duration
from orchestrator.errors import ExitCode, GuardRefused, IllegalTransition, Interrupted, JournalCorrupt, OrchestratorError
from orchestrator.report.summary import closing
from orchestrator.report.text import plural
from orchestrator.store.journal import Story, load

SEVERITY = (ExitCode.DONE, ExitCode.SOME_NOT_DONE, ExitCode.LEFT_TO_DO, ExitCode.JOURNAL)
"""Exit codes of finished work, the worst last; others come from before the first termination, or from a signal."""

REASON = "`run --resume` could not finish it, and it is too old to be resumed"


@dataclass(frozen=True, slots=True)
class Before:
    """
    What has become of the earlier runs.

    `is_clear` says that nothing of them keeps the new run from beginning, which must not end better than `code`: 0 where
    all were finished, 4 where one was closed with something unknown, 7 where a journal had to be set aside. Where it is not
    clear, `code` is how this ends.
    """

    code: ExitCode
    is_clear: bool = True


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
        Finish the plan's unfinished runs, or close what cannot be finished any more.

        Raises:

            GuardRefused: One of them cannot be gone on with here, and is not old enough to be closed for that.
            Interrupted: A signal came, and they are all finished.
        """
        owed = Before(ExitCode.DONE)
        while owed.is_clear and (path := self._state.unfinished(self._plan_name)) is not None:
            found = self._finish_one(path)
            owed = Before(worse(owed.code, found.code), found.is_clear)
        return owed

    def _finish_one(self, path: Path) -> Before:
        try:
            story = load(path)
            left = api.left_by_canary(story)
        except (JournalCorrupt, IllegalTransition) as error:
            return set_aside(path, error)
        is_old = self._clock() - story.birth.header.started_at > api.MAX_AGE
        if not is_old and left > 0:
            tell(canary(path, left))
            return Before(ExitCode.LEFT_TO_DO, is_clear=False)
        tell(f"An earlier run of `{self._plan_name}` is unfinished; finishing it first: {path}")
        try:
            entrance = api.reenter(story, workers=self._workers)
            settings = self._display.settings(self._grace, simulated=False)
            result = api.resume(story, entrance, settings=settings, restart=False)
        except GuardRefused as error:
            if not is_old:
                raise
            tell(f"Error: {error}")
            return close(load(path))
        code = end(result, result.exit_code, simulated=False, state_dir=self._state.root)
        if not result.run.is_unfinished:
            if result.interrupted is not None:
                # The wish to stop holds for all that would have followed, too.
                raise Interrupted(result.interrupted)
            return Before(ExitCode.DONE)
        if is_old and result.interrupted is None and result.broken is None:
            return close(load(path))
        tell("The earlier run is still unfinished; nothing new was begun.")
        return Before(ExitCode(code), is_clear=False)


def worse(one: int, other: int) -> ExitCode:
    """Return the worse of two exit codes; what is none of finished work outweighs all but a journal that was set aside."""
    if ExitCode.JOURNAL in (one, other):
        return ExitCode.JOURNAL
    for code in (one, other):
        if code not in SEVERITY:
            return ExitCode(code)
    return max(ExitCode(one), ExitCode(other), key=SEVERITY.index)


def set_aside(path: Path, error: OrchestratorError) -> Before:
    """Put a journal that cannot be trusted out of the way."""
    tell(f"Error: {error}")
    aside = api.set_aside(path, f"`run --resume` found: {error}")
    tell(f"It was set aside as {aside}; what it knew of its products is unknown, and the new run meets them again.")
    return Before(ExitCode.JOURNAL)


def close(story: Story) -> Before:
    """Close a run that could not be finished for longer than it may be resumed."""
    machine = api.abandon(story, REASON)
    for text in closing(machine):
        tell(text)
    tell(
        f"This run began more than {format_duration(api.MAX_AGE)} ago and could not be finished; it was closed:"
        f" {story.path}\n"
        "The new run meets what is left of its products again."
    )
    put(machine.tally().line(machine.run_id))
    return Before(ExitCode.LEFT_TO_DO)


def canary(path: Path, left: int) -> str:
    """Say what a run waits for that did its first lines."""
    return (
        f"An earlier run did its first lines and was not told to do the rest ({plural(left, 'product')}): {path}\n"
        f"To do it:   orchestrator resume {path}\n"
        f"To drop it: orchestrator abandon {path} --reason TEXT"
    )
