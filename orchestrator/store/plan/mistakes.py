"""Collects everything that is wrong with a plan and with the files beside it, each with its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.core.values.finding import Diagnostic, Finding, Place
from orchestrator.store.plan.locations import SourceMap
from orchestrator.store.plan.messages import explain_error, keys_at, misspelled
from orchestrator.store.yaml.nodes import YamlProblem

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

MOST_MISTAKES = 1_000


class Mistakes:
    """
    What is wrong with a plan.

    Args:

        places: Where the parts of the plan stand.
        problems: What is wrong with the YAML itself.
    """

    def __init__(self, places: SourceMap, problems: Sequence[YamlProblem]) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._places = places
        for problem in problems:
            related = [(places.at(problem.related), "first given here")] if problem.related else []
            self.add(places.at(problem.position), problem.message, problem.hint, related)
        self._in_yaml = {each.place for each in self.diagnostics}

    @property
    def are_enough(self) -> bool:
        """Whether so much is wrong that more would help nobody: a wrong file may have a million rows."""
        return len(self.diagnostics) >= MOST_MISTAKES

    def in_order(self) -> list[Diagnostic]:
        """Return what is wrong: of the plan itself first, then of the files beside it; and whether there may be more."""
        file = self._places.file
        found = sorted(self.diagnostics, key=lambda d: (d.place.file != file, d.place.file, d.place.line, d.place.column))
        if self.are_enough:
            found.append(replace(found[-1], message="... and more mistakes than are told", hint=None, related=()))
        return found

    def add(self, place: Place, message: str, hint: str | None, related: Sequence[tuple[Place, str]] = ()) -> None:
        """Add a mistake, unless there are enough."""
        if not self.are_enough:
            self.diagnostics.append(Diagnostic(place=place, message=message, hint=hint, related=tuple(related)))

    def add_finding(self, finding: Finding) -> None:
        """Add what a rule found, unless its place is known to be wrong as YAML."""
        if self.are_enough:
            return
        place = self._places.of(finding.path)
        if place not in self._in_yaml:
            related = [(self._places.of(path), note) for path, note in finding.related]
            self.add(place, finding.message, finding.hint, related)

    def add_error(self, detail: ErrorDetails) -> None:
        """Add what pydantic found in the YAML, unless it only follows from another mistake."""
        path, kind = tuple(detail["loc"]), detail["type"]
        if kind == "missing" and path[-1] in misspelled(detail["input"], keys_at(path[:-1])):
            return
        message, hint = explain_error(kind, path, detail)
        position = self._places.position(path, key=kind == "extra_forbidden")
        place = self._places.at(position)
        if kind == "string_type" and hint is None and isinstance(detail["input"], int | float) and place.source is not None:
            # As it was written, not as it was understood: `+1` is another id than `1`.
            hint = f'quote it: "{place.source[position.column : position.column + position.length]}"'
        if place not in self._in_yaml:
            self.add(place, message, hint)
        elif kind not in ("string_type", "string_pattern_mismatch"):
            # To quote it would not make it right here.
            self._hint_otherwise(place, hint or message)

    def _hint_otherwise(self, place: Place, hint: str) -> None:
        """Say in another way what would be right instead of an ambiguous value."""
        self.diagnostics = [
            replace(each, hint=hint) if each.place == place and each.message.startswith("ambiguous") else each
            for each in self.diagnostics
        ]
