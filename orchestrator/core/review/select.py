"""
From a plan's selections to lines: what fits them now, in lanes that were read completely.

A product that an entry names is the entry's; selections that disagree about a product refuse it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from orchestrator.core.inventory.model import STABLE_STATUSES, Inventory, Product
from orchestrator.core.plan.model import Entry, Plan, Selection
from orchestrator.core.review.match import fits
from orchestrator.core.review.worklist import line_id
from orchestrator.core.values.lane import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """
    A product that fits selections.

    `entry` is what it would be if somebody had named it. `by` are the selections that it fits, as numbers from 0;
    `disagreement` says how they contradict each other, `problem` that only one of the two listings shows it. `between` says
    that it fits but for its status, which is not one to stay: it is under change.
    """

    inventory: Inventory
    product: Product
    entry: Entry
    by: tuple[int, ...]
    disagreement: str | None = None
    problem: str | None = None
    between: bool = False

    @property
    def line(self) -> str:
        """The id of its line."""
        return line_id(self.inventory.lane, self.product.product_id)


def select(plan: Plan, inventories: Sequence[Inventory]) -> Iterator[Selected]:
    """
    Yield what a plan's selections find, lane by lane; nothing in lanes that were not read completely.

    Args:

        plan: The plan.
        inventories: What the lanes hold.
    """
    if not plan.selections:
        return
    for inventory in inventories:
        if not inventory.complete:
            continue
        for product in inventory.products.values():
            unseen = "the complete listing shows it and the search does not" if product.tags is None else None
            yield from selected(plan.selections, inventory, product, unseen)
        for product in inventory.only_searched.values():
            yield from selected(
                plan.selections, inventory, product, "the search shows it and the complete listing does not"
            )


def selected(
    selections: Sequence[Selection], inventory: Inventory, product: Product, problem: str | None
) -> Iterator[Selected]:
    """Yield a product if it fits, or cannot be said not to, or would fit if it were not between two statuses."""
    lane = inventory.lane
    strictly = selected_strictly(selections, lane, product, inventory.moments)
    by = strictly or between_statuses(selections, lane, product, inventory.moments)
    if not by:
        return
    first = selections[by[0]]
    words = dict.fromkeys(word for index in by for word in selections[index].depends_on)
    entry = Entry(
        product_id=product.product_id,
        account_id=lane.account_id,
        region=lane.region,
        options=first.options,
        depends_on=tuple(words),
        location=first.location,
    )
    yield Selected(
        inventory=inventory,
        product=product,
        entry=entry,
        by=by,
        disagreement=disagreement([selections[index] for index in by]),
        problem=problem,
        between=not strictly,
    )


def selections_of(
    selections: Sequence[Selection], lane: Lane, product: Product, moments: Sequence[float]
) -> tuple[int, ...]:
    """Return the selections that a product belongs to, as numbers from 0: it fits, or would but for its status."""
    strictly = selected_strictly(selections, lane, product, moments)
    return strictly or between_statuses(selections, lane, product, moments)


def selected_strictly(
    selections: Sequence[Selection], lane: Lane, product: Product, moments: Sequence[float]
) -> tuple[int, ...]:
    """Return the selections that a product fits, or cannot be said not to."""
    return tuple(
        index for index, each in enumerate(selections) if fits(each.conditions, product, lane, moments, unknown=True)
    )


def between_statuses(
    selections: Sequence[Selection], lane: Lane, product: Product, moments: Sequence[float]
) -> tuple[int, ...]:
    """Return the selections that a product under change, or of a status that nobody knows, fits but for its status."""
    if product.status in STABLE_STATUSES:
        return ()
    return tuple(
        index
        for index, each in enumerate(selections)
        if fits(replace(each.conditions, statuses=()), product, lane, moments, unknown=True)
    )


def disagreement(selections: Sequence[Selection]) -> str | None:
    """Say how selections of one product contradict each other, None if they do not."""
    first = selections[0]
    for other in selections[1:]:
        if (other.options, other.notice_seconds) != (first.options, first.notice_seconds):
            what = "options" if other.options != first.options else "After"
            places = f"{first.location or 'the first'} and {other.location or 'another'}"
            return f"it is selected twice, and the selections disagree on its {what}: {places}"
    return None


def idle(plan: Plan, found: Mapping[int, Collection[str]], inventories: Sequence[Inventory]) -> Iterator[str]:
    """
    Yield a warning for each selection that found nothing.

    Args:

        plan: The plan.
        found: The lines of what each selection found, by its number.
        inventories: What the lanes hold.
    """
    read = [inventory.lane for inventory in inventories if inventory.complete]
    lanes = ", ".join(map(str, read[:3])) + (f" and {len(read) - 3} more lanes" if len(read) > 3 else "")
    for index, selection in enumerate(plan.selections):
        if not found.get(index) and read:
            yield f"the selection{f' at {selection.location}' if selection.location else ''} matches nothing in {lanes}"


def differences(inventories: Sequence[Inventory]) -> Iterator[str]:
    """Yield a warning for each lane whose two listings do not show the same products."""
    for inventory in inventories:
        if not inventory.complete:
            continue
        both = (
            (inventory.only_scanned, "is not shown by the search", "are not shown by the search"),
            (tuple(inventory.only_searched.values()), "is shown by the search only", "are shown by the search only"),
        )
        for products, one, many in both:
            if products:
                names = ", ".join(product.product_id for product in products[:3]) + (", ..." if len(products) > 3 else "")
                count = f"1 product {one}" if len(products) == 1 else f"{len(products):,} products {many}"
                yield f"in {inventory.lane} {count} ({names}); what is not shown by both is refused"
