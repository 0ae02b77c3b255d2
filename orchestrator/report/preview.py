"""
Shows a worklist: what a run would do, and why. The stable line `Review: …` comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from orchestrator.core.duration import format_duration
from orchestrator.core.lane import Lane
from orchestrator.core.ordering import describe, turns
from orchestrator.core.plan import Options, Plan
from orchestrator.core.worklist import Decision, Line, Worklist
from orchestrator.report.text import columns, plain, plural

Style = Callable[[str, str], str]
"""Styles a text: `style(text, "red")`."""

HEAD = ("DECISION", "TURN", "NAME", "ID", "TYPE", "STATUS", "AGE", "OPTIONS", "WHY")
COLOURS = {Decision.TERMINATE: "bold", Decision.SKIP: "dim", Decision.REFUSE: "yellow"}


def unstyled(text: str, _: str) -> str:
    """Leave a text as it is."""
    return text


def preview(
    plan: Plan,
    worklist: Worklist,
    now: float,
    style: Style = unstyled,
    drifted: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """
    Render a worklist for people.

    Args:

        plan: The plan it was made from.
        worklist: What to show.
        now: For ages, seconds since the epoch.
        style: Colours for a terminal.
        drifted: Lines that are not what was reviewed any more, each with the reason.
    """
    lines = [style(worklist.summary(), "bold"), ""]
    lines += [f"Plan {plan.name}: {limits_of(plan)}"]
    rows = Rows(worklist, now, drifted)
    for lane, problem in worklist.lanes:
        found = [line for line in worklist.lines if line.lane == lane]
        state = style(f"NOT READ COMPLETELY: {plain(problem)}", "red") if problem else "listing complete"
        lines += ["", style(f"{lane}", "bold") + f"  {plural(len(found), 'line')}, {state}"]
        lines += table(found, rows, style)
    nowhere = [line for line in worklist.lines if line.lane is None]
    if nowhere:
        lines += ["", style("in no lane", "bold"), *table(nowhere, rows, style)]
    lines += warnings(worklist, style, len(drifted))
    return "\n".join(lines)


def limits_of(plan: Plan) -> str:
    """Say within which limits a plan runs."""
    limits = plan.limits
    parts = [
        f"at most {plural(limits.max_terminations, 'termination')}",
        f"{limits.failure_tolerance} failures tolerated",
        plural(plan.retry.attempts, "attempt") + " each",
        f"deadline {format_duration(limits.deadline)}",
    ]
    if limits.rate_per_second is not None:
        parts.append(f"at most {limits.rate_per_second:g} per second")
    return ", ".join(parts)


class Rows:
    """Makes the cells of lines. When a line has its turn is shown where lines wait for others."""

    def __init__(self, worklist: Worklist, now: float, drifted: Mapping[str, str]) -> None:
        self._now = now
        self._drifted = drifted
        self._found = {line.id: line for line in worklist.lines}
        found = turns(worklist.lines)
        self._turns = found if max(found.values(), default=1) > 1 else {}
        self.head = tuple(title for title in HEAD if title != "TURN" or self._turns)

    def cells(self, line: Line) -> tuple[str, ...]:
        """Return the cells of one line."""
        product = line.product
        age = format_age(self._now - product.created_at) if product and product.created_at else "-"
        return (
            "drifted" if line.id in self._drifted else line.decision.value,
            *((str(self._turns.get(line.id, "-")),) if self._turns else ()),
            plain(line.name) if product or line.asked_name else "-",
            line.product_id or "-",
            plain(product.type) if product else "-",
            plain(product.status) if product else "-",
            age,
            options_of(line.options),
            self._why(line),
        )

    def _why(self, line: Line) -> str:
        said = [self._drifted.get(line.id, line.detail)]
        if line.decision is Decision.TERMINATE and (after := describe(line, self._found)):
            said.append(after)
        return plain(", ".join(said)) + (f" [{line.key}]" if line.key else "")


def table(lines: Sequence[Line], rows: Rows, style: Style) -> Iterator[str]:
    """Yield the lines of a table."""
    if not lines:
        return
    laid_out = columns([rows.head, *(rows.cells(line) for line in lines)])
    yield style(laid_out[0], "dim")
    for line, text in zip(lines, laid_out[1:], strict=True):
        colour = "magenta" if line.decision is Decision.TERMINATE and line.options.may_leave_resources else None
        yield style(text, colour or COLOURS[line.decision])


def format_age(seconds: float) -> str:
    """Write an age in its largest unit."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return "new"


def options_of(options: Options) -> str:
    """Name the options that change what terminating means."""
    names = []
    if options.ignore_errors:
        names.append("IgnoreErrors")
    if options.retain_physical_resources:
        names.append("RetainPhysicalResources")
    return ", ".join(names) or "-"


def warnings(worklist: Worklist, style: Style, drifted: int) -> Iterator[str]:
    """Yield what a careful person should know before saying yes."""
    for warning in worklist.warnings:
        yield ""
        yield style(f"Warning: {plain(warning)}.", "yellow")
    if drifted:
        yield ""
        text = f"{plural(drifted, 'product')} drifted since the review, and will be left alone."
        yield style(f"Warning: {text}", "yellow")
    leaving = [line for line in worklist.of(Decision.TERMINATE) if line.options.may_leave_resources]
    if leaving:
        text = f"{plural(len(leaving), 'termination')} may leave resources behind (IgnoreErrors, RetainPhysicalResources)."
        yield ""
        yield style(f"Warning: {text}", "magenta")
    if worklist.nothing_was_ever_seen:
        lanes = ", ".join(str(lane) for lane, _ in worklist.lanes)
        text = (
            f"not one product of this plan was found or has ever been seen in {lanes}. Is it the right account and region?"
        )
        yield ""
        yield style(f"Warning: {text}", "red")


def confirmation(worklist: Worklist) -> str:
    """Say what a yes would mean."""
    terminate = worklist.of(Decision.TERMINATE)
    accounts: dict[Lane, int] = {}
    for line in terminate:
        assert line.lane is not None
        accounts[line.lane] = accounts.get(line.lane, 0) + 1
    where = "\n".join(f"  account {lane.account_id}, {lane.region}: {count:,}" for lane, count in accounts.items())
    return f"{plural(len(terminate), 'product')} will be terminated. There is no undo.\n{where}"
