"""`orchestrator review`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from orchestrator import api
from orchestrator.cli.console import Display
from orchestrator.cli.inputs import as_text, read_request, reviewed, reviewed_of, state_at
from orchestrator.cli.options import (
    FILE,
    all_of,
    format_option,
    narrowing_options,
    plan_argument,
    simulate_options,
    state_dir_option,
    strict_option,
    timeout_option,
    workers_option,
)
from orchestrator.cli.stdio import write_stderr, write_stdout
from orchestrator.core.review.worklist import Decision, Reason
from orchestrator.core.values.durations import format_duration
from orchestrator.core.values.shell import pasteable
from orchestrator.errors import ExitCode, InvalidInput
from orchestrator.report.export import review_as_csv, review_as_json
from orchestrator.report.review_markdown import review_as_markdown
from orchestrator.report.review_view import ReviewView
from orchestrator.store.worklist_file import is_worklist

FORMS: dict[str, Callable[[ReviewView, Display], str]] = {
    "text": lambda shown, display: as_text(shown, display, stderr=False),
    "json": lambda shown, _: review_as_json(shown),
    "csv": lambda shown, _: review_as_csv(shown),
    "markdown": lambda shown, _: review_as_markdown(shown),
}


@click.command("review")
@plan_argument
@format_option(FORMS, "How to write it; markdown is for a pull request's comment.")
@click.option("--out", type=FILE, metavar="FILE", help="Save the worklist, so that `run FILE` executes exactly this.")
@all_of(simulate_options, strict_option, narrowing_options, workers_option, state_dir_option, timeout_option)
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit 10 if there is something to terminate, 0 only if there is not."
)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def command(  # noqa: PLR0913 - one parameter for each option
    *,
    plan: Path,
    form: str,
    out: Path | None,
    simulate: bool,
    world: Path | None,
    strict: bool,
    only: tuple[str, ...],
    exclude: tuple[str, ...],
    workers: int | None,
    state_dir: Path | None,
    timeout: int,
    detailed_exitcode: bool,
    color: str,
) -> int:
    """
    Show what a run of PLAN would do, and why. Terminates nothing.

    Enters each account of the plan, lists every provisioned product in its regions, and decides on each line of the plan:
    terminate, skip or refuse, with the reason. The first line of the output is stable:

    \b
        Review: 42 to terminate, 0 blocked, 0 drifted, 1 not found, 3 skipped,
        1 refused, 2 already gone.

    PLAN may also be a worklist that was saved with --out; then it shows what of it would still be done.

    Gives no notice (`After`): it says when a product is due, counted from now if `notify` or `run` gave it none yet.

    Exits 3 if a run would be refused by a guard, 1 if a lane could not be read completely, or if not one product that the
    plan names was found or ever seen.
    """
    display = Display(color=color)
    if out is not None and is_worklist(plan):
        message = "--out saves what was reviewed from a plan; this is a worklist already"
        raise InvalidInput(message)
    if out is not None and out.exists() and not is_worklist(out):
        message = f"{out}: exists, and is no worklist; it is left as it is"
        raise InvalidInput(message)
    request = read_request(plan, simulate=simulate, strict=strict)
    state = state_at(state_dir, simulated=simulate)
    with reviewed(
        request,
        world=world,
        workers=workers,
        state=state,
        display=display,
        timeout=timeout,
    ) as everything:
        review = everything.narrowed(only, exclude)
        shown = reviewed_of(review, request.plan_file)
    write_stdout(FORMS[form](shown, display))
    if any(line.reason is Reason.NOTICE for line in shown.worklist.lines):
        write_stderr(f"A review gives no notice; see: orchestrator notify {pasteable(request.plan_file)}")
    if out is not None:
        replaced = out.exists()
        api.save_worklist(review, out, request.plan_file)
        age = format_duration(api.WORKLIST_MAX_AGE)
        saved = "saved in place of an earlier one" if replaced else "saved"
        write_stderr(f"Worklist {saved}; for {age} exactly this can be run with: orchestrator run {pasteable(out)}")
    return review_exit_code(review, detailed=detailed_exitcode)


def review_exit_code(review: api.Review, *, detailed: bool) -> ExitCode:
    """Say with a code what a run would meet."""
    for refusal in review.refusals:
        write_stderr(f"A run would be refused: {refusal}")
    if review.refusals:
        return ExitCode.GUARD_REFUSED
    if detailed and review.effective_worklist.of(Decision.TERMINATE):
        return ExitCode.SOMETHING_TO_DO
    if review.worklist.nothing_was_ever_seen or any(problem for _, problem in review.worklist.lanes):
        return ExitCode.SOME_NOT_DONE
    return ExitCode.DONE
