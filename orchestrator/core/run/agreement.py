"""
How long looks have to agree before a line ends on them.

A lookup may be seconds stale, and a request whose answer was lost may be carried out later. So no line that was sent ends
on one look, unless a record of ours says how it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

SETTLING_S = 60.0
"""Seconds since the last unanswered send was given up before anything is concluded from its not being there."""

LOOKS_APART_S = 30.0
"""Seconds between the first and the last of the looks that agree."""

FIRST_LOOK_PAUSE_S = 1.0
LONGEST_LOOK_PAUSE_S = 10.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """What looks have agreed on, from the look at `since` to the one at `at` (seconds since the epoch)."""

    on: str | None = None
    since: float = float("inf")
    at: float = float("-inf")
    looks: int = 0

    @property
    def seconds(self) -> float:
        """Seconds from the first of the looks that agree to the last."""
        return self.at - self.since

    def with_look(self, what: str, at: float) -> Self:
        """
        Add a look.

        Args:

            what: What it says. If that is something else than the looks before said, the agreement begins anew.
            at: When (seconds since the epoch).
        """
        if what != self.on:
            return type(self)(what, at, at, 1)
        return type(self)(what, self.since, max(self.at, at), self.looks + 1)

    def settles_at(self, given_up_at: float | None) -> float:
        """
        Return the earliest moment of a look that settles it (seconds since the epoch).

        Args:

            given_up_at: When the answer to the last unanswered send was given up, None if every send was answered.
        """
        apart = self.since + LOOKS_APART_S
        return apart if given_up_at is None else max(apart, given_up_at + SETTLING_S)

    def next_look_at(self, given_up_at: float | None) -> float:
        """Return when to look again (seconds since the epoch): rarely, and once when it settles."""
        pause = min(LONGEST_LOOK_PAUSE_S, FIRST_LOOK_PAUSE_S * 2.0 ** min(self.looks, 8))
        settles_at = self.settles_at(given_up_at)
        return min(self.at + pause, settles_at) if settles_at > self.at else self.at + pause
