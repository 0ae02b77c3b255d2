"""
Text that may be shown: names, tags and error messages come from other people, and a terminal obeys what it is sent.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from textwrap import wrap

LEAST_WRAPPED = 24
"""Characters that a column is wrapped into at least."""

# Control, format (bidirectional marks among them), surrogate, private use, line and paragraph separators.
UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def plain(text: str) -> str:
    """Replace every character that could move the cursor, colour the screen or reorder a line."""
    if text.isascii() and text.isprintable():
        return text
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in UNSAFE else c for c in text)


def columns(rows: Sequence[Sequence[str]], indent: str = "  ", width: int | None = None) -> list[str]:
    """
    Lay rows out in columns, two spaces apart.

    Args:

        rows: Their cells.
        indent: What each line begins with.
        width: How many characters a line may have; the last column is wrapped into them, below itself or, where there is no
            room for it, below the row. None for as many as there are.

    Returns:

        One text for each row, of one line or more.
    """
    if not rows:
        return []
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    before = len(indent) + sum(widths[:-1]) + 2 * len(widths[:-1])
    if width is None or before + widths[-1] <= width:
        return [row_text(row, widths, indent) for row in rows]
    hanging = before if width - before >= LEAST_WRAPPED else len(indent) + 4
    laid_out = []
    for row in rows:
        wrapped = wrap(row[-1], max(LEAST_WRAPPED, width - hanging)) or [""]
        first = row_text(row[:-1], widths[:-1], indent)
        lines = [first.ljust(before) + wrapped[0], *(" " * hanging + line for line in wrapped[1:])]
        if hanging != before:
            lines = [first, *(" " * hanging + line for line in wrapped)]
        laid_out.append("\n".join(line.rstrip() for line in lines))
    return laid_out


def row_text(row: Sequence[str], widths: Sequence[int], indent: str) -> str:
    """Return a row on one line; the last column is not padded."""
    return (indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def timestamp_text(seconds: float | None) -> str | None:
    """Write seconds since the epoch as ISO 8601, to the millisecond."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
