"""Where a command works and what it is about: state directory, plan or worklist, accounts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator import api
from orchestrator.cli.console import Display
from orchestrator.cli.options import WORLD_SUFFIX
from orchestrator.core.plan.model import Plan
from orchestrator.core.review.worklist import Decision
from orchestrator.errors import InvalidInput
from orchestrator.report.review_text import preview
from orchestrator.report.review_view import ReviewView
from orchestrator.store import worklist_file
from orchestrator.store.worklist_file import SavedWorklist


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """
    What was asked for, by the files and the options of a command that reviews or runs.

    `worklist` is the saved one, None if the plan is to be reviewed now, and `max_age` how old that may be, in seconds;
    `plan_file` is where the plan is or was. `lines_to_retry` are the lines of an earlier run that a second go is for, None
    for all. What follows is for runs: `yes` says that nobody is asked, `resume` that the plan's unfinished runs are
    finished first, `first` how many lines are started at most, and `grace` how many seconds what is under way is followed
    after a wish to stop.
    """

    plan: Plan
    plan_file: Path
    simulate: bool
    worklist: SavedWorklist | None = None
    strict: bool = False
    max_age: float | None = None
    lines_to_retry: frozenset[str] | None = None
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    world: Path | None = None
    workers: int | None = None
    yes: bool = False
    dry_run: bool = False
    resume: bool = False
    first: int | None = None
    grace: float = api.GRACE

    @property
    def is_narrowed(self) -> bool:
        """Whether lines of the plan are left out."""
        return bool(self.only or self.exclude) or self.lines_to_retry is not None

    @property
    def may_terminate(self) -> bool:
        """Whether there may be something to terminate: a product or a selection, or a line of a worklist."""
        if self.worklist is not None:
            return bool(self.worklist.worklist.of(Decision.TERMINATE))
        return bool(self.plan.entries or self.plan.selections)


def read_request(
    path: Path | None,
    earlier: Path | None = None,
    *,
    simulate: bool,
    only_failed: bool = False,
    strict: bool = False,
    max_age: int | None = None,
) -> RunRequest:
    """
    Read what a command is about.

    Args:

        path: A plan or a worklist.
        earlier: Or the journal of an earlier run whose products are meant.
        only_failed: Whether only those are that did not go.
        simulate: Whether it is for a rehearsal.
        strict: Whether products that are not found are refused.
        max_age: Seconds that a worklist may be old; None for the default.

    Raises:

        InvalidInput: It cannot be read, or the options contradict each other.
    """
    if (path is None) == (earlier is None):
        message = "name a PLAN or a WORKLIST, or with --from the JOURNAL of an earlier run"
        raise InvalidInput(message)
    if only_failed and earlier is None:
        message = "--only-failed chooses among the products of an earlier run; it needs --from JOURNAL"
        raise InvalidInput(message)
    if path is not None and worklist_file.is_worklist(path):
        return request_of_worklist(path, simulate=simulate, strict=strict, max_age=max_age)
    if max_age is not None:
        message = "--max-age is for worklists; a plan is reviewed now"
        raise InvalidInput(message)
    if path is not None:
        plan, meant, plan_file = api.load_plan(path), None, path
    else:
        assert earlier is not None
        plan_file = earlier
        plan, meant = api.load_again(earlier, only_failed=only_failed, simulated=simulate)
    return RunRequest(plan=plan, plan_file=plan_file, simulate=simulate, strict=strict, lines_to_retry=meant)


def request_of_worklist(path: Path, *, simulate: bool, strict: bool, max_age: int | None) -> RunRequest:
    """Read a worklist, and refuse to mix up rehearsals and the real thing."""
    worklist = worklist_file.load_worklist(path)
    if strict:
        message = "--strict is for reviews; what is not found in this worklist was decided when it was made"
        raise InvalidInput(message)
    if worklist.simulated != simulate:
        how = "without --simulate" if simulate else "with --simulate"
        message = f"{path}: this worklist was made {how}, and can only be run so"
        raise InvalidInput(message)
    return RunRequest(
        plan=worklist.plan,
        plan_file=Path(worklist.plan_file),
        worklist=worklist,
        simulate=simulate,
        max_age=max_age,
    )


@contextmanager
def reviewed(
    request: RunRequest,
    *,
    world: Path | None,
    workers: int | None,
    state: api.StateDir,
    display: Display,
    timeout: float,
) -> Iterator[api.Review]:
    """
    Enter the lanes of a request and review it.

    Args:

        request: What it is about.
        world: The world file that was asked for.
        workers: How many calls may be in flight; None for as many as the lanes need.
        state: Where the notices are that it is decided upon.
        display: Where it is said what is going on.
        timeout: Seconds after which listings are given up.

    Raises:

        InvalidInput: A world without a rehearsal, or one with mistakes.
        NoAccess: No lane can be entered.
        GuardRefused: The worklist has expired.
    """
    with connections_for(request, world, workers) as connections:
        deadline = connections.clock.now() + timeout
        heard = display.hear_of_survey(connections)
        if request.worklist is not None:
            review = api.recheck(request.worklist, heard, max_age=request.max_age, state=state, deadline=deadline)
        else:
            review = api.survey(request.plan, heard, strict=request.strict, state=state, deadline=deadline)
            if request.lines_to_retry is not None:
                review = review.restrict_to(request.lines_to_retry)
        yield review


def reviewed_of(review: api.Review, plan_file: Path) -> ReviewView:
    """Return what of a review is shown."""
    return ReviewView(
        plan=review.plan,
        plan_file=str(plan_file),
        worklist=review.effective_worklist,
        now=review.connections.clock.now(),
        refusals=review.refusals,
        coverage=review.coverage,
        callers=review.callers,
    )


def as_text(shown: ReviewView, display: Display, *, stderr: bool) -> str:
    """Render a review for the terminal, or whatever else a stream leads to."""
    return preview(shown, lambda text, style: display.style(text, style, stderr=stderr), display.width(stderr=stderr))


def world_of(request: RunRequest, world: Path | None) -> Path | None:
    """
    Return the world file of a request's simulation: the one that was asked for, else the one beside the plan, if any.

    Raises:

        InvalidInput: A world was asked for without a simulation.
    """
    if world is not None and not request.simulate:
        message = "--world says what a rehearsal finds; it needs --simulate"
        raise InvalidInput(message)
    beside = request.plan_file.with_suffix(WORLD_SUFFIX)
    return world or (beside if request.simulate and beside.exists() else None)


@contextmanager
def connections_for(request: RunRequest, world: Path | None, workers: int | None) -> Iterator[api.Connections]:
    """Enter the accounts of a request, or simulated ones."""
    world = world_of(request, world)
    if request.simulate:
        with api.rehearse(request.plan, world, workers=workers) as connections:
            yield connections
    elif request.worklist is not None:
        yield api.enter_lanes(request.plan, request.worklist.worklist.usable_lanes, workers=workers)
    else:
        yield api.enter(request.plan, workers=workers)


def state_at(path: Path | None, *, simulated: bool) -> api.StateDir:
    """Return the state directory that was asked for, else the platform's."""
    return api.StateDir(path or api.default_state_dir(), simulated=simulated)
