"""Plans without targets are for the account and region of the environment: whether that is the one they mean."""

from __future__ import annotations

from orchestrator.core.plan.model import Plan
from orchestrator.core.review.match import admits
from orchestrator.core.review.protect import denied_account
from orchestrator.core.values.lane import Lane


def stranger_to(plan: Plan, lane: Lane) -> str | None:
    """
    Say why a plan without targets may not be worked on in the lane of the environment's credentials.

    Args:

        plan: The plan.
        lane: Where the credentials lead.

    Returns:

        What of it is for elsewhere, or what protects the account; None if it may.
    """
    leads = f"and the environment's credentials lead to {lane}"
    stranger = next((entry for entry in plan.entries if not entry.admits(lane)), None)
    if stranger is not None:
        wanted = "/".join(part for part in (stranger.account_id, stranger.region) if part)
        return f"{stranger.location or stranger.label} is for {wanted}, {leads}"
    elsewhere = next((each for each in plan.selections if not admits(each.conditions, lane)), None)
    if elsewhere is not None:
        wanted = ", ".join((*elsewhere.conditions.account_ids, *elsewhere.conditions.regions))
        return f"{elsewhere.location or 'a selection'} selects in {wanted}, {leads}"
    if protecting := denied_account(plan, lane.account_id):
        return f"{protecting} protects account {lane.account_id} as a whole, {leads}"
    return None
