"""
Moments as people write them in tags: RFC 3339, from text to seconds since the epoch.

`datetime` knows what time it is and so has no place in the core; `calendar` only counts.
"""

from __future__ import annotations

import re
from calendar import monthrange, timegm

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
