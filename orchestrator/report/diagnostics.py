"""
Renders what is wrong in a file: `file:line:column`, the line, a caret, what would be right.

The location is never wrapped, so that editors and CI can jump to it.
"""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.core.values.finding import Diagnostic, Place
from orchestrator.report.text import plain

WIDEST = 160
"""Characters of a source line that are shown at most."""


def render(diagnostics: Iterable[Diagnostic], most: int = 100) -> str:
    """
    Render diagnostics.

    Args:

        diagnostics: In the order to show them.
        most: How many are shown in full; the rest is counted.
    """
    found = list(diagnostics)
    blocks = ["\n".join(lines_of(diagnostic)) for diagnostic in found[:most]]
    if len(found) > most:
        blocks.append(f"... and {len(found) - most} more")
    return "\n\n".join(blocks)


def lines_of(diagnostic: Diagnostic) -> list[str]:
    """Return the lines of one diagnostic."""
    lines = [f"{diagnostic.place}: {plain(diagnostic.message)}"]
    file = diagnostic.place.file
    places = [
        (place, "-", note if place.file == file else f"{note}, in {plain(place.file)}")
        for place, note in diagnostic.related
    ]
    places.append((diagnostic.place, "^", ""))
    places.sort(key=lambda shown: (shown[0].file == file, shown[0].file, shown[0].line, shown[0].column))
    gutter = max(len(str(place.line)) for place, _, _ in places)
    shown = [block for place, mark, note in places if (block := snippet(place, mark, note, gutter))]
    if shown:
        lines.append(f"{' ' * gutter} |")
        lines += [line for block in shown for line in block]
    if diagnostic.hint:
        lines.append(f"{' ' * gutter} = help: {plain(diagnostic.hint)}")
    return lines


def snippet(place: Place, mark: str, note: str, gutter: int) -> list[str]:
    """Return a source line with a mark below it."""
    if place.source is None:
        return []
    start = max(0, place.column - 1 - WIDEST // 2) if len(place.source) > WIDEST else 0
    # A tab is one column to the reader of the file, and must be one on the screen.
    source = plain(place.source.replace("\t", " "))[start : start + WIDEST]
    length = max(1, min(place.length, WIDEST - (place.column - 1 - start)))
    below = " " * (place.column - 1 - start) + mark * length
    return [
        f"{place.line:>{gutter}} | {source}".rstrip(),
        f"{' ' * gutter} | {below} {note}".rstrip(),
    ]
