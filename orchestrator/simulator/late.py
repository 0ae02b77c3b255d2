"""Requests that are carried out after their answer was lost."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from orchestrator.simulator.errors import ApiError
from orchestrator.simulator.resources import Json

CarryOut = Callable[[float], Json | bytes]
"""Carries a request out at a moment (epoch seconds of the world)."""


@dataclass(slots=True, order=True)
class LateSend:
    """A request on its way."""

    at: float
    number: int
    call: Json = field(compare=False)
    carry_out: CarryOut = field(compare=False)


class Late:
    """The requests that are still on their way. Each call and each look at the world carries out those that are due."""

    def __init__(self) -> None:
        self._waiting: list[LateSend] = []
        self._numbers = count()

    def add(self, at: float, call: Json, carry_out: CarryOut) -> None:
        """
        Schedule a request.

        Args:

            at: When, in epoch seconds of the world.
            call: Its entry in the ledger, which gets the time and the result.
            carry_out: Carries it out.
        """
        call["carried_out_at"] = None
        heapq.heappush(self._waiting, LateSend(at, next(self._numbers), call, carry_out))

    def arrive(self, now: float) -> None:
        """Carry out the requests that are due by *now* (epoch seconds), in order, each at its own moment."""
        while self._waiting and self._waiting[0].at <= now:
            due = heapq.heappop(self._waiting)
            due.call["carried_out_at"] = round(due.at, 3)
            try:
                note(due.call, due.carry_out(due.at))
            except ApiError as error:
                due.call["late_error"] = error.code


def note(call: Json, answer: Json | bytes) -> None:
    """Write the record of an answer into the ledger."""
    if isinstance(answer, dict):
        call["record"] = answer.get("RecordDetail", {}).get("RecordId")
