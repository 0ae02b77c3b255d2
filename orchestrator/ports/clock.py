"""Time, and waiting for it."""

from __future__ import annotations

from typing import Protocol

from orchestrator.core.replies import Reply


class Inbox(Protocol):
    """Where workers put replies and the loop takes them; may be filled from any thread and from a signal handler."""

    def put(self, reply: Reply) -> None:
        """Add a reply and end a wait."""

    def wake(self) -> None:
        """End a wait without a reply."""

    def take(self) -> list[Reply]:
        """Return all replies that have come, without waiting."""

    def wait(self, seconds: float) -> None:
        """Return when a reply is there, when woken, or after *seconds*."""


class Clock(Protocol):
    """A clock that never jumps within a process."""

    def now(self) -> float:
        """Return seconds since the epoch."""

    def wait(self, inbox: Inbox, seconds: float) -> None:
        """Wait until the inbox has something, at most *seconds*."""
