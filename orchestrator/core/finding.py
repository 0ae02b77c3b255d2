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


def shortened(names: Sequence[str]) -> list[str]:
    """Leave out the middle of a long list."""
    if len(names) <= MOST_SHOWN:
        return list(names)
    return [*names[: MOST_SHOWN - 1], "...", names[-1]]
