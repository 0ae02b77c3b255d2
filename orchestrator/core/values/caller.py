"""Who calls AWS in a lane, and where."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.core.values.lane import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who we are in a lane, as STS says, and where Service Catalog is called for it."""

    lane: Lane
    arn: str
    endpoint: str
