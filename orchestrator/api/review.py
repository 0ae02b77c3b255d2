"""What a run would do: survey, then decide. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.api.entrance import MOST_AT_DOOR, Entrance, listed_briefly
from orchestrator.core.decision import decide
from orchestrator.core.guards import refusals
from orchestrator.core.inventory import Inventory
from orchestrator.core.plan import Entry, Plan
from orchestrator.core.questions import questions
from orchestrator.core.validation import validate
from orchestrator.core.worklist import Worklist
from orchestrator.engine.pools import threads
from orchestrator.engine.survey import Surveyor
from orchestrator.errors import GuardRefused, InvalidInput, NoAccess


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

        InvalidInput: The plan contradicts itself.
        NoAccess: No lane could be read at all.
    """
    if found := validate(plan):
        raise InvalidInput("; ".join(finding.message for finding in found))
    inventories = take_stock(plan.entries, entrance)
    return Review(plan=plan, worklist=decide(plan, inventories, strict=strict), inventories=inventories, entrance=entrance)


def take_stock(entries: Sequence[Entry], entrance: Entrance) -> tuple[Inventory, ...]:
    """
    Read what all lanes hold, side by side.

    Args:

        entries: What the records of missing products and of those under change are read for.
        entrance: Where to look.

    Returns:

        One inventory for each lane; incomplete for a lane that could not be entered.

    Raises:

        NoAccess: No lane could be read at all.
    """
    inventories = {
        lane: Inventory(lane=lane, begun_at=entrance.clock.now(), complete=False, barred=True, problem=problem)
        for lane, problem in entrance.barred.items()
    }
    lanes = list(entrance.identities)
    with threads(entrance.workers) as lookups, threads(min(len(lanes), MOST_AT_DOOR) or 1) as executor:
        surveyor = Surveyor(clock=entrance.clock, sleep=entrance.sleep, executor=lookups)
        listings = executor.map(lambda lane: surveyor.listing(lane, entrance.connect(lane)), lanes)
        inventories |= dict(zip(lanes, listings, strict=True))
        asked = questions(entries, list(inventories.values()))
        recalled = executor.map(lambda lane: surveyor.recall(inventories[lane], entrance.connect(lane), asked[lane]), asked)
        inventories |= dict(zip(asked, recalled, strict=True))
    if inventories and all(inventory.barred for inventory in inventories.values()):
        problems = [f"{lane}: {inventory.problem}" for lane, inventory in inventories.items()]
        raise NoAccess(listed_briefly("no lane could be read", problems))
    return tuple(inventories[lane] for lane in sorted(inventories))


def refuse(review: Review) -> None:
    """
    Let the guards have their say.

    Raises:

        GuardRefused: One of them refuses.
    """
    if review.refusals:
        raise GuardRefused("; ".join(review.refusals))
