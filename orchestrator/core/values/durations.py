"""
Durations as people write them in a plan: `30s`, `45m`, `4h`, `14d`, `1h30m`.

Integers only, units from large to small, each at most once: one way to write it, so that two readers cannot differ.
"""

from __future__ import annotations

import re

SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
DURATION_PATTERN = re.compile(r"(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,6})s)?")


def parse_duration(text: str) -> int:
    """
    Turn a written duration into seconds.

    Args:

        text: Such as `90s`, `1h30m` or `14d`.

    Returns:

        Whole seconds, at least 1.

    Raises:

        ValueError: *text* is not a duration; the message says what one looks like.
    """
    match = DURATION_PATTERN.fullmatch(text)
    if match is None or not text:
        message = "not a duration; write whole numbers with units, as in 30s, 45m, 4h, 14d or 1h30m"
        raise ValueError(message)
    seconds = sum(int(number) * SECONDS[unit] for number, unit in zip(match.groups(), "dhms", strict=True) if number)
    if seconds == 0:
        message = "a duration must be longer than nothing"
        raise ValueError(message)
    return seconds


def format_duration(seconds: float) -> str:
    """
    Write seconds the way `parse_duration` reads them, fractions rounded to the nearest second.

    Args:

        seconds: Zero or more.
    """
    rest = max(0, round(seconds))
    if rest == 0:
        return "0s"
    parts = []
    for unit, size in SECONDS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)
