"""
A second go at what an earlier run left behind: the same plan with its products pinned to their ids, and which of them are
meant. The rest of the plan is kept, so that its order holds: a product that is left out and still there blocks what comes
after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from orchestrator.core.narrowing import leave_out
from orchestrator.core.ordering import hold
from orchestrator.core.plan import Entry, Plan
from orchestrator.core.states import OPEN, State
from orchestrator.core.worklist import Decision, Line, Reason, Worklist

NOT_DONE = OPEN | {State.FAILED, State.CONTRADICTED, State.TIMED_OUT, State.BLOCKED}
"""
States of lines that an earlier run tried to terminate, or would have, and that are not known to have gone; those that are
open were left so when the run was abandoned.
"""


def pinned(plan: Plan, worklist: Worklist) -> Plan:
    """
    Pin a plan's entries to the products that an earlier review found for them.

    Args:

        plan: The earlier run's plan.
        worklist: What was decided on it.

    Returns:

        The plan, in which each entry whose product was found names it by id and lane, too; what its selections had found is
        named by entries now, which still have to fit, and nothing is selected anew.
    """
    entries = [pin(entry, line) for entry, line in paired(plan, worklist)]
    selected = [] if plan.pinned else [line for line in worklist.lines if line.selected_by and line.product is not None]
    return replace(plan, entries=(*entries, *map(written_of, selected)), pinned=True)


def written_of(line: Line) -> Entry:
    """Return the entry that names what a selection had found, after what it came after."""
    assert line.lane is not None
    return Entry(
        product_id=line.product_id,
        account_id=line.lane.account_id,
        region=line.lane.region,
        options=line.options,
        depends_on=line.globs,
        where=line.where,
        selected_by=line.selected_by,
        after=line.after,
        adopted=line.reason is Reason.ADOPT,
    )


def paired(plan: Plan, worklist: Worklist) -> Iterator[tuple[Entry, Line | None]]:
    """Yield each entry with its line: lines are in the plan's order, and entries that share one come after it."""
    lines = iter([line for line in worklist.lines if plan.pinned or not line.selected_by])
    line = next(lines, None)
    for entry in plan.entries:
        if line is not None and is_of(line, entry):
            yield entry, line
            line = next(lines, None)
        else:
            yield entry, None


def is_of(line: Line, entry: Entry) -> bool:
    """Whether a line was made for an entry."""
    same = (line.where, line.key, line.asked_name, line.options) == (entry.where, entry.key, entry.name, entry.options)
    return same and entry.product_id in (None, line.product_id)


def pin(entry: Entry, line: Line | None) -> Entry:
    """Return an entry that names the product of its line, after what it came after."""
    if line is None or line.product is None or line.lane is None:
        return entry
    return replace(
        entry,
        product_id=line.product_id,
        account_id=line.lane.account_id,
        region=line.lane.region,
        # A third go does not forget what the second could not name.
        after=tuple(dict.fromkeys((*entry.after, *line.after))),
    )


def meant(worklist: Worklist, states: Mapping[str, State], *, only_failed: bool) -> frozenset[str]:
    """
    Say which lines of an earlier run a second go is for.

    Args:

        worklist: What the earlier run was to do.
        states: How its lines ended.
        only_failed: Whether only those are meant that did not go.

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
        and (not only_failed or states[line.id] in NOT_DONE)
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
        more = {line.id for line in worklist.lines if not found.isdisjoint(line.after)} - found
        found |= more
        grown = bool(more)
    return frozenset(found)


def confined(worklist: Worklist, ids: frozenset[str]) -> Worklist:
    """Leave out of a worklist all lines but these."""
    lines = [
        line if line.id in ids else leave_out(line, "--from: the earlier run is done with it") for line in worklist.lines
    ]
    return replace(worklist, lines=tuple(hold(lines)))
