"""Whether a product is what a plan's conditions describe."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.core.inventory.model import Product
from orchestrator.core.plan.model import Conditions
from orchestrator.core.values.globs import matches
from orchestrator.core.values.lane import Lane


def fits(conditions: Conditions, product: Product, lane: Lane, moments: Sequence[float], *, unknown: bool = False) -> bool:
    """
    Say whether a product fits.

    Args:

        conditions: What it has to be like.
        product: The product, as the listings show it.
        lane: Where it is.
        moments: For its age, now by each clock that there is (seconds since the epoch); it has to fit by all of them.
        unknown: What holds of conditions that cannot be judged, since the search has not shown the product.
    """
    open_questions = questions_left(product) if unknown else frozenset()
    return all(misfit in open_questions for now in moments for misfit in misfits_of(conditions, product, lane, now))


def questions_left(product: Product) -> frozenset[str]:
    """Return the keys of conditions that cannot be judged since the search has not shown the product."""
    if product.tags is not None:
        return frozenset()
    return frozenset({"Tags", "ProductName", "UserArn"} | ({"ProductId"} if product.catalog_id is None else set()))


def misfits_of(conditions: Conditions, product: Product, lane: Lane, now: float) -> Iterator[str]:
    """Yield the keys of the conditions that a product does not fit. One whose age is not known is neither old nor young."""
    if not admits(conditions, lane):
        yield "AccountId" if conditions.account_ids else "Region"
    for key, wanted, found in (
        ("ProvisionedProductId", conditions.product_ids, product.product_id),
        ("Name", conditions.names, product.name),
        ("Status", conditions.statuses, product.status),
        ("Type", conditions.types, product.type),
        ("ProductId", conditions.catalog_ids, product.catalog_id),
        ("ProductName", conditions.catalog_names, product.catalog_name),
        ("UserArn", conditions.user_arns, product.user_arn),
    ):
        if wanted and not is_any(found, wanted):
            yield key
    tags = dict(product.tags or ())
    if not all(is_any(tags.get(key), values) for key, values in conditions.tags):
        yield "Tags"
    age = now - product.created_at if product.created_at is not None else None
    if conditions.older_than_seconds is not None and (age is None or age <= conditions.older_than_seconds):
        yield "OlderThan"
    if conditions.younger_than_seconds is not None and (age is None or age >= conditions.younger_than_seconds):
        yield "YoungerThan"


def admits(conditions: Conditions, lane: Lane) -> bool:
    """Whether products of a lane can fit."""
    return all(
        not wanted or found in wanted
        for wanted, found in ((conditions.account_ids, lane.account_id), (conditions.regions, lane.region))
    )


def is_any(found: str | None, wanted: Sequence[str]) -> bool:
    """Whether a value is one of the words, or fits one as a glob. What is not known fits nothing."""
    return found is not None and any(found == word or matches(found, word) for word in wanted)
