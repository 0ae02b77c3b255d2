"""`orchestrator journals`."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from orchestrator import api
from orchestrator.cli.inputs import state_at
from orchestrator.cli.options import DURATION, all_of, state_dir_option
from orchestrator.cli.stdio import write_stderr, write_stdout
from orchestrator.errors import ExitCode
from orchestrator.report.text import columns, plain, plural, timestamp_text

JOURNALS_HEADER = ("PLAN", "RUN", "BEGUN", "STATE", "JOURNAL")

which_options = all_of(
    click.option("--plan", "plan_name", metavar="NAME", help="Only those of this plan."),
    click.option("--simulated", is_flag=True, help="Those of rehearsals, instead."),
    state_dir_option,
)


@click.group("journals", invoke_without_command=True)
@which_options
@click.pass_context
def command(ctx: click.Context, *, plan_name: str | None, simulated: bool, state_dir: Path | None) -> int:
    """
    List the journals in the state directory, plan by plan, the newest last: of which run each is, whether it is finished.

    Calls nothing. `journals prune --older-than 90d` deletes old ones.
    """
    if ctx.invoked_subcommand is not None:
        if any(ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in ctx.params):
            ctx.fail(f"Options go behind `{ctx.invoked_subcommand}`.")
        return ExitCode.DONE
    state = state_at(state_dir, simulated=simulated)
    found = api.kept_journals(state, plan_name)
    rows = [
        (
            plain(kept.plan_name),
            plain(kept.run_id or "?"),
            timestamp_text(kept.started_at) or "?",
            kept.state,
            str(kept.path),
        )
        for kept in found
    ]
    if rows:
        write_stdout("\n".join(columns([JOURNALS_HEADER, *rows], indent="")))
    else:
        write_stderr(f"No journals in {state.base}" + ("" if simulated else "; those of rehearsals: journals --simulated"))
    return ExitCode.DONE


@command.command("prune")
@click.option(
    "--older-than", type=DURATION, required=True, metavar="DURATION", help="How long ago the run has to have ended."
)
@click.option("--dry-run", is_flag=True, help="Only say which would be deleted.")
@which_options
def prune(*, older_than: int, dry_run: bool, plan_name: str | None, simulated: bool, state_dir: Path | None) -> int:
    """
    Delete the journals of runs that ended long ago.

    What is unfinished, goes on, or cannot be read stays, however old it is.
    """
    state = state_at(state_dir, simulated=simulated)
    deleted = api.prune_journals(state, older_than, plan_name=plan_name, dry_run=dry_run)
    for path in deleted:
        write_stdout(str(path))
    write_stdout(f"{plural(len(deleted), 'journal')} {'would be ' if dry_run else ''}deleted.")
    return ExitCode.DONE
