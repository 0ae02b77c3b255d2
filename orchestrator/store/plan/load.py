"""
Loads a plan from its file, and reports all mistakes at once, each with its line and column.

Parts that are invalid by themselves are left out, so that the rules between the others are checked in the same pass.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestrator.core.plan.model import Entry, Plan, Protection, Retry
from orchestrator.core.plan.rules import validate
from orchestrator.core.values.finding import Diagnostic
from orchestrator.errors import InvalidInput
from orchestrator.store.files import read_text
from orchestrator.store.plan.build import PlanOptions, conditions_of, entry_of, limits_of, selection_of, target_of
from orchestrator.store.plan.locations import RowsSourceMap, SourceMap
from orchestrator.store.plan.messages import describe_value, explain_error, keys_at, misspelled_keys
from orchestrator.store.plan.mistakes import Mistakes, naming_findings, part_findings, valid_parts
from orchestrator.store.plan.rows import RowsFile
from orchestrator.store.plan.schema import PlanKeys, ProductKeys
from orchestrator.store.yaml import nodes as yaml_nodes
from orchestrator.store.yaml import parser as yaml_reader


class PlanInvalid(InvalidInput):
    """A plan file has mistakes."""

    def __init__(self, file: str, diagnostics: list[Diagnostic]) -> None:
        self.file = file
        self.diagnostics = diagnostics
        count = len(diagnostics)
        super().__init__(f"{file}: {count} {'mistake' if count == 1 else 'mistakes'}; nothing was called")

    def __reduce__(self) -> tuple[type[PlanInvalid], tuple[str, list[Diagnostic]]]:
        return type(self), (self.file, self.diagnostics)


def load_plan(path: Path) -> Plan:
    """
    Read a plan file.

    Args:

        path: The YAML file.

    Returns:

        The plan, which satisfies all rules.

    Raises:

        PlanInvalid: The plan has mistakes, which are in `diagnostics`.
        InvalidInput: The file cannot be read.
    """
    text = read_text(path)
    with without_garbage_collection():
        reader = PlanReader(path, text, yaml_reader.parse_yaml(text))
        plan = reader.read()
    if reader.mistakes.diagnostics:
        raise PlanInvalid(str(path), reader.mistakes.in_order())
    assert plan is not None
    return plan


@contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Turn off garbage collection, which would walk a growing tree again and again (measured: 3.3 times slower)."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class PlanReader:
    """
    Reads one plan.

    Args:

        path: The file of the plan.
        text: The content of the file.
        document: The content as a tree.
    """

    def __init__(self, path: Path, text: str, document: yaml_nodes.Document) -> None:
        self._folder = path.parent
        self._root = document.root
        self._places = SourceMap(str(path), text, document.root)
        self.mistakes = Mistakes(self._places, document.problems)
        self._gaps: set[str] = set()

    def read(self) -> Plan | None:
        """Return the plan without its invalid parts, None if there is none; what is wrong is in `mistakes`."""
        if self._root is None:
            if not self.mistakes.diagnostics:
                hint = "a plan begins with `Version: 1` and a `Name`"
                self.mistakes.add(self._places.place_at(yaml_nodes.Position(0, 0, 1)), "the file is empty", hint)
            return None
        plain = yaml_nodes.to_plain(self._root)
        if not isinstance(plain, dict):
            message = f"a plan must be a mapping of keys to values, not {describe_value(plain)}"
            self.mistakes.add(self._places.place_at(self._root.position), message, None)
            return None
        keys = self._valid_keys(plain)
        if keys is None:
            return None
        plan = self._build(keys)
        for finding in validate(plan, self._gaps):
            self.mistakes.add_finding(finding)
        return plan

    def _valid_keys(self, plain: dict[str, Any]) -> PlanKeys | None:
        """Report what is invalid by itself, and return the keys of the plan without that; None after too many mistakes."""
        wrong: set[tuple[str | int, ...]] = set()
        keys = None
        try:
            keys = PlanKeys.model_validate(plain)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                self.mistakes.add_error(detail)
                wrong.add(detail["loc"])
        if self.mistakes.are_enough:
            return None
        for finding in part_findings(plain):
            self.mistakes.add_finding(finding)
            wrong.add(finding.path[:2])
        if keys is None or wrong:
            self._gaps = {str(path[0]) for path in wrong} | misspelled_keys(plain, keys_at(()))
            valid, self._places.numbers = valid_parts(plain, wrong)
            keys = PlanKeys.model_validate(valid)
        return keys

    def _build(self, keys: PlanKeys) -> Plan:
        options = PlanOptions(keys)
        entries = [
            entry_of(vars(each), options.of(each), self._location("Products", index))
            for index, each in enumerate(keys.Products)
        ]
        self._add_rows(entries, keys, options)
        return Plan(
            name=keys.Name,
            targets=tuple(target_of(vars(each)) for each in keys.Targets or ()),
            entries=tuple(entries),
            selections=tuple(
                selection_of(vars(each), options.of(each), self._location("Select", index))
                for index, each in enumerate(keys.Select)
            ),
            protections=tuple(
                Protection(conditions=conditions_of(vars(each)), location=self._location("Protect", index))
                for index, each in enumerate(keys.Protect)
            ),
            limits=limits_of(keys.Limits),
            retry=Retry(attempts=keys.Retry.Attempts, backoff_seconds=keys.Retry.Backoff),
        )

    def _location(self, section: str, index: int) -> str:
        return f"{self._places.file}:{self._places.position(self._places.path_in_yaml((section, index))).line + 1}"

    def _add_rows(self, entries: list[Entry], keys: PlanKeys, options: PlanOptions) -> None:
        """Add the products of the files of rows to the entries."""
        mistakes_before = len(self.mistakes.diagnostics)
        seen: set[Path] = set()
        for index, name in enumerate(keys.ProductsFrom):
            path = self._folder / name
            if reason := self._unreadable(path, seen):
                self.mistakes.add(self._places.place_of(("ProductsFrom", index)), f"`{name}` {reason}", None)
            else:
                seen.add(path.resolve())
                entries.extend(self._entries_in(path, len(entries), options))
        if "ProductsFrom" in self._gaps or len(self.mistakes.diagnostics) > mistakes_before:
            self._gaps.add("Products")

    def _entries_in(self, path: Path, first: int, options: PlanOptions) -> Iterator[Entry]:
        """Yield an entry for each valid row of a file; the first one gets the number *first* in the plan."""
        places = self._places.add_rows(path, first)
        rows = RowsFile(path, keys_at(("Products",)))
        for line, values in rows:
            product = self._product(values, places, line)
            if product is not None:
                places.lines.append(line)
                yield entry_of(vars(product), options.of(product), f"{path}:{line}")
            if self.mistakes.are_enough:
                return
        for mistake in rows.mistakes:
            self.mistakes.add(places.place(mistake.line, mistake.word), mistake.message, mistake.hint)

    def _unreadable(self, path: Path, seen: set[Path]) -> str | None:
        """Return why a file of rows cannot be read, None if it can."""
        real = path.resolve()
        if not real.is_relative_to(self._folder.resolve()):
            return "leads out of the plan's folder"
        if not real.is_file():
            return "is no regular file" if real.exists() else "is no file beside the plan"
        return "is read twice" if real in seen else None

    def _product(self, values: dict[str, Any], places: RowsSourceMap, line: int) -> ProductKeys | None:
        """Return the keys of a row, or report what is wrong with it and return None."""
        product = None
        try:
            product = ProductKeys.model_validate(values)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                message, hint = explain_error(detail["type"], ("Products", 0, *detail["loc"]), detail)
                word = str(detail["loc"][0] if detail["type"] == "extra_forbidden" else detail["input"])
                self.mistakes.add(places.place(line, word), message, hint)
        for finding in naming_findings((), values):
            related = [(places.place(line), note) for _, note in finding.related]
            self.mistakes.add(places.place(line), finding.message, finding.hint, related)
            product = None
        return product
