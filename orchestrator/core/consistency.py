"""Whether a worklist that comes from outside can be one of ours: what a run relies on without asking again."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.core.again import paired
from orchestrator.core.graph import cycles
from orchestrator.core.lane import Lane
from orchestrator.core.matching import misfits_of
from orchestrator.core.ordering import hold
from orchestrator.core.plan import Plan
from orchestrator.core.protection import PASSING, protection
from orchestrator.core.worklist import Decision, Line, Worklist, line_id


def inconsistencies(plan: Plan, worklist: Worklist) -> Iterator[str]:
    """
    Yield what is wrong with a worklist.

    Args:

        plan: The plan that it says it was made from.
        worklist: What was read.
    """
    ids = [line.id for line in worklist.lines]
    if len(set(ids)) != len(ids):
        yield "a line stands in it twice"
    lanes = [lane for lane, _ in worklist.lanes]
    if len(set(lanes)) != len(lanes):
        yield "a lane stands in it twice"
    if plan.targets and not set(lanes) <= set(plan.lanes):
        yield "it has a lane that is none of the plan's targets"
    asked = [line for _, line in paired(plan, worklist) if line is not None]
    selected = [line for line in worklist.lines if line.selected_by]
    if len(asked) + len(selected) != len(worklist.lines):
        yield "it has lines that its plan does not ask for"
    yield from (f"{line.id} is not what its plan selects" for line in selected if not is_selected(plan, line))
    usable = frozenset(worklist.usable_lanes)
    known = set(ids)
    for line in worklist.lines:
        if not set(line.after) <= known:
            yield f"{line.id} comes after a line that it does not have"
        elif line.decision is Decision.TERMINATE and (mistake := mistake_in(plan, line, usable, worklist.made_at)):
            yield f"{line.id} {mistake}"
    if known >= {before for line in worklist.lines for before in line.after}:
        if cycles({line.id: line.after for line in worklist.of(Decision.TERMINATE)}):
            yield "its lines wait for one another"
        elif hold(worklist.lines) != list(worklist.lines):
            yield "it would terminate something that comes after a product which stays"


def mistake_in(plan: Plan, line: Line, usable: frozenset[Lane], made_at: float) -> str | None:
    """Say why a line cannot be one that is to be terminated, None if it can."""
    if not is_whole(line):
        return "is to be terminated and does not say of what it consists"
    assert line.product is not None
    assert line.lane is not None
    if line.lane not in usable:
        return "is in a lane that could not be read"
    if protection(plan, line.product, line.lane, made_at):
        return "is protected"
    return None


def is_whole(line: Line) -> bool:
    """Whether a line to terminate names one product, and all its parts name the same one."""
    product, lane = line.product, line.lane
    if product is None or lane is None or line.product_id is None:
        return False
    return product.product_id == line.product_id and line.id == line_id(lane, line.product_id)


def is_selected(plan: Plan, line: Line) -> bool:
    """Whether a line can have come from the selections that it names, with their options."""
    if any(not 0 <= index < len(plan.selections) for index in line.selected_by):
        return False
    selections = [plan.selections[index] for index in line.selected_by]
    if line.options != selections[0].options and line.product is not None:
        return False
    if line.decision is not Decision.TERMINATE or line.product is None or line.lane is None:
        return True
    passing = {
        misfit for each in selections for misfit in misfits_of(each.conditions, line.product, line.lane, float("inf"))
    }
    return passing <= PASSING
