"""Finds the line and column of each part of a plan: in the YAML, or in a row of a file that the plan names."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

from orchestrator.core.values.finding import Place
from orchestrator.store.yaml import nodes as yaml_nodes

Steps = tuple[str | int, ...]


class SourceLines:
    """
    Reads single lines of a file, to show them; the file is indexed when the first line is asked for.

    Args:

        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offsets: array[int] = array("Q")

    def line(self, number: int) -> str:
        """Return the text of a line, counted from 1: empty if there is none, and with what is not UTF-8 replaced."""
        with self._path.open("rb") as file:
            if not self._offsets:
                self._offsets.append(0)
                self._offsets.extend(accumulate(map(len, file)))
            if number >= len(self._offsets):
                return ""
            file.seek(self._offsets[number - 1])
            return file.readline().decode("utf-8-sig", errors="replace").rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class RowsSourceMap:
    """
    Finds places in one file of rows.

    Args:

        path: The file.
        first: The number of its first product in the plan, from 0.
        lines: The line of each of its products.
        source: The text of its lines.
    """

    path: Path
    first: int
    lines: array[int]
    source: SourceLines

    def place(self, line: int, word: str = "") -> Place:
        """Return the place of a row, or of a word in it if it is there."""
        source = self.source.line(line)
        column = max(0, source.find(word)) if word else 0
        length = len(word) if word and word in source else max(1, len(source))
        return Place(file=str(self.path), line=line, column=column + 1, length=length, source=source)


@dataclass(slots=True)
class SourceMap:
    """
    Finds the place of any part of a plan, in the YAML or in a row.

    Args:

        file: The plan's file, as messages call it.
        text: The content of the file.
        root: The tree of the YAML, None if there is none.
        numbers: For each list from which items were left out, the numbers of the remaining items in the YAML.
    """

    file: str
    text: str
    root: yaml_nodes.YamlNode | None
    numbers: Mapping[str, Sequence[int]] = field(default_factory=dict)
    _rows: list[RowsSourceMap] = field(default_factory=list)
    _lines: list[str] | None = None

    def add_rows(self, path: Path, first: int) -> RowsSourceMap:
        """Add a file of rows; the caller appends the line of each of its products to `lines` of what this returns."""
        rows = RowsSourceMap(path, first, array("I"), SourceLines(path))
        self._rows.append(rows)
        return rows

    def place_of(self, path: Steps) -> Place:
        """
        Return the place of a part of the plan.

        Args:

            path: Keys and indexes from the top of the plan; products in rows count on from those in the YAML.
        """
        rows = self._rows_of(path)
        if rows is not None:
            return rows.place(rows.lines[int(path[1]) - rows.first])
        return self.place_at(self.position(self.path_in_yaml(path)))

    def path_in_yaml(self, path: Steps) -> Steps:
        """Translate a path into the plan, from which invalid items were left out, to a path into the YAML."""
        if len(path) < 2 or not isinstance(path[1], int) or path[0] not in self.numbers:
            return path
        return (path[0], self.numbers[str(path[0])][path[1]], *path[2:])

    def position(self, path: Steps, *, key: bool = False) -> yaml_nodes.Position:
        """Return the position in the YAML that a path leads to."""
        assert self.root is not None
        return yaml_nodes.find(self.root, path, key=key)

    def place_at(self, position: yaml_nodes.Position) -> Place:
        """Return the place at a position of the YAML."""
        if self._lines is None:
            # Only for what is wrong: a long plan has as many lines as it has values.
            self._lines = yaml_nodes.split_lines(self.text)
        source = self._lines[position.line] if position.line < len(self._lines) else None
        length = max(1, min(position.length, len(source or "") - position.column))
        return Place(file=self.file, line=position.line + 1, column=position.column + 1, length=length, source=source)

    def _rows_of(self, path: Steps) -> RowsSourceMap | None:
        if len(path) < 2 or path[0] != "Products" or not self._rows or not isinstance(path[1], int):
            return None
        index = bisect_right(self._rows, path[1], key=lambda rows: rows.first) - 1
        rows = self._rows[index] if index >= 0 else None
        return rows if rows is not None and path[1] - rows.first < len(rows.lines) else None
