"""Reviews for machines: JSON, and CSV with one row for each line."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.core.inventory.model import LaneCoverage
from orchestrator.core.review.worklist import Decision, Line
from orchestrator.core.run.summary import review_line
from orchestrator.core.values.caller import Caller
from orchestrator.report.review_view import ReviewView, location_of
from orchestrator.report.run_export import csv_of
from orchestrator.report.text import timestamp_text

REVIEW_FORMAT = "orchestrator-review/1"

REVIEW_COLUMNS = (
    "account_id", "region", "product_id", "name", "type", "decision", "reason", "detail", "due_at", "wave", "after",
    "status", "created_at", "ignore_errors", "retain_physical_resources", "user_arn", "catalog_product_id",
    "catalog_product_name", "tags", "physical_id", "last_record_id", "key", "location", "selected_by",
)  # fmt: skip


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
