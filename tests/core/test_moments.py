"""Moments in tags: RFC 3339, held against the standard library's reading of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.values.timestamps import parse_rfc3339


@given(st.datetimes(), st.integers(-23 * 60, 23 * 60))
def test_every_moment_is_read_as_the_standard_library_reads_it(moment: datetime, minutes: int) -> None:
    """In any time zone, to the second."""
    aware = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_rfc3339(aware.isoformat()) == aware.timestamp()


def test_a_day_lasts_until_its_end() -> None:
    """Whoever writes a day alone means that day, too."""
    assert parse_rfc3339("2026-12-31") == datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    assert parse_rfc3339(" 2026-12-31T18:00:00.5z ") == datetime(2026, 12, 31, 18, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tomorrow",
        "2026-13-01",
        "2026-02-30",
        "0000-01-01",
        "2026-1-1",
        "31.12.2026",
        "2026-12-31T18:00",
        "2026-12-31T18:00:00",
        "2026-12-31T24:00:00Z",
        "2026-12-31T18:60:00Z",
        "2026-12-31T18:00:61Z",
        "2026-12-31T18:00:00+24:00",
        "２０２６-12-31",
    ],
)
def test_what_is_no_moment_is_said_not_to_be(text: str) -> None:
    """Nothing is guessed, a missing time zone least of all."""
    with pytest.raises(ValueError, match=r"not a moment|there is no"):
        parse_rfc3339(text)
