"""
Notices for whoever has to tell the owners: as text by owner, as a Markdown table, as JSON, and as CSV.

Names and owners come from other people: none of them moves a cursor, is a formula or makes markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.core.review.notice import Notice
from orchestrator.core.review.protect import PROTECT
from orchestrator.core.review.worklist import Decision
from orchestrator.core.values.lane import Lane
from orchestrator.report.export import csv_of
from orchestrator.report.review_markdown import MOST_CHARACTERS, escape
from orchestrator.report.review_view import location_of, minute_text, shown_name
from orchestrator.report.text import columns, plain, plural, timestamp_text

NOTIFY_FORMAT = "orchestrator-notify/1"
KEEP_TAG = f"{PROTECT}=true"
"""The tag that keeps a product, whatever the plan says."""

OWNER_UNKNOWN = "owner unknown"
SIMULATION = "Simulation: these products are made up, and nobody has to be told."
NOTICE_HEADER = ("NAME", "ID", "ACCOUNT/REGION", "SELECTED SINCE", "DUE")
NOTICE_COLUMNS = (
    "user_arn", "name", "product_id", "account_id", "region", "type", "selected_since", "due_at", "due_now", "decision",
    "detail", "keep_tag", "simulated",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeReport:
    """
    The notices of a plan, to be shown.

    `lanes` are where they were looked for, each with the problem that kept it from being read completely, if any; notices
    there stay as they are. `gives_notice` says whether the plan has a selection with a notice at all. `made_at` is in
    seconds since the epoch.
    """

    plan_name: str
    notices: Sequence[Notice]
    lanes: Sequence[tuple[Lane, str | None]]
    made_at: float
    gives_notice: bool = True
    simulated: bool = False

    @property
    def summary(self) -> str:
        """Say how many products are on notice, and how many of them are due."""
        due = sum(notice.is_over for notice in self.notices)
        return f"Notices of {self.plan_name}: {plural(len(self.notices), 'product')} on notice, {due:,} of them due now."

    @property
    def remarks(self) -> Iterator[str]:
        """Yield what keeps a product, and what keeps this report from saying more."""
        if self.notices:
            yield f"Whoever wants to keep a product gives it the tag {KEEP_TAG} before it is due."
        if not self.gives_notice:
            yield "No selection of the plan has a notice (After)."
        for lane, problem in self.lanes:
            if problem:
                yield f"Not read completely: {lane}: {problem}; its notices stay as they are."

    @property
    def by_owner(self) -> dict[str, list[Notice]]:
        """The notices of each owner, what is due first before the rest; last those whose owner is not known."""
        found: dict[str, list[Notice]] = {}
        for notice in sorted(self.notices, key=lambda each: (each.due_at, each.line.name, each.line.id)):
            found.setdefault(owner_of(notice) or "", []).append(notice)
        return {owner or OWNER_UNKNOWN: found[owner] for owner in sorted(found, key=lambda each: (not each, each))}


def notices_as_text(report: NoticeReport, width: int | None = None) -> str:
    """
    Render notices for people at a terminal, by owner.

    Args:

        report: What to show.
        width: How many characters a line of a table may have, None for as many as it needs.
    """
    lines = [SIMULATION] if report.simulated else []
    lines += [report.summary, *(plain(remark) for remark in report.remarks)]
    for owner, notices in report.by_owner.items():
        lines += ["", plain(owner), *columns([NOTICE_HEADER, *(notice_cells(each) for each in notices)], width=width)]
    return "\n".join(lines)


def notices_as_markdown(report: NoticeReport) -> str:
    """Render notices as one Markdown table, short enough for a comment; what does not fit is counted."""
    lines = [SIMULATION, ""] if report.simulated else []
    lines.append(escape(report.summary))
    lines += [f"\n> {escape(remark)}" for remark in report.remarks]
    head = ("OWNER", *NOTICE_HEADER)
    rows = [
        "| " + " | ".join(escape(cell) for cell in (owner, *notice_cells(notice))) + " |"
        for owner, notices in report.by_owner.items()
        for notice in notices
    ]
    if rows:
        lines += ["", "| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    room = MOST_CHARACTERS - sum(len(line) + 1 for line in lines) - 100
    for number, row in enumerate(rows):
        room -= len(row) + 1
        if room < 0:
            left = plural(len(rows) - number, "product")
            return "\n".join([*lines, f"\n... and {left} more, which did not fit; `notify --format json` has them all."])
        lines.append(row)
    return "\n".join(lines)


def notices_as_json(report: NoticeReport) -> str:
    """Render notices as one JSON document."""
    document = {
        "format": NOTIFY_FORMAT,
        "simulated": report.simulated,
        "plan": report.plan_name,
        "made_at": timestamp_text(report.made_at),
        "counts": {"on_notice": len(report.notices), "due_now": sum(notice.is_over for notice in report.notices)},
        "lanes": [
            {"account_id": lane.account_id, "region": lane.region, "complete": problem is None, "problem": problem}
            for lane, problem in report.lanes
        ],
        "notices": [notice_row(notice) for notice in report.notices],
    }
    return json.dumps(document, indent=2)


def notices_as_csv(report: NoticeReport) -> str:
    """Render notices as CSV, with a heading."""
    return csv_of(NOTICE_COLUMNS, ({**notice_row(each), "simulated": report.simulated} for each in report.notices))


def owner_of(notice: Notice) -> str | None:
    """Return the ARN of who provisioned a product, None if AWS did not say."""
    return notice.line.product.user_arn if notice.line.product else None


def notice_cells(notice: Notice) -> tuple[str, ...]:
    """Return what people are told of one product, in the order of the header."""
    line = notice.line
    return (shown_name(line), line.product_id or "-", str(line.lane), minute_text(notice.since), due_text(notice))


def due_text(notice: Notice) -> str:
    """Say when a product is due, and what still keeps one whose notice is over."""
    if not notice.is_over:
        return minute_text(notice.due_at)
    return "now" if notice.line.decision is Decision.TERMINATE else plain(f"now, but {notice.line.detail}")


def notice_row(notice: Notice) -> dict[str, Any]:
    """Return what machines are told of one product."""
    return {
        "user_arn": owner_of(notice),
        **location_of(notice.line),
        "selected_since": timestamp_text(notice.since),
        "due_at": timestamp_text(notice.due_at),
        "due_now": notice.is_over,
        "decision": notice.line.decision.value,
        "detail": notice.line.detail,
        "keep_tag": KEEP_TAG,
    }
