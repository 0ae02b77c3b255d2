"""Names that are so like one that was not found that they may be what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from orchestrator.core.inventory.model import Inventory
from orchestrator.core.plan.model import Entry, Plan

LIKENESS = 0.8
"""Share of two names that has to be the same (`difflib`'s ratio)."""

MOST_CLOSE = 3
MOST_SUGGESTED = 20
"""Missing names that suggestions are made for, beside all those that something depends on: each costs a walk over all."""


class CloseNames:
    """
    Finds products whose names are like those of missing ones.

    Args:

        plan: What it names; a close name matters most where something depends on the missing one.
        inventories: What the lanes hold.
    """

    def __init__(self, plan: Plan, inventories: Sequence[Inventory]) -> None:
        words = [*(each.depends_on for each in plan.entries), *(each.depends_on for each in plan.selections)]
        self._depended_on = {word for each in words for word in each}
        self._ids: dict[str, list[tuple[Inventory, str]]] = {}
        self._left = MOST_SUGGESTED
        for inventory in inventories:
            for product in (*inventory.products.values(), *inventory.only_searched.values()):
                self._ids.setdefault(product.name, []).append((inventory, product.product_id))

    def of(self, entry: Entry, admitted: Iterable[Inventory]) -> dict[str, str]:
        """
        Find close names.

        Args:

            entry: An entry whose product is missing.
            admitted: Where it could be.

        Returns:

            The names of products by their ids, the closest first.
        """
        if entry.name is None:
            return {}
        if not entry.handles & self._depended_on:
            if self._left == 0:
                return {}
            self._left -= 1
        lanes = {inventory.lane for inventory in admitted}
        close = get_close_matches(entry.name, self._ids, MOST_CLOSE, LIKENESS)
        return {id_: name for name in close for inventory, id_ in self._ids[name] if inventory.lane in lanes}
