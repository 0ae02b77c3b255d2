"""Replies: what comes to the loop from outside, namely outcomes of its commands, the passing of time, wishes to stop."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.core.inventory.calls import Outcome
from orchestrator.core.run.commands import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """
    What came back for a command, and when (seconds since the epoch). `clock_ahead` is how many seconds the service's clock
    is ahead of ours, if its answers tell.
    """

    at: float
    command: Command
    outcome: Outcome
    clock_ahead: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Time has passed; nothing came back."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupt:
    """Somebody wants the run to stop; `signal` names how they said so."""

    at: float
    signal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """Somebody in another terminal wants the run to stop."""

    at: float
