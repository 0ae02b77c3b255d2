"""How `run` and `resume` end: what to know, how to go on, the final line."""

from __future__ import annotations

from pathlib import Path

from orchestrator.api import RunResult, default_state_dir
from orchestrator.cli.console import NOTHING_TO_RESUME
from orchestrator.cli.stdio import write_stderr, write_stdout
from orchestrator.core.run.machine import Run
from orchestrator.core.values.shell import pasteable
from orchestrator.errors import ExitCode, OutputLost
from orchestrator.report.next_steps import ways_on
from orchestrator.report.summary import summary_lines
from orchestrator.report.text import plural


def end(
    result: RunResult,
    code: ExitCode,
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
        code: The exit code to leave with.
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
    return code


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
