"""
When to look again, and how long looks have to agree before a line ends on them.

A termination takes seconds or an hour. Looking again after a share of the time that has passed keeps both the delay and
the number of calls in proportion; in the tail, when few are left, nothing is gained by waiting.

A lookup may be seconds stale, and a request whose answer was lost may be carried out later. So no line that was sent ends
on one look, unless a record of ours says how it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from orchestrator.core.values.policy import POLICY


def next_look(now: float, since: float, under_way: int, overdue_at: float) -> float:
    """
    Return the moment of the next look at a record that is not final.

    Args:

        now: The time of this look.
        since: When the termination began.
        under_way: How many are under way in the lane.
        overdue_at: When its TerminationTimeout ends; there is always a look then.
    """
    longest = POLICY.max_tail_poll_s if under_way <= POLICY.tail_size else POLICY.max_poll_s
    pause = min(max(POLICY.first_poll_s, POLICY.poll_share * (now - since)), longest)
    return now + pause if now >= overdue_at else min(now + pause, overdue_at)


def after_miss(now: float, misses: int) -> float:
    """Return the moment to repeat a look that failed for the *misses*-th time in a row (1 for the first)."""
    return now + min(2.0 ** min(misses - 1, 10), POLICY.max_missed_poll_s)


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
        apart = self.since + POLICY.looks_apart_s
        return apart if given_up_at is None else max(apart, given_up_at + POLICY.settling_s)

    def next_look_at(self, given_up_at: float | None) -> float:
        """Return when to look again (seconds since the epoch): rarely, and once when it settles."""
        pause = min(POLICY.max_look_pause_s, POLICY.first_look_pause_s * 2.0 ** min(self.looks, 8))
        settles_at = self.settles_at(given_up_at)
        return min(self.at + pause, settles_at) if settles_at > self.at else self.at + pause
