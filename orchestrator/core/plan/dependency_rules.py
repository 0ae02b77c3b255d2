"""What a plan says of its own order: words that name no entry or several, and entries that wait for one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from orchestrator.core.plan.model import Plan
from orchestrator.core.values.finding import MOST_SHOWN, Finding, Path, shorten_names
from orchestrator.core.values.globs import is_glob
from orchestrator.core.values.graph import DependencyGraph


@dataclass(frozen=True, slots=True)
class Dependent:
    """An entry or a selection: where it stands, the words that others may name it by, and the words that it waits for."""

    path: Path
    label: str
    handles: frozenset[str]
    depends_on: tuple[str, ...]


def waiting_of(plan: Plan) -> list[Dependent]:
    """Return the entries and selections of a plan, in its order."""
    entries = [
        Dependent(("Products", number), entry.label, entry.handles, entry.depends_on)
        for number, entry in enumerate(plan.entries)
    ]
    selections = [
        Dependent(
            ("Select", number),
            each.key or f"selection {number + 1}",
            frozenset({each.key} if each.key else ()),
            each.depends_on,
        )
        for number, each in enumerate(plan.selections)
    ]
    return [*entries, *selections]


def dependency_findings(plan: Plan, *, all_known: bool = True) -> Iterator[Finding]:
    """
    Yield what is wrong with a plan's order. Globs are for the review, which knows the names.

    Args:

        plan: The plan.
        all_known: Whether none of its entries and selections were left out; otherwise no word is reported as unknown.
    """
    if not (any(each.depends_on for each in plan.entries) or any(each.depends_on for each in plan.selections)):
        return
    waiting = waiting_of(plan)
    by_handle: dict[str, list[int]] = {}
    for number, each in enumerate(waiting):
        for handle in each.handles:
            by_handle.setdefault(handle, []).append(number)
    edges: dict[int, dict[int, int]] = {}
    for number, each in enumerate(waiting):
        for index, word in enumerate(each.depends_on):
            if is_glob(word):
                continue
            found = by_handle.get(word, [])
            if len(found) == 1:
                edges.setdefault(number, {}).setdefault(found[0], index)
            elif found or all_known:
                yield misnamed(word, (*each.path, "DependsOn", index), [waiting[other].path for other in found])
    yield from cycle_findings(waiting, edges)


def misnamed(word: str, path: Path, meant: list[Path]) -> Finding:
    """Say that a word names no entry, or several."""
    if not meant:
        hint = (
            "name the ProvisionedProductId, the ProvisionedProductName or the Key of an entry, the Key of a selection, "
            "or write a glob"
        )
        return Finding(path=path, message=f"`{word}` is no entry of this plan", hint=hint)
    return Finding(
        path=path,
        message=f"`{word}` means {len(meant)} entries",
        hint="give the one that is meant a Key of its own",
        related=tuple((other, "one of them") for other in meant[:MOST_SHOWN]),
    )


def cycle_findings(waiting: list[Dependent], edges: Mapping[int, Mapping[int, int]]) -> Iterator[Finding]:
    """Yield a finding for each knot of entries that wait for one another."""
    graph = DependencyGraph(edges)
    for knot in graph.cycles():
        # Beginning with the earliest entry, so that the same plan always reads the same.
        path = graph.path_around(knot, min(knot))
        steps: list[Path] = [(*waiting[one].path, "DependsOn", edges[one][other]) for one, other in pairwise(path)]
        names = [waiting[number].label for number in path]
        related = tuple((step, f"`{name}` waits here") for step, name in zip(steps[1:], names[1:], strict=False))
        yield Finding(
            path=steps[0],
            message=f"entries wait for one another: {' → '.join(shorten_names(names))}",
            hint="leave one of these dependencies out",
            related=related[:MOST_SHOWN],
        )
