"""
The worklist: plan × inventory, one line per product with a decision and its reason, pinned to product ids.

It is what a review shows and what a run executes; there is no other way to tell the engine what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from orchestrator.core.inventory.model import Product
from orchestrator.core.plan.model import Entry, Options
from orchestrator.core.values.graph import DependencyGraph
from orchestrator.core.values.lane import Lane


class Decision(StrEnum):
    """What a run will do with a line."""

    TERMINATE = "terminate"
    SKIP = "skip"
    REFUSE = "refuse"


class Reason(StrEnum):
    """Why a line is decided as it is, for machines; `Line.detail` says it to people."""

    PLANNED = "planned"
    ADOPT = "adopt"
    ALREADY_GONE = "already_gone"
    NOT_FOUND = "not_found"
    LEFT_OUT = "left_out"
    PROTECTED = "protected"
    NOTICE = "notice"
    OPTIONS_DIFFER = "options_differ"
    AMBIGUOUS = "ambiguous"
    DUPLICATE = "duplicate"
    OTHER_NAME = "other_name"
    UNDER_CHANGE = "under_change"
    PLAN_IN_PROGRESS = "plan_in_progress"
    CONTROL_TOWER = "control_tower"
    UNKNOWN_STATUS = "unknown_status"
    UNKNOWN_TYPE = "unknown_type"
    LISTINGS_DIFFER = "listings_differ"
    LANE_INCOMPLETE = "lane_incomplete"
    CYCLE = "cycle"
    BLOCKED = "blocked"
    UNCLEAR = "unclear"
    DRIFTED = "drifted"


def line_id(lane: Lane, product_id: str) -> str:
    """
    Name the line of a product, the same in the journal, in events and in reports.

    Returns:

        `account/region/product`.
    """
    return f"{lane}/{product_id}"


def unread_id(lane: Lane, selection: int) -> str:
    """
    Name the line that stands for all that a selection would have found in a lane that could not be read.

    Returns:

        As `line_id`, with `select:` and the selection's number from 1.
    """
    return f"{lane}/select:{selection + 1}"


def unplaced_id(entry: Entry, lane: Lane | None) -> str:
    """
    Name the line of an entry whose product is not known to be in one lane.

    Returns:

        As `line_id`, with `?` for what is not known, and `name:` before a name that stands for no product.
    """
    account, region = (lane.account_id, lane.region) if lane else (entry.account_id or "?", entry.region or "?")
    return f"{account}/{region}/{entry.product_id or f'name:{entry.name}'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """
    One product, what is to be done with it, and why.

    `id` is the line's name everywhere. `product` is what the review saw; later looks are compared with it.
    `requested_name` is what the plan calls it. `record_id` is the termination to follow where the reason is `adopt`.

    It comes after `after_lines`: these have to be gone before it is sent. Of what it comes after, `after_globs` are the
    globs of the plan, `after_entries` the plan's entries and `after_selections` its selections (numbers from 0), whether
    something was found for them or not.

    `location` is `file:line` of its entry, or of the first selection that it is in; `selected_by` are the numbers of those,
    none for an entry. `due_at` is when its notice is over, if it needs one (seconds since the epoch). `similar_ids` are
    products whose names are like the one that was not found.
    """

    id: str
    product_id: str | None
    lane: Lane | None
    decision: Decision
    reason: Reason
    detail: str
    options: Options = field(default_factory=Options)
    product: Product | None = None
    requested_name: str | None = None
    key: str | None = None
    record_id: str | None = None
    after_lines: tuple[str, ...] = ()
    after_globs: tuple[str, ...] = ()
    after_entries: tuple[int, ...] = ()
    location: str | None = None
    selected_by: tuple[int, ...] = ()
    after_selections: tuple[int, ...] = ()
    due_at: float | None = None
    similar_ids: tuple[str, ...] = ()

    @property
    def is_gone(self) -> bool:
        """Whether there is nothing that a dependent could have to wait for."""
        return self.decision is Decision.SKIP and self.reason in (Reason.ALREADY_GONE, Reason.NOT_FOUND)

    @property
    def name(self) -> str:
        """The product's name if it was seen, else what the plan calls it."""
        return self.product.name if self.product else self.requested_name or self.product_id or "(a selection)"

    @property
    def label(self) -> str:
        """What people call the line in messages."""
        return f"{self.name} ({self.product_id})" if self.product_id and self.product_id != self.name else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Worklist:
    """
    All lines of a run, in the plan's order, made from inventories begun at `made_at` (seconds since the epoch).

    `lanes` names the lanes whose lines may be worked on, each with the problem that keeps it from it, if any. `warnings`
    are what a careful person should know and no line says.
    """

    lines: tuple[Line, ...]
    made_at: float
    lanes: tuple[tuple[Lane, str | None], ...]
    warnings: tuple[str, ...] = ()

    def of(self, decision: Decision) -> tuple[Line, ...]:
        """Return the lines with *decision*, in order."""
        return tuple(line for line in self.lines if line.decision is decision)

    @property
    def dependencies(self) -> DependencyGraph[str]:
        """Which lines to terminate come after which."""
        return dependencies_of(self.lines)

    @property
    def usable_lanes(self) -> tuple[Lane, ...]:
        """The lanes whose lines may be worked on."""
        return tuple(lane for lane, problem in self.lanes if problem is None)

    @property
    def nothing_was_ever_seen(self) -> bool:
        """Whether products are named and not one of them was found or has ever been seen: most likely the wrong region."""
        named = [line for line in self.lines if not line.selected_by]
        return bool(named) and all(
            line.reason is Reason.NOT_FOUND and line.product is None and line.record_id is None for line in named
        )


def dependencies_of(lines: Iterable[Line]) -> DependencyGraph[str]:
    """Return which lines to terminate come after which."""
    return DependencyGraph({line.id: line.after_lines for line in lines if line.decision is Decision.TERMINATE})
