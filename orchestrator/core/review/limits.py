"""What refuses a run before its first termination: its limits, and an account that it is not for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from orchestrator.core.plan.model import Plan
from orchestrator.core.review.match import admits
from orchestrator.core.review.protect import denied_account
from orchestrator.core.review.worklist import Decision, Worklist
from orchestrator.core.values.lane import Lane

MOST_LANES_NAMED = 5


def refusals(plan: Plan, worklist: Worklist, *, drifted: int = 0) -> list[str]:
    """
    Say why a run may not begin.

    Args:

        plan: The plan with its limits.
        worklist: What the run would do.
        drifted: How many of its lines to terminate are not what was reviewed any more.

    Returns:

        One sentence for each guard that refuses; none means that the run may begin.
    """
    found = []
    terminations = len(worklist.of(Decision.TERMINATE))
    if terminations > plan.limits.max_terminations:
        found.append(
            f"{terminations} products would be terminated, and the plan's MaxTerminations allows "
            f"{plan.limits.max_terminations}; raise it under Limits if that is meant"
        )
    if drifted and drifted == terminations:
        found.append(f"all {drifted} products to terminate have drifted since the review; review the plan again")
    problems = [f"{lane}: {problem}" for lane, problem in worklist.lanes if problem]
    if problems and len(problems) == len(worklist.lanes):
        more = f"; and {len(problems) - MOST_LANES_NAMED} more" if len(problems) > MOST_LANES_NAMED else ""
        named = "; ".join(problems[:MOST_LANES_NAMED])
        found.append(
            f"no lane could be read completely, so nothing may be concluded and nothing was begun: {named}{more}; "
            "try again, or see `orchestrator doctor PLAN` for what is missing"
        )
    return found


def too_many_named(plan: Plan) -> str | None:
    """Say that a plan names more products than it may terminate, None if it does not. Known without any call."""
    if len(plan.entries) <= plan.limits.max_terminations:
        return None
    return (
        f"the plan names {len(plan.entries):,} products, which exceeds Limits.MaxTerminations "
        f"({plan.limits.max_terminations:,}); raise it if that is intended"
    )


def too_large_shares(plan: Plan, worklist: Worklist, held: Mapping[Lane, int]) -> list[str]:
    """
    Say of which lanes too large a share would be terminated.

    Args:

        plan: The plan with its limits.
        worklist: What the run would do.
        held: How many products each lane holds that was read completely.

    Returns:

        One sentence for each such lane.
    """
    most = plan.limits.max_percent
    counts = Counter(line.lane for line in worklist.of(Decision.TERMINATE))
    return [
        f"{counts[lane]} of the {number} products of {lane} would be terminated, and the plan's MaxPercent allows "
        f"{most} %; raise it under Limits if that is meant"
        for lane, number in held.items()
        if counts[lane] * 100 > most * number
    ]


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
