"""Reviews for machines: JSON, and CSV with one row for each line."""

from __future__ import annotations

import json
from typing import Any

from orchestrator.core.review.worklist import Decision, Line
from orchestrator.core.run.summary import review_line
from orchestrator.report.review_view import LaneRead, ReviewView, location_of
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
        "lanes": [lane_of(lane) for lane in reviewed.lanes],
        "lines": [line_row(line, reviewed) for line in worklist.lines],
    }
    return json.dumps(document, indent=2)


def review_as_csv(reviewed: ReviewView) -> str:
    """Render a review as CSV, with a heading; no cell of it is a formula, and none moves a cursor."""
    rows = (line_row(line, reviewed) for line in reviewed.worklist.lines)
    return csv_of(
        REVIEW_COLUMNS, ({**row, "tags": [f"{key}={value}" for key, value in row["tags"].items()]} for row in rows)
    )


def lane_of(lane: LaneRead) -> dict[str, Any]:
    """Return what a review says of one lane, with the proof that it was read completely."""
    coverage = lane.coverage
    return {
        "account_id": lane.lane.account_id,
        "region": lane.lane.region,
        "caller": lane.arn,
        "endpoint": lane.endpoint,
        "complete": lane.problem is None,
        "problem": lane.problem,
        "products": lane.products,
        "scan_pages": coverage.scan_pages if coverage else None,
        "scanned": coverage.scanned if coverage else None,
        "search_pages": coverage.search_pages if coverage else None,
        "searched": coverage.searched if coverage else None,
        "search_total": coverage.search_total if coverage else None,
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
