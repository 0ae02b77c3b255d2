"""Whether a worklist that comes from outside can be one of ours: what a run relies on without asking again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from orchestrator.core.again import paired
from orchestrator.core.claims import Namings
from orchestrator.core.graph import cycles
from orchestrator.core.inventory import TERMINATE, Inventory, Product, Record
from orchestrator.core.judging import decide_found
from orchestrator.core.lane import Lane
from orchestrator.core.ordering import hold
from orchestrator.core.plan import Entry, Plan
from orchestrator.core.selection import select
from orchestrator.core.worklist import Decision, Line, Worklist, line_id


def inconsistencies(plan: Plan, worklist: Worklist, begun_at: Mapping[Lane, float] = MappingProxyType({})) -> Iterator[str]:
    """
    Yield what is wrong with a worklist.

    Args:

        plan: The plan that it says it was made from.
        worklist: What was read.
        begun_at: When each lane was read, seconds since the epoch; when the worklist was made, where that is not said.
    """
    ids = [line.id for line in worklist.lines]
    if len(set(ids)) != len(ids):
        yield "a line stands in it twice"
    lanes = [lane for lane, _ in worklist.lanes]
    if len(set(lanes)) != len(lanes):
        yield "a lane stands in it twice"
    if plan.targets and not set(lanes) <= set(plan.lanes):
        yield "it has a lane that is none of the plan's targets"
    asked = {line.id: entry for entry, line in paired(plan, worklist) if line is not None}
    strays = [line for line in worklist.lines if line.id not in asked and not is_selected(plan, line)]
    yield from (f"{line.id} is nothing that its plan asks for" for line in strays)
    judge = Judge(plan, asked, frozenset(worklist.usable_lanes), worklist.made_at, begun_at)
    known = set(ids)
    for line in worklist.lines:
        if not set(line.after) <= known:
            yield f"{line.id} comes after a line that it does not have"
        elif not are_of(plan, line):
            yield f"{line.id} comes after an entry or a selection that its plan does not have"
        elif line.decision is Decision.TERMINATE and (mistake := judge.mistake_in(line)):
            yield f"{line.id} {mistake}"
    if known >= {before for line in worklist.lines for before in line.after}:
        if cycles({line.id: line.after for line in worklist.of(Decision.TERMINATE)}):
            yield "its lines wait for one another"
        elif hold(worklist.lines) != list(worklist.lines):
            yield "it would terminate something that comes after a product which stays"


class Judge:
    """
    Decides again on each line that is to be terminated, by what the worklist itself says of its product.

    Args:

        plan: The plan.
        asked: The entry of each line that was made for one.
        usable: The lanes that were read completely.
        made_at: When the lanes were read (seconds since the epoch), where `begun_at` does not say.
        begun_at: When each lane was read.
    """

    def __init__(
        self,
        plan: Plan,
        asked: Mapping[str, Entry],
        usable: frozenset[Lane],
        made_at: float,
        begun_at: Mapping[Lane, float],
    ) -> None:
        self._plan = plan
        self._asked = asked
        self._usable = usable
        self._made_at = made_at
        self._begun_at = begun_at
        self._namings = Namings((entry, entry) for entry in plan.entries)

    def mistake_in(self, line: Line) -> str | None:
        """Say why a line cannot be one that is to be terminated, None if it can."""
        if not is_whole(line):
            return "is to be terminated and does not say of what it consists"
        assert line.product is not None
        assert line.lane is not None
        if line.lane not in self._usable:
            return "is in a lane that could not be read"
        inventory = self._inventory(line.lane, line.product, line.record_id)
        entry = self._asked.get(line.id) or self._selected(line, inventory)
        if entry is None:
            return "is not what its plan selects"
        again = decide_found(self._plan, entry, inventory, line.product)
        if (again.decision, again.reason) != (line.decision, line.reason):
            return f"would not be terminated by its plan: {again.detail}"
        return None

    def _inventory(self, lane: Lane, product: Product, record_id: str | None) -> Inventory:
        """Return a lane with nothing but a product, whose last record is the termination that the line says it is."""
        records: dict[str, tuple[Record, ...]] = {}
        if record_id is not None:
            change = Record(record_id=record_id, product_id=product.product_id, record_type=TERMINATE, status="IN_PROGRESS")
            records = {product.product_id: (change,)}
        return Inventory(
            lane=lane,
            begun_at=self._begun_at.get(lane, self._made_at),
            complete=True,
            products={product.product_id: product},
            records=records,
        )

    def _selected(self, line: Line, inventory: Inventory) -> Entry | None:
        """Return the entry of a line that the plan's selections find, None if they do not find just that."""
        assert line.product is not None
        found = next(select(self._plan, [inventory]), None)
        if found is None or found.by != line.selected_by or found.disagreement or found.entry.options != line.options:
            return None
        if next(self._namings.of(line.product, inventory.lane), None) is not None:
            return None
        needs_notice = self._plan.selections[found.by[0]].after is not None
        if needs_notice != (line.due_at is not None) or (line.due_at or 0.0) > inventory.begun_at:
            return None
        return found.entry


def is_whole(line: Line) -> bool:
    """Whether a line to terminate names one product, and all its parts name the same one."""
    product, lane = line.product, line.lane
    if product is None or lane is None or line.product_id is None:
        return False
    return product.product_id == line.product_id and line.id == line_id(lane, line.product_id)


def are_of(plan: Plan, line: Line) -> bool:
    """Whether a plan has the entries and selections that a line comes after."""
    entries = all(0 <= number < len(plan.entries) for number in line.named)
    return entries and all(0 <= number < len(plan.selections) for number in line.behind)


def is_selected(plan: Plan, line: Line) -> bool:
    """Whether a line names selections that there are."""
    return bool(line.selected_by) and all(0 <= number < len(plan.selections) for number in line.selected_by)
