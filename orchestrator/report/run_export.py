"""Reports for machines: JSON and CSV, and the story of one product."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from orchestrator.core.run import events as e
from orchestrator.core.run.machine import Run
from orchestrator.core.run.summary import PLACES
from orchestrator.report.outcomes import LineOutcome
from orchestrator.report.progress import MOMENTARY, details, name_of
from orchestrator.report.review_view import location_of
from orchestrator.report.text import plain, timestamp_text

RUN_COLUMNS = (
    "account_id", "region", "product_id", "name", "type", "state", "decision", "reason", "evidence", "errors",
    "record_id", "attempts", "sends", "sent_at", "ended_at", "seconds", "ignore_errors", "retain_physical_resources",
    "left_behind", "key", "location",
)  # fmt: skip

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet would compute."""


def run_as_json(run: Run, found: Sequence[LineOutcome], about: dict[str, Any]) -> str:
    """
    Render a report as one JSON document.

    Args:

        run: The run.
        found: How its lines stand.
        about: What else is known of the run: when and where it was begun, whether it is finished.
    """
    result = run.tally()
    # While a run goes on, what is followed as it should be is under way, and not in doubt; and there is no ending yet.
    going_on = bool(about.get("going_on"))
    document = {
        **about,
        "summary": None if going_on else run.final_line,
        "counts": {name.replace(" ", "_"): result.of(states) for name, states in (MOMENTARY if going_on else PLACES)},
        "exit_code": None if going_on else int(result.exit_code),
        "lines": [outcome_row(outcome) for outcome in found],
    }
    return json.dumps(document, indent=2)


def run_as_csv(found: Sequence[LineOutcome]) -> str:
    """Render a report as CSV, with a heading; no cell of it is a formula, and none moves a cursor."""
    return csv_of(RUN_COLUMNS, (outcome_row(outcome) for outcome in found))


def csv_of(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Write rows as CSV with a heading."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([cell(row[name]) for name in names] for row in rows)
    return out.getvalue().rstrip("\n")


def cell(value: object) -> str:
    """Return the text of a cell."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case list():
            return cell("; ".join(map(str, value)))
        case _:
            text = plain(str(value))
            return f"'{text}" if text.startswith(FORMULA) else text


def outcome_row(outcome: LineOutcome) -> dict[str, Any]:
    """Return what a report says of one line."""
    line = outcome.line
    return {
        **location_of(line),
        "state": outcome.state.value,
        "decision": line.decision.value,
        "reason": line.reason.value,
        "evidence": outcome.evidence or None,
        "errors": list(outcome.errors),
        "record_id": outcome.record_id,
        "attempts": outcome.times.attempts,
        "sends": outcome.times.sends,
        "sent_at": timestamp_text(outcome.times.sent_at),
        "ended_at": timestamp_text(outcome.times.ended_at),
        "seconds": outcome.seconds,
        "ignore_errors": line.options.ignore_errors,
        "retain_physical_resources": line.options.retain_physical_resources,
        "left_behind": outcome.left_behind,
        "key": line.key,
        "location": line.location,
    }


def timeline(outcome: LineOutcome, events: Iterable[e.Event]) -> Iterator[str]:
    """
    Yield everything that happened to one product, in words.

    Args:

        outcome: How its line stands.
        events: What has happened in the run, in order.
    """
    line = outcome.line
    yield f"{line.id}  {plain(line.name)}: {outcome.state.value.replace('_', ' ')}"
    yield f"  decided to {line.decision.value}: {plain(line.detail)}"
    if line.after_lines:
        yield f"  comes after {', '.join(line.after_lines)}"
    for event in events:
        if isinstance(event, e.LineEvent) and event.line == line.id:
            said = "  ".join(f"{name}={value}" for name, value in details(event).items())
            yield f"  {timestamp_text(event.at)}  {name_of(event):<15} {said}".rstrip()
    if outcome.left_behind:
        yield f"  left behind: {plain(outcome.left_behind)}"
