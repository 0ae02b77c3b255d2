"""What a rule says is wrong with a plan: a path into it, so that the reader can turn it into a line and a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]
Related = tuple[Path, str]

MOST_SHOWN = 10
"""Steps of a long cycle, or places of one mistake, that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    Something wrong with a plan.

    `path` leads to it, as in `("Products", 3, "Key")`; `related` are other places that it has to do with, each with a note.
    """

    path: Path
    message: str
    hint: str | None = None
    related: tuple[Related, ...] = ()


def shorten_names(names: Sequence[str]) -> list[str]:
    """Leave out the middle of a long list."""
    if len(names) <= MOST_SHOWN:
        return list(names)
    return [*names[: MOST_SHOWN - 1], "...", names[-1]]


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
