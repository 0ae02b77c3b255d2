"""Real time, and the inbox that replies arrive in."""

from __future__ import annotations

import queue
import time

from orchestrator.core.run.replies import Reply
from orchestrator.ports import Inbox


class SystemClock:
    """
    Seconds since the epoch that never jump: the wall clock is read once and carried on by a steady one.

    The steady clock counts a suspended machine's time too where there is such a clock, so that what went stale in the
    meantime is known to be stale.
    """

    def __init__(self) -> None:
        self._steady = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
        self._offset = time.time() - time.clock_gettime(self._steady)

    def now(self) -> float:
        """Return seconds since the epoch, to the microsecond that a journal keeps."""
        return round(time.clock_gettime(self._steady) + self._offset, 6)

    def wait(self, inbox: Inbox, seconds: float) -> None:
        """Wait until the inbox has something, at most *seconds*."""
        inbox.wait(seconds)


class ReplyInbox:
    """An `Inbox` over a queue whose `put` may be called from a signal handler (documented for `SimpleQueue`)."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Reply | None] = queue.SimpleQueue()
        self._taken: list[Reply] = []

    def put(self, reply: Reply) -> None:
        """Add a reply and end a wait."""
        self._queue.put(reply)

    def wake(self) -> None:
        """End a wait without a reply."""
        self._queue.put(None)

    def take(self) -> list[Reply]:
        """Return all replies that have come, without waiting."""
        while not self._queue.empty():
            self._keep(self._queue.get())
        taken, self._taken = self._taken, []
        return taken

    def wait(self, seconds: float) -> None:
        """Return when a reply is there, when woken, or after *seconds*."""
        if self._taken:
            return
        try:
            self._keep(self._queue.get(timeout=max(0.0, seconds)))
        except queue.Empty:
            return

    def _keep(self, item: Reply | None) -> None:
        if item is not None:
            self._taken.append(item)
