"""
Shows a worklist: what a run would do, and why. The stable line `Review: …` comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from orchestrator.core.duration import format_duration
from orchestrator.core.lane import Lane
from orchestrator.core.plan import Options, Plan
from orchestrator.core.worklist import Decision, Line, Worklist
from orchestrator.report.text import columns, plain, plural

Style = Callable[[str, str], str]
"""Styles a text: `style(text, "red")`."""

HEAD = ("DECISION", "NAME", "ID", "TYPE", "STATUS", "AGE", "OPTIONS", "WHY")
COLOURS = {Decision.TERMINATE: "bold", Decision.SKIP: "dim", Decision.REFUSE: "yellow"}


def unstyled(text: str, _: str) -> str:
    """Leave a text as it is."""
    return text


def preview(plan: Plan, worklist: Worklist, now: float, style: Style = unstyled) -> str:
    """
    Render a worklist for people.

    Args:

        plan: The plan it was made from.
        worklist: What to show.
        now: For ages, seconds since the epoch.
        style: Colours for a terminal.
    """
    lines = [style(worklist.summary(), "bold"), ""]
    lines += [f"Plan {plan.name}: {limits_of(plan)}"]
    for lane, problem in worklist.lanes:
        rows = [line for line in worklist.lines if line.lane == lane]
        state = style(f"NOT READ COMPLETELY: {plain(problem)}", "red") if problem else "listing complete"
        lines += ["", style(f"{lane}", "bold") + f"  {plural(len(rows), 'line')}, {state}"]
        lines += table(rows, now, style)
    nowhere = [line for line in worklist.lines if line.lane is None]
    if nowhere:
        lines += ["", style("in no lane", "bold"), *table(nowhere, now, style)]
    lines += warnings(worklist, style)
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


def table(lines: Sequence[Line], now: float, style: Style) -> Iterator[str]:
    """Yield the lines of a table."""
    if not lines:
        return
    laid_out = columns([HEAD, *(row_of(line, now) for line in lines)])
    yield style(laid_out[0], "dim")
    for line, text in zip(lines, laid_out[1:], strict=True):
        colour = "magenta" if line.decision is Decision.TERMINATE and line.options.may_leave_resources else None
        yield style(text, colour or COLOURS[line.decision])


def row_of(line: Line, now: float) -> tuple[str, ...]:
    """Return the cells of one line."""
    product = line.product
    age = format_age(now - product.created_at) if product and product.created_at else "-"
    return (
        line.decision.value,
        plain(line.name) if product else "-",
        line.product_id or "-",
        plain(product.type) if product else "-",
        plain(product.status) if product else "-",
        age,
        options_of(line.options),
        plain(line.detail) + (f" [{line.key}]" if line.key else ""),
    )


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


def warnings(worklist: Worklist, style: Style) -> Iterator[str]:
    """Yield what a careful person should know before saying yes."""
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
