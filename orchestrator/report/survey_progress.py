"""How far a survey has come, in lines for people: one for each account/region, and at least one every half a minute."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from orchestrator.core.lane import Lane
from orchestrator.report.text import plain, plural

EVERY_S = 30.0
"""Seconds after which it is said how far the survey is, if nothing else was."""


@dataclass(slots=True)
class SurveyProgress:
    """
    Says how a survey goes. May be called from many threads.

    `say` puts out a line, `clock` returns seconds of a steady clock, `lanes` is how many there are to read.
    """

    say: Callable[[str], None]
    clock: Callable[[], float]
    lanes: int
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _began_at: dict[Lane, float] = field(default_factory=dict)
    _read: dict[Lane, tuple[int, int]] = field(default_factory=dict)
    _done: set[Lane] = field(default_factory=set)
    _said_at: float | None = None

    def on_page(self, lane: Lane, pages: int, products: int, *, is_over: bool, problem: str | None) -> None:
        """
        Hear of a page.

        Args:

            lane: Where it was read.
            pages: How many were read there so far.
            products: How many products were shown there so far.
            is_over: Whether it was the last one.
            problem: Why the listing was given up, None if it was not.
        """
        with self._lock:
            now = self.clock()
            began_at = self._began_at.setdefault(lane, now)
            self._said_at = now if self._said_at is None else self._said_at
            self._read[lane] = (pages, products)
            if is_over:
                self._done.add(lane)
                self._put(now, self._line_of(lane, now - began_at, problem))
            elif now - self._said_at >= EVERY_S:
                self._put(now, self._overall())

    def _put(self, now: float, text: str) -> None:
        self._said_at = now
        self.say(text)

    def _line_of(self, lane: Lane, seconds: float, problem: str | None) -> str:
        pages, products = self._read[lane]
        count = f"{plural(products, 'product')} on {plural(pages, 'page')}, {seconds:.0f} s"
        if problem is not None:
            return f"Listing {lane} is incomplete after {count}: {plain(problem)}"
        return f"Listed {lane}: {count}"

    def _overall(self) -> str:
        pages = sum(each[0] for each in self._read.values())
        products = sum(each[1] for each in self._read.values())
        of = f"{len(self._done)} of {plural(self.lanes, 'account/region', 'accounts/regions')}"
        return f"Listing: {of} done, {plural(products, 'product')} on {plural(pages, 'page')} so far"
