"""`orchestrator review`."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator import api
from orchestrator.cli.options import all_of, plan_argument, simulate_options, strict_option, workers_option
from orchestrator.cli.places import entrance_for
from orchestrator.cli.streams import put, tell
from orchestrator.cli.terminal import Display
from orchestrator.core.worklist import Decision
from orchestrator.errors import ExitCode
from orchestrator.report.preview import preview


@click.command("review")
@plan_argument
@all_of(simulate_options, strict_option, workers_option)
@click.option(
    "--detailed-exitcode", is_flag=True, help="Exit 10 if there is something to terminate, 0 only if there is not."
)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def command(
    *,
    plan: Path,
    simulate: bool,
    world: Path | None,
    strict: bool,
    workers: int | None,
    detailed_exitcode: bool,
    color: str,
) -> int:
    """
    Show what a run of PLAN would do, and why. Changes nothing.

    Enters the account of the environment, lists every provisioned product in it, and decides on each line of the plan:
    terminate, skip or refuse, with the reason. The first line of the output is stable:

    \b
        Review: 42 to terminate, 3 skipped, 1 refused.

    Exits 3 if a run would be refused by a guard, 1 if not one product of the plan was found or ever seen.
    """
    loaded = api.load_plan(plan)
    display = Display(color=color)
    with entrance_for(loaded, plan, simulate=simulate, world=world, workers=workers) as entrance:
        review = api.survey(loaded, entrance, strict=strict)
    put(
        preview(loaded, review.worklist, entrance.clock.now(), lambda text, style: display.style(text, style, stderr=False))
    )
    return exit_code(review, detailed=detailed_exitcode)


def exit_code(review: api.Review, *, detailed: bool) -> ExitCode:
    """Say with a code what a run would meet."""
    for refusal in review.refusals:
        tell(f"A run would be refused: {refusal}")
    if review.refusals:
        return ExitCode.GUARD_REFUSED
    if review.worklist.nothing_was_ever_seen:
        return ExitCode.SOME_NOT_DONE
    if detailed and review.worklist.of(Decision.TERMINATE):
        return ExitCode.SOMETHING_TO_DO
    return ExitCode.DONE
