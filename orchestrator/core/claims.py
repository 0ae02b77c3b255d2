"""Products that an entry may mean and could not be resolved to: they are nobody's, a selection's least of all."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.core.inventory import Product
from orchestrator.core.lane import Lane
from orchestrator.core.plan import Entry
from orchestrator.core.worklist import Decision, Line


class Claims:
    """
    Finds the refused entry that may mean a product.

    Args:

        decided: Entries with their lines.
    """

    def __init__(self, decided: Iterable[tuple[Entry, Line]]) -> None:
        self._by_word: dict[str, list[tuple[Entry, Line]]] = {}
        for entry, line in decided:
            if line.product is None and line.decision is Decision.REFUSE:
                self._by_word.setdefault(entry.product_id or entry.name or "", []).append((entry, line))

    def on(self, product: Product, lane: Lane) -> str | None:
        """Say which refused entry may mean a product, None if none does."""
        for word, by_id in ((product.product_id, True), (product.name, False)):
            for entry, line in self._by_word.get(word, ()):
                if (entry.product_id is not None) is by_id and entry.admits(lane):
                    place = f" at {entry.where}" if entry.where else ""
                    return f"the entry{place} may mean it, and is refused: {line.detail}"
        return None
