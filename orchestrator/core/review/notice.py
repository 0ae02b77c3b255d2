"""
Notice before termination: since when each product has been selected, as far as a notice needs it.

A product that is not selected any more, or that is protected or refused for what it is, loses its notice, and is given a
new one when it is selected again: whoever was told a day can rely on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.core.inventory.model import Inventory
from orchestrator.core.plan.model import Plan
from orchestrator.core.review.worklist import Decision, Line, Worklist


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """
    A line on notice: selected since `since`, not terminated before `due_at` (both in seconds since the epoch).

    `is_over` says that this moment has passed by every clock that there is.
    """

    line: Line
    since: float
    due_at: float
    is_over: bool


def noticed(worklist: Worklist, inventories: Sequence[Inventory], earlier: Mapping[str, float]) -> dict[str, float]:
    """
    Say since when lines have been selected, what is selected now included.

    Args:

        worklist: What was decided.
        inventories: What it was decided from. What could not be read completely keeps its notices as they are.
        earlier: What was known before: moments (seconds since the epoch) by the ids of lines.

    Returns:

        The moments by the ids of lines.
    """
    started_at = {inventory.lane: inventory.started_at for inventory in inventories}
    unread = {f"{inventory.lane}/" for inventory in inventories if not inventory.complete}
    kept = {id_: at for id_, at in earlier.items() if id_[: id_.rfind("/") + 1] in unread}
    for line in worklist.lines:
        if line.due_at is not None and line.lane is not None:
            # A moment from the future (the clock was set back) counts as one of now.
            kept[line.id] = min(earlier.get(line.id, started_at[line.lane]), started_at[line.lane])
    return kept


def notices_given(
    plan: Plan, worklist: Worklist, inventories: Sequence[Inventory], since: Mapping[str, float]
) -> Iterator[Notice]:
    """
    Yield the lines that are on notice, in the order of the worklist.

    Args:

        plan: What the worklist was made from.
        worklist: What was decided.
        inventories: What it was decided from.
        since: Since when lines have been selected, as `noticed` says it.
    """
    now = {inventory.lane: min(inventory.moments) for inventory in inventories}
    for line in worklist.lines:
        if line.due_at is not None and line.lane is not None:
            due_at = since[line.id] + notice_seconds_of(plan, line)
            yield Notice(line=line, since=since[line.id], due_at=due_at, is_over=due_at <= now[line.lane])


def given_anew(plan: Plan, worklist: Worklist, notices: Mapping[str, float], now: float) -> dict[str, str]:
    """
    Hold a saved worklist against the notices that were given since.

    Args:

        plan: What it was made from.
        worklist: What was reviewed.
        notices: Moments (seconds since the epoch) by the ids of lines.
        now: Seconds since the epoch.

    Returns:

        The lines to terminate whose notice is not over, each with the reason.
    """
    found = {}
    for line in worklist.of(Decision.TERMINATE):
        if line.due_at is None or not line.selected_by:
            continue
        since = notices.get(line.id)
        if since is None or since + notice_seconds_of(plan, line) > now:
            found[line.id] = "it was not selected all the time since, so its notice begins anew"
    return found


def notice_seconds_of(plan: Plan, line: Line) -> int:
    """Return how long a selected product is on notice; the selections that found it agree on that."""
    return plan.selections[line.selected_by[0]].notice_seconds or 0
