"""`orchestrator abandon`."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator import api
from orchestrator.cli.ending import tell_closed
from orchestrator.cli.options import journal_at, journal_options
from orchestrator.cli.stdio import write_stderr, write_stdout
from orchestrator.errors import ExitCode, IllegalTransition, InvalidInput, JournalError, OrchestratorError
from orchestrator.store import journal as journals
from orchestrator.store.journal.lines import looks_like_one

LONGEST_REASON = 2_000


@click.command("abandon")
@journal_options
@click.option("--reason", required=True, metavar="TEXT", help="Why, for whoever reads the journal later.")
def command(*, journal: Path | None, plan_name: str | None, state_dir: Path | None, reason: str) -> int:
    """
    Close the unfinished run of JOURNAL for good, or the newest one of --plan NAME, so that its plan can be run again.

    Calls nothing. What was sent and never settled stays unknown, and is listed; the next run of the plan meets those
    products again. A journal that cannot be read is renamed out of the way.
    """
    journal = journal_at(journal, plan_name, state_dir)
    if len(reason) > LONGEST_REASON:
        message = f"the reason has {len(reason):,} characters; {LONGEST_REASON:,} are the most"
        raise InvalidInput(message)
    try:
        loaded = journals.load_journal(journal)
        # With every checksum in order, it may still tell of what cannot have been.
        api.replay(loaded)
    except (JournalError, IllegalTransition) as error:
        return put_aside(journal, reason, error)
    machine = api.abandon(loaded, reason)
    tell_closed(machine)
    return ExitCode.DONE


def put_aside(journal: Path, reason: str, error: OrchestratorError) -> int:
    """Rename a journal that nobody can go on with."""
    write_stderr(str(error))
    if not looks_like_one(journal):
        message = f"{journal}: this is no journal; it is left as it is"
        raise InvalidInput(message) from error
    aside = api.set_aside(journal, reason)
    write_stderr("What it knew of its products is unknown; the next run of its plan meets them again.")
    write_stdout(f"{journal}: set aside as {aside.name}")
    return ExitCode.DONE
