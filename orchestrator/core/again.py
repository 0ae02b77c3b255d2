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
from orchestrator.core.states import State
from orchestrator.core.worklist import Decision, Line, Worklist

NOT_DONE = frozenset({State.FAILED, State.CONTRADICTED, State.STUCK, State.BLOCKED})
"""States of lines that an earlier run tried to terminate, or would have, and that did not go."""


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
    if plan.pinned:
        return replace(plan, entries=tuple(pin(entry, line) for entry, line in paired(plan, worklist)))
    selected = [line for line in worklist.lines if line.selected_by and line.product is not None]
    members = {
        each.key: tuple(line.product_id or "" for line in selected if number in line.selected_by)
        for number, each in enumerate(plan.selections)
        if each.key
    }
    entries = [
        replace(
            pin(entry, line), depends_on=tuple(each for word in entry.depends_on for each in members.get(word, (word,)))
        )
        for entry, line in paired(plan, worklist)
    ]
    handles = handles_of(worklist)
    written = [written_of(line, handles) for line in selected if can_wait(line, handles)]
    return replace(plan, entries=(*entries, *written), pinned=True)


def handles_of(worklist: Worklist) -> dict[str, str | None]:
    """Return for each line the word that a plan could name it by, None if there is none that is sure to mean it."""
    return {line.id: line.key or line.product_id for line in worklist.lines}


def can_wait(line: Line, handles: Mapping[str, str | None]) -> bool:
    """Whether all that a line comes after can be named; otherwise nothing would hold it back in a second go."""
    return all(handles[before] for before in line.after)


def written_of(line: Line, handles: Mapping[str, str | None]) -> Entry:
    """Return the entry that names what a selection had found, after what it came after."""
    assert line.lane is not None
    return Entry(
        product_id=line.product_id,
        account_id=line.lane.account_id,
        region=line.lane.region,
        options=line.options,
        depends_on=(*(handles[id_] or "" for id_ in line.after), *line.globs),
        where=line.where,
        selected_by=line.selected_by,
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
    """Return an entry that names the product of its line."""
    if line is None or line.product is None or line.lane is None:
        return entry
    return replace(
        entry,
        product_id=line.product_id,
        account_id=line.lane.account_id,
        region=line.lane.region,
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
    handles = handles_of(worklist)
    return frozenset(
        line.id
        for line in worklist.lines
        if line.product is not None
        and can_wait(line, handles)
        and (line.decision is Decision.TERMINATE or states[line.id] is State.BLOCKED)
        and (not only_failed or states[line.id] in NOT_DONE)
    )


def confined(worklist: Worklist, ids: frozenset[str]) -> Worklist:
    """Leave out of a worklist all lines but these."""
    lines = [
        line if line.id in ids else leave_out(line, "--from: the earlier run is done with it") for line in worklist.lines
    ]
    return replace(worklist, lines=tuple(hold(lines)))
