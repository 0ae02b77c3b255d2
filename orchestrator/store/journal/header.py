"""What a journal begins with: header, plan, worklist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.core.plan.model import Plan
from orchestrator.core.review.worklist import Worklist
from orchestrator.store.codec import encode, format_time, frame
from orchestrator.store.provenance import RunOrigin

JOURNAL_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalHeader:
    """What a journal begins with."""

    origin: RunOrigin
    plan: Plan
    worklist: Worklist


def header_lines(birth: JournalHeader) -> Iterator[bytes]:
    """Yield the lines that a journal begins with: header, plan, worklist, its lines."""
    yield frame(1, "header", {"format": JOURNAL_FORMAT, **encode(birth.origin)})
    yield frame(2, "plan", {"plan": encode(birth.plan)})
    worklist = birth.worklist
    head = {
        "made_at": format_time(worklist.made_at),
        "lanes": encode(worklist.lanes),
        "warnings": encode(worklist.warnings),
        "count": len(worklist.lines),
    }
    yield frame(3, "worklist", head)
    for seq, line in enumerate(worklist.lines, start=4):
        yield frame(seq, "line", encode(line))
