"""
What must not be terminated, whoever asks for it: the plan's `Protect`, and two tags that protect everywhere.

Nothing overrides a protection, and what cannot be read protects.
"""

from __future__ import annotations

from orchestrator.core.inventory import Product
from orchestrator.core.lane import Lane
from orchestrator.core.matching import fits, misfits_of
from orchestrator.core.moments import parse_rfc3339
from orchestrator.core.plan import Plan
from orchestrator.core.worklist import Line

PROTECT = "sc-orchestrator:protect"
PROTECT_UNTIL = "sc-orchestrator:protect-until"
NO = frozenset({"false", "no", "off", "0"})
"""Values of the tag `sc-orchestrator:protect` that do not protect; every other one does."""

PASSING = frozenset({"Status", "OlderThan", "YoungerThan"})
"""Conditions of a selection that a product may outgrow between review and run without having become another one."""

UNSEARCHED = "the complete listing shows it and the search does not, so its tags cannot be read"


def protection(plan: Plan, product: Product, lane: Lane, now: float) -> str | None:
    """
    Say what protects a product.

    Args:

        plan: With its protections.
        product: The product, as the listings show it.
        lane: Where it is.
        now: Seconds since the epoch.

    Returns:

        The reason, which begins with `protected`; None if nothing protects it.
    """
    for key, value in product.tags or ():
        if reason := protection_by_tag(key, value, now):
            return reason
    for each in plan.protections:
        if fits(each.conditions, product, lane, now):
            return f"protected by Protect{f' at {each.where}' if each.where else ''}"
    return None


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
            return each.where or "Protect"
    return None


def bar(plan: Plan, line: Line, product: Product, now: float) -> str | None:
    """
    Say why a line may not be sent after all, by what its lane's newest complete listing shows of its product.

    Args:

        plan: The plan that the line was made from.
        line: A line to terminate.
        product: Its product now, tags included if the search shows it.
        now: When it was listed, seconds since the epoch.

    Returns:

        The reason: it is protected, it is not what its selections select any more, or that cannot be told. None if it may.
    """
    assert line.lane is not None
    if reason := protection(plan, product, line.lane, now):
        return f"it is {reason}"
    if product.tags is None:
        return UNSEARCHED
    for index in line.selected_by:
        selection = plan.selections[index]
        for key in misfits_of(selection.conditions, product, line.lane, now):
            if key not in PASSING:
                at = f" at {selection.where}" if selection.where else ""
                return f"its selection{at} does not fit it any more ({key})"
    return None
