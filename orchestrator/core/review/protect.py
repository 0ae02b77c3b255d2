"""
What must not be terminated, whoever asks for it: the plan's `Protect`, and two tags that protect everywhere.

Nothing overrides a protection, and what cannot be read protects.
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.core.inventory.model import STABLE_STATUSES, Product
from orchestrator.core.plan.model import Plan
from orchestrator.core.review.match import misfits_of
from orchestrator.core.values.lane import Lane
from orchestrator.core.values.timestamps import parse_rfc3339

PROTECT = "sc-orchestrator:protect"
PROTECT_UNTIL = "sc-orchestrator:protect-until"
NO = frozenset({"false", "no", "off", "0"})
"""Values of the tag `sc-orchestrator:protect` that do not protect; every other one does."""

PASSING = frozenset({"Status", "OlderThan", "YoungerThan"})
"""Conditions of a selection that a product may outgrow between review and run without having become another one."""

UNSEARCHED = "the complete listing shows it and the search does not, so its tags cannot be read"


def protection(plan: Plan, product: Product, lane: Lane, moments: Sequence[float]) -> str | None:
    """
    Say what protects a product.

    Args:

        plan: With its protections.
        product: The product, as the listings show it.
        lane: Where it is.
        moments: Now by each clock that there is (seconds since the epoch); what protects by one of them protects.

    Returns:

        The reason, which begins with `protected`; None if nothing protects it.
    """
    for key, value in product.tags or ():
        if reason := protection_by_tag(key, value, min(moments)):
            return reason
    unknown = unknown_of(product)
    for each in plan.protections:
        for now in moments:
            misfits = set(misfits_of(each.conditions, product, lane, now))
            if misfits <= unknown:
                place = f" at {each.location}" if each.location else ""
                doubt = f", as its {' and '.join(sorted(misfits))} cannot be told" if misfits else ""
                return f"protected by Protect{place}{doubt}"
    return None


def unknown_of(product: Product) -> frozenset[str]:
    """
    Return the keys of conditions that cannot be judged for want of what they ask for; those protect.

    A product that the search does not show is refused anyway, so that its tags need not be guessed.
    """
    if product.tags is None:
        return frozenset()
    missing = {
        "ProductId": product.catalog_id,
        "ProductName": product.catalog_name,
        "UserArn": product.user_arn,
        "OlderThan": product.created_at,
        "YoungerThan": product.created_at,
    }
    return frozenset(key for key, value in missing.items() if value is None)


def protection_by_tag(key: str, value: str, now: float) -> str | None:
    """Say how a tag protects a product at *now* (seconds since the epoch), None if it does not."""
    match key.casefold():
        case "sc-orchestrator:protect":
            return None if value.strip().casefold() in NO else f"protected by its tag {PROTECT}={value}"
        case "sc-orchestrator:protect-until":
            try:
                until = parse_rfc3339(value)
            except ValueError as error:
                return f"protected by its tag {PROTECT_UNTIL}, which cannot be read: {error}"
            return f"protected until {value} by its tag {PROTECT_UNTIL}" if now < until else None
        case _:
            return None


def denied_account(plan: Plan, account_id: str) -> str | None:
    """Say where a plan protects a whole account, None if it does not."""
    for each in plan.protections:
        if each.conditions.are_of_accounts_only and account_id in each.conditions.account_ids:
            return each.location or "Protect"
    return None


def passing_of(product: Product, *, adopted: bool) -> frozenset[str]:
    """Return the conditions that a product may outgrow. *adopted* is whether somebody else's termination is followed."""
    # When that came to nothing, ours would be the first: the status has to be one that was asked for.
    return PASSING - {"Status"} if adopted and product.status in STABLE_STATUSES else PASSING


def selection_mismatch(
    plan: Plan,
    selected_by: Sequence[int],
    product: Product,
    lane: Lane,
    moments: Sequence[float],
    *,
    passing: frozenset[str] = PASSING,
) -> str | None:
    """
    Say that a product is not what selections select any more.

    Args:

        plan: With its selections.
        selected_by: Which of them had found it.
        product: The product now.
        lane: Where it is.
        moments: Now by each clock that there is (seconds since the epoch).
        passing: Conditions that do not matter.

    Returns:

        The reason; None if it still is, passing conditions apart.
    """
    for number in selected_by:
        selection = plan.selections[number]
        for key in (key for now in moments for key in misfits_of(selection.conditions, product, lane, now)):
            if key not in passing:
                at = f" at {selection.location}" if selection.location else ""
                return f"its selection{at} does not fit it any more ({key})"
    return None
