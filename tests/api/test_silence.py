"""A lane that nothing answers in any more: the others go on, and nobody waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from orchestrator.api.connections import SILENT, Connections, ask_who
from orchestrator.api.review_inputs import list_inventories
from orchestrator.core.inventory.calls import Answer, Page, Problem, RecordPage
from orchestrator.core.review.lookups import questions
from orchestrator.core.values.lane import Lane
from orchestrator.engine.executors import InactivityTimer
from orchestrator.errors import NoAccess
from orchestrator.ports import Identity
from tests.fakes import LANE, FakeCatalog, FakeClock
from tests.makers import fake, plan

SOON = 0.05
SILENT_LANE = Lane(LANE.account_id, "us-east-1")


class Gate(InactivityTimer):
    """What calls hang at; silent once one does, and everything else that was to answer has."""

    def __init__(self, answers: int) -> None:
        super().__init__()
        self._opened, self._reached = threading.Event(), threading.Event()
        self._missing, self._counting = answers, threading.Lock()

    def hang(self) -> None:
        """Hang."""
        self._reached.set()
        self._opened.wait()

    def open(self) -> None:
        """Let go of what hangs."""
        self._opened.set()

    def touch(self) -> None:
        """Count the answers."""
        with self._counting:
            self._missing -= 1

    @property
    def left(self) -> float:
        """Seconds until one looks again."""
        return 0.0 if self._reached.is_set() and self._missing <= 0 else SOON


class Hanging(FakeCatalog):
    """A catalog that one kind of call hangs in."""

    def __init__(self, gate: Gate, where: str) -> None:
        super().__init__(FakeClock(), [fake("pp-a")])
        self._gate = gate
        self._where = where

    def scan(self, page_token: str | None) -> Answer[Page] | Problem:
        """Read a page."""
        self._hang("scan")
        return super().scan(page_token)

    def record_history(self, product_id: str, page_token: str | None) -> Answer[RecordPage] | Problem:
        """Read records."""
        self._hang("history")
        return super().record_history(product_id, page_token)

    def caller_identity(self) -> Answer[Identity] | Problem:
        """Say who we are."""
        self._hang("identity")
        return super().caller_identity()

    def _hang(self, where: str) -> None:
        if where == self._where:
            self._gate.hang()


@pytest.fixture
def gates() -> Iterator[Callable[[int], Gate]]:
    """Makes gates; all are opened at the end."""
    made: list[Gate] = []

    def make(answers: int) -> Gate:
        made.append(Gate(answers))
        return made[-1]

    yield make
    for gate in made:
        gate.open()


def connections(gate: Gate, where: str, *lanes: Lane) -> Connections:
    """Lanes, of which one hangs."""
    well, hanging = FakeCatalog(FakeClock(), [fake("pp-a")]), Hanging(gate, where)
    return Connections(
        connect=lambda lane: hanging if lane == SILENT_LANE else well,
        identities={lane: Identity(account_id=lane.account_id, arn="arn") for lane in lanes},
        endpoints=dict.fromkeys(lanes, "memory://catalog"),
        simulated=False,
        workers=4,
        timer=lambda: gate,
    )


def test_a_listing_that_never_ends_is_not_complete(gates: Callable[[int], Gate]) -> None:
    """The lane is refused, the other one is not; if there is no other, nothing could be read."""
    # To be heard are a scan, a search, and that both are done; the beginning counts as well.
    well, silent = list_inventories(connections(gates(4), "scan", LANE, SILENT_LANE))
    assert (well.lane, well.complete) == (LANE, True)
    assert (silent.lane, silent.complete, silent.is_unreachable, silent.problem) == (SILENT_LANE, False, True, SILENT)
    with pytest.raises(NoAccess, match=r"no lane could be read: .*nothing answered any more for ten minutes"):
        list_inventories(connections(gates(0), "scan", SILENT_LANE))


def test_records_that_never_come_leave_their_lane_unread(gates: Callable[[int], Gate]) -> None:
    """What became of a product that is missing cannot be told."""
    asked = partial(questions, plan("pp-a", "pp-missing"))
    [found] = list_inventories(connections(gates(0), "history", SILENT_LANE), asked)
    assert (found.complete, found.is_unreachable, found.problem) == (False, False, SILENT)


def test_nobody_is_waited_for_at_the_door(gates: Callable[[int], Gate]) -> None:
    """The lane cannot be entered, and the other one can."""
    gate = gates(3)
    connect = connections(gate, "identity", LANE, SILENT_LANE).connect
    known, silent = ask_who(connect, [LANE, SILENT_LANE], gate)
    assert isinstance(known, Identity)
    assert silent == SILENT
