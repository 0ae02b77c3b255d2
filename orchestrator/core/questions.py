"""
What a decision needs to know beyond the listings: the records of products that are missing or under change.

A lane that is the only one a product can be in is asked for that product's own history; where many lanes could have held
it, each lane's newest records are read once for all such products, since asking each lane for each would never end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from orchestrator.core.inventory import UNDER_CHANGE, Inventory
from orchestrator.core.lane import Lane
from orchestrator.core.plan import Entry, Plan
from orchestrator.core.selection import select


@dataclass(slots=True)
class Question:
    """What to look up in one lane: histories of products, and ids and names to find among the lane's newest records."""

    histories: dict[str, None] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)


def questions(plan: Plan, inventories: Sequence[Inventory]) -> dict[Lane, Question]:
    """
    Say what has to be looked up, and where.

    Args:

        plan: What products it names and selects.
        inventories: The lanes' listings; those that are incomplete are not asked anything further.

    Returns:

        A question for each lane that has to be asked one.
    """
    asked: dict[Lane, Question] = {}
    complete = [inventory for inventory in inventories if inventory.complete]
    names = [{product.name: product for product in inventory.products.values()} for inventory in complete]
    for found in select(plan, complete):
        if found.product.status == UNDER_CHANGE:
            asked.setdefault(found.inventory.lane, Question()).histories[found.product.product_id] = None
    for entry in plan.entries:
        admitted = [index for index, inventory in enumerate(complete) if entry.admits(inventory.lane)]
        shown = False
        for index in admitted:
            inventory = complete[index]
            product = inventory.products.get(entry.product_id) if entry.product_id else names[index].get(entry.name or "")
            if product is not None:
                shown = True
                if product.status == UNDER_CHANGE:
                    asked.setdefault(inventory.lane, Question()).histories[product.product_id] = None
        if not shown:
            ask_for(entry, [complete[index].lane for index in admitted], asked)
    return asked


def ask_for(entry: Entry, lanes: Sequence[Lane], asked: dict[Lane, Question]) -> None:
    """Ask for a product that no lane shows."""
    for lane in lanes:
        question = asked.setdefault(lane, Question())
        if entry.product_id is None:
            question.names.add(entry.name or "")
        elif len(lanes) == 1:
            question.histories[entry.product_id] = None
        else:
            question.ids.add(entry.product_id)
