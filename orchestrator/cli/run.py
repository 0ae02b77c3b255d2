"""`orchestrator run`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from orchestrator import api
from orchestrator.cli import review as review_command
from orchestrator.cli.before import broken_off
from orchestrator.cli.console import NO_TERMINAL, Display, confirm
from orchestrator.cli.earlier import PreviousRuns
from orchestrator.cli.ending import end
from orchestrator.cli.inputs import RunRequest, as_text, read_request, reviewed, reviewed_of, state_at
from orchestrator.cli.options import (
    FILE,
    all_of,
    display_options,
    grace_option,
    narrowing_options,
    simulate_options,
    state_dir_option,
    strict_option,
    workers_option,
    worklist_age_option,
)
from orchestrator.cli.stdio import write_stderr, write_stdout
from orchestrator.core.values.durations import format_duration
from orchestrator.errors import GuardRefused, InvalidInput, OrchestratorError


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What was asked for on the command line."""

    yes: bool
    dry_run: bool
    journal: Path | None
    resume: bool
    first: int | None
    grace: float


@click.command("run")
@click.argument("plan", metavar="[PLAN|WORKLIST]", type=FILE, required=False)
@click.option("--yes", "-y", is_flag=True, help="Do not ask. Needed where there is no terminal.")
@click.option("--dry-run", "--dryrun", is_flag=True, help="The same as `review`.")
@strict_option
@all_of(narrowing_options, worklist_age_option)
@click.option(
    "--first",
    type=click.IntRange(min=1),
    metavar="N",
    help="Do N terminations, then ask whether to do the rest; where there is no terminal, leave it to `resume`.",
)
@click.option(
    "--from",
    "earlier",
    type=FILE,
    metavar="JOURNAL",
    help="Instead of a plan: the products of an earlier, finished run, by their ids.",
)
@click.option(
    "--only-failed",
    is_flag=True,
    help="With --from: only those that did not go: failed, timed out, blocked, or left open when the run was abandoned.",
)
@click.option("--journal", type=FILE, help="Keep the journal in this file.  [default: in the state directory]")
@click.option(
    "--resume",
    is_flag=True,
    help="Finish unfinished runs of this plan first; close what is older than 23h and cannot be finished.",
)
@all_of(simulate_options, state_dir_option, workers_option, grace_option, display_options)
def command(  # noqa: PLR0913 - one parameter for each option
    *,
    plan: Path | None,
    earlier: Path | None,
    only_failed: bool,
    strict: bool,
    only: tuple[str, ...],
    exclude: tuple[str, ...],
    max_age: int | None,
    simulate: bool,
    world: Path | None,
    state_dir: Path | None,
    workers: int | None,
    quiet: bool,
    color: str,
    log_format: str | None,
    log_level: str,
    **wishes: object,
) -> int:
    """
    Review PLAN, ask, terminate, and follow each product to its end. A WORKLIST that `review --out` saved is executed as it
    was reviewed: what has changed since is left out, and nothing is added.

    On a terminal it shows what it would do and wants the number of terminations typed; elsewhere it wants --yes. Every
    request is written to a journal before it leaves, so that a run that is interrupted in any way can be resumed.

    The first Ctrl-C starts nothing new and follows what is under way for the grace; the second leaves at once. The last
    line, on stdout, is stable and adds up to the plan:

    \b
        Run 1f0c9a52 (sandbox): 40 terminated, 1 failed, 1 timed out,
        0 in progress, 0 pending, 0 in doubt, 0 blocked, 0 drifted,
        1 not found, 3 skipped, 1 refused, 2 already gone.
    """
    asked = RunOptions(**wishes)  # type: ignore[arg-type]
    display = Display(quiet=quiet, color=color, log_format=log_format, log_level=log_level)
    state = state_at(state_dir, simulated=simulate)
    reject_conflicting_options(asked, narrowed=bool(only or exclude or earlier))
    request = read_request(plan, earlier, only_failed=only_failed, simulate=simulate, strict=strict, max_age=max_age)
    refuse_beforehand(request, state, asked, narrowed=bool(only or exclude or earlier))
    earlier_runs = PreviousRuns(request, state, display, agreed=asked.yes, grace=asked.grace, workers=workers)
    try:
        if asked.resume and not simulate:
            earlier_runs.finish()
            if not earlier_runs.before.is_clear:
                return earlier_runs.before.code
            earlier_runs.trust_notices()
        with reviewed(
            request,
            world=world,
            workers=workers,
            state=state,
            display=display,
            timeout=request.plan.limits.deadline_seconds,
        ) as everything:
            if not asked.dry_run:
                # A run that is refused or not confirmed has given notice all the same: the next one builds on it.
                api.give_notice(everything, state)
            review = everything.narrowed(only, exclude)
            refuse_late(review, request)
            code = execute(review, request, state, display, asked, earlier_runs.close_stale)
            return earlier_runs.before.ending(code, review.worklist)
    except (OrchestratorError, KeyboardInterrupt) as error:
        if not earlier_runs.before.any:
            raise
        # What was done and found before is not forgotten, whatever has become of the new run.
        return earlier_runs.before.ending(broken_off(error))


def execute(
    review: api.Review,
    request: RunRequest,
    state: api.StateDir,
    display: Display,
    asked: RunOptions,
    make_way: Callable[[], None],
) -> int:
    """Show, ask, run, say how it ended."""
    shown = reviewed_of(review, request.plan_file)
    text = as_text(shown, display, stderr=not asked.dry_run)
    if asked.dry_run:
        write_stdout(text)
        return review_command.review_exit_code(review, detailed=False)
    if not display.quiet:
        write_stderr(text + "\n")
    api.enforce_limits(review)
    if asked.first is not None:
        write_stderr(f"With --first {asked.first}: so many now, then you are asked about the rest.")
    confirm(review.effective_worklist, yes=asked.yes)
    settings = display.settings(asked.grace, simulated=review.connections.simulated, first=asked.first)
    result = api.run(review, state=state, settings=settings, journal_path=asked.journal, make_way=make_way)
    return end(
        result,
        result.exit_code,
        simulated=review.connections.simulated,
        state_dir=state.root,
        # With --from it is a journal, which nobody can review.
        plan_file=None if request.lines_to_retry is not None else request.plan_file.absolute(),
    )


def refuse_beforehand(request: RunRequest, state: api.StateDir, asked: RunOptions, *, narrowed: bool) -> None:
    """
    Refuse what needs no call to be known, all at once.

    Raises:

        InvalidInput, LockHeld, RunUnfinished, GuardRefused: Something stands against the run.
        JournalError: A journal of the plan cannot be read.
    """
    if asked.dry_run:
        return
    obstacles = api.file_in_the_way(asked.journal)
    if not request.simulate and not asked.resume:
        obstacles += api.earlier_runs(request.plan.name, state)
    if request.worklist is None and not narrowed:
        obstacles += api.named_products(request.plan)
    # An earlier run that is finished first needs no yes for what it has sent already.
    if not asked.yes and not asked.resume and request.may_terminate and not sys.stdin.isatty():
        obstacles.append(GuardRefused(f"confirmation required, and {NO_TERMINAL}"))
    api.refuse_all(obstacles)


def refuse_late(review: api.Review, request: RunRequest) -> None:
    """
    Refuse a run whose deadline has passed while the lanes were read.

    Raises:

        GuardRefused: It has.
    """
    connections, deadline = review.connections, request.plan.limits.deadline_seconds
    if connections.clock.now() >= min((each.started_at for each in review.inventories), default=0.0) + deadline:
        passed = f"the plan's Deadline ({format_duration(deadline)}) passed while the accounts were read"
        message = f"{passed}; no termination was started"
        raise GuardRefused(message)


def reject_conflicting_options(asked: RunOptions, *, narrowed: bool) -> None:
    """Refuse what would finish an earlier run in full although less was asked for."""
    if asked.resume and (asked.dry_run or narrowed or asked.first is not None):
        message = (
            "--resume finishes an earlier run with all that it has left, so it does not go with --dry-run, --only, "
            "--exclude, --first or --from"
        )
        raise InvalidInput(message)
