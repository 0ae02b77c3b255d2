"""Entries that name a product; and those that may mean it and could not be resolved to it: then it is nobody's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from orchestrator.core.inventory.model import Product
from orchestrator.core.plan.model import Entry
from orchestrator.core.review.worklist import Decision, Line
from orchestrator.core.values.lane import Lane

About = TypeVar("About")


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
