"""Names of products: which entries name one, which refused entry may mean it, and which names are like a missing one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Generic, TypeVar

from orchestrator.core.inventory.model import Inventory, Product
from orchestrator.core.plan.model import Entry, Plan
from orchestrator.core.review.worklist import Decision, Line
from orchestrator.core.values.lane import Lane

About = TypeVar("About")


LIKENESS = 0.8
"""Share of two names that has to be the same (`difflib`'s ratio)."""

MOST_CLOSE = 3

MOST_SUGGESTED = 20
"""Missing names that suggestions are made for, beside all those that something depends on: each costs a walk over all."""


class NameIndex(Generic[About]):
    """
    Finds what is known of the entries that name a product: by its id, or by its name if they give no id.

    Args:

        known: Entries, each with what is known of it.
    """

    def __init__(self, known: Iterable[tuple[Entry, About]]) -> None:
        self._by_id: dict[str, list[tuple[Entry, About]]] = {}
        self._by_name: dict[str, list[tuple[Entry, About]]] = {}
        for entry, about in known:
            if entry.product_id is not None:
                self._by_id.setdefault(entry.product_id, []).append((entry, about))
            else:
                self._by_name.setdefault(entry.name or "", []).append((entry, about))

    def of(self, product: Product, lane: Lane) -> Iterator[About]:
        """Yield what is known of the entries that may mean a product of a lane."""
        for entry, about in (*self._by_id.get(product.product_id, ()), *self._by_name.get(product.name, ())):
            if entry.admits(lane):
                yield about


class RefusedNames:
    """
    Finds the refused entry that may mean a product.

    Args:

        decided: Entries with their lines.
    """

    def __init__(self, decided: Iterable[tuple[Entry, Line]]) -> None:
        self._refused = NameIndex(
            (entry, line) for entry, line in decided if line.product is None and line.decision is Decision.REFUSE
        )

    def on(self, product: Product, lane: Lane) -> str | None:
        """Say which refused entry may mean a product, None if none does."""
        line = next(self._refused.of(product, lane), None)
        if line is None:
            return None
        place = f" at {line.location}" if line.location else ""
        return f"the entry{place} may mean it, and is refused: {line.detail}"


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
