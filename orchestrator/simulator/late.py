"""Requests that are carried out later, although their answer is lost already."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from orchestrator.simulator.errors import ApiError
from orchestrator.simulator.things import Json

CarryOut = Callable[[float], Json | bytes]
"""Carries a request out at a moment (epoch seconds of the world)."""


@dataclass(slots=True, order=True)
class Waiting:
    """A request on its way."""

    at: float
    number: int
    call: Json = field(compare=False)
    carry_out: CarryOut = field(compare=False)


class Late:
    """The requests that are on their way; whatever looks at the world lets those arrive that are due."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._numbers = count()

    def add(self, at: float, call: Json, carry_out: CarryOut) -> None:
        """
        Let a request arrive at a moment.

        Args:

            at: When, in epoch seconds of the world.
            call: Its entry in the ledger, which is told when it was carried out and what came of it.
            carry_out: Carries it out.
        """
        call["carried_out_at"] = None
        heapq.heappush(self._waiting, Waiting(at, next(self._numbers), call, carry_out))

    def arrive(self, now: float) -> None:
        """Carry out what is due by *now* (epoch seconds), each at its own moment and in their order."""
        while self._waiting and self._waiting[0].at <= now:
            due = heapq.heappop(self._waiting)
            due.call["carried_out_at"] = round(due.at, 3)
            try:
                note(due.call, due.carry_out(due.at))
            except ApiError as error:
                due.call["late_error"] = error.code


def note(call: Json, answer: Json | bytes) -> None:
    """Take down in the ledger which record an answer is about."""
    if isinstance(answer, dict):
        call["record"] = answer.get("RecordDetail", {}).get("RecordId")
