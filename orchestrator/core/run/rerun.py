"""
A second run of an earlier run's plan: which lines of the earlier run it is for.

The plan is reviewed as it stands in the earlier journal, so that its order and its protections hold. Everything but the
lines to retry is left out; a product that is left out and still there blocks what comes after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orchestrator.core.review.filter import leave_out
from orchestrator.core.review.order import propagate_blocks
from orchestrator.core.review.worklist import Decision, Reason, Worklist
from orchestrator.core.run.transitions import OPEN, State

RERUNNABLE = OPEN | {State.FAILED, State.CONTRADICTED, State.TIMED_OUT, State.BLOCKED}
"""
States of lines that an earlier run tried to terminate, or would have, and that are not known to have gone; those that are
open were left so when the run was abandoned.
"""


def lines_to_retry(worklist: Worklist, states: Mapping[str, State], *, only_failed: bool) -> frozenset[str]:
    """
    Say which lines of an earlier run a second run is for.

    Args:

        worklist: What the earlier run was to do.
        states: How its lines ended.
        only_failed: Whether only those are that were not terminated.

    Returns:

        The ids of lines.
    """
    waiting = behind_missing(worklist)
    return frozenset(
        line.id
        for line in worklist.lines
        if line.product is not None
        and line.id not in waiting
        and (line.decision is Decision.TERMINATE or states[line.id] is State.BLOCKED)
        and (not only_failed or states[line.id] in RERUNNABLE)
    )


def behind_missing(worklist: Worklist) -> frozenset[str]:
    """
    Return the lines behind a product that was not found: in a run that was asked (`--strict`) to refuse such, or where
    another product may have been meant.
    """
    found = {
        line.id
        for line in worklist.lines
        if line.decision is Decision.REFUSE and line.reason in (Reason.NOT_FOUND, Reason.UNCLEAR)
    }
    grown = bool(found)
    while grown:
        more = {line.id for line in worklist.lines if not found.isdisjoint(line.after_lines)} - found
        found |= more
        grown = bool(more)
    return frozenset(found)


def restrict_to(worklist: Worklist, ids: frozenset[str]) -> Worklist:
    """Leave out of a worklist all lines but these ids."""
    lines = [
        line if line.id in ids else leave_out(line, "--from: the earlier run is done with it") for line in worklist.lines
    ]
    return replace(worklist, lines=tuple(propagate_blocks(lines)))
