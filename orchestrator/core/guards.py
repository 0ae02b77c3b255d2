"""The limits that refuse a run before its first termination."""

from __future__ import annotations

from orchestrator.core.plan import Plan
from orchestrator.core.worklist import Decision, Worklist


def refusals(plan: Plan, worklist: Worklist) -> list[str]:
    """
    Say why a run may not begin.

    Args:

        plan: The plan with its limits.
        worklist: What the run would do.

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
    problems = [f"{lane}: {problem}" for lane, problem in worklist.lanes if problem]
    if problems and len(problems) == len(worklist.lanes):
        found.append(f"no lane could be read completely, so nothing may be concluded: {'; '.join(problems)}")
    return found
