"""
Who comes after whom: the plan's `DependsOn`, resolved to lines, and what it forbids already at review.

A prerequisite that is not there any more keeps nobody waiting; one that stays keeps its dependents for good.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from orchestrator.core.inventory.model import Inventory, Product
from orchestrator.core.plan.model import Entry
from orchestrator.core.review.worklist import Decision, Line, Reason, dependencies_of, line_id
from orchestrator.core.values.finding import shorten_names
from orchestrator.core.values.globs import is_glob, matches
from orchestrator.core.values.lane import Lane

MOST_PREREQUISITES_NAMED = 3


@dataclass(frozen=True, slots=True)
class SelectionMembers:
    """What one selection found: its number in the plan from 0, and the lines, also of what could not be read."""

    number: int
    lines: Sequence[str]


NO_GROUPS: Mapping[str, SelectionMembers] = MappingProxyType({})


def order(
    entries: Sequence[Entry],
    lines: Sequence[Line],
    inventories: Sequence[Inventory],
    groups: Mapping[str, SelectionMembers] = NO_GROUPS,
    unread: Sequence[Line] = (),
) -> tuple[list[Line], list[str]]:
    """
    Put the lines of entries in order.

    Args:

        entries: The plan's, and those that its selections stand for.
        lines: The line of each.
        inventories: What the lanes hold; globs are matched against it.
        groups: What selections found, by their Keys.
        unread: Lines that stand for what selections may find where nothing could be read.

    Returns:

        One line for each product, with what each comes after, those refused that can never have their turn; and warnings.
    """
    if not any(entry.depends_on for entry in entries):
        return dedupe([*lines, *unread]), []
    words = DependencyResolver(zip(entries, lines, strict=True), inventories, groups, unread)
    warnings: list[str] = []
    ordered = [words.place(entry, line, warnings) for entry, line in zip(entries, lines, strict=True)]
    return propagate_blocks(dedupe([*ordered, *unread])), list(dict.fromkeys(warnings))


def dedupe(lines: Iterable[Line]) -> list[Line]:
    """Return one line of each product, the first: entries that mean the same one share it."""
    found: dict[str, Line] = {}
    for line in lines:
        found.setdefault(line.id, line)
    return list(found.values())


def dependent(line: Line) -> str:
    """Name a line for a warning; all that a selection found are named by the selection."""
    return f"the selection at {line.location}" if line.selected_by and line.location else line.label


class DependencyResolver:
    """What the words of `DependsOn` mean, now that it is known what there is."""

    def __init__(
        self,
        placed: Iterable[tuple[Entry, Line]],
        inventories: Sequence[Inventory],
        groups: Mapping[str, SelectionMembers],
        unread: Sequence[Line],
    ) -> None:
        by_entry = list(placed)
        self._lines = {line.id: line for line in dedupe((*(line for _, line in by_entry), *unread))}
        self._groups = groups
        self._by_handle = {key: [self._lines[id_] for id_ in group.lines] for key, group in groups.items()}
        self._numbers: dict[str, int] = {}
        for number, (entry, line) in enumerate(by_entry):
            for handle in entry.handles:
                self._by_handle.setdefault(handle, [line])
                self._numbers.setdefault(handle, number)
        self._inventories = {inventory.lane: inventory for inventory in inventories}
        self._matching: dict[tuple[Lane, str], list[Product]] = {}

    def place(self, entry: Entry, line: Line, warnings: list[str]) -> Line:
        """Return a line with what it comes after; refused if something that it comes after is nobody's to terminate."""
        # What is selected together and fits a glob does not wait for its like.
        words = [word for word in entry.depends_on if not (line.selected_by and is_glob(word) and matches(line.name, word))]
        named = dict.fromkeys(self._numbers[word] for word in words if word in self._numbers and word not in self._groups)
        line = replace(line, after_globs=tuple(filter(is_glob, words)), after_entries=tuple(named))
        if line.decision is not Decision.TERMINATE:
            return line
        found = [self._meant_by(word, line, warnings) for word in words]
        after = dict.fromkeys(id_ for ids in found if not isinstance(ids, str) for id_ in ids)
        behind = tuple(self._groups[word].number for word in words if word in self._groups)
        # What is blocked keeps its order as well, for a second go.
        line = replace(line, after_lines=tuple(after), after_selections=behind)
        if mistake := next(filter(None, (self._mistaken(word, entry, line) for word in words)), None):
            return replace(line, decision=Decision.REFUSE, reason=Reason.UNCLEAR, detail=f"blocked: {mistake}")
        problem = next((each for each in found if isinstance(each, str)), None)
        if problem is None:
            return line
        return replace(line, decision=Decision.REFUSE, reason=Reason.BLOCKED, detail=f"blocked: {problem}")

    def _meant_by(self, word: str, line: Line, warnings: list[str]) -> list[str] | str:
        """Return the lines that a line comes after by a word; or say what it means that is nobody's to terminate."""
        if not is_glob(word):
            meant = self._by_handle[word]
            missing = [before for before in meant if before.reason is Reason.NOT_FOUND and before.is_gone]
            if missing:
                warnings.append(f"{dependent(line)} depends on `{word}`, which was not found and so keeps nothing waiting")
            return [each.id for each in meant if not each.is_gone and each.id != line.id]
        matching = [product for product in self._fitting(line, word) if product.product_id != line.product_id]
        if not matching:
            warnings.append(f"{dependent(line)} depends on `{word}`, which matches nothing in {line.lane}")
        assert line.lane is not None
        found = {line_id(line.lane, product.product_id): product for product in matching}
        foreign = next((product for id_, product in found.items() if id_ not in self._lines), None)
        return unplanned_match(foreign, word) if foreign else list(found)

    def _mistaken(self, word: str, entry: Entry, line: Line) -> str | None:
        """Say which product may be meant by a name that was not found, unless the line waits for that one anyway."""
        missing = [each for each in self._by_handle.get(word, ()) if each.reason is Reason.NOT_FOUND and each.similar_ids]
        if not missing:
            return None
        waited_for = {each.product_id for word in entry.depends_on for each in self._by_handle.get(word, ())}
        waited_for |= {each.product_id for word in line.after_globs for each in self._fitting(line, word)}
        for before in missing:
            close = [each for each in before.similar_ids if each not in (line.product_id, *waited_for)]
            if close:
                return f"`{before.requested_name}` was not found, and {close[0]} has a name like it; put the plan right"
        return None

    def _fitting(self, line: Line, glob: str) -> list[Product]:
        """Return what a lane holds whose name fits."""
        assert line.lane is not None
        if (line.lane, glob) not in self._matching:
            self._matching[line.lane, glob] = fitting(self._inventories[line.lane], glob)
        return self._matching[line.lane, glob]


def fitting(inventory: Inventory, glob: str) -> list[Product]:
    """Return what a lane holds whose name fits."""
    return [product for product in shown_by(inventory) if matches(product.name, glob)]


def shown_by(inventory: Inventory) -> tuple[Product, ...]:
    """Return what a lane holds; what only the search shows may be there as well."""
    return (*inventory.products.values(), *inventory.only_searched.values())


def unplanned_match(product: Product, glob: str) -> str:
    """Say that something fits which nobody is going to terminate."""
    return f"{product.name} ({product.product_id}) matches `{glob}` and is not in the plan"


def propagate_blocks(lines: Sequence[Line]) -> list[Line]:
    """Refuse the lines that can never have their turn: those that wait for one another, or for something that stays."""
    found = {line.id: line for line in lines}
    graph = dependencies_of(lines)
    for knot in graph.cycles():
        way = [located_name(found[id_]) for id_ in graph.path_around(knot, min(knot))]
        detail = f"products wait for one another: {' → '.join(shorten_names(way))}"
        for id_ in knot:
            found[id_] = replace(found[id_], decision=Decision.REFUSE, reason=Reason.CYCLE, detail=detail)
    for id_ in dependencies_of(found.values()).waves():
        found[id_] = blocked(found[id_], found)
    return [found[line.id] for line in lines]


def blocked(line: Line, found: Mapping[str, Line]) -> Line:
    """Return a line, refused if something that it comes after stays; skipped if that only has to be given notice."""
    staying = [
        found[id_] for id_ in line.after_lines if found[id_].decision is not Decision.TERMINATE and not found[id_].is_gone
    ]
    for before in staying:
        if before.reason is not Reason.NOTICE:
            detail = f"blocked: {before.label} stays ({before.detail.removeprefix('blocked: ')})"
            return replace(line, decision=Decision.REFUSE, reason=Reason.BLOCKED, detail=detail)
    if staying:
        detail = f"waits for {staying[0].label}, which is on notice"
        return replace(line, decision=Decision.SKIP, reason=Reason.NOTICE, detail=detail)
    return line


def located_name(line: Line) -> str:
    """Name a line with the place of its entry."""
    return f"{line.name} ({line.location})" if line.location else line.name


def in_waves(lines: Sequence[Line]) -> Iterator[Line]:
    """Yield the lines to terminate, each after all that it comes after, otherwise in their order."""
    wave = dependencies_of(lines).waves()
    yield from sorted((line for line in lines if line.id in wave), key=lambda line: wave[line.id])


def describe_prerequisites(line: Line, found: Mapping[str, Line]) -> str:
    """Say what a line comes after, in words; empty if nothing."""
    if not line.after_lines:
        return ""
    names = ", ".join(found[id_].name for id_ in line.after_lines[:MOST_PREREQUISITES_NAMED])
    more = (
        f" and {len(line.after_lines) - MOST_PREREQUISITES_NAMED:,} more"
        if len(line.after_lines) > MOST_PREREQUISITES_NAMED
        else ""
    )
    return f"after {names}{more}"
