"""
What has changed since a worklist was reviewed. A line that drifted is not sent; what is new is no line, and never touched.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.core.inventory import QUIET, UNDER_CHANGE, Inventory, Product
from orchestrator.core.worklist import Decision, Line, Reason, Worklist


def drifts(worklist: Worklist, inventories: Sequence[Inventory]) -> dict[str, str]:
    """
    Compare a reviewed worklist with what there is now.

    Args:

        worklist: What was reviewed.
        inventories: What the lanes hold now; nothing is concluded from those that are incomplete.

    Returns:

        The lines to terminate that are not what was reviewed any more, each with the reason. One that is gone is none of
        them, unless the name that it was asked by is another product's now.
    """
    complete = {inventory.lane: inventory for inventory in inventories if inventory.complete}
    found = {}
    for line in worklist.of(Decision.TERMINATE):
        inventory = complete.get(line.lane) if line.lane else None
        if inventory is not None and (reason := drift_of(line, inventory)):
            found[line.id] = reason
    return found


def drift_of(line: Line, inventory: Inventory) -> str | None:
    """Say how a line has drifted, None if it has not."""
    assert line.product is not None
    now = inventory.products.get(line.product.product_id)
    if now is None:
        namesake = next((p for p in inventory.products.values() if p.name == line.asked_name), None)
        return f"it is gone, and its name is borne by another product, {namesake.product_id}, now" if namesake else None
    if line.reason is Reason.ADOPT:
        return None if now.last_record_id == line.record_id else newer(now)
    if now.status == UNDER_CHANGE:
        return f"it is under change now, by {now.last_record_id or 'a record that is not shown'}"
    if now.status not in QUIET:
        return f"its status is {now.status or '(none)'} now"
    if now.last_record_id != line.product.last_record_id:
        return newer(now)
    if (now.name, now.type) != (line.product.name, line.product.type):
        return f"it is {now.name} of type {now.type} now, and was {line.product.name} of type {line.product.type}"
    return None


def newer(now: Product) -> str:
    """Say that something has happened to a product since."""
    return f"its last record is {now.last_record_id or 'not shown'} now, so something was done to it since the review"
