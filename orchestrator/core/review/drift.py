"""
The one rule of drift: whether a line that has not been sent is still what was reviewed.

It has three parts: `find_drift` (another product, protected, not selected any more), `find_change` (something was done
to it since; in a live run `inventory.evidence.settle` says that, from lookups) and `UnreviewedProducts` (something is
there that it comes after). A saved worklist before it is run, a resumed run, the rest of a run that began with its
first lines, and every complete listing of a live run go by them. A line that drifted is not sent; what is new is no
line, and never touched.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from orchestrator.core.inventory.evidence import Changed, Evidence, settle
from orchestrator.core.inventory.model import STABLE_STATUSES, UNDER_CHANGE, Inventory, Observation, Product, Record
from orchestrator.core.plan.model import Plan
from orchestrator.core.review.order import shown_by
from orchestrator.core.review.protect import passing_of, protection, selection_mismatch
from orchestrator.core.review.unreviewed import UnreviewedProducts
from orchestrator.core.review.worklist import Decision, Line, Reason, Worklist
from orchestrator.core.values.lane import Lane


@dataclass(frozen=True)
class Shown:
    """What a complete listing of a lane shows: its products, and when by each clock (seconds since the epoch)."""

    products: Mapping[str, Product]
    moments: tuple[float, ...]

    @cached_property
    def by_name(self) -> dict[str, Product]:
        """The products by their names, which are unique in a lane (documented)."""
        return {product.name: product for product in self.products.values()}


def find_drift(plan: Plan, line: Line, shown: Shown) -> str | None:
    """
    Say why a line may not be sent by what a complete listing shows of its product.

    Args:

        plan: The plan that the line was made from.
        line: A line to terminate.
        shown: The listing of its lane.

    Returns:

        The reason: it is another product, protected, or not what its selections select any more; None if it may. What has
        been done to it since is `find_change`'s to say, and what it comes after `UnreviewedProducts`'. Absence is no drift.
        The caller waits for tags that are not shown.
    """
    assert line.product is not None
    assert line.lane is not None
    namesake = shown.by_name.get(line.requested_name) if line.requested_name else None
    if namesake is not None and namesake.product_id != line.product_id:
        return f"another product, {namesake.product_id}, has its name now"
    now = shown.products.get(line.product_id or "")
    if now is None:
        return None
    if (now.name, now.type) != (line.product.name, line.product.type):
        was = f"{line.product.name} of type {line.product.type}"
        return f"it is {now.name} of type {now.type or '(none)'} now, and was {was} at the review"
    if reason := protection(plan, now, line.lane, shown.moments):
        return f"it is {reason}"
    if lacks_tags(line, now):
        return None
    passing = passing_of(now, adopted=line.reason is Reason.ADOPT)
    return selection_mismatch(plan, line.selected_by, now, line.lane, shown.moments, passing=passing)


def lacks_tags(line: Line, now: Product) -> bool:
    """
    Whether a listing does not show which tags a line's product has.

    One that had tags at the review and is shown without any may only be shown late: the search is an index (inferred).
    """
    return now.tags is None or (not now.tags and line.product is not None and bool(line.product.tags))


def find_change(line: Line, now: Product, records: Collection[Record] = ()) -> str | None:
    """
    Say what has been done to a product since it was reviewed, so that its line may not be sent.

    Returns:

        The reason. None if nothing was done, if a termination is in progress that is to be followed, or if the record of
        what is in progress has yet to be read.
    """
    assert line.product is not None
    if now.status not in STABLE_STATUSES and now.status != UNDER_CHANGE:
        return f"its status is {now.status or '(none)'} now"
    known = frozenset(id_ for id_ in (line.product.last_record_id, line.record_id) if id_)
    is_known = now.last_record_id in known or now.last_record_id == line.product.last_record_id
    if is_known and (now.status in STABLE_STATUSES or line.reason is Reason.ADOPT):
        return None
    if now.status in STABLE_STATUSES:
        words = now.last_record_id or "not shown"
        return f"its last record is {words} now, so something was done to it since the review"
    seen = Observation(at=0.0, status=now.status, record_id=now.last_record_id)
    read = {record.record_id: record for record in records}
    found = settle(Evidence(observation=seen, records=read), intent=None, known=known)
    return found.reason if isinstance(found, Changed) else None


def drifted_lines(plan: Plan, worklist: Worklist, inventories: Sequence[Inventory]) -> dict[str, str]:
    """
    Compare a reviewed worklist with what there is now.

    Args:

        plan: What it was made from, with its protections and selections.
        worklist: What was reviewed.
        inventories: What the lanes hold now; nothing is concluded from those that are incomplete.

    Returns:

        The lines to terminate that are not what was reviewed any more, each with the reason.
    """
    complete = {inventory.lane: inventory for inventory in inventories if inventory.complete}
    newcomers = UnreviewedProducts(plan, worklist)
    awaited = {lane: newcomers.shown_in(lane, shown_by(each), each.moments) for lane, each in complete.items()}
    shown = {lane: Shown(each.products, each.moments) for lane, each in complete.items()}
    found = {}
    for line in worklist.of(Decision.TERMINATE):
        if line.lane not in complete:
            continue
        inventory = complete[line.lane]
        now = inventory.products.get(line.product_id or "")
        reason = find_drift(plan, line, shown[line.lane])
        if reason is None and now is not None:
            reason = newcomers.beside(line, awaited) or find_change(line, now, inventory.records.get(now.product_id, ()))
        if reason:
            found[line.id] = reason
    return found


def blocked_by_unread(plan: Plan, worklist: Worklist, problems: Mapping[Lane, str]) -> dict[str, str]:
    """
    Say which lines may come after something in another lane that cannot be listed completely.

    Args:

        plan: What the worklist was made from.
        worklist: What was reviewed.
        problems: The lanes that cannot be listed, each with the reason.

    Returns:

        The reasons by line.
    """
    newcomers = UnreviewedProducts(plan, worklist)
    found = {}
    for line in worklist.of(Decision.TERMINATE):
        lane = next((lane for lane in newcomers.lanes_of(line) if lane in problems), None)
        if lane is not None and line.lane not in problems:
            found[line.id] = f"what it comes after may be in {lane}, which cannot be listed: {problems[lane]}"
    return found
