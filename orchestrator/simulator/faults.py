"""
Scripted trouble with calls: which call meets it, and what becomes of its answer.

Whether a call meets trouble that is drawn by lot depends on the seed and on what is called how often, never on the order in
which the calls of several clients come: a world treats the same run alike each time.
"""

from __future__ import annotations

import heapq
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count

from orchestrator.simulator.errors import ApiError
from orchestrator.simulator.resources import Json
from orchestrator.simulator.specs import FaultSpec, Trouble


class AnswerLost(Exception):
    """The connection is to be closed without an answer."""

    in_ledger = "lost"


class Hung(Exception):
    """The connection is to be left open without an answer."""

    in_ledger = "hung"


class Cut(Exception):
    """The connection is to be closed in the middle of the answer."""

    in_ledger = "cut"

    def __init__(self, body: bytes) -> None:
        super().__init__("the answer is cut")
        self.body = body


class Odd(Exception):
    """The answer is to be this one, whatever was asked."""

    in_ledger = "odd"

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__("an odd answer")
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class Fault:
    """Trouble that a call has met."""

    do: Trouble
    spec: FaultSpec


@dataclass(slots=True)
class Script:
    """One piece of trouble: how many calls go well first, how many meet it (None for all), how often it was drawn."""

    spec: FaultSpec
    after: int
    times: int | None
    drawn: Counter[tuple[str, str]] = field(default_factory=Counter)


class Faults:
    """
    The trouble of one lane.

    Args:

        specs: What is scripted; the first that fits a call is the one that it meets.
        seed: What is drawn by lot is drawn from it.
    """

    def __init__(self, specs: Sequence[FaultSpec], seed: str) -> None:
        self._seed = seed
        self._scripts = [
            Script(spec, spec.After, spec.Times if spec.Times or spec.Share is not None else 1) for spec in specs
        ]

    def meet(self, operation: str, request: Json) -> Fault | None:
        """
        Say what trouble a call meets, if any.

        Args:

            operation: What is called.
            request: With what.
        """
        product = request.get("ProvisionedProductId") or request.get("Id")
        for number, script in enumerate(self._scripts):
            spec = script.spec
            if spec.Operation not in ("any", operation) or spec.Product not in (None, product) or script.times == 0:
                continue
            lot = self._lot(number, script, operation, str(product or request.get("PageToken")))
            if spec.Share is not None and lot.random() >= spec.Share:
                continue
            if script.after:
                script.after -= 1
                continue
            if script.times is not None:
                script.times -= 1
            return Fault(lot.choice(spec.all_troubles), spec)
        return None

    def _lot(self, number: int, script: Script, operation: str, about: str) -> random.Random:
        script.drawn[operation, about] += 1
        nth = script.drawn[operation, about]
        return random.Random(f"{self._seed}/{number}/{operation}/{about}/{nth}")  # noqa: S311 - a made-up world


def apply_fault(fault: Fault | None) -> None:
    """
    Let a fault happen that comes before the request is carried out.

    Raises:

        ApiError: The answer is an error.
        Lost, Odd: There is to be no answer, or a wrong one.
    """
    match fault:
        case Fault("delay", spec):
            time.sleep(spec.Seconds)
        case Fault("reset" | "late"):
            raise AnswerLost
        case Fault("error", spec):
            raise ApiError(spec.Code, spec.Message, spec.Status or 500)
        case Fault("answer", spec):
            raise Odd(spec.Status or 200, spec.Body.encode())


def damaged(answer: Json | bytes, fault: Fault | None) -> bytes:
    """
    Return an answer's bytes, damaged as a fault says.

    Args:

        answer: The answer to a request that was carried out.
        fault: What it has met, if anything.

    Raises:

        Lost: There is to be no answer.
        Hung: There is to be none, and no end of the connection either.
        Cut: There is to be a part of it.
    """
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    match fault.do if fault else None:
        case "lose_answer":
            raise AnswerLost
        case "hang":
            raise Hung
        case "cut":
            raise Cut(body)
        case "truncate":
            return b"{}" if isinstance(answer, dict) else body[:40]
        case "garble":
            return b"\xff\xfe\x00garbled"
        case _:
            return body


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
