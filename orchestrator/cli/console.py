"""The terminal: colours, displays, questions. Data goes to stdout, everything else to stderr."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import click

from orchestrator.api import Connections, RunSettings
from orchestrator.cli.stdio import write_stderr
from orchestrator.core.review.worklist import Decision, Worklist
from orchestrator.core.run.machine import Run
from orchestrator.core.values.shell import pasteable
from orchestrator.engine.survey import Progress
from orchestrator.errors import GuardRefused
from orchestrator.ports import Observer
from orchestrator.report.progress import LogProgress, Projection, SurveyProgress
from orchestrator.report.review_text import confirmation, unstyled
from orchestrator.report.text import plural

LEAST_COLUMNS, LEAST_LINES = 60, 12

NO_TERMINAL = "stdin is not a terminal; use --yes"

NOTHING_TO_RESUME = "The rehearsal's made-up accounts end with it; there is nothing to resume."


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How a command shows things, as its options say."""

    quiet: bool = False
    color: str = "auto"
    log_format: str | None = None
    log_level: str = "info"

    def colors(self, *, stderr: bool) -> bool:
        """Whether a stream gets colours."""
        if self.color != "auto":
            return self.color == "always"
        stream = sys.stderr if stderr else sys.stdout
        return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def style(self, text: str, style: str, *, stderr: bool) -> str:
        """Style a text: a colour, `bold` or `dim`."""
        if not self.colors(stderr=stderr):
            return unstyled(text, style)
        if style in ("bold", "dim"):
            return click.style(text, **{style: True})
        return click.style(text, fg=style)

    def width(self, *, stderr: bool) -> int | None:
        """How wide the terminal is that a stream is shown on, None if it is shown on none."""
        stream = sys.stderr if stderr else sys.stdout
        return shutil.get_terminal_size().columns if stream.isatty() else None

    def hear_of_survey(self, connections: Connections) -> Connections:
        """Return connections whose surveys are told of on stderr, unless nothing is to be said."""
        if self.quiet:
            return connections
        progress = SurveyProgress(say=write_stderr, clock=time.monotonic, lanes=len(connections.identities))

        def hear(at: Progress) -> None:
            progress.on_page(at.lane, at.pages, at.products, is_over=at.is_over, problem=at.problem)

        return replace(connections, on_progress=hear)

    @property
    def live(self) -> bool:
        """Whether a live display is shown."""
        terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")
        return terminal and not self.quiet and self.log_format is None and is_roomy()

    def settings(self, grace: float, *, simulated: bool, first: int | None = None) -> RunSettings:
        """
        Return the settings of a run that is shown here.

        Args:

            grace: Seconds that what is under way is followed after a wish to stop.
            simulated: Whether it is a rehearsal, which ends with its made-up accounts.
            first: How many lines it starts, None for all.
        """
        return RunSettings(
            grace=grace,
            watch=self.watch,
            complain=self.report_error,
            exit_message=partial(self.exit_message, simulated=simulated),
            first=first,
        )

    def exit_message(self, path: Path, *, simulated: bool) -> str:
        """Return what a second signal leaves behind: a cursor that can be seen, and the way to go on."""
        show_cursor = "\x1b[?25h\n" if self.live else ""
        go_on = NOTHING_TO_RESUME if simulated else f"To go on: orchestrator resume {pasteable(path.absolute())}"
        return f"{show_cursor}Left at once. {go_on}\n"

    def watch(self, run: Run) -> AbstractContextManager[Sequence[Observer]]:
        """Show a run as it goes on."""
        fold = Projection(run.worklist, run.state_table)
        return self._live(fold) if self.live else self._logged(fold)

    def report_error(self, observer: Observer, error: Exception) -> None:
        """Say that a display broke; the run goes on."""
        write_stderr(f"The display {type(observer).__name__} failed and was switched off: {type(error).__name__}: {error}")

    @contextmanager
    def _live(self, fold: Projection) -> Iterator[Sequence[Observer]]:
        from rich.console import Console  # noqa: PLC0415 - only where there is a terminal

        from orchestrator.report.live import LiveProgress  # noqa: PLC0415

        console = Console(stderr=True, no_color=not self.colors(stderr=True), highlight=False)
        with LiveProgress(fold, console) as progress:
            yield (progress,)

    @contextmanager
    def _logged(self, fold: Projection) -> Iterator[Sequence[Observer]]:
        from orchestrator.report.log import configure  # noqa: PLC0415 - structlog takes a while to import

        log = configure(
            form=self.log_format or "console",
            level="error" if self.quiet else self.log_level,
            color=self.colors(stderr=True),
        )
        yield (LogProgress(fold, log),)


def is_roomy() -> bool:
    """Whether a live display has room on the terminal; on a smaller one log lines say more."""
    columns, lines = shutil.get_terminal_size()
    return columns >= LEAST_COLUMNS and lines >= LEAST_LINES


def confirm(worklist: Worklist, *, yes: bool) -> None:
    """
    Make sure that somebody wants what a run would do. No environment variable can say yes.

    Args:

        worklist: What it would do.
        yes: Whether somebody has said yes already.

    Raises:

        GuardRefused: Nobody said yes.
    """
    count = len(worklist.of(Decision.TERMINATE))
    if yes or count == 0:
        return
    write_stderr(confirmation(worklist))
    if not sys.stdin.isatty():
        message = f"confirmation required for {plural(count, 'termination')}, and {NO_TERMINAL}"
        raise GuardRefused(message)
    try:
        agreed = confirm_count(count)
    except KeyboardInterrupt:
        write_stderr("\nNot confirmed; this run was not begun.")
        raise
    if not agreed:
        message = "not confirmed; nothing was terminated"
        raise GuardRefused(message)


def confirm_count(count: int) -> bool:
    """Ask for a number on the terminal, and say whether it was typed."""
    click.echo(f"Type the number of terminations ({count}) to go on: ", nl=False, err=True)
    return sys.stdin.readline().strip().replace(",", "") == str(count)
