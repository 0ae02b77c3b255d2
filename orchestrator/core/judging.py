"""What is to be done with one product that a complete listing shows, by what it is: the line of an entry that means it."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.core.inventory import (
    CONTROL_TOWER_ACCOUNT,
    FINAL,
    KNOWN_TYPES,
    PLAN_IN_PROGRESS,
    QUIET,
    UNDER_CHANGE,
    Inventory,
    Product,
    Record,
)
from orchestrator.core.lane import Lane
from orchestrator.core.plan import Entry, Plan
from orchestrator.core.protection import UNSEARCHED, outgrown, passing_of, protection
from orchestrator.core.worklist import Decision, Line, Reason, line_id, unplaced_id

Judgement = tuple[Decision, Reason, str]


def decide_found(plan: Plan, entry: Entry, inventory: Inventory, product: Product) -> Line:
    """Decide on a product that a complete listing shows."""
    lane = inventory.lane
    if reason := protection(plan, product, lane, inventory.moments):
        return line_of(entry, lane, (Decision.SKIP, Reason.PROTECTED, reason), product=product)
    if product.tags is None:
        return line_of(entry, lane, (Decision.REFUSE, Reason.LISTINGS_DIFFER, UNSEARCHED), product=product)
    if entry.name not in (None, product.name):
        # Names cannot be changed once a product is provisioned (documented).
        detail = f"{product.product_id} is named {product.name}, and the plan calls it {entry.name}"
        judgement: Judgement = (Decision.REFUSE, Reason.OTHER_NAME, detail)
        return line_of(entry, inventory.lane, judgement, product=product)
    passing = passing_of(product, adopted=entry.adopted)
    if reason := outgrown(plan, entry.selected_by, product, lane, inventory.moments, passing=passing):
        return line_of(entry, lane, (Decision.SKIP, Reason.LEFT_OUT, reason), product=product)
    if product.type == CONTROL_TOWER_ACCOUNT and (entry.product_id is None or entry.selected_by):
        detail = "it is a Control Tower account; name it by its ProvisionedProductId if it is really meant"
        return line_of(entry, inventory.lane, (Decision.REFUSE, Reason.CONTROL_TOWER, detail), product=product)
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
        words = f": {product.status_message}" if product.status != "AVAILABLE" and product.status_message else ""
        return (Decision.TERMINATE, Reason.PLANNED, f"it is {product.status}{words}"), None
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
    product_id = product.product_id if product else entry.product_id
    return Line(
        id=line_id(lane, product_id) if lane and product_id else unplaced_id(entry, lane),
        product_id=product_id,
        lane=lane,
        decision=decision,
        reason=reason,
        detail=detail,
        options=entry.options,
        product=product,
        asked_name=entry.name,
        key=entry.key,
        record_id=record_id,
        where=entry.where,
        selected_by=entry.selected_by,
    )
