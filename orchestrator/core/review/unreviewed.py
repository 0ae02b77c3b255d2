"""
Products that a line comes after and that nobody has reviewed. Such a product has a name or an id of the line's `DependsOn`,
fits a glob of it or is selected by a Key of it, and is not one of the lines that it waits for. While it is there, the line
is not sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from orchestrator.core.inventory.model import Product
from orchestrator.core.plan.model import Plan
from orchestrator.core.review.match import admits
from orchestrator.core.review.select import selections_of
from orchestrator.core.review.worklist import Decision, Line, Worklist, line_id
from orchestrator.core.values.globs import matches
from orchestrator.core.values.lane import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Prerequisite:
    """What a word of `DependsOn` stands for: a glob over names in a lane, an entry of the plan, or a selection of it."""

    glob: str | None = None
    lane: Lane | None = None
    entry: int | None = None
    selection: int | None = None


def prerequisites_of(line: Line) -> tuple[Prerequisite, ...]:
    """Return what a line comes after."""
    return (
        *(Prerequisite(glob=glob, lane=line.lane) for glob in line.after_globs),
        *(Prerequisite(entry=number) for number in line.after_entries),
        *(Prerequisite(selection=number) for number in line.after_selections),
    )


class UnreviewedProducts:
    """
    Finds what lines come after and nobody has reviewed.

    Args:

        plan: What the worklist was made from.
        worklist: What was reviewed.
    """

    def __init__(self, plan: Plan, worklist: Worklist) -> None:
        self._plan = plan
        self._awaited: dict[str, tuple[Prerequisite, ...]] = {}
        self._known: dict[Prerequisite, frozenset[str]] = {}
        for line in worklist.of(Decision.TERMINATE):
            if not (words := prerequisites_of(line)):
                continue
            self._awaited[line.id] = words
            for word in words:
                after = frozenset(line.after_lines)
                self._known[word] = self._known.get(word, after) & after
        lanes = [lane for lane, _ in worklist.lanes]
        self._in_lane = {lane: [word for word in self._known if self._may_be_in(word, lane)] for lane in lanes}
        self._lanes = {word: [lane for lane in lanes if self._may_be_in(word, lane)] for word in self._known}

    def lanes_of(self, line: Line) -> tuple[Lane, ...]:
        """Return the other lanes that something which a line comes after may be in."""
        found = dict.fromkeys(lane for word in self._awaited.get(line.id, ()) for lane in self._lanes[word])
        return tuple(lane for lane in found if lane != line.lane)

    def shown_in(
        self, lane: Lane, products: Iterable[Product], moments: tuple[float, ...]
    ) -> dict[Prerequisite, tuple[Product, ...]]:
        """
        Say what a complete listing shows that lines come after, and that not all of them wait for already.

        Args:

            lane: The lane.
            products: What it holds.
            moments: When it was listed (seconds since the epoch), by each clock.

        Returns:

            Products by what lines come after; nothing where there is none.
        """
        words = self._in_lane.get(lane)
        found: dict[Prerequisite, list[Product]] = {}
        for product in products if words else ():
            for word in words or ():
                known = line_id(lane, product.product_id) in self._known[word]
                if not known and self._is_meant(word, lane, product, moments):
                    found.setdefault(word, []).append(product)
        return {word: tuple(each) for word, each in found.items()}

    def beside(
        self,
        line: Line,
        shown: Mapping[Lane, Mapping[Prerequisite, tuple[Product, ...]]],
        is_gone: Callable[[str], bool] = lambda _: False,
    ) -> str | None:
        """
        Say which product a line would have to come after, and does not wait for.

        Args:

            line: The line.
            shown: What the newest listing of each lane shows, as `shown_in` returns it.
            is_gone: Whether the line of an id has ended as gone, so that a listing which still shows it is behind.

        Returns:

            The reason, None if there is no such product.
        """
        for word in self._awaited.get(line.id, ()):
            for lane in self._lanes[word]:
                for product in shown.get(lane, {}).get(word, ()):
                    id_ = line_id(lane, product.product_id)
                    if id_ != line.id and id_ not in line.after_lines and not is_gone(id_):
                        return f"it comes after {self._label(word)}, and {product.name} ({product.product_id}) is there now"
        return None

    def _may_be_in(self, word: Prerequisite, lane: Lane) -> bool:
        if word.entry is not None:
            return self._plan.entries[word.entry].admits(lane)
        if word.selection is not None:
            return admits(self._plan.selections[word.selection].conditions, lane)
        return lane == word.lane

    def _is_meant(self, word: Prerequisite, lane: Lane, product: Product, moments: tuple[float, ...]) -> bool:
        if word.entry is not None:
            entry = self._plan.entries[word.entry]
            return product.product_id == entry.product_id or product.name == entry.name
        if word.selection is not None:
            return word.selection in selections_of(self._plan.selections, lane, product, moments)
        assert word.glob is not None
        return matches(product.name, word.glob)

    def _label(self, word: Prerequisite) -> str:
        if word.entry is not None:
            return f"`{self._plan.entries[word.entry].label}`"
        if word.selection is not None:
            selection = self._plan.selections[word.selection]
            return f"all that {selection.key or 'a selection'} selects"
        return f"`{word.glob}`"
