"""Tells observers what happened. One that raises is reported once and not called again; the run goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from orchestrator.core.run.events import Event
from orchestrator.ports import Observer


class Observers:
    """
    The observers of a run.

    Args:

        observers: Who wants to hear.
        complain: Told about an observer that raised, once each.
    """

    def __init__(self, observers: Iterable[Observer], complain: Callable[[Observer, Exception], None]) -> None:
        self._observers = list(observers)
        self._complain = complain

    def notify(self, event: Event) -> None:
        """Tell all observers about *event*."""
        for observer in tuple(self._observers):
            try:
                observer(event)
            except Exception as error:  # noqa: BLE001 - whatever a display does wrong must not stop a run
                self._observers.remove(observer)
                self._complain(observer, error)
