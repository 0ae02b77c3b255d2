"""Collects everything that is wrong with a plan and its files of rows, with its place; takes out what is not valid."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from orchestrator.core.values.arns import is_arn, parse_arn
from orchestrator.core.values.finding import Diagnostic, Finding, Path, Place
from orchestrator.store.plan.locations import SourceMap
from orchestrator.store.plan.messages import explain_error, keys_at, misspelled_keys
from orchestrator.store.plan.schema import SOURCES
from orchestrator.store.yaml.nodes import YamlProblem

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MOST_MISTAKES = 1_000


class Mistakes:
    """
    Collects the mistakes of one plan.

    Args:

        places: Finds the places of the plan's parts.
        problems: The problems of the YAML itself, which are the first mistakes.
    """

    def __init__(self, places: SourceMap, problems: Sequence[YamlProblem]) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._places = places
        for problem in problems:
            related = [(places.place_at(problem.related), "first given here")] if problem.related else []
            self.add(places.place_at(problem.position), problem.message, problem.hint, related)
        self._in_yaml = {each.place for each in self.diagnostics}

    @property
    def are_enough(self) -> bool:
        """Whether there are so many mistakes that more would not help; a wrong file may have a million rows."""
        return len(self.diagnostics) >= MOST_MISTAKES

    def in_order(self) -> list[Diagnostic]:
        """Return the mistakes of the plan, then those of its files of rows, each in the order of the file."""
        file = self._places.file
        found = sorted(self.diagnostics, key=lambda d: (d.place.file != file, d.place.file, d.place.line, d.place.column))
        if self.are_enough:
            found.append(replace(found[-1], message="... and more mistakes than are told", hint=None, related=()))
        return found

    def add(self, place: Place, message: str, hint: str | None, related: Sequence[tuple[Place, str]] = ()) -> None:
        """Add a mistake, unless there are enough already."""
        if not self.are_enough:
            self.diagnostics.append(Diagnostic(place=place, message=message, hint=hint, related=tuple(related)))

    def add_finding(self, finding: Finding) -> None:
        """Add what a rule found, unless the YAML has a problem in that place."""
        if self.are_enough:
            return
        place = self._places.place_of(finding.path)
        if place not in self._in_yaml:
            related = [(self._places.place_of(path), note) for path, note in finding.related]
            self.add(place, finding.message, finding.hint, related)

    def add_error(self, detail: ErrorDetails) -> None:
        """Add what pydantic found in the YAML, unless that only follows from another mistake."""
        if self.are_enough:
            return
        path, kind = tuple(detail["loc"]), detail["type"]
        if kind == "missing" and path[-1] in misspelled_keys(detail["input"], keys_at(path[:-1])):
            return
        message, hint = explain_error(kind, path, detail)
        position = self._places.position(path, key=kind == "extra_forbidden")
        place = self._places.place_at(position)
        if kind == "string_type" and hint is None and isinstance(detail["input"], int | float) and place.source is not None:
            # As it is written, not as it was read: `+1` is another id than `1`.
            hint = f'quote it: "{place.source[position.column : position.column + position.length]}"'
        if place not in self._in_yaml:
            self.add(place, message, hint)
        elif kind not in ("string_type", "string_pattern_mismatch"):
            # Quoting it, as the hint for ambiguous values says, would not help here.
            self._hint_otherwise(place, hint or message)

    def _hint_otherwise(self, place: Place, hint: str) -> None:
        """Replace the hint of an ambiguous value."""
        self.diagnostics = [
            replace(each, hint=hint) if each.place == place and each.message.startswith("ambiguous") else each
            for each in self.diagnostics
        ]


ID, NAME = "ProvisionedProductId", "ProvisionedProductName"

REQUIRED: Mapping[str, Any] = {"Version": 1, "Name": "unnamed"}
"""Stands in for required keys that are invalid, so that the other parts can be read."""


def part_findings(plain: Mapping[str, Any]) -> Iterator[Finding]:
    """Find out whether a plan has products at all, and whether each product is named in one way."""
    if not {*plain, *misspelled_keys(plain, keys_at(()))}.intersection(SOURCES):
        hint = "name products under Products, in files under ProductsFrom, or describe them under Select"
        message = f"`{SOURCES[0]}`, `{SOURCES[1]}` or `{SOURCES[2]}` is missing"
        yield Finding(path=(SOURCES[0],), message=message, hint=hint)
    products = plain.get("Products")
    for number, product in enumerate(products if isinstance(products, list) else ()):
        if isinstance(product, dict):
            yield from naming_findings(("Products", number), product)


def naming_findings(path: Path, keys: Mapping[str, Any]) -> Iterator[Finding]:
    """
    Find what is wrong with the way an entry names its product.

    Args:

        path: The path of the entry.
        keys: The keys of the entry, with values that may be invalid.
    """
    if ID in keys and NAME in keys:
        hint = "keep the id, which is unique; a name may be another product's tomorrow"
        related = (((*path, ID), "the id"),)
        yield Finding(path=(*path, NAME), message=f"`{NAME}` beside `{ID}`", hint=hint, related=related)
    elif ID not in keys and NAME not in keys and misspelled_keys(keys, keys_at(("Products",))).isdisjoint((ID, NAME)):
        hint = "an entry names its product by one of them"
        yield Finding(path=path, message=f"`{ID}` or `{NAME}` is missing", hint=hint)
    name = keys.get(NAME)
    if not isinstance(name, str) or not is_arn(name):
        return
    try:
        lane = parse_arn(name).lane
    except ValueError:
        return
    for key, told in (("AccountId", lane.account_id), ("Region", lane.region)):
        if key in keys and keys[key] != told:
            yield Finding(path=(*path, key), message=f"`{key}` is not the one of the ARN, {told}", hint="leave it out")


def valid_parts(plain: Mapping[str, Any], wrong: Collection[Path]) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """
    Remove the invalid parts from a plan: single items of lists, and other keys as a whole.

    Args:

        plain: The plan as it is written.
        wrong: The paths of everything that is invalid.

    Returns:

        A valid plan; and for each of its lists, the numbers that the remaining items have in the YAML.
    """
    keys, items = {path[0] for path in wrong}, {path[:2] for path in wrong}
    valid = dict(REQUIRED)
    numbers: dict[str, list[int]] = {}
    for key, value in plain.items():
        if isinstance(value, list) and (key,) not in items:
            numbers[key] = [number for number in range(len(value)) if (key, number) not in items]
            if numbers[key]:
                valid[key] = [value[number] for number in numbers[key]]
        elif key not in keys:
            valid[key] = value
    return valid, numbers
