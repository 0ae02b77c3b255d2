"""Collects everything that is wrong with a plan and with its files of rows, each with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.core.values.finding import Diagnostic, Finding, Place
from orchestrator.store.plan.locations import SourceMap
from orchestrator.store.plan.messages import explain_error, keys_at, misspelled_keys
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
