"""Something wrong in a file, with the place: what a reader of files finds and a report renders."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A stretch of one line of a file. Lines and columns count from 1, in characters; `source` is the line's text."""

    file: str
    line: int
    column: int
    length: int = 1
    source: str | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """What is wrong, where, what would be right, and other places that it has to do with, each with a note."""

    place: Place
    message: str
    hint: str | None = None
    related: tuple[tuple[Place, str], ...] = ()
