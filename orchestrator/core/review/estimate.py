"""How long a run may take, before anything is known of the lanes' quotas and of their products' durations."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from orchestrator.core.plan.model import Plan
from orchestrator.core.review.worklist import Decision, Worklist
from orchestrator.core.values.lane import Lane

ASSUMED_RATE = 5.0
"""Terminations per second that a lane is assumed to accept (a guess: AWS publishes no quota)."""

ASSUMED_DURATION = 300.0
"""Seconds that a termination is assumed to take (a guess: from under a minute for a small stack to hours)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """
    How long a run may take, in seconds, and the rate per second and lane that this assumes. `capped` says that the plan's
    InFlight, and not the rate, decides.
    """

    seconds: float
    rate: float
    capped: bool = False


def estimate(plan: Plan, worklist: Worklist) -> Estimate | None:
    """
    Estimate how long a run takes.

    Args:

        plan: With its caps.
        worklist: What the run would do.

    Returns:

        The time of the slowest lane to send everything, and of the longest chain of products that come after one another;
        None if there is nothing to terminate.
    """
    lines = worklist.of(Decision.TERMINATE)
    if not lines:
        return None
    rate = min(ASSUMED_RATE, plan.limits.rate_per_second or ASSUMED_RATE)
    fullest = max(Counter[Lane | None](line.lane for line in lines).values())
    # Where many are under way already, the next one waits for one to end.
    sending = fullest / rate
    waiting = (fullest / plan.limits.in_flight - 1) * ASSUMED_DURATION
    chain = max(worklist.dependencies.waves().values()) * ASSUMED_DURATION
    return Estimate(seconds=max(sending, waiting) + chain, rate=rate, capped=waiting > sending)
