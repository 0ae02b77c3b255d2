"""The run's memory on disk, as the engine sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from orchestrator.core.events import Event


class Journal(Protocol):
    """Append-only. What was appended before a `sync` that returned survives a crash of the machine."""

    def append(self, events: Sequence[Event]) -> None:
        """
        Write durable events down; volatile ones are passed over.

        Raises:

            JournalError: They could not be written; nothing of this call was.
        """

    def sync(self) -> None:
        """
        Make everything appended so far survive a crash.

        Raises:

            JournalError: The disk refused.
        """
