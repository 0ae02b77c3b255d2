"""`orchestrator stop`."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator import api
from orchestrator.cli.options import journal_at, journal_options
from orchestrator.cli.stdio import write_stdout
from orchestrator.errors import ExitCode


@click.command("stop")
@journal_options
def command(*, journal: Path | None, plan_name: str | None, state_dir: Path | None) -> int:
    """
    Ask the run of JOURNAL, or the newest unfinished one of --plan NAME, to stop, from another terminal.

    It works like Ctrl-C there: nothing new is started, what is under way is followed for the run's grace, and the run can
    be resumed. It then exits with 4, since something is left to do. Works over a shared folder, too.
    """
    # A job that finishes several runs works on one of them at a time.
    journal = journal_at(journal, plan_name, state_dir, prefer=api.is_going_on)
    if api.stop(journal):
        write_stdout("The run has taken note; it ends within its grace, and says there how to go on.")
        return ExitCode.DONE
    write_stdout("The run has not taken note yet; it will as soon as it can.")
    return ExitCode.LEFT_TO_DO
