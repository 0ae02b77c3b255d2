"""
What a decision needs to know beyond the listings: the records of products that are missing or under change, whether what
is missing is really not there, and whether records may be read at all.

A lane that is the only one a product can be in is asked for that product's own history; where many lanes could have held
it, each lane's newest records are read once for all such products, since asking each lane for each would never end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from orchestrator.core.inventory.model import UNDER_CHANGE, Inventory, Product
from orchestrator.core.plan.model import Entry, Plan
from orchestrator.core.review.select import select
from orchestrator.core.review.worklist import Decision, Worklist
from orchestrator.core.values.lane import Lane

MOST_PROBED = 3
"""Records that are tried to find out whether the records of a lane may be read."""


@dataclass(slots=True)
class LaneLookups:
    """
    What to look up in one lane.

    `histories` are products whose records are read; `ids` and `names` are to be found among the lane's newest records.
    `missing` are products, by id or name, that the listing does not show and that are looked up once. `probes` are records
    that tell whether records may be read.
    """

    histories: dict[str, None] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    missing: dict[str, None] = field(default_factory=dict)
    probes: list[str] = field(default_factory=list)

    def probe(self, product: Product) -> None:
        """Use the last record of a product that may be terminated as a probe, if more are needed."""
        if product.last_record_id and len(self.probes) < MOST_PROBED and product.last_record_id not in self.probes:
            self.probes.append(product.last_record_id)


def key_of(entry: Entry) -> str:
    """Return what a lookup of a missing product is known by: its id, or `name:` and its name."""
    return entry.product_id or f"name:{entry.name}"


def questions(plan: Plan, inventories: Sequence[Inventory]) -> dict[Lane, LaneLookups]:
    """
    Say what has to be looked up, and where.

    Args:

        plan: What products it names and selects.
        inventories: The lanes' listings; those that are incomplete are not asked anything further.

    Returns:

        A question for each lane that has to be asked one.
    """
    asked: dict[Lane, LaneLookups] = {}
    complete = [inventory for inventory in inventories if inventory.complete]
    names = [{product.name: product for product in inventory.products.values()} for inventory in complete]
    for found in select(plan, complete):
        question = asked.setdefault(found.inventory.lane, LaneLookups())
        question.probe(found.product)
        if found.product.status == UNDER_CHANGE:
            question.histories[found.product.product_id] = None
    for entry in plan.entries:
        admitted = [index for index, inventory in enumerate(complete) if entry.admits(inventory.lane)]
        shown = False
        for index in admitted:
            inventory = complete[index]
            product = inventory.products.get(entry.product_id) if entry.product_id else names[index].get(entry.name or "")
            if product is not None:
                shown = True
                question = asked.setdefault(inventory.lane, LaneLookups())
                question.probe(product)
                if product.status == UNDER_CHANGE:
                    question.histories[product.product_id] = None
        if not shown:
            ask_for(entry, [complete[index].lane for index in admitted], asked)
    return asked


def questions_of_lines(worklist: Worklist, inventories: Sequence[Inventory]) -> dict[Lane, LaneLookups]:
    """
    Say what has to be looked up about the lines of a saved worklist: the records of what is under change.

    Args:

        worklist: What was reviewed.
        inventories: The lanes' listings.

    Returns:

        A question for each lane that has to be asked one.
    """
    asked: dict[Lane, LaneLookups] = {}
    complete = {inventory.lane: inventory for inventory in inventories if inventory.complete}
    for line in worklist.of(Decision.TERMINATE):
        inventory = complete.get(line.lane) if line.lane else None
        product = inventory.products.get(line.product_id or "") if inventory else None
        if product is None or inventory is None:
            continue
        question = asked.setdefault(inventory.lane, LaneLookups())
        question.probe(product)
        if product.status == UNDER_CHANGE and product.last_record_id != line.record_id:
            question.histories[product.product_id] = None
    return asked


def ask_for(entry: Entry, lanes: Sequence[Lane], asked: dict[Lane, LaneLookups]) -> None:
    """Ask for a product that no lane shows."""
    for lane in lanes:
        question = asked.setdefault(lane, LaneLookups())
        question.missing[key_of(entry)] = None
        if entry.product_id is None:
            question.names.add(entry.name or "")
        elif len(lanes) == 1:
            question.histories[entry.product_id] = None
        else:
            question.ids.add(entry.product_id)
