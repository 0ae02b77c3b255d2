"""
The worklist: plan × inventory, one line per product with a decision and its reason, pinned to product ids.

It is what a review shows and what a run executes; there is no other way to tell the engine what to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from orchestrator.core.inventory import Product
from orchestrator.core.lane import Lane
from orchestrator.core.plan import Options


class Decision(StrEnum):
    """What a run will do with a line."""

    TERMINATE = "terminate"
    SKIP = "skip"
    REFUSE = "refuse"


class Reason(StrEnum):
    """Why a line is skipped or refused, for machines; `Line.detail` says it to people."""

    ASKED = "asked"
    ADOPT = "adopt"
    ALREADY_GONE = "already_gone"
    NOT_FOUND = "not_found"
    AMBIGUOUS = "ambiguous"
    UNDER_CHANGE = "under_change"
    PLAN_IN_PROGRESS = "plan_in_progress"
    UNKNOWN_STATUS = "unknown_status"
    UNKNOWN_TYPE = "unknown_type"
    LISTINGS_DIFFER = "listings_differ"
    LANE_INCOMPLETE = "lane_incomplete"


def line_id(lane: Lane | None, product_id: str) -> str:
    """
    Name a line, the same in the journal, in events and in reports.

    Returns:

        `account/region/product`; `?/?/product` where no lane is known to hold the product.
    """
    return f"{lane}/{product_id}" if lane else f"?/?/{product_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """
    One product, what is to be done with it, and why.

    `product` is what the review saw; later looks are compared with it. `record_id` is the termination to follow where the
    reason is `adopt`.
    """

    product_id: str
    lane: Lane | None
    decision: Decision
    reason: Reason
    detail: str
    options: Options = field(default_factory=Options)
    product: Product | None = None
    key: str | None = None
    record_id: str | None = None

    @property
    def id(self) -> str:
        """The line's name everywhere."""
        return line_id(self.lane, self.product_id)

    @property
    def name(self) -> str:
        """The product's name if it was seen, else its id."""
        return self.product.name if self.product else self.product_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist:
    """
    All lines of a run, in the plan's order, made from inventories begun at `made_at` (seconds since the epoch).

    `lanes` names the lanes whose lines may be worked on, each with the problem that keeps it from it, if any.
    """

    lines: tuple[Line, ...]
    made_at: float
    lanes: tuple[tuple[Lane, str | None], ...]

    def of(self, decision: Decision) -> tuple[Line, ...]:
        """Return the lines with *decision*, in order."""
        return tuple(line for line in self.lines if line.decision is decision)

    @property
    def nothing_was_ever_seen(self) -> bool:
        """Whether lines exist and not one product was found or has ever been seen: most likely the wrong region."""
        return bool(self.lines) and all(
            line.reason is Reason.NOT_FOUND and line.product is None and line.record_id is None for line in self.lines
        )

    def summary(self) -> str:
        """Return the stable line that a review begins with."""
        counts = {decision: len(self.of(decision)) for decision in Decision}
        return (
            f"Review: {counts[Decision.TERMINATE]} to terminate, {counts[Decision.SKIP]} skipped, "
            f"{counts[Decision.REFUSE]} refused."
        )
