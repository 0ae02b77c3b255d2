"""Where a journal or a worklist comes from: who called which account and region, and how completely each was read."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.core.inventory.model import LaneCoverage
from orchestrator.core.values.lane import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who we are in a lane, as STS says, and where Service Catalog is called for it."""

    lane: Lane
    arn: str
    endpoint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """How a lane was read, and when (seconds since the epoch); `coverage` is there where it was read completely."""

    lane: Lane
    started_at: float
    problem: str | None = None
    coverage: LaneCoverage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrigin:
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
    reviewed_digest: str | None = None
    service_at: float | None = None
