"""The plan of a second go at what an earlier run left behind: the same products, by their ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from orchestrator.core.plan import Entry, Plan
from orchestrator.core.states import State
from orchestrator.core.worklist import Decision, Line, Worklist

NOT_DONE = frozenset({State.FAILED, State.CONTRADICTED, State.STUCK, State.BLOCKED})
"""States of lines that an earlier run tried to terminate, or would have, and that did not go."""


def plan_again(plan: Plan, worklist: Worklist, states: Mapping[str, State], *, only_failed: bool) -> Plan:
    """
    Make a plan of an earlier run's lines.

    Args:

        plan: The earlier run's plan; its targets and limits are kept.
        worklist: What it was to do.
        states: How its lines ended.
        only_failed: Whether to leave out all but those that did not go.

    Returns:

        A plan that names each product by its id and lane; the name that was seen has to fit, too.
    """
    chosen = {
        line.id: line
        for line in worklist.lines
        if line.product is not None
        and (line.decision is Decision.TERMINATE or states[line.id] is State.BLOCKED)
        and (not only_failed or states[line.id] in NOT_DONE)
    }
    return replace(plan, entries=tuple(entry_of(line, chosen) for line in chosen.values()))


def entry_of(line: Line, chosen: Mapping[str, Line]) -> Entry:
    """Make the entry of a line."""
    assert line.lane is not None
    assert line.product is not None
    before = (chosen[id_].product_id for id_ in line.after if id_ in chosen)
    return Entry(
        product_id=line.product_id,
        name=line.product.name,
        account_id=line.lane.account_id,
        region=line.lane.region,
        key=line.key,
        options=line.options,
        depends_on=tuple(product_id for product_id in before if product_id),
        where=line.where,
    )
