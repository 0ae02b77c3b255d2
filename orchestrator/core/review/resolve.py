"""
From an entry to the one product that it means, or to why there is none: ids, names, and the lanes that may hold them.

A name is resolved here, once; from then on only the id counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.core.inventory.model import Inventory, Product
from orchestrator.core.plan.model import Entry
from orchestrator.core.review.lookups import key_of
from orchestrator.core.review.worklist import Reason
from orchestrator.core.values.lane import Lane

MOST_CANDIDATES_NAMED = 5
"""Candidates that a refusal names at most."""


@dataclass(frozen=True, slots=True)
class Found:
    """Exactly one product fits."""

    inventory: Inventory
    product: Product


@dataclass(frozen=True, slots=True)
class Absent:
    """Complete listings of all lanes that it could be in do not show it."""

    inventories: tuple[Inventory, ...]


@dataclass(frozen=True, slots=True)
class Unresolved:
    """It cannot be told which product is meant, or whether there is one."""

    reason: Reason
    detail: str
    lane: Lane | None


Resolution = Found | Absent | Unresolved


class Resolver:
    """Finds products in inventories."""

    def __init__(self, inventories: Sequence[Inventory]) -> None:
        self._inventories = inventories
        self._by_id: dict[str, list[Inventory]] = {}
        self._by_name: dict[str, list[tuple[Inventory, Product]]] = {}
        for inventory in inventories:
            for product in inventory.products.values():
                self._by_id.setdefault(product.product_id, []).append(inventory)
                self._by_name.setdefault(product.name, []).append((inventory, product))

    def resolve(self, entry: Entry) -> Resolution:
        """Find the product of an entry."""
        admitted = tuple(inventory for inventory in self._inventories if entry.admits(inventory.lane))
        if not admitted:
            detail = "no lane of this run is the one that its AccountId and Region name"
            return Unresolved(Reason.LANE_INCOMPLETE, detail, None)
        return self._by_its_id(entry, admitted) if entry.product_id else self._by_its_name(entry, admitted)

    def _by_its_id(self, entry: Entry, admitted: tuple[Inventory, ...]) -> Resolution:
        assert entry.product_id is not None
        holders = [inventory for inventory in self._by_id.get(entry.product_id, ()) if entry.admits(inventory.lane)]
        if len(holders) > 1:
            lanes = ", ".join(str(inventory.lane) for inventory in holders)
            return Unresolved(Reason.AMBIGUOUS, f"found in more than one lane: {lanes}", None)
        if holders and holders[0].complete:
            return Found(holders[0], holders[0].products[entry.product_id])
        searched = [inventory for inventory in admitted if entry.product_id in inventory.only_searched]
        trouble = refuse_unread(entry, holders, admitted) or differing(searched) or looked_up(entry, admitted)
        return trouble or Absent(admitted)

    def _by_its_name(self, entry: Entry, admitted: tuple[Inventory, ...]) -> Resolution:
        assert entry.name is not None
        bearers = [found for found in self._by_name.get(entry.name, ()) if entry.admits(found[0].lane)]
        if len(bearers) > 1:
            candidates = [
                f"{product.product_id} in {inventory.lane}" for inventory, product in bearers[:MOST_CANDIDATES_NAMED]
            ]
            more = f" and {len(bearers) - MOST_CANDIDATES_NAMED} more" if len(bearers) > MOST_CANDIDATES_NAMED else ""
            detail = f"{len(bearers)} products bear this name: {', '.join(candidates)}{more}; add AccountId and Region"
            return Unresolved(Reason.AMBIGUOUS, detail, None)
        searched = [
            inventory
            for inventory in admitted
            if any(product.name == entry.name for product in inventory.only_searched.values())
        ]
        # A namesake may be in a lane that could not be read.
        trouble = refuse_unread(entry, [inventory for inventory, _ in bearers], admitted) or differing(searched)
        if bearers:
            return trouble or Found(*bearers[0])
        return trouble or looked_up(entry, admitted) or Absent(admitted)


def refuse_unread(entry: Entry, holders: Sequence[Inventory], admitted: Sequence[Inventory]) -> Unresolved | None:
    """Refuse to conclude anything while a lane that may hold the product was not read completely."""
    incomplete = [inventory for inventory in admitted if not inventory.complete]
    if not incomplete:
        return None
    lane = holders[0].lane if holders else admitted[0].lane if len(admitted) == 1 else None
    first = incomplete[0]
    detail = f"lane {first.lane} could not be read completely: {first.coverage.problem}"
    if len(incomplete) > 1:
        detail = f"{len(incomplete)} lanes that may hold it could not be read completely, {first.lane} among them"
    elif len(admitted) > 1 and entry.product_id is None:
        detail += "; add AccountId and Region to leave it out of account"
    return Unresolved(Reason.LANE_INCOMPLETE, detail, lane)


def looked_up(entry: Entry, admitted: Sequence[Inventory]) -> Unresolved | None:
    """Refuse what a lookup finds and no listing shows, and what could not be looked up."""
    key = key_of(entry)
    for inventory in admitted:
        if found := inventory.looked_up.get(key):
            detail = (
                f"a lookup finds it ({found.product_id} in {inventory.lane}), and the complete listing does not show it; "
                "review again in a minute"
            )
            return Unresolved(Reason.LISTINGS_DIFFER, detail, inventory.lane)
    for inventory in admitted:
        if problem := inventory.unknown.get(key):
            detail = f"the listing of {inventory.lane} does not show it, and it could not be looked up: {problem}"
            return Unresolved(Reason.LANE_INCOMPLETE, detail, inventory.lane)
    return None


def differing(searched: Sequence[Inventory]) -> Unresolved | None:
    """Refuse what only the search shows."""
    if not searched:
        return None
    detail = "the search shows it and the complete listing does not; review again in a minute"
    return Unresolved(Reason.LISTINGS_DIFFER, detail, searched[0].lane)
