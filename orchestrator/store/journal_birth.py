"""What a journal begins with: who began the run, its plan, its worklist."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.core.lane import Lane
from orchestrator.core.plan import Plan
from orchestrator.core.worklist import Worklist
from orchestrator.store.codec import encode, format_moment, frame

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who we are in a lane, as STS says, and where Service Catalog is called for it."""

    lane: Lane
    arn: str
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """
    Who began the run, where, and what else its journal belongs to.

    `reviewed` is the digest of the worklist that was reviewed before, if the run executes such a one. `service_at` is
    `started_at` by the service's clock, if that was known.
    """

    run_id: str
    plan_name: str
    plan_digest: str
    worklist_digest: str
    tool_version: str
    started_at: float
    simulated: bool
    callers: tuple[Caller, ...]
    state_dir: str
    reviewed: str | None = None
    service_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """What a journal begins with."""

    header: Header
    plan: Plan
    worklist: Worklist


def birth_lines(birth: Birth) -> Iterator[bytes]:
    """Yield the lines that a journal begins with: header, plan, worklist, its lines."""
    header = encode(birth.header) | {"started_at": format_moment(birth.header.started_at)}
    yield frame(1, "header", {"format": FORMAT, **header})
    yield frame(2, "plan", {"plan": encode(birth.plan)})
    worklist = birth.worklist
    head = {
        "made_at": format_moment(worklist.made_at),
        "lanes": encode(worklist.lanes),
        "warnings": encode(worklist.warnings),
        "count": len(worklist.lines),
    }
    yield frame(3, "worklist", head)
    for seq, line in enumerate(worklist.lines, start=4):
        yield frame(seq, "line", encode(line))
