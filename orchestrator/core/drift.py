"""
What has changed since a worklist was reviewed. A line that drifted is not sent; what is new is no line, and never touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.core.inventory import QUIET, UNDER_CHANGE, Inventory, Product
from orchestrator.core.lane import Lane
from orchestrator.core.ordering import fitting, shown_by, stranger
from orchestrator.core.plan import Plan
from orchestrator.core.protection import bar
from orchestrator.core.selection import meets
from orchestrator.core.worklist import Decision, Line, Reason, Worklist, line_id


def drifts(plan: Plan, worklist: Worklist, inventories: Sequence[Inventory]) -> dict[str, str]:
    """
    Compare a reviewed worklist with what there is now.

    Args:

        plan: What it was made from, with its protections and selections.
        worklist: What was reviewed.
        inventories: What the lanes hold now; nothing is concluded from those that are incomplete.

    Returns:

        The lines to terminate that are not what was reviewed any more, each with the reason. One that is gone is none of
        them, unless the name that it was asked by is another product's now.
    """
    complete = {inventory.lane: inventory for inventory in inventories if inventory.complete}
    names = {lane: {each.name: each for each in held.products.values()} for lane, held in complete.items()}
    strangers = Strangers(plan, worklist, list(complete.values()))
    found = {}
    for line in worklist.of(Decision.TERMINATE):
        inventory = complete.get(line.lane) if line.lane else None
        if inventory is None:
            continue
        namesake = names[inventory.lane].get(line.asked_name) if line.asked_name else None
        assert line.product_id is not None
        now = inventory.products.get(line.product_id)
        reason = drift_of(line, now, namesake)
        if reason is None and now is not None:
            reason = strangers.beside(line, inventory) or bar(plan, line, now, inventory.begun_at)
        if reason:
            found[line.id] = reason
    return found


class Strangers:
    """Finds products that fit a glob or a selection which a line comes after, and that are no lines themselves."""

    def __init__(self, plan: Plan, worklist: Worklist, inventories: Sequence[Inventory]) -> None:
        self._plan = plan
        self._inventories = inventories
        self._selected: dict[int, str | None] = {}
        self._known = {line.id for line in worklist.lines}
        self._found: dict[tuple[Lane, str], list[Product]] = {}

    def beside(self, line: Line, inventory: Inventory) -> str | None:
        """Say which product a line would have to come after now, None if there is no such product."""
        for glob in line.globs:
            place = (inventory.lane, glob)
            if place not in self._found:
                fit = fitting(inventory, glob)
                self._found[place] = [each for each in fit if line_id(inventory.lane, each.product_id) not in self._known]
            if self._found[place]:
                return stranger(self._found[place][0], glob)
        for number in line.behind:
            if number not in self._selected:
                self._selected[number] = next(self._selected_now(number), None)
            if self._selected[number]:
                return self._selected[number]
        return None

    def _selected_now(self, number: int) -> Iterator[str]:
        """Yield products that a selection would find now and had not found at review."""
        selection = self._plan.selections[number]
        at = f" at {selection.where}" if selection.where else ""
        for inventory in self._inventories:
            for product in shown_by(inventory):
                if line_id(inventory.lane, product.product_id) not in self._known and meets(selection, inventory, product):
                    yield f"{product.name} ({product.product_id}) is selected{at} now, and was not reviewed"


def drift_of(line: Line, now: Product | None, namesake: Product | None) -> str | None:
    """Say how a line has drifted, None if it has not. *namesake* bears the name that it was asked by, if that is borne."""
    assert line.product is not None
    if now is None:
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
