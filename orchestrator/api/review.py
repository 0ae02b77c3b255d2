"""What a run would do: survey, then decide, which changes nothing; and the notice that is given upon it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from orchestrator.api.connections import Connections
from orchestrator.api.review_inputs import kept_notices, list_inventories, notices_of, with_earlier_terminations
from orchestrator.core.inventory.model import Inventory, LaneCoverage, Product
from orchestrator.core.plan.model import Plan
from orchestrator.core.plan.rules import validate
from orchestrator.core.review.decide import decide
from orchestrator.core.review.filter import narrow
from orchestrator.core.review.limits import refusals, too_large_shares
from orchestrator.core.review.lookups import questions
from orchestrator.core.review.notice import Notice, noticed, notices_given
from orchestrator.core.review.order import propagate_blocks
from orchestrator.core.review.worklist import Decision, Line, Reason, Worklist
from orchestrator.core.run.events import Blocked, Drifted, Event, LaneClosed, LineEvent
from orchestrator.core.run.rerun import restrict_to
from orchestrator.core.run.summary import review_line
from orchestrator.core.values.lane import Caller, Lane
from orchestrator.errors import GuardRefused, InvalidInput
from orchestrator.store import notices as notices_file
from orchestrator.store.state_dir import StateDir


@dataclass(frozen=True, kw_only=True)
class Review:
    """
    What a run would do, and what it was decided from.

    `opening` are events that a run begins with: what has changed since a saved worklist was made. `reviewed` is the digest
    of that worklist. What follows from these is computed, and not kept a second time.
    """

    plan: Plan
    worklist: Worklist
    inventories: tuple[Inventory, ...]
    connections: Connections
    opening: tuple[Event, ...] = ()
    reviewed: str | None = None

    @cached_property
    def refusals(self) -> list[str]:
        """Why the run may not begin; none means that it may."""
        drifted = sum(line.reason is Reason.DRIFTED for line in self.effective_worklist.lines)
        held = {lane: len(products) for lane, products in self.held.items()}
        shares = too_large_shares(self.plan, self.effective_worklist, held)
        return [*refusals(self.plan, self.worklist, drifted=drifted), *shares]

    @property
    def summary(self) -> str:
        """The stable line that a review begins with."""
        return review_line(self.effective_worklist)

    @property
    def callers(self) -> tuple[Caller, ...]:
        """Who we are in each lane that was entered."""
        return tuple(
            Caller(lane=lane, arn=identity.arn, endpoint=self.connections.endpoints[lane])
            for lane, identity in self.connections.identities.items()
        )

    @property
    def coverage(self) -> tuple[LaneCoverage, ...]:
        """How completely each lane was read."""
        return tuple(inventory.coverage for inventory in self.inventories)

    @property
    def held(self) -> dict[Lane, Mapping[str, Product]]:
        """What each lane holds that was read completely, by id."""
        return {inventory.lane: inventory.products for inventory in self.inventories if inventory.complete}

    def restrict_to(self, ids: frozenset[str]) -> Review:
        """Leave out all lines but these, as `load_again` gives them."""
        return replace(self, worklist=restrict_to(self.worklist, ids))

    @cached_property
    def effective_worklist(self) -> Worklist:
        """What a run would do now: without what is gone, has drifted or cannot be read, and what waits for that."""
        left_out: dict[str, tuple[Reason, str]] = {}
        # What comes later counts, as in the run that begins with these events.
        for event in self.opening:
            match event:
                case LaneClosed(lane=lane, reason=reason):
                    lines = [line.id for line in self.worklist.of(Decision.TERMINATE) if line.lane == lane]
                    left_out |= dict.fromkeys(lines, (Reason.LANE_INCOMPLETE, reason))
                case Drifted(line=id_, reason=reason):
                    left_out[id_] = (Reason.DRIFTED, reason)
                case Blocked(line=id_, reason=reason):
                    left_out[id_] = (Reason.BLOCKED, reason)
        held = self.held

        def now(line: Line) -> Line:
            if line.id in left_out:
                reason, detail = left_out[line.id]
                return replace(line, decision=Decision.REFUSE, reason=reason, detail=detail)
            is_gone = line.lane in held and line.product_id not in held[line.lane]
            if line.decision is Decision.TERMINATE and is_gone:
                return replace(line, decision=Decision.SKIP, reason=Reason.ALREADY_GONE, detail="not listed any more")
            return line

        return replace(self.worklist, lines=tuple(propagate_blocks([now(line) for line in self.worklist.lines])))

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


def survey(
    plan: Plan,
    connections: Connections,
    *,
    strict: bool = False,
    state: StateDir | None = None,
    deadline: float = float("inf"),
) -> Review:
    """
    Read what is there and decide.

    Args:

        plan: A valid plan.
        connections: Where to look.
        strict: Whether products that are not found are refused, not skipped.
        state: Where it is kept since when products have been on notice; it is only read. Without it, every notice begins
            now.
        deadline: When listings are given up (seconds since the epoch).

    Raises:

        InvalidInput: The plan contradicts itself.
        NoAccess: No lane could be read at all.
        JournalError: The notices cannot be read.
    """
    if found := validate(plan):
        raise InvalidInput("; ".join(finding.message for finding in found))
    notices = kept_notices(plan, state) if state is not None else {}
    inventories = list_inventories(connections, partial(questions, plan), deadline=deadline)
    worklist = decide(plan, inventories, strict=strict, notices=notices)
    if state is not None:
        worklist = with_earlier_terminations(worklist, state, plan.name)
    return Review(plan=plan, worklist=worklist, inventories=inventories, connections=connections)


def give_notice(review: Review, state: StateDir) -> tuple[Notice, ...]:
    """
    Record since when the products of a review are on notice. Without this step a notice never begins.

    Args:

        review: The review of a plan. A saved worklist adds nothing to what its plan selects, so it gives no notice.
        state: Where the notices of the plan are kept.

    Returns:

        What is on notice now, in the order of the worklist; also what was left out of this one run.

    Raises:

        LockHeld: Somebody else writes the notices, and does not let go.
        JournalError: They cannot be read or written.
    """
    path = notices_of(review.plan, state)
    if path is None or review.reviewed is not None:
        return ()
    since = notices_file.update(path, partial(noticed, review.worklist, review.inventories))
    return tuple(notices_given(review.plan, review.worklist, review.inventories, since))


def enforce_limits(review: Review) -> None:
    """
    Let the guards have their say.

    Raises:

        GuardRefused: One of them refuses.
    """
    if review.refusals:
        raise GuardRefused("; ".join(review.refusals))
