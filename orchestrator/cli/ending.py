"""What is said of runs that end: what to know, how to go on, the final line; also of previous ones, by `run --resume`."""

from __future__ import annotations

from pathlib import Path

from orchestrator.api import NIGHT, PreviousRunsReporter, RunResult, default_state_dir, exit_code_after_work
from orchestrator.cli.console import NOTHING_TO_RESUME
from orchestrator.cli.stdio import write_error, write_stderr, write_stdout
from orchestrator.core.run.machine import Run
from orchestrator.core.values.durations import format_duration
from orchestrator.core.values.shell import pasteable
from orchestrator.engine.signals import exit_code_of
from orchestrator.errors import ExitCode, OrchestratorError, OutputLost
from orchestrator.report.summary import summary_lines, ways_on
from orchestrator.report.text import plural


def end(
    result: RunResult,
    *,
    simulated: bool,
    state_dir: Path,
    plan_file: Path | None = None,
    advise: bool = True,
) -> int:
    """
    Say how an execution ended.

    Args:

        result: What came of it.
        simulated: Whether it was a rehearsal, whose world ends with it.
        state_dir: Where its locks are.
        plan_file: Where its plan is, None if that is not known.
        advise: Whether to name the commands to go on with.

    Returns:

        The exit code.
    """
    write_stderr()
    for text in summary_lines(result.run):
        write_stderr(text)
    if result.run.held_back:
        write_stderr(f"The first are done; {plural(result.run.held_back, 'product')} left to `resume`.")
    if result.broken is not None:
        write_stderr(f"Error: {result.broken}")
    write_stderr(f"Journal: {result.journal}")
    broken = result.broken is not None
    if broken and not result.journal.exists():
        write_stderr("Its journal is no more. Run the plan again: what is under way is followed, and not sent again.")
        advise = False
    if not simulated and advise:
        options = state_option(state_dir)
        for way in ways_on(result.run, result.journal.absolute(), broken=broken, plan_file=plan_file, options=options):
            write_stderr(way)
    elif advise and (result.run.is_unfinished or broken):
        write_stderr(NOTHING_TO_RESUME)
    put_line(result.run)
    return result.exit_code


def tell_closed(machine: Run) -> None:
    """Say how a run stood that was closed: what is unknown of it, and its final line."""
    for text in summary_lines(machine):
        write_stderr(text)
    put_line(machine)


def put_line(run: Run) -> None:
    """Put out the final line of a run, which is what it is, wherever its last line has to go."""
    line = run.final_line
    try:
        write_stdout(line)
    except OutputLost as error:
        write_stderr(f"{error}\n{line}")


def state_option(state_dir: Path) -> str:
    """Return the option that a command needs to find a state directory: none, if that is the platform's."""
    default = default_state_dir().absolute()
    return "" if state_dir.absolute() == default else f" --state-dir {pasteable(state_dir)}"


class SpokenPreviousRuns(PreviousRunsReporter):
    """
    Says what `run --resume` does about previous runs.

    Args:

        plan_name: Whose runs they are.
        state_dir: Where their locks are.
    """

    def __init__(self, plan_name: str, state_dir: Path) -> None:
        self._plan_name = plan_name
        self._state_dir = state_dir

    def finishing(self, path: Path, send_ban: str | None) -> None:
        """Say which run is finished first, and whether all of it is."""
        write_stderr(f"An earlier run of `{self._plan_name}` is unfinished; finishing it first: {path}")
        if send_ban:
            write_stderr(f"What it has not sent is left to the new run: {send_ban}.")

    def ended(self, result: RunResult, *, is_stale: bool) -> None:
        """Say how it ended; the commands to go on are for runs that stay open."""
        end(result, simulated=False, state_dir=self._state_dir, advise=not is_stale)

    def failed(self, error: OrchestratorError) -> None:
        """Say why it cannot be finished."""
        write_error(error)

    def waiting(self, path: Path, left: int) -> None:
        """Say what a run waits for that did its first lines."""
        write_stderr(
            f"An earlier run did its first lines and was not told to do the rest ({plural(left, 'product')}): {path}\n"
            f"To do it:   orchestrator resume {pasteable(path)}\n"
            f"To drop it: orchestrator abandon {pasteable(path)} --reason TEXT"
        )

    def not_begun(self, *, is_stopped: bool) -> None:
        """Say that nothing new is done."""
        new = "The new run was not begun." if is_stopped else "The earlier run is still unfinished; nothing new was begun."
        write_stderr(new)

    def distrusted(self, why: str) -> None:
        """Say what is wrong with a journal."""
        write_stderr(f"Error: {why}")

    def renamed(self, aside: Path, run: Run | None) -> None:
        """Say where it is now, and what is still known by it."""
        unknown = "what it knew of its products is unknown, and the new run meets them again."
        write_stderr(f"It was set aside as {aside}; {unknown if run is None else 'what it knows of its products is this:'}")
        if run is not None:
            tell_closed(run)

    def closed(self, path: Path, run: Run) -> None:
        """Say which run was closed, and what is unknown of it."""
        write_stderr(
            f"This run began more than {format_duration(NIGHT)} ago and could not be finished; it was closed: {path}\n"
            "What the new run's plan has of its products is met again."
        )
        tell_closed(run)

    def renewed(self, what: str) -> None:
        """Say what was wrong with the notices."""
        write_stderr(f"Error: {what}")


def broken_off(error: BaseException) -> ExitCode:
    """Say what broke off the work after something had been done, and return the exit code for that."""
    if isinstance(error, OrchestratorError):
        write_error(error)
        return exit_code_after_work(error)
    write_stderr("Interrupted; the new run was not begun.")
    return ExitCode(exit_code_of(error))
