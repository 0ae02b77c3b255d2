"""
Plan × inventories → worklist. Every line gets a decision and a reason; nothing is guessed and nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.core.inventory import (
    FINAL,
    KNOWN_TYPES,
    PLAN_IN_PROGRESS,
    QUIET,
    SUCCEEDED,
    UNDER_CHANGE,
    Inventory,
    Product,
    Record,
)
from orchestrator.core.lane import Lane
from orchestrator.core.plan import Entry, Plan
from orchestrator.core.settle import newest
from orchestrator.core.worklist import Decision, Line, Reason, Worklist

Judgement = tuple[Decision, Reason, str]


def decide(plan: Plan, inventories: Sequence[Inventory], *, strict: bool = False) -> Worklist:
    """
    Decide what a run of *plan* would do.

    Args:

        plan: A valid plan.
        inventories: One for each lane of the plan.
        strict: Whether products that are not found are refused, not skipped.

    Returns:

        One line for each entry, in the plan's order.
    """
    by_lane = {inventory.lane: inventory for inventory in inventories}
    return Worklist(
        lines=tuple(decide_entry(entry, by_lane, strict=strict) for entry in plan.entries),
        made_at=min((inventory.begun_at for inventory in inventories), default=0.0),
        lanes=tuple((inventory.lane, problem_of(inventory)) for inventory in inventories),
    )


def problem_of(inventory: Inventory) -> str | None:
    """Say why nothing may be terminated in a lane; None if it may."""
    if inventory.complete:
        return None
    return inventory.problem or "its listing is incomplete"


def decide_entry(entry: Entry, by_lane: Mapping[Lane, Inventory], *, strict: bool) -> Line:
    """Decide on one entry."""
    holders = [inventory for inventory in by_lane.values() if entry.product_id in inventory.products]
    if len(holders) > 1:
        lanes = ", ".join(str(inventory.lane) for inventory in holders)
        return line_of(entry, None, (Decision.REFUSE, Reason.AMBIGUOUS, f"found in more than one lane: {lanes}"))
    unread = [inventory for inventory in by_lane.values() if not inventory.complete]
    if holders and holders[0].complete:
        return decide_found(entry, holders[0])
    if unread:
        # It may be in a lane that could not be read: that is no ground to call it absent.
        lane = holders[0].lane if holders else unread[0].lane
        detail = f"lane {lane} could not be read completely: {problem_of(unread[0])}"
        return line_of(entry, lane, (Decision.REFUSE, Reason.LANE_INCOMPLETE, detail))
    return decide_missing(entry, by_lane, Decision.REFUSE if strict else Decision.SKIP)


def decide_found(entry: Entry, inventory: Inventory) -> Line:
    """Decide on a product that a complete listing shows."""
    product = inventory.products[entry.product_id]
    judgement, record = judge(product, inventory.records.get(product.product_id, ()))
    return line_of(entry, inventory.lane, judgement, product=product, record_id=record)


def judge(product: Product, records: Sequence[Record]) -> tuple[Judgement, str | None]:
    """
    Decide by a product's type and status.

    Returns:

        The judgement, and the record of somebody's termination to follow, if that is what it is.
    """
    if product.type not in KNOWN_TYPES:
        return (Decision.REFUSE, Reason.UNKNOWN_TYPE, f"its type {product.type or '(none)'} is not known"), None
    if product.status in QUIET:
        return (Decision.TERMINATE, Reason.ASKED, f"it is {product.status}"), None
    if product.status == PLAN_IN_PROGRESS:
        detail = "a plan for it is in progress; execute or delete that plan first"
        return (Decision.REFUSE, Reason.PLAN_IN_PROGRESS, detail), None
    if product.status != UNDER_CHANGE:
        return (Decision.REFUSE, Reason.UNKNOWN_STATUS, f"its status {product.status or '(none)'} is not known"), None
    change = next((record for record in records if record.record_id == product.last_record_id), None)
    if change is None:
        detail = "it is under change, and the record of that change cannot be read"
        return (Decision.REFUSE, Reason.UNDER_CHANGE, detail), None
    if change.is_termination and change.status not in FINAL:
        detail = f"its termination is already under way by {change.record_id}; it is followed, not sent"
        return (Decision.TERMINATE, Reason.ADOPT, detail), change.record_id
    return (Decision.REFUSE, Reason.UNDER_CHANGE, f"it is under change by {change}"), None


def decide_missing(entry: Entry, by_lane: Mapping[Lane, Inventory], absent: Decision) -> Line:
    """Decide on a product that no lane's complete listing shows."""
    only_lane = next(iter(by_lane)) if len(by_lane) == 1 else None
    for inventory in by_lane.values():
        if entry.product_id in inventory.only_searched:
            detail = "the search shows it and the complete listing does not; review again in a minute"
            return line_of(entry, inventory.lane, (Decision.REFUSE, Reason.LISTINGS_DIFFER, detail))
    seen = [
        (inventory.lane, record) for inventory in by_lane.values() for record in inventory.records.get(entry.product_id, ())
    ]
    last = newest(record for _, record in seen if record.is_termination)
    if last is not None and last.status == SUCCEEDED:
        lane = next(lane for lane, record in seen if record is last)
        judgement = (Decision.SKIP, Reason.ALREADY_GONE, f"terminated before, by {last.record_id}")
        return line_of(entry, lane, judgement, record_id=last.record_id)
    if seen:
        lane, record = seen[0]
        detail = f"not found in {lane}; the last that is known of it is {record}"
        return line_of(entry, lane, (absent, Reason.NOT_FOUND, detail), record_id=record.record_id)
    lanes = ", ".join(map(str, by_lane)) or "any lane"
    return line_of(entry, only_lane, (absent, Reason.NOT_FOUND, f"not found in {lanes}"))


def line_of(
    entry: Entry,
    lane: Lane | None,
    judgement: Judgement,
    *,
    product: Product | None = None,
    record_id: str | None = None,
) -> Line:
    """Make the line of an entry."""
    decision, reason, detail = judgement
    return Line(
        product_id=entry.product_id,
        lane=lane,
        decision=decision,
        reason=reason,
        detail=detail,
        options=entry.options,
        product=product,
        key=entry.key,
        record_id=record_id,
    )
