"""
How a run ended: what did not go as planned, what was left behind, and the one line that is stable.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orchestrator.core.review.worklist import Decision
from orchestrator.core.run.machine import Run
from orchestrator.core.run.product_state import Termination
from orchestrator.core.run.rerun import RERUNNABLE
from orchestrator.core.run.transitions import OPEN, State
from orchestrator.core.values.shell import pasteable
from orchestrator.report.outcomes import may_have_left
from orchestrator.report.text import plain, plural

MOST = 50
"""Lines named at most in each group; the rest is counted."""

TITLES = {
    State.FAILED: "failed",
    State.CONTRADICTED: "still there although reported terminated",
    State.TIMED_OUT: "timed out, still in progress after the TerminationTimeout",
    State.IN_DOUBT: "in doubt, sent and not known how it ended",
    State.REQUESTED: "requested, no answer yet",
    State.IN_PROGRESS: "in progress when the program stopped following",
    State.PENDING: "not begun, or not begun again",
    State.DRIFTED: "drifted, not (or no longer) what was reviewed",
    State.REFUSED: "refused",
    State.BLOCKED: "blocked",
}


CHANGED = frozenset({State.REFUSED, State.DRIFTED})
"""States that only a new review can change."""


def summary_lines(run: Run) -> Iterator[str]:
    """
    Yield what a person should know at the end of an execution, the final line apart.

    Args:

        run: The run, at rest.
    """
    by_state: dict[State, list[str]] = {}
    for line in run.worklist.of(Decision.REFUSE):
        # Decided at review already; what is refused and what is blocked is said again, so that nobody has to look for it.
        by_state.setdefault(run.state_table.states[line.id], []).append(
            f"  {line.id}  {plain(line.name)}: {plain(line.detail)}"
        )
    for t in run.terminations:
        state = run.state_table.states[t.line.id]
        if state in TITLES:
            by_state.setdefault(state, []).append(line_text(t, state))
    for state, title in TITLES.items():
        yield from group(title, by_state.get(state, []))
    yield from unmet(run)
    yield from orphans(run)
    if run.worklist.nothing_was_ever_seen:
        yield "Not one product of this plan was found or has ever been seen. Is it the right account and region?"
    yield from unfinished(run)


def group(title: str, lines: list[str]) -> Iterator[str]:
    """Yield the lines of one group."""
    if not lines:
        return
    yield f"{plural(len(lines), 'product')} {title}:"
    yield from lines[:MOST]
    if len(lines) > MOST:
        yield f"  ... and {len(lines) - MOST:,} more"


def line_text(t: Termination, state: State) -> str:
    """Say how a line stands, and what that rests on."""
    errors = "".join(f"; {plain(str(error))}" for error in t.errors)
    known = plain(t.evidence) or known_of(t, state)
    return f"  {t.line.id}  {plain(t.line.name)}: {known}{errors}"


def known_of(t: Termination, state: State) -> str:
    """Say what is known of a line that has no verdict."""
    if state is State.PENDING and not t.send:
        return f"attempt {t.attempt - 1} failed" if t.attempt > 1 else "never sent"
    if state is State.IN_PROGRESS:
        return f"record {t.record_id}" + (f" was {t.record_status}" if t.record_status else "")
    # Some of them may have been throttled, or not have left.
    return f"attempt {t.attempt}, {plural(t.send, 'send')} begun"


def unmet(run: Run) -> Iterator[str]:
    """Yield products that somebody else terminated without what the plan asked for."""
    for t in run.terminations:
        if t.options_unmet:
            what = "terminated by another; whether its resources were retained is not known"
            yield f"{t.line.id}  {plain(t.line.name)}: {what}"


def orphans(run: Run) -> Iterator[str]:
    """Yield what may have been left behind, by the stack's ARN as the survey saw it."""
    left = [t for t in run.terminations if may_have_left(t, run.state_table.states[t.line.id])]
    if not left:
        return
    yield f"{plural(len(left), 'stack')} left behind (RetainPhysicalResources) or possibly so (IgnoreErrors):"
    for t in left:
        why = "retained" if t.line.options.retain_physical_resources else "errors ignored"
        why += ", if it was ours" if run.state_table.states[t.line.id] is not State.TERMINATED else ""
        stack = t.line.product.physical_id if t.line.product else None
        yield f"  {t.line.id}  {plain(t.line.name)}: {plain(stack or 'its stack is not known')} ({why})"


def unfinished(run: Run) -> Iterator[str]:
    """Yield why an execution stopped before the run's end."""
    for lane, reason in run.lost_lanes.items():
        yield f"Lane {lane} was given up: {plain(reason)}"
    if run.drained_by is not None and run.is_unfinished:
        yield f"Nothing new was started any more: {plain(run.drained_by.detail)}"
    if run.is_unfinished and not run.state_table.has(OPEN):
        yield "Every line has its verdict; the final listing that checks them is still owed."


def ways_on(
    run: Run, journal: Path, *, broken: bool = False, plan_file: Path | None = None, options: str = ""
) -> Iterator[str]:
    """
    Yield the commands to go on with, each with what it is for.

    Args:

        run: The run, at rest.
        journal: Where its journal is.
        broken: Whether the journal could not be written, so that nobody knows whether the run is finished.
        plan_file: Where the plan is, None if that is not known.
        options: Options of every new run of the plan: where the state directory is, if not where it is by default.
    """
    path = pasteable(journal)
    if run.is_unfinished or broken:
        yield f"To go on: orchestrator resume {path}"
        if not broken:
            yield f"or to leave it at that: orchestrator abandon {path} --reason TEXT"
        return
    if run.state_table.has(RERUNNABLE):
        yield f"To try again what did not go: orchestrator run --from {path} --only-failed{options}"
    if run.state_table.has(CHANGED) and plan_file is not None:
        yield f"To review again what was refused or drifted: orchestrator review {pasteable(plan_file)}{options}"
    elif run.state_table.has(CHANGED):
        yield "What was refused or drifted needs a new review: orchestrator review PLAN"
