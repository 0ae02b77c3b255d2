"""
Whose clock counts. Records and ages are compared by the service's clock; within an execution the steady clock counts.
"""

from __future__ import annotations

from orchestrator.core.values.policy import POLICY


def believed(clock_ahead: float | None) -> float | None:
    """
    Return how far the service's clock is ahead of ours, if that can be so.

    Args:

        clock_ahead: Seconds, as the answers' `Date` tells; None if they do not.

    Returns:

        Seconds; None if that is not known, or more than `Policy.max_clock_difference_s`.
    """
    return clock_ahead if clock_ahead is not None and abs(clock_ahead) <= POLICY.max_clock_difference_s else None


def by_service(at: float, clock_ahead: float | None) -> float | None:
    """Return a moment of ours (seconds since the epoch) by the service's clock, None if that is not known."""
    return None if clock_ahead is None else round(at + clock_ahead, 6)


def carried_over(moment: float, then: tuple[float, float | None], now: tuple[float, float | None]) -> float:
    """
    Return a moment of an earlier execution by the clock of this one.

    Args:

        moment: By the earlier execution's clock (seconds since the epoch).
        then: When that execution began, by its own clock and by the service's, if that was known.
        now: When this one began, likewise.

    Returns:

        The moment, never later than this execution's beginning.
    """
    if then[1] is not None and now[1] is not None:
        moment += (then[1] - then[0]) - (now[1] - now[0])
    return min(moment, now[0])


def age_between(then: tuple[float, float | None], now: tuple[float, float | None]) -> float:
    """
    Return how long ago something was: by the service's clock if both moments are known by it, else by ours.

    If only the service's clock says that it is still to come, that clock was wrong then or is wrong now, and ours counts.

    Args:

        then: When it was, by our clock and by the service's (seconds since the epoch).
        now: Now, likewise.

    Returns:

        Seconds; negative if it is still to come by every clock that is known.
    """
    ours = now[0] - then[0]
    if then[1] is None or now[1] is None:
        return ours
    theirs = now[1] - then[1]
    return ours if theirs < 0 <= ours else theirs
