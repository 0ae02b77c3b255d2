"""
Reads files of rows, which list products that are too many for YAML: CSV with a heading of keys, or JSON Lines.

Only the form of the rows is checked here; the reader of the plan checks their values.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.store.files import DECODER
from orchestrator.store.plan.messages import nearest

MOST_ROWS_BYTES = 1024 * 1024 * 1024
SEPARATORS = re.compile(r"[;,\t|]")
LISTS = frozenset({"DependsOn"})
FLAGS = frozenset({"IgnoreErrors", "RetainPhysicalResources"})
BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class RowMistake:
    """What is wrong in a line, which counts from 1; `word` is the part of the line to point at, empty for all of it."""

    line: int
    message: str
    hint: str | None = None
    word: str = ""


@dataclass(slots=True)
class RowsFile:
    """
    The rows of one file, to be iterated once.

    Args:

        path: The file.
        keys: The keys that a row may have.
    """

    path: Path
    keys: Sequence[str]
    mistakes: list[RowMistake] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield the line number and the values of each readable row, and add the others to `mistakes`."""
        try:
            if self.path.stat().st_size > MOST_ROWS_BYTES:
                self._add_mistake(1, f"longer than {MOST_ROWS_BYTES // 1024**3} GiB")
                return
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                yield from self._csv(file) if self.path.suffix == ".csv" else self._json(file)
        except UnicodeDecodeError as error:
            self._add_mistake(first_undecodable_line(self.path), f"not UTF-8 (byte 0x{error.object[error.start]:02x})")
        except OSError as error:
            self._add_mistake(1, f"cannot be read: {error.strerror}")

    def _add_mistake(self, line: int, message: str, hint: str | None = None, word: str = "") -> None:
        self.mistakes.append(RowMistake(line, message, hint, word))

    def _csv(self, file: Iterator[str]) -> Iterator[tuple[int, dict[str, Any]]]:
        reader = csv.reader(file, strict=True)
        begins_at = 1
        try:
            heading = next(reader, None)
            if not self._is_heading(heading):
                return
            assert heading is not None
            while True:
                begins_at = reader.line_num + 1
                cells = next(reader, None)
                if cells is None:
                    return
                if len(cells) == len(heading):
                    yield begins_at, {key: cell_value(key, cell) for key, cell in zip(heading, cells, strict=True) if cell}
                elif cells:
                    self._add_mistake(begins_at, f"{len(cells)} cells, and the heading has {len(heading)}")
        except csv.Error as error:
            self._add_mistake(begins_at, f"not CSV: {error}")

    def _is_heading(self, heading: list[str] | None) -> bool:
        """Check the first row of a CSV file, which must consist of known keys, each given once."""
        if not heading:
            hint = "begin with a heading of keys, as in ProvisionedProductId,AccountId,Region"
            self._add_mistake(1, "the file has no heading", hint)
            return False
        if len(heading) == 1 and SEPARATORS.search(heading[0]):
            self._add_mistake(1, "the cells are not separated by commas", "separate them with commas", heading[0])
            return False
        fine = True
        for index, key in enumerate(heading):
            if key not in self.keys:
                self._add_mistake(1, f"unknown key `{key}`", nearest(key, self.keys), key)
                fine = False
            elif key in heading[:index]:
                self._add_mistake(1, f"the key `{key}` is given twice", "keep one of the two columns", key)
                fine = False
        return fine

    def _json(self, file: Iterator[str]) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                found = DECODER.decode(line)
            except (ValueError, RecursionError) as error:
                self._add_mistake(
                    number, f"not JSON: {getattr(error, 'msg', error)}", "each line is one object, as in {...}"
                )
                continue
            if isinstance(found, dict):
                yield number, found
            else:
                self._add_mistake(number, "a row must be an object of keys and values")


def cell_value(key: str, cell: str) -> object:
    """Convert a cell: true and false in any case, lists separated by spaces, semicolons, commas, tabs or bars."""
    if key in LISTS:
        return SEPARATORS.sub(" ", cell).split()
    return BOOLEANS.get(cell.lower(), cell) if key in FLAGS else cell


def first_undecodable_line(path: Path) -> int:
    """Return the number of the first line that is not UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode()
            except UnicodeDecodeError:
                return number
    return 1
