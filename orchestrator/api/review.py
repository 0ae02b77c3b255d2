"""What a run would do: survey, then decide. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.api.entrance import MOST_AT_DOOR, Entrance, listed_briefly
from orchestrator.core.again import confined
from orchestrator.core.decision import decide
from orchestrator.core.drift import drifts
from orchestrator.core.duration import format_duration
from orchestrator.core.events import Drifted, Event, LaneClosed, LineEvent
from orchestrator.core.guards import refusals
from orchestrator.core.inventory import Inventory
from orchestrator.core.narrowing import narrow
from orchestrator.core.ordering import hold
from orchestrator.core.plan import Entry, Plan
from orchestrator.core.questions import questions
from orchestrator.core.resolution import problem_of
from orchestrator.core.settle import CLOCK_SKEW
from orchestrator.core.validation import validate
from orchestrator.core.worklist import Decision, Reason, Worklist
from orchestrator.engine.pools import threads
from orchestrator.engine.survey import Surveyor
from orchestrator.errors import GuardRefused, InvalidInput, NoAccess
from orchestrator.store import worklist_file
from orchestrator.store.journal_birth import Caller
from orchestrator.store.worklist_file import Reviewed
from orchestrator.version import VERSION

WORKLIST_MAX_AGE = 7 * 86_400.0
"""Seconds that a worklist may be old before it has to be reviewed again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """
    What a run would do, and what it was decided from.

    `opening` are events that a run begins with: what has changed since a saved worklist was made. `reviewed` is the digest
    of that worklist.
    """

    plan: Plan
    worklist: Worklist
    inventories: tuple[Inventory, ...]
    entrance: Entrance
    opening: tuple[Event, ...] = ()
    reviewed: str | None = None

    @property
    def refusals(self) -> list[str]:
        """Why the run may not begin; none means that it may."""
        return refusals(self.plan, self.worklist, drifted=len(self.drifted))

    @property
    def drifted(self) -> dict[str, str]:
        """The lines that are not what was reviewed any more, each with the reason."""
        return {event.line: event.reason for event in self.opening if isinstance(event, Drifted)}

    def confined(self, ids: frozenset[str]) -> Review:
        """Leave out all lines but these, as `load_again` gives them."""
        return replace(self, worklist=confined(self.worklist, ids))

    @property
    def outlook(self) -> Worklist:
        """What a run would do now: without what has drifted or cannot be read any more, and what waits for that."""
        closed = {event.lane: event.reason for event in self.opening if isinstance(event, LaneClosed)}
        left_out = dict(self.drifted)
        for line in self.worklist.of(Decision.TERMINATE):
            if line.lane in closed:
                left_out[line.id] = closed[line.lane]
        lines = [
            replace(line, decision=Decision.REFUSE, reason=Reason.BLOCKED, detail=left_out[line.id])
            if line.id in left_out
            else line
            for line in self.worklist.lines
        ]
        return replace(self.worklist, lines=tuple(hold(lines)))

    def narrowed(self, only: Sequence[str], exclude: Sequence[str]) -> Review:
        """
        Leave lines out.

        Args:

            only: Globs over ids and names; what fits none of them is left out.
            exclude: What fits one of these is left out, too.

        Raises:

            GuardRefused: One of them fits nothing, so that it is most likely not what was meant.
        """
        worklist, idle = narrow(self.worklist, only, exclude)
        if idle:
            message = f"no line of the worklist is meant by {', '.join(f'`{pattern}`' for pattern in idle)}"
            raise GuardRefused(message)
        kept = {line.id for line in worklist.of(Decision.TERMINATE)}
        opening = tuple(event for event in self.opening if not isinstance(event, LineEvent) or event.line in kept)
        return replace(self, worklist=worklist, opening=opening)


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


def recheck(reviewed: Reviewed, entrance: Entrance, *, max_age: float = WORKLIST_MAX_AGE) -> Review:
    """
    Hold a saved worklist against what there is now. Nothing can be added to it.

    Args:

        reviewed: The worklist.
        entrance: The accounts and regions that it was made in.
        max_age: Seconds that it may be old.

    Returns:

        A review whose run executes the worklist, what has drifted left out.

    Raises:

        GuardRefused: It has expired, or this is another account or region.
        NoAccess: No lane could be read at all.
    """
    worklist, now = reviewed.worklist, entrance.clock.now()
    refuse_outdated(reviewed, now, max_age)
    foreign = [lane for lane in worklist.usable_lanes if lane not in entrance.lanes]
    if foreign:
        message = f"the worklist is for {', '.join(map(str, foreign))}, and this is {', '.join(map(str, entrance.lanes))}"
        raise GuardRefused(message)
    refuse_elsewhere(reviewed, entrance)
    usable = set(worklist.usable_lanes)
    inventories = tuple(inventory for inventory in take_stock((), entrance) if inventory.lane in usable)
    problems = {inventory.lane: problem for inventory in inventories if (problem := problem_of(inventory))}
    if problems and len(problems) == len(usable):
        items = [f"{lane}: {problem}" for lane, problem in problems.items()]
        raise GuardRefused(listed_briefly("no lane of the worklist could be read completely", items))
    closed = [LaneClosed(at=now, lane=lane, reason=f"lane {lane}: {problem}") for lane, problem in problems.items()]
    drifted = [Drifted(at=now, line=line, reason=reason) for line, reason in drifts(worklist, inventories).items()]
    return Review(
        plan=reviewed.plan,
        worklist=worklist,
        inventories=inventories,
        entrance=entrance,
        opening=(*closed, *drifted),
        reviewed=reviewed.digest,
    )


def refuse_elsewhere(reviewed: Reviewed, entrance: Entrance) -> None:
    """
    Refuse a worklist that was made at another endpoint: what looks like the same account there may be another one.

    Raises:

        GuardRefused: It was.
    """
    if entrance.simulated:
        return
    for caller in reviewed.callers:
        here = entrance.endpoints.get(caller.lane)
        if here is not None and here != caller.endpoint:
            message = (
                f"in {caller.lane} the worklist was made at {caller.endpoint}, and this is {here}; "
                "set the same endpoint as then, or review the plan again"
            )
            raise GuardRefused(message)


def refuse_outdated(reviewed: Reviewed, now: float, max_age: float) -> None:
    """
    Refuse a worklist that is too old, or from the future.

    Raises:

        GuardRefused: It is.
    """
    age = now - reviewed.worklist.made_at
    if age > max_age:
        message = (
            f"the worklist is {format_duration(age)} old, and may be {format_duration(max_age)}; review the plan again"
        )
        raise GuardRefused(message)
    if age < -CLOCK_SKEW:
        message = "the worklist was made in the future; is the clock right?"
        raise GuardRefused(message)


def save_worklist(review: Review, path: Path, plan_file: Path) -> str:
    """
    Save a review's worklist, so that exactly that can be run later.

    Args:

        review: What was reviewed.
        path: Where to.
        plan_file: Where the plan is, for people.

    Returns:

        The worklist's digest.

    Raises:

        InvalidInput: It cannot be written there.
    """
    reviewed = Reviewed(
        plan=review.plan,
        worklist=review.worklist,
        plan_file=str(plan_file),
        tool_version=VERSION,
        simulated=review.entrance.simulated,
        callers=callers_of(review.entrance),
    )
    return worklist_file.save(path, reviewed)


def callers_of(entrance: Entrance) -> tuple[Caller, ...]:
    """Return who we are in each lane, for a header."""
    return tuple(
        Caller(lane=lane, arn=identity.arn, endpoint=entrance.endpoints[lane])
        for lane, identity in entrance.identities.items()
    )


def refuse(review: Review) -> None:
    """
    Let the guards have their say.

    Raises:

        GuardRefused: One of them refuses.
    """
    if review.refusals:
        raise GuardRefused("; ".join(review.refusals))
