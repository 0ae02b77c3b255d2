"""Earlier states of products and records, for answers that lag."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Identified(Protocol):
    """Anything with an id."""

    id: str


Thing = TypeVar("Thing", bound=Identified)


class Past(Generic[Thing]):
    """
    The states of products, or of records, over time.

    Args:

        kept: Whether states are kept. A world without lags does not need them.
    """

    def __init__(self, *, kept: bool) -> None:
        self._kept = kept
        self._seen: dict[str, list[tuple[float, Thing]]] = {}

    def note(self, thing: Thing, at: float) -> None:
        """Keep the state that a thing has from a moment on (epoch seconds)."""
        if self._kept:
            self._seen.setdefault(thing.id, []).append((at, copy.copy(thing)))

    def one(self, id_: str, moment: float) -> Thing | None:
        """Return a thing as it was at a moment (epoch seconds); None if it did not exist yet."""
        return next((thing for at, thing in reversed(self._seen.get(id_, ())) if at <= moment), None)

    def all(self, moment: float) -> Iterator[Thing]:
        """Yield everything that had been created by a moment (epoch seconds), as it was then."""
        for id_ in self._seen:
            found = self.one(id_, moment)
            if found is not None:
                yield found
