"""
Whether a worklist that comes from outside can be one of ours: what a run relies on without asking again.

Its lines are not decided anew: the run compares each with what is live before it sends (`drift`), protections included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from orchestrator.core.plan.model import Entry, Plan
from orchestrator.core.review.name_index import NameIndex
from orchestrator.core.review.order import propagate_blocks
from orchestrator.core.review.worklist import Decision, Line, Worklist
from orchestrator.core.values.lane import Lane


def inconsistencies(
    plan: Plan, worklist: Worklist, started_at: Mapping[Lane, float] = MappingProxyType({})
) -> Iterator[str]:
    """
    Yield what is wrong with a worklist.

    Args:

        plan: The plan that it says it was made from.
        worklist: What was read.
        started_at: When each lane was read, seconds since the epoch; when the worklist was made, where that is not said.
    """
    ids = [line.id for line in worklist.lines]
    if len(set(ids)) != len(ids):
        yield "a line stands in it twice"
    lanes = [lane for lane, _ in worklist.lanes]
    if len(set(lanes)) != len(lanes):
        yield "a lane stands in it twice"
    if plan.targets and not set(lanes) <= set(plan.lanes):
        yield "it has a lane that is none of the plan's targets"
    known, usable = set(ids), frozenset(worklist.usable_lanes)
    named = NameIndex((entry, entry) for entry in plan.entries)
    for line in worklist.lines:
        if not set(line.after_lines) <= known:
            yield f"{line.id} comes after a line that it does not have"
        elif not has_parts_of(plan, line):
            yield f"{line.id} names an entry or a selection that its plan does not have"
        elif line.decision is Decision.TERMINATE:
            made_at = worklist.made_at if line.lane is None else started_at.get(line.lane, worklist.made_at)
            yield from (f"{line.id} {mistake}" for mistake in mistakes_in(plan, line, usable, named, made_at))
    if known >= {before for line in worklist.lines for before in line.after_lines}:
        if worklist.dependencies.cycles():
            yield "its lines wait for one another"
        elif propagate_blocks(worklist.lines) != list(worklist.lines):
            yield "it would terminate something that comes after a product which stays"


def mistakes_in(plan: Plan, line: Line, usable: frozenset[Lane], named: NameIndex[Entry], made_at: float) -> Iterator[str]:
    """Yield why a line cannot be one that is to be terminated."""
    product, lane = line.product, line.lane
    if product is None or lane is None or line.product_id != product.product_id or line.id != f"{lane}/{line.product_id}":
        yield "is to be terminated and does not say of what it consists"
        return
    if lane not in usable:
        yield "is in a lane that could not be read"
    entries = tuple(named.of(product, lane))
    if bool(entries) == bool(line.selected_by):
        yield "is nothing that its plan asks for"
    options = {entry.options for entry in entries} | {plan.selections[number].options for number in line.selected_by}
    if options and line.options not in options:
        yield "has other options than its plan gives it"
    needs_notice = any(plan.selections[number].notice_seconds is not None for number in line.selected_by)
    if needs_notice != (line.due_at is not None) or (line.due_at or 0.0) > made_at:
        yield "is on notice"


def has_parts_of(plan: Plan, line: Line) -> bool:
    """Whether a plan has the entries and selections that a line comes from and comes after."""
    entries = all(0 <= number < len(plan.entries) for number in line.after_entries)
    return entries and all(0 <= number < len(plan.selections) for number in (*line.after_selections, *line.selected_by))
