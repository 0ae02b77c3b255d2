"""Where a journal comes from: who began its run, when, and upon what."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.core.values.lane import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOrigin:
    """
    Who began the run, where, and what else its journal belongs to.

    `reviewed_digest` is the digest of the worklist that was reviewed before, if the run executes such a one.
    `service_at` is `started_at` by the service's clock, if that was known.
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
