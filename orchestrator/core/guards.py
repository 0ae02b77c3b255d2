"""The limits that refuse a run before its first termination."""

from __future__ import annotations

from orchestrator.core.plan import Plan
from orchestrator.core.worklist import Decision, Worklist

MOST_NAMED = 5


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
        more = f"; and {len(problems) - MOST_NAMED} more" if len(problems) > MOST_NAMED else ""
        named = "; ".join(problems[:MOST_NAMED])
        found.append(f"no lane could be read completely, so nothing may be concluded: {named}{more}")
    return found
