"""Those who hear what happens. They do not decide, and one that raises is logged once and not called again."""

from __future__ import annotations

from typing import Protocol

from orchestrator.core.events import Event


class Observer(Protocol):
    """Called in the loop's thread with each event, after it was applied and written down."""

    def __call__(self, event: Event) -> None:
        """Hear *event*."""
