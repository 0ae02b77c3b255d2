"""
A review as Markdown: for a comment in a pull request, or for $GITHUB_STEP_SUMMARY.

Kept short enough for a comment (GitHub's limit is 65,536 characters); what does not fit is counted. What is left alone
comes before what goes, since there are usually fewer of it, and leaves half of the room to what goes. Names come from other
people: none of them makes a link, an image, a mention or a row of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from orchestrator.core.review.worklist import Decision, Line
from orchestrator.core.run.summary import review_line
from orchestrator.report.review_text import ReviewRows
from orchestrator.report.review_view import ReviewView, limits_text
from orchestrator.report.text import plain, plural

MOST_CHARACTERS = 60_000
HEAD_ROOM = 600
"""Characters kept for what comes after the tables."""

ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "`": "&#96;"}
APART = "<!-- -->"
MARKS = frozenset("\\*_[]~#")
SECTIONS = (
    (Decision.REFUSE, "refused"),
    (Decision.SKIP, "skipped"),
    (Decision.TERMINATE, "to terminate"),
)


def review_as_markdown(reviewed: ReviewView) -> str:
    """Render a review as Markdown; its first line is the stable one."""
    head = [
        review_line(reviewed.worklist),
        "",
        f"Plan **{escape(reviewed.plan.name)}**: {escape(limits_text(reviewed.plan))}",
    ]
    if estimated := reviewed.estimated:
        head.append(f"<br>Estimate: {escape(estimated)}")
    head += [f"\n> **A run would be refused:** {escape(refusal)}" for refusal in reviewed.refusals]
    head += [f"\n> **Warning:** {escape(warning)}" for warning in reviewed.warnings()]
    head += [
        f"\n> **Not read completely:** {lane}: {escape(problem)}" for lane, problem in reviewed.worklist.lanes if problem
    ]
    tables = Tables(reviewed, MOST_CHARACTERS - HEAD_ROOM)
    return "\n".join(tables.after(shorten_head(head)))


def shorten_head(head: Sequence[str]) -> list[str]:
    """Cut what comes before the tables to half of the room."""
    kept: list[str] = []
    for text in head:
        if sum(map(len, kept)) + len(text) > MOST_CHARACTERS // 2:
            return [*kept, "\n> ... and more, which did not fit"]
        kept.append(text)
    return kept


class Tables:
    """Lays out one table for each lane and decision, as far as there is room."""

    def __init__(self, reviewed: ReviewView, room: int) -> None:
        self._reviewed = reviewed
        self._rows = ReviewRows(reviewed)
        self._room = room

    def after(self, head: Iterable[str]) -> Iterator[str]:
        """Yield what comes before the tables, the tables, and what did not fit."""
        for text in head:
            self._room -= len(text) + 1
            yield text
        half = self._room // 2
        self._room -= half
        left_out = dict.fromkeys(Decision, 0)
        for decision, title in SECTIONS:
            if decision is Decision.TERMINATE:
                self._room += half
            for lane, lines in self._reviewed.by_lane.items():
                found = [line for line in lines if line.decision is decision]
                if not found:
                    continue
                texts = list(self._table(f"{lane or 'in no lane'}: {len(found):,} {title}", found, decision))
                left_out[decision] += len(found) - max(0, len(texts) - 6)
                yield from texts
        if missing := sum(left_out.values()):
            going = f", {left_out[Decision.TERMINATE]:,} of them to terminate" if left_out[Decision.TERMINATE] else ""
            more = f"{plural(missing, 'line')} more, which did not fit{going}"
            yield f"\n... and {more}; `review --format json` has them all."

    def _table(self, title: str, lines: Sequence[Line], decision: Decision) -> Iterator[str]:
        """Yield a table of five lines and one for each of its rows, nothing if not even its head fits."""
        head = self._rows.head
        opened = " open" if decision is not Decision.TERMINATE or len(lines) <= 50 else ""
        before = [
            f"\n<details{opened}><summary>{title}</summary>\n",
            "| " + " | ".join(head) + " |",
            "|" + " --- |" * len(head),
        ]
        after = ["", "</details>", ""]
        cost = sum(map(len, (*before, *after))) + 6
        if cost > self._room:
            return
        self._room -= cost
        yield from before
        for line in lines:
            row = "| " + " | ".join(escape(cell) for cell in self._rows.cells(line)) + " |"
            if len(row) + 1 > self._room:
                break
            self._room -= len(row) + 1
            yield row
        yield from after


def escape(text: str) -> str:
    """Make a text mean only itself in Markdown."""
    escaped = "".join(ENTITIES.get(c) or (f"\\{c}" if c in MARKS else c) for c in plain(text))
    # GitHub looks for mentions and numbers of issues after escapes and entities are resolved; a comment keeps them apart.
    apart = escaped.replace("@", f"@{APART}").replace("\\#", f"#{APART}")
    return apart.replace("://", "&#58;//").replace("www.", "www&#46;")
