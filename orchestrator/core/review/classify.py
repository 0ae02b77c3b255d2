"""What is to be done with one product that a complete listing shows, by what it is: the line of an entry that means it."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.core.inventory.model import (
    CONTROL_TOWER_ACCOUNT,
    FINAL,
    KNOWN_TYPES,
    PLAN_IN_PROGRESS,
    STABLE_STATUSES,
    UNDER_CHANGE,
    Inventory,
    Product,
    Record,
)
from orchestrator.core.plan.model import Entry, Plan
from orchestrator.core.review.protect import UNSEARCHED, protection
from orchestrator.core.review.worklist import Decision, Line, Reason, line_id, unplaced_id
from orchestrator.core.values.lane import Lane

Judgement = tuple[Decision, Reason, str]


def decide_found(
    plan: Plan, entry: Entry, inventory: Inventory, product: Product, selected_by: tuple[int, ...] = ()
) -> Line:
    """Decide on a product that a complete listing shows, and that an entry names or selections find."""
    judgement, record_id = judge(plan, entry, inventory, product, is_selected=bool(selected_by))
    return line_of(entry, inventory.lane, judgement, product=product, record_id=record_id, selected_by=selected_by)


def judge(
    plan: Plan, entry: Entry, inventory: Inventory, product: Product, *, is_selected: bool
) -> tuple[Judgement, str | None]:
    """
    Decide by what protects a product, by who asks for it, and by its type and status.

    Returns:

        The judgement, and the record of somebody's termination to follow, if that is what it is.
    """
    if reason := protection(plan, product, inventory.lane, inventory.moments):
        return (Decision.SKIP, Reason.PROTECTED, reason), None
    if product.tags is None:
        return (Decision.REFUSE, Reason.LISTINGS_DIFFER, UNSEARCHED), None
    if entry.name not in (None, product.name):
        # Names cannot be changed once a product is provisioned (documented).
        detail = f"{product.product_id} is named {product.name}, and the plan calls it {entry.name}"
        return (Decision.REFUSE, Reason.OTHER_NAME, detail), None
    if product.type == CONTROL_TOWER_ACCOUNT and (entry.product_id is None or is_selected):
        detail = "it is a Control Tower account; name it by its ProvisionedProductId if it is really meant"
        return (Decision.REFUSE, Reason.CONTROL_TOWER, detail), None
    return judge_state(product, inventory.records.get(product.product_id, ()))


def judge_state(product: Product, records: Sequence[Record]) -> tuple[Judgement, str | None]:
    """
    Decide by a product's type and status.

    Returns:

        The judgement, and the record of somebody's termination to follow, if that is what it is.
    """
    if product.type not in KNOWN_TYPES:
        return (Decision.REFUSE, Reason.UNKNOWN_TYPE, f"its type {product.type or '(none)'} is not known"), None
    if product.status in STABLE_STATUSES:
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
    selected_by: tuple[int, ...] = (),
) -> Line:
    """Make the line of an entry, or of what selections find."""
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
        requested_name=entry.name,
        key=entry.key,
        record_id=record_id,
        location=entry.location,
        selected_by=selected_by,
    )
