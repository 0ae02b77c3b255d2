"""`orchestrator report`."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.api import replay
from orchestrator.api.journals import is_going_on
from orchestrator.cli.ending import state_option
from orchestrator.cli.options import FILE, format_option
from orchestrator.cli.stdio import write_stderr, write_stdout
from orchestrator.core.run.events import Abandoned, Finished
from orchestrator.core.run.machine import Run
from orchestrator.core.values.globs import matches
from orchestrator.errors import ExitCode, InvalidInput
from orchestrator.report.export import run_as_csv, run_as_json, timeline
from orchestrator.report.outcomes import LineOutcome, outcomes
from orchestrator.report.progress import Projection
from orchestrator.report.summary import summary_lines, ways_on
from orchestrator.report.text import columns, plain, timestamp_text
from orchestrator.store import journal as journals
from orchestrator.store.worklist_file import is_worklist

OUTCOMES_HEADER = ("STATE", "NAME", "ID", "SECONDS", "WHY")


@click.command("report")
@click.argument("journal", type=FILE)
@format_option(["text", "json", "csv"], "How to write it.")
@click.option("--product", metavar="GLOB", help="Tell all that happened to the products that fit, by id or name.")
def command(*, journal: Path, form: str, product: str | None) -> int:
    """
    Tell how the run of JOURNAL stands or ended. Calls nothing, changes nothing, and may be asked while the run goes on.

    Everything is told from the journal alone. Exits 0 whatever the run came to; its own exit code is in the JSON report.
    """
    refuse_plan(journal)
    told = journals.load_journal(journal)
    run = replay(told)
    found = outcomes(run, told.events)
    if product is not None:
        found = [each for each in found if fits_pattern(each, product)]
        if not found:
            message = f"{journal}: no product of this run fits `{product}`"
            raise InvalidInput(message)
    if form == "csv":
        write_stdout(run_as_csv(found))
    elif form == "json":
        write_stdout(run_as_json(run, found, describe_journal(told)))
    elif product is not None:
        write_stdout("\n\n".join("\n".join(timeline(each, told.events)) for each in found))
    else:
        print_report(run, told, found)
    return ExitCode.DONE


def refuse_plan(path: Path) -> None:
    """
    Refuse a file that was never a journal, before its first line is taken for a broken one.

    Raises:

        InvalidInput: It is a plan, or a worklist.
    """
    if path.suffix in (".yaml", ".yml") or is_worklist(path):
        message = f"{path}: this is no journal; `orchestrator journals` lists those there are"
        raise InvalidInput(message)


def fits_pattern(outcome: LineOutcome, pattern: str) -> bool:
    """Whether an outcome's product is meant."""
    line = outcome.line
    return any(matches(word, pattern) for word in (line.product_id, line.name, line.id) if word)


def describe_journal(told: journals.LoadedJournal) -> dict[str, object]:
    """Return what is known of a run, its lines apart."""
    header = told.header.origin
    return {
        "run_id": header.run_id,
        "plan": header.plan_name,
        "journal": str(told.path),
        "started_at": timestamp_text(header.started_at),
        "last_event_at": timestamp_text(told.last.at if told.last else header.started_at),
        "simulated": header.simulated,
        "finished": isinstance(told.last, Finished),
        "abandoned": told.last.reason if isinstance(told.last, Abandoned) else None,
        "going_on": not told.is_finished and is_going_on(told.path) is not None,
        "callers": [{"lane": str(caller.lane), "arn": caller.arn} for caller in header.callers],
        "reviewed_worklist": header.reviewed_digest,
    }


def run_state(told: journals.LoadedJournal, holder: str | None) -> str:
    """Say how a run stands; `holder` is who works on it."""
    match told.last:
        case Finished():
            return "finished"
        case Abandoned(reason=reason):
            return f"abandoned: {plain(reason)}"
        case _:
            return f"going on, {holder}" if holder else "unfinished, and nobody works on it"


def print_report(run: Run, told: journals.LoadedJournal, found: list[LineOutcome]) -> None:
    """Write a report for people: a table for each lane, what to know, the final line."""
    header = told.header.origin
    holder = None if told.is_finished else is_going_on(told.path)
    begun = f"Run {plain(header.run_id)} of the plan {plain(header.plan_name)}, begun {timestamp_text(header.started_at)}"
    write_stdout(f"{begun}: {run_state(told, holder)}")
    for lane in dict.fromkeys(outcome.line.lane for outcome in found):
        rows = [outcome_cells(outcome) for outcome in found if outcome.line.lane == lane]
        write_stdout("\n" + (str(lane) if lane else "in no lane"))
        write_stdout("\n".join(columns([OUTCOMES_HEADER, *rows])))
    write_stdout("")
    if holder:
        write_stdout(f"So far: {Projection(told.header.worklist, run.state_table).counts()}.")
        return
    for text in summary_lines(run):
        write_stdout(text)
    write_stdout(run.final_line)
    if not header.simulated:
        for way in ways_on(run, told.path.absolute(), options=state_option(Path(header.state_dir))):
            write_stderr(way)


def outcome_cells(outcome: LineOutcome) -> tuple[str, ...]:
    """Return the cells of one line."""
    line = outcome.line
    errors = "".join(f"; {plain(error)}" for error in outcome.errors)
    return (
        outcome.state.value.replace("_", " "),
        plain(line.name),
        plain(line.product_id or "-"),
        f"{outcome.seconds:.0f}" if outcome.seconds is not None else "-",
        plain(outcome.evidence) + errors,
    )
