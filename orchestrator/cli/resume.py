"""`orchestrator resume`."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator import api
from orchestrator.cli.console import Display
from orchestrator.cli.ending import end
from orchestrator.cli.options import (
    DURATION,
    all_of,
    display_options,
    grace_option,
    journal_at,
    journal_options,
    workers_option,
)
from orchestrator.cli.stdio import write_stderr, write_stdout
from orchestrator.core.run.events import Abandoned, Finished
from orchestrator.errors import ExitCode
from orchestrator.report.text import plain
from orchestrator.store import journal as journals


@click.command("resume")
@journal_options
@click.option(
    "--max-age",
    type=DURATION,
    default="24h",
    show_default=True,
    help="In a run older than this, lines that were never sent are not sent any more.",
)
@all_of(workers_option, grace_option, display_options)
def command(  # noqa: PLR0913 - one parameter for each option
    *,
    journal: Path | None,
    plan_name: str | None,
    max_age: int,
    state_dir: Path | None,
    workers: int | None,
    grace: int,
    quiet: bool,
    color: str,
    log_format: str | None,
    log_level: str,
) -> int:
    """
    Finish the interrupted run of JOURNAL, or of the newest unfinished one of --plan NAME.

    Asks nothing and needs no plan file: the journal holds everything. Requests whose answer was lost are settled by looking
    the product up, and are repeated, if at all, with the same token. Products that have changed since the review are left
    alone. Resuming a finished run calls nothing, prints its final line and exits as it did.
    """
    loaded = journals.load_journal(journal_at(journal, plan_name, state_dir))
    if loaded.is_finished:
        return repeat(loaded)
    display = Display(quiet=quiet, color=color, log_format=log_format, log_level=log_level)
    connections = api.reenter(loaded, workers=workers)
    result = api.resume(
        loaded, connections, settings=display.settings(grace, simulated=loaded.header.origin.simulated), max_age=max_age
    )
    header = loaded.header.origin
    return end(result, simulated=header.simulated, state_dir=Path(header.state_dir))


def repeat(loaded: journals.LoadedJournal) -> int:
    """Say how a finished run ended, again."""
    last = loaded.last
    assert isinstance(last, Finished | Abandoned)
    how = f"was abandoned ({plain(last.reason)})" if isinstance(last, Abandoned) else "is finished"
    write_stderr(f"This run {how}; nothing was called. Journal: {loaded.path}")
    write_stdout(plain(last.summary))
    return last.exit_code if isinstance(last, Finished) else ExitCode.LEFT_TO_DO
