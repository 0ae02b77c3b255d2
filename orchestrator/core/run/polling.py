"""
When to look again at a termination that is under way.

A termination takes seconds or an hour. Looking again after a share of the time that has passed keeps both the delay and
the number of calls in proportion; in the tail, when few are left, nothing is gained by waiting.
"""

from __future__ import annotations

FIRST_LOOK_S = 1.0
LOOK_SHARE = 0.2
LONGEST_LOOK_S = 15.0
TAIL_SIZE = 10
LONGEST_TAIL_LOOK_S = 2.0
LONGEST_MISSED_LOOK_S = 30.0


def next_look(now: float, since: float, under_way: int, overdue_at: float) -> float:
    """
    Return the moment of the next look at a record that is not final.

    Args:

        now: The time of this look.
        since: When the termination began.
        under_way: How many are under way in the lane.
        overdue_at: When its TerminationTimeout ends; there is always a look then.
    """
    longest = LONGEST_TAIL_LOOK_S if under_way <= TAIL_SIZE else LONGEST_LOOK_S
    pause = min(max(FIRST_LOOK_S, LOOK_SHARE * (now - since)), longest)
    return now + pause if now >= overdue_at else min(now + pause, overdue_at)


def after_miss(now: float, misses: int) -> float:
    """Return the moment to repeat a look that failed for the *misses*-th time in a row (1 for the first)."""
    return now + min(2.0 ** min(misses - 1, 10), LONGEST_MISSED_LOOK_S)
