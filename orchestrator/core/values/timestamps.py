"""
Moments: as people write them in tags (RFC 3339), and by whose clock they count.

Records and ages are compared by the service's clock; within an execution the steady clock counts. `datetime` knows what
time it is and so has no place in the core; `calendar` only counts.
"""

from __future__ import annotations

import re
from calendar import monthrange, timegm

from orchestrator.core.values.policy import POLICY

RFC3339_PATTERN = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:([Zz])|([+-])(\d{2}):(\d{2})))?", re.ASCII
)
DAY_S = 86_400


def parse_rfc3339(text: str) -> float:
    """
    Read an RFC 3339 date-time, or its full date alone, which lasts until the end of that day in UTC.

    Args:

        text: Such as `2026-12-31T18:00:00Z`, `2026-12-31T18:00:00+01:00` or `2026-12-31`.

    Returns:

        Seconds since the epoch, fractions of a second cut off.

    Raises:

        ValueError: It is not such a moment, or there is no such day.
    """
    match = RFC3339_PATTERN.fullmatch(text.strip())
    if match is None:
        message = "not a moment as in 2026-12-31 or 2026-12-31T18:00:00Z"
        raise ValueError(message)
    year, month, day = (int(part) for part in match.groups()[:3])
    if not (year >= 1 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]):
        message = f"there is no day {match[1]}-{match[2]}-{match[3]}"
        raise ValueError(message)
    if match[4] is None:
        return float(timegm((year, month, day, 0, 0, 0)) + DAY_S)
    hour, minute, second = (int(part) for part in match.groups()[3:6])
    ahead = 0 if match[7] else (int(match[9]) * 3_600 + int(match[10]) * 60) * (-1 if match[8] == "-" else 1)
    if hour > 23 or minute > 59 or second > 60 or abs(ahead) >= DAY_S:
        message = f"there is no such time of day: {text.strip()}"
        raise ValueError(message)
    return float(timegm((year, month, day, hour, minute, second)) - ahead)


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
