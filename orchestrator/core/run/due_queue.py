"""
What is due, in order, without looking at what is not: a priority queue that can be read without being changed.

The run's `next` is a read, so that commands nobody issues are simply proposed again; with tens of thousands of lines it
must not walk over all of them either.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

QueueItem = tuple[float, int, int, str]
"""Moment, rank, serial number, key. The serial tells an entry from an equal one that was dropped before."""


class DueQueue:
    """Keys with the moment at which each wants attention, at most one moment per key; earlier ranks first among equals."""

    def __init__(self) -> None:
        self._live: dict[str, QueueItem] = {}
        self._heap: list[QueueItem] = []
        self._serial = 0

    def __len__(self) -> int:
        return len(self._live)

    def __contains__(self, key: str) -> bool:
        return key in self._live

    def put(self, key: str, at: float, rank: int = 0) -> None:
        """Set the moment of *key* to *at* (seconds since the epoch), replacing an earlier one."""
        self._serial += 1
        entry = (at, rank, self._serial, key)
        self._live[key] = entry
        heappush(self._heap, entry)
        self._tidy()

    def drop(self, key: str) -> None:
        """Forget *key*, if it is here."""
        if self._live.pop(key, None) is not None:
            self._tidy()

    def is_due(self, key: str, now: float) -> bool:
        """Whether the moment of *key* has come."""
        entry = self._live.get(key)
        return entry is not None and entry[0] <= now

    def next_at(self) -> float | None:
        """Return the earliest moment, None if there is none."""
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> Iterator[str]:
        """
        Yield the keys whose moment has come, in order.

        Walks the heap as the tree that it is, from the root, so that it costs as much as is taken from it. The queue
        must not be changed meanwhile.
        """
        frontier: list[tuple[QueueItem, int]] = [(self._heap[0], 0)] if self._heap else []
        while frontier:
            entry, index = heappop(frontier)
            if entry[0] > now:
                return
            if self._live.get(entry[3]) == entry:
                yield entry[3]
            for child in (2 * index + 1, 2 * index + 2):
                if child < len(self._heap):
                    heappush(frontier, (self._heap[child], child))

    def _tidy(self) -> None:
        """Remove replaced entries from the top, and all of them once they are the larger part."""
        while self._heap and self._live.get(self._heap[0][3]) != self._heap[0]:
            heappop(self._heap)
        if len(self._heap) > 2 * len(self._live) + 64:
            self._heap = list(self._live.values())
            heapify(self._heap)
