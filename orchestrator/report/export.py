"""Runs and reviews for machines: JSON and CSV, and the timeline of one product."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from orchestrator.core.inventory.model import LaneCoverage
from orchestrator.core.review.worklist import Decision, Line
from orchestrator.core.run import events as e
from orchestrator.core.run.machine import Run
from orchestrator.core.run.summary import PLACES, review_line
from orchestrator.core.values.lane import Caller
from orchestrator.report.outcomes import LineOutcome
from orchestrator.report.progress import MOMENTARY, details, name_of
from orchestrator.report.review_view import ReviewView, location_of
from orchestrator.report.text import plain, timestamp_text

RUN_COLUMNS = (
    "account_id", "region", "product_id", "name", "type", "state", "decision", "reason", "evidence", "errors",
    "record_id", "attempts", "sends", "sent_at", "ended_at", "seconds", "ignore_errors", "retain_physical_resources",
    "left_behind", "key", "location",
)  # fmt: skip

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet would compute."""


REVIEW_FORMAT = "orchestrator-review/1"

REVIEW_COLUMNS = (
    "account_id", "region", "product_id", "name", "type", "decision", "reason", "detail", "due_at", "wave", "after",
    "status", "created_at", "ignore_errors", "retain_physical_resources", "user_arn", "catalog_product_id",
    "catalog_product_name", "tags", "physical_id", "last_record_id", "key", "location", "selected_by",
)  # fmt: skip


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


def review_as_json(reviewed: ReviewView) -> str:
    """Render a review as one JSON document."""
    worklist = reviewed.worklist
    callers = {caller.lane: caller for caller in reviewed.callers}
    document = {
        "format": REVIEW_FORMAT,
        "summary": review_line(worklist),
        "counts": {decision.value: len(worklist.of(decision)) for decision in Decision},
        "plan": reviewed.plan.name,
        "plan_file": reviewed.plan_file,
        "made_at": timestamp_text(worklist.made_at),
        "estimated_seconds": round(reviewed.estimate.seconds) if reviewed.estimate else 0,
        "refusals": list(reviewed.refusals),
        "warnings": list(reviewed.warnings()),
        "lanes": [lane_row(each, callers.get(each.lane)) for each in reviewed.coverage],
        "lines": [line_row(line, reviewed) for line in worklist.lines],
    }
    return json.dumps(document, indent=2)


def review_as_csv(reviewed: ReviewView) -> str:
    """Render a review as CSV, with a heading; no cell of it is a formula, and none moves a cursor."""
    rows = (line_row(line, reviewed) for line in reviewed.worklist.lines)
    return csv_of(
        REVIEW_COLUMNS, ({**row, "tags": [f"{key}={value}" for key, value in row["tags"].items()]} for row in rows)
    )


def lane_row(coverage: LaneCoverage, caller: Caller | None) -> dict[str, Any]:
    """Return what a review says of one lane: by whom and how completely it was read, with the counts that prove it."""
    counts = coverage.counts
    return {
        "account_id": coverage.lane.account_id,
        "region": coverage.lane.region,
        "caller": caller.arn if caller else None,
        "endpoint": caller.endpoint if caller else None,
        "complete": coverage.problem is None,
        "problem": coverage.problem,
        "products": counts.scanned if counts else 0,
        "scan_pages": counts.scan_pages if counts else None,
        "scanned": counts.scanned if counts else None,
        "search_pages": counts.search_pages if counts else None,
        "searched": counts.searched if counts else None,
        "search_total": counts.search_total if counts else None,
    }


def line_row(line: Line, reviewed: ReviewView) -> dict[str, Any]:
    """Return what a review says of one line."""
    product = line.product
    return {
        **location_of(line),
        "decision": reviewed.decision(line),
        "reason": line.reason.value,
        "detail": reviewed.why(line),
        "due_at": timestamp_text(line.due_at),
        "wave": reviewed.turns.get(line.id, 1 if line.decision is Decision.TERMINATE else None),
        "after": list(line.after_lines),
        "status": product.status if product else None,
        "created_at": timestamp_text(product.created_at) if product else None,
        "ignore_errors": line.options.ignore_errors,
        "retain_physical_resources": line.options.retain_physical_resources,
        "user_arn": product.user_arn if product else None,
        "catalog_product_id": product.catalog_id if product else None,
        "catalog_product_name": product.catalog_name if product else None,
        "tags": dict(product.tags or ()) if product else {},
        "physical_id": product.physical_id if product else None,
        "last_record_id": product.last_record_id if product else None,
        "key": line.key,
        "location": line.location,
        "selected_by": [
            reviewed.plan.selections[number].key or reviewed.plan.selections[number].location for number in line.selected_by
        ],
    }
