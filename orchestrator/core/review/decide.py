"""
Plan × inventories → worklist. Every line gets a decision and a reason; nothing is guessed and nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from orchestrator.core.inventory.calls import Operation
from orchestrator.core.inventory.model import SUCCEEDED, Inventory, Record, newest
from orchestrator.core.plan.model import Entry, Plan
from orchestrator.core.review.classify import Judgement, decide_found, line_of
from orchestrator.core.review.match import admits
from orchestrator.core.review.name_index import CloseNames, RefusedNames
from orchestrator.core.review.order import SelectionMembers, order
from orchestrator.core.review.resolve import Found, Resolver, Unresolved
from orchestrator.core.review.select import Selected, differences, idle, select
from orchestrator.core.review.worklist import Decision, Line, Reason, Worklist, unread_id
from orchestrator.core.values.durations import format_duration
from orchestrator.core.values.policy import POLICY
from orchestrator.core.values.timestamps import believed

IN_BETWEEN = frozenset({Reason.UNDER_CHANGE, Reason.PLAN_IN_PROGRESS, Reason.UNKNOWN_STATUS})

NO_NOTICES: Mapping[str, float] = MappingProxyType({})


def decide(
    plan: Plan, inventories: Sequence[Inventory], *, strict: bool = False, notices: Mapping[str, float] = NO_NOTICES
) -> Worklist:
    """
    Decide what a run of *plan* would do.

    Args:

        plan: A valid plan.
        inventories: One for each lane of the plan.
        strict: Whether products that are not found are refused, not skipped.
        notices: Since when lines have been on notice, seconds since the epoch; what is not there since now.

    Returns:

        One line for each entry, in the plan's order; entries that turn out to mean one product share a line, refused. Then
        the lines of what the plan's selections find, lane by lane.
    """
    resolver, close = Resolver(inventories), CloseNames(plan, inventories)
    lines = [decide_entry(plan, entry, resolver, close, strict=strict) for entry in plan.entries]
    lines = refuse_shared(plan.entries, lines)
    named = {line.id for line in lines}
    found = list(select(plan, inventories))
    # A product that an entry names is the entry's, with the entry's options.
    chosen = [each for each in found if each.line not in named]
    claims = RefusedNames(zip(plan.entries, lines, strict=True))
    entries = [*plan.entries, *(each.entry for each in chosen)]
    lines += [decide_selected(plan, each, claims, notices.get(each.line)) for each in chosen]
    blind = list(unread_lines(plan, inventories))
    groups = {
        number: [
            *(each.line for each in found if number in each.by),
            *(line.id for line in blind if number in line.selected_by),
        ]
        for number, _ in enumerate(plan.selections)
    }
    keyed = {each.key: SelectionMembers(number, groups[number]) for number, each in enumerate(plan.selections) if each.key}
    ordered, warnings = order(entries, lines, inventories, keyed, blind)
    return Worklist(
        lines=tuple(ordered),
        made_at=min((inventory.started_at for inventory in inventories), default=0.0),
        lanes=tuple((inventory.lane, inventory.coverage.problem) for inventory in inventories),
        warnings=(
            *differences(inventories),
            *lane_warnings(inventories),
            *idle(plan, groups, inventories),
            *warnings,
        ),
    )


def lane_warnings(inventories: Sequence[Inventory]) -> Iterator[str]:
    """Yield a warning for each lane whose clock is not believed, that took long, or whose records may not be read."""
    for inventory in inventories:
        if inventory.clock_ahead is not None and believed(inventory.clock_ahead) is None:
            yield (
                f"in {inventory.lane} the service's clock differs from this machine's by "
                f"{format_duration(abs(inventory.clock_ahead))}, which is not believed: this machine's clock is used"
            )
        took = (inventory.ended_at or inventory.started_at) - inventory.started_at
        if took > POLICY.listing_fresh_s:
            yield (
                f"reading {inventory.lane} took {format_duration(took)}: each product is looked up again before its "
                "termination, and what was provisioned since the listing began is not seen"
            )
        if inventory.denied:
            operations = ", ".join(f"{operation} ({words})" for operation, words in sorted(inventory.denied.items()))
            yield (
                f"in {inventory.lane} records may not be read: {operations}. Verdicts rest on lookups of the products, and "
                "the errors of failed terminations are not available"
            )


def decide_entry(plan: Plan, entry: Entry, resolver: Resolver, close: CloseNames, *, strict: bool) -> Line:
    """Decide on one entry."""
    resolution = resolver.resolve(entry)
    if isinstance(resolution, Found):
        return decide_found(plan, entry, resolution.inventory, resolution.product)
    if isinstance(resolution, Unresolved):
        return line_of(entry, resolution.lane, (Decision.REFUSE, resolution.reason, resolution.detail))
    line = decide_missing(entry, resolution.inventories, Decision.REFUSE if strict else Decision.SKIP)
    found = close.of(entry, resolution.inventories) if line.reason is Reason.NOT_FOUND else {}
    if not found:
        return line
    names = ", ".join(f"`{name}` ({id_})" for id_, name in found.items())
    return replace(line, detail=f"{line.detail}; did you mean {names}?", similar_ids=tuple(found))


def decide_selected(plan: Plan, found: Selected, claims: RefusedNames, noticed_at: float | None) -> Line:
    """Decide on a product that selections find."""
    line = decide_found(plan, found.entry, found.inventory, found.product, found.by)
    refusal: Judgement | None = None
    if found.problem is not None:
        refusal = (Decision.REFUSE, Reason.LISTINGS_DIFFER, f"{found.problem}; review again in a minute")
    elif claim := claims.on(found.product, found.inventory.lane):
        refusal = (Decision.REFUSE, Reason.AMBIGUOUS, claim)
    elif found.disagreement is not None:
        refusal = (Decision.REFUSE, Reason.OPTIONS_DIFFER, found.disagreement)
    if refusal and line.reason is not Reason.PROTECTED:
        line = line_of(found.entry, found.inventory.lane, refusal, product=found.product, selected_by=found.by)
    if found.between and line.reason in IN_BETWEEN:
        # It is none of those that were asked for now, and it is none of those that are gone: what comes after it waits.
        line = replace(line, decision=Decision.SKIP)
    after = plan.selections[found.by[0]].notice_seconds
    if after is None or line.decision is not Decision.TERMINATE:
        return line
    now = min(found.inventory.moments)
    due_at = (found.inventory.started_at if noticed_at is None else noticed_at) + after
    if now >= due_at:
        return replace(line, due_at=due_at)
    detail = f"on notice for {format_duration(after)}"
    return replace(line, decision=Decision.SKIP, reason=Reason.NOTICE, detail=detail, due_at=due_at)


def unread_lines(plan: Plan, inventories: Sequence[Inventory]) -> Iterator[Line]:
    """Yield a refused line for each selection in each lane that could not be read: who knows what it would find there."""
    for inventory in inventories:
        if inventory.complete:
            continue
        for index, selection in enumerate(plan.selections):
            if not admits(selection.conditions, inventory.lane):
                continue
            yield Line(
                id=unread_id(inventory.lane, index),
                product_id=None,
                lane=inventory.lane,
                decision=Decision.REFUSE,
                reason=Reason.LANE_INCOMPLETE,
                detail=f"nothing can be selected, the lane could not be read completely: {inventory.coverage.problem}",
                location=selection.location,
                selected_by=(index,),
            )


def decide_missing(entry: Entry, inventories: Sequence[Inventory], absent: Decision) -> Line:
    """Decide on a product that no lane's complete listing shows."""
    seen = [(inventory.lane, record) for inventory in inventories for record in records_of(entry, inventory)]
    last = newest(record for _, record in seen if record.is_termination)
    if last is not None and last.status == SUCCEEDED:
        lane = next(lane for lane, record in seen if record is last)
        which = "" if entry.product_id else f"the last product of that name, {last.product_id}, was "
        judgement = (Decision.SKIP, Reason.ALREADY_GONE, f"{which}terminated before, by {last.record_id}")
        return line_of(entry, lane, judgement, record_id=last.record_id)
    if seen:
        lane, record = seen[0]
        detail = f"not found in {lane}; its last known record is {record}"
        return line_of(entry, lane, (absent, Reason.NOT_FOUND, detail), record_id=record.record_id)
    only_lane = inventories[0].lane if len(inventories) == 1 else None
    lanes = ", ".join(str(inventory.lane) for inventory in inventories[:8])
    more = f" and {len(inventories) - 8} more lanes" if len(inventories) > 8 else ""
    unread_lines = any(Operation.HISTORY in inventory.denied for inventory in inventories)
    history = "; its history may not be read" if unread_lines else ""
    return line_of(entry, only_lane, (absent, Reason.NOT_FOUND, f"not found in {lanes}{more}{history}"))


def records_of(entry: Entry, inventory: Inventory) -> Sequence[Record]:
    """Return what a lane remembers of a product that it does not hold any more."""
    if entry.product_id is not None:
        return inventory.records.get(entry.product_id, ())
    record = inventory.terminated_names.get(entry.name or "")
    return (record,) if record else ()


def refuse_shared(entries: Sequence[Entry], lines: Sequence[Line]) -> list[Line]:
    """Refuse lines that two entries share: one names the product by id and the other by name, and which counts is open."""
    by_id: dict[str, list[Entry]] = {}
    for entry, line in zip(entries, lines, strict=True):
        by_id.setdefault(line.id, []).append(entry)
    decided = []
    for entry, line in zip(entries, lines, strict=True):
        sharing = by_id[line.id]
        if len(sharing) == 1:
            decided.append(line)
            continue
        places = " and ".join(each.location or each.label for each in sharing)
        judgement = (Decision.REFUSE, Reason.DUPLICATE, f"two entries mean this product: {places}")
        decided.append(line_of(entry, line.lane, judgement, product=line.product))
    return decided
