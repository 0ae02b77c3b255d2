"""What a run would do: survey, then decide. Changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.api.entrance import Entrance
from orchestrator.core.decision import decide
from orchestrator.core.guards import refusals
from orchestrator.core.inventory import Inventory
from orchestrator.core.plan import Plan
from orchestrator.core.worklist import Worklist
from orchestrator.engine.pools import threads
from orchestrator.engine.survey import Surveyor
from orchestrator.errors import GuardRefused, NoAccess


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a run of a plan would do, and what it was decided from."""

    plan: Plan
    worklist: Worklist
    inventories: tuple[Inventory, ...]
    entrance: Entrance

    @property
    def refusals(self) -> list[str]:
        """Why the run may not begin; none means that it may."""
        return refusals(self.plan, self.worklist)


def survey(plan: Plan, entrance: Entrance, *, strict: bool = False) -> Review:
    """
    Read what is there and decide.

    Args:

        plan: A valid plan.
        entrance: Where to look.
        strict: Whether products that are not found are refused, not skipped.

    Raises:

        NoAccess: No lane could be read at all.
    """
    ids = [entry.product_id for entry in plan.entries]
    with threads(entrance.workers) as executor:
        surveyor = Surveyor(clock=entrance.clock, sleep=entrance.sleep, executor=executor)
        inventories = tuple(surveyor.survey(lane, entrance.connect(lane), ids) for lane in entrance.identities)
    if inventories and all(inventory.barred for inventory in inventories):
        problems = "; ".join(f"{inventory.lane}: {inventory.problem}" for inventory in inventories)
        message = f"no lane could be read: {problems}"
        raise NoAccess(message)
    return Review(plan=plan, worklist=decide(plan, inventories, strict=strict), inventories=inventories, entrance=entrance)


def refuse(review: Review) -> None:
    """
    Let the guards have their say.

    Raises:

        GuardRefused: One of them refuses.
    """
    if review.refusals:
        raise GuardRefused("; ".join(review.refusals))
