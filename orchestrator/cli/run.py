"""`orchestrator run`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click

from orchestrator import api
from orchestrator.cli import review as review_command
from orchestrator.cli.console import NO_TERMINAL, Display, confirm
from orchestrator.cli.ending import SpokenPreviousRuns, broken_off, end
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
    help="Start N terminations, follow them, and leave the rest to `resume`.",
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
@click.option(
    "--resume",
    is_flag=True,
    help="Finish unfinished runs of this plan first; close what is older than 23h and cannot be finished.",
)
@all_of(simulate_options, state_dir_option, workers_option, grace_option, display_options)
def command(  # noqa: PLR0913 - one parameter for each option
    *,
    plan: Path | None,
    yes: bool,
    dry_run: bool,
    strict: bool,
    only: tuple[str, ...],
    exclude: tuple[str, ...],
    max_age: int | None,
    first: int | None,
    earlier: Path | None,
    only_failed: bool,
    resume: bool,
    simulate: bool,
    world: Path | None,
    state_dir: Path | None,
    workers: int | None,
    grace: int,
    quiet: bool,
    color: str,
    log_format: str | None,
    log_level: str,
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
    if resume and (dry_run or only or exclude or earlier or first is not None):
        message = (
            "--resume finishes an earlier run with all that it has left, so it does not go with --dry-run, --only, "
            "--exclude, --first or --from"
        )
        raise InvalidInput(message)
    request = replace(
        read_request(plan, earlier, only_failed=only_failed, simulate=simulate, strict=strict, max_age=max_age),
        only=only,
        exclude=exclude,
        world=world,
        workers=workers,
        yes=yes,
        dry_run=dry_run,
        resume=resume,
        first=first,
        grace=grace,
    )
    display = Display(quiet=quiet, color=color, log_format=log_format, log_level=log_level)
    state = state_at(state_dir, simulated=simulate)
    refuse_beforehand(request, state)
    # Rehearsals are nobody's earlier run.
    if resume and not simulate:
        return finish_and_run(request, state, display)
    with reviewed_for_run(request, state, display) as review:
        return execute(review, request, state, display)


def finish_and_run(request: RunRequest, state: api.StateDir, display: Display) -> int:
    """Finish the plan's unfinished runs, then run it; the exit code tells of both."""
    previous = api.PreviousRuns(
        plan=request.plan,
        state=state,
        settings=display.settings(request.grace, simulated=False),
        worklist=request.worklist,
        worklist_max_age=request.max_age,
        is_confirmed=request.yes,
        workers=request.workers,
        reporter=SpokenPreviousRuns(request.plan.name, state.root),
    )
    try:
        previous.finish()
        if not previous.outcome.is_clear:
            return previous.outcome.code
        with reviewed_for_run(request, state, display) as review:
            code = execute(review, request, state, display, previous.close_stale)
            return previous.outcome.exit_code(code, review.worklist)
    except (OrchestratorError, KeyboardInterrupt) as error:
        if not previous.outcome.any:
            raise
        # What was done and found before is not forgotten, whatever has become of the new run.
        return previous.outcome.exit_code(broken_off(error))


@contextmanager
def reviewed_for_run(request: RunRequest, state: api.StateDir, display: Display) -> Iterator[api.Review]:
    """
    Review what a run is for.

    Raises:

        GuardRefused: A glob fits nothing, the plan's deadline has passed meanwhile, or what `reviewed` says.
    """
    deadline = request.plan.limits.deadline_seconds
    with reviewed(
        request,
        world=request.world,
        workers=request.workers,
        state=state,
        display=display,
        timeout=deadline,
    ) as everything:
        if not request.dry_run:
            # A run that is refused or not confirmed has given notice all the same: the next one builds on it.
            api.give_notice(everything, state)
        review = everything.narrowed(request.only, request.exclude)
        begun_at = min((each.started_at for each in review.inventories), default=0.0)
        if review.connections.clock.now() >= begun_at + deadline:
            passed = f"the plan's Deadline ({format_duration(deadline)}) passed while the accounts were read"
            message = f"{passed}; no termination was started"
            raise GuardRefused(message)
        yield review


def execute(
    review: api.Review,
    request: RunRequest,
    state: api.StateDir,
    display: Display,
    make_way: Callable[[], None] = lambda: None,
) -> int:
    """Show, ask, run, say how it ended."""
    shown = reviewed_of(review, request.plan_file)
    text = as_text(shown, display, stderr=not request.dry_run)
    if request.dry_run:
        write_stdout(text)
        return review_command.review_exit_code(review, detailed=False)
    if not display.quiet:
        write_stderr(text + "\n")
    api.enforce_limits(review)
    if request.first is not None:
        write_stderr(f"With --first {request.first} only so many are started now; the rest is left to `resume`.")
    confirm(review.effective_worklist, yes=request.yes)
    settings = display.settings(request.grace, simulated=request.simulate, first=request.first)
    result = api.run(review, state=state, settings=settings, make_way=make_way)
    return end(
        result,
        simulated=request.simulate,
        state_dir=state.root,
        # With --from it is a journal, which nobody can review.
        plan_file=None if request.lines_to_retry is not None else request.plan_file.absolute(),
    )


def refuse_beforehand(request: RunRequest, state: api.StateDir) -> None:
    """
    Refuse what needs no call to be known, all at once.

    Raises:

        InvalidInput, LockHeld, RunUnfinished, GuardRefused: Something stands against the run.
        JournalError: A journal of the plan cannot be read.
    """
    if request.dry_run:
        return
    obstacles: list[OrchestratorError] = []
    if not request.simulate and not request.resume:
        obstacles += api.earlier_runs(request.plan.name, state)
    if request.worklist is None and not request.is_narrowed:
        obstacles += api.named_products(request.plan)
    # An earlier run that is finished first needs no yes for what it has sent already.
    if not request.yes and not request.resume and request.may_terminate and not sys.stdin.isatty():
        obstacles.append(GuardRefused(f"confirmation required, and {NO_TERMINAL}"))
    api.refuse_all(obstacles)
