"""Whether a worklist that comes from outside can be one of ours: what a run relies on without asking again."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.core.again import paired
from orchestrator.core.graph import cycles
from orchestrator.core.ordering import hold
from orchestrator.core.plan import Plan
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
    if len(asked) != len(worklist.lines):
        yield "it has lines that its plan does not ask for"
    usable = {lane for lane, problem in worklist.lanes if problem is None}
    known = set(ids)
    for line in worklist.lines:
        if not set(line.after) <= known:
            yield f"{line.id} comes after a line that it does not have"
        elif line.decision is Decision.TERMINATE and not is_whole(line):
            yield f"{line.id} is to be terminated and does not say of what it consists"
        elif line.decision is Decision.TERMINATE and line.lane not in usable:
            yield f"{line.id} is in a lane that could not be read"
    if known >= {before for line in worklist.lines for before in line.after}:
        if cycles({line.id: line.after for line in worklist.of(Decision.TERMINATE)}):
            yield "its lines wait for one another"
        elif hold(worklist.lines) != list(worklist.lines):
            yield "it would terminate something that comes after a product which stays"


def is_whole(line: Line) -> bool:
    """Whether a line to terminate names one product, and all its parts name the same one."""
    product, lane = line.product, line.lane
    if product is None or lane is None or line.product_id is None:
        return False
    return product.product_id == line.product_id and line.id == line_id(lane, line.product_id)
