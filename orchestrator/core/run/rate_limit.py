"""
How fast one operation may be called in one lane.

AWS publishes no quota for these operations, and they differ per account, so the pace is felt for: it climbs quickly until
the first throttled answer, then falls by a share on each throttle and climbs by a steady amount. Unhurried, and never a
storm.
"""

from __future__ import annotations

START = 5.0
CLIMB = 1.15
EASE = 0.7
GAIN = 0.5
FLOOR = 0.2
CEILING = 200.0
CATCH_UP = 0.1
EARLY_IN_FLIGHT = 8


class RateLimiter:
    """
    The pace of one operation in one lane. Rates are calls per second, times seconds since the epoch.

    `cap` is a hard upper bound on the rate.
    """

    def __init__(self, cap: float | None = None) -> None:
        self._ceiling = min(cap, CEILING) if cap else CEILING
        self.rate = min(START, self._ceiling)
        self.in_flight = 0
        self._next_at = 0.0
        self._climbing = True
        self._sent_before_cut = 0
        self._gained_at = 0.0

    def ready_at(self) -> float:
        """Return the moment at which the next call may leave; infinite if only an answer can allow one."""
        if self._climbing and self.in_flight >= EARLY_IN_FLIGHT:
            return float("inf")
        return self._next_at

    def allowance(self, now: float) -> int:
        """Return how many calls may leave now."""
        if now < self._next_at:
            return 0
        due = 1 + int(min(now - self._next_at, CATCH_UP) * self.rate)
        if self._climbing:
            # Not yet known what the quota is: too many at once would all hit the same wall.
            due = min(due, EARLY_IN_FLIGHT - self.in_flight)
        return max(0, due)

    def on_send(self, at: float) -> None:
        """A call left at *at*."""
        self.in_flight += 1
        self._next_at = max(self._next_at, at - CATCH_UP) + 1 / self.rate

    def on_reply(self, at: float, *, slower: bool) -> None:
        """
        An answer came, or none.

        Args:

            at: When.
            slower: Whether it asks for less: throttled, not connected, or a server in trouble.
        """
        self.in_flight = max(0, self.in_flight - 1)
        old = self._sent_before_cut > 0
        self._sent_before_cut -= old
        if slower:
            if not old:
                self._cut(at)
        elif self._climbing:
            self.rate = min(self._ceiling, self.rate * CLIMB)
        else:
            self.rate = min(self._ceiling, self.rate + GAIN * min(1.0, max(0.0, at - self._gained_at)))
            self._gained_at = at

    def _cut(self, at: float) -> None:
        """Fall by a share; answers to calls that already left say nothing about the new rate."""
        self.rate = min(self._ceiling, max(FLOOR, self.rate * EASE))
        self._climbing = False
        self._sent_before_cut = self.in_flight
        self._gained_at = at
        self._next_at = max(self._next_at, at + 1 / self.rate)
