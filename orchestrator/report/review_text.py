"""
Shows a review to people at a terminal: what a run would do, and why. The stable line `Review: …` comes first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from orchestrator.core.review.order import describe_prerequisites
from orchestrator.core.review.worklist import Decision, Line, Worklist
from orchestrator.core.run.summary import review_line
from orchestrator.core.values.lane import Lane
from orchestrator.report.review_view import ReviewView, limits_text, options_text, product_age, shown_name
from orchestrator.report.text import columns, plain, plural

Style = Callable[[str, str], str]
"""Styles a text: `style(text, "red")`."""

REVIEW_HEADER = ("DECISION", "TURN", "NAME", "ID", "TYPE", "STATUS", "AGE", "OPTIONS", "WHY")
DECISION_STYLES = {Decision.TERMINATE: "bold", Decision.SKIP: "dim", Decision.REFUSE: "yellow"}


def unstyled(text: str, _: str) -> str:
    """Leave a text as it is."""
    return text


def preview(reviewed: ReviewView, style: Style = unstyled, width: int | None = None) -> str:
    """
    Render a review for people.

    Args:

        reviewed: What to show.
        style: Colours for a terminal.
        width: How many characters a line of a table may have, None for as many as it needs.
    """
    worklist = reviewed.worklist
    lines = [style(review_line(worklist), "bold"), ""]
    lines.append(f"Plan {reviewed.plan.name}: {limits_text(reviewed.plan)}")
    if estimated := reviewed.estimated:
        lines.append(f"Estimate: {estimated}")
    rows = ReviewRows(reviewed)
    for lane, problem in worklist.lanes:
        found = reviewed.by_lane[lane]
        state = style(f"NOT READ COMPLETELY: {plain(problem)}", "red") if problem else "listing complete"
        lines += ["", style(f"{lane}", "bold") + f"  {counted(found)}, {state}"]
        lines += table(found, rows, style, width)
    if nowhere := reviewed.by_lane.get(None):
        lines += ["", style("in no lane", "bold"), *table(nowhere, rows, style, width)]
    for warning in reviewed.warnings():
        colour = "magenta" if "may leave resources behind" in warning else "yellow"
        lines += ["", style(f"Warning: {plain(warning)}{'' if warning.endswith('?') else '.'}", colour)]
    return "\n".join(lines)


def counted(lines: Sequence[Line]) -> str:
    """Say how many lines a lane has, and how many of each decision unless all are to terminate."""
    counts = Counter(line.decision for line in lines)
    parts = ", ".join(f"{counts[decision]:,} to {decision}" for decision in Decision if counts[decision])
    told = len(counts) > 1 or (counts and Decision.TERMINATE not in counts)
    return plural(len(lines), "line") + (f" ({parts})" if told else "")


class ReviewRows:
    """Makes the cells of lines. Turns are shown where lines wait for others, options where a line has any."""

    def __init__(self, reviewed: ReviewView) -> None:
        self._reviewed = reviewed
        self._found = {line.id: line for line in reviewed.worklist.lines}
        self._options = any(line.options.may_leave_resources for line in reviewed.worklist.lines)
        left_out = {title for title, is_shown in (("TURN", reviewed.turns), ("OPTIONS", self._options)) if not is_shown}
        self.head = tuple(title for title in REVIEW_HEADER if title not in left_out)

    def cells(self, line: Line) -> tuple[str, ...]:
        """Return the cells of one line."""
        product, turns = line.product, self._reviewed.turns
        return (
            self._reviewed.decision(line),
            *((str(turns.get(line.id, "-")),) if turns else ()),
            shown_name(line),
            line.product_id or "-",
            plain(product.type) if product else "-",
            plain(product.status) if product else "-",
            product_age(line, self._reviewed.now),
            *((options_text(line.options),) if self._options else ()),
            self.why(line),
        )

    def why(self, line: Line) -> str:
        """Return the reason of one line, what it comes after, and what the plan calls it."""
        said = [self._reviewed.why(line)]
        if line.decision is Decision.TERMINATE and (after := describe_prerequisites(line, self._found)):
            said.append(after)
        handle = line.key or (line.location if line.selected_by or self._is_elsewhere(line) else None)
        return plain(", ".join(said)) + (f" [{plain(handle)}]" if handle else "")

    def _is_elsewhere(self, line: Line) -> bool:
        """Whether a line's entry stands in another file than the plan."""
        return line.location is not None and not line.location.startswith(f"{self._reviewed.plan_file}:")


def table(lines: Sequence[Line], rows: ReviewRows, style: Style, width: int | None) -> Iterator[str]:
    """Yield the lines of a table."""
    if not lines:
        return
    laid_out = columns([rows.head, *(rows.cells(line) for line in lines)], width=width)
    yield style(laid_out[0], "dim")
    for line, text in zip(lines, laid_out[1:], strict=True):
        colour = "magenta" if line.decision is Decision.TERMINATE and line.options.may_leave_resources else None
        yield style(text, colour or DECISION_STYLES[line.decision])


def confirmation(worklist: Worklist) -> str:
    """Say what a yes would mean."""
    terminate = worklist.of(Decision.TERMINATE)
    accounts: dict[Lane, int] = {}
    for line in terminate:
        assert line.lane is not None
        accounts[line.lane] = accounts.get(line.lane, 0) + 1
    where = "\n".join(f"  account {lane.account_id}, {lane.region}: {count:,}" for lane, count in accounts.items())
    return f"{plural(len(terminate), 'product')} will be terminated. There is no undo.\n{where}"
