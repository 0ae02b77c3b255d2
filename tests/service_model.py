"""
A model of the service in virtual time, for checks of what a run concludes: answers get lost, requests are carried out late,
lookups and records are behind. It keeps the truth, which the run never sees.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from orchestrator.core.inventory.calls import (
    Answer,
    Denied,
    DescribeProduct,
    DescribeRecord,
    NotFound,
    Operation,
    Outcome,
    Page,
    ReadHistory,
    RecordPage,
    Rejected,
    Throttled,
    Unanswered,
)
from orchestrator.core.inventory.model import FAILED, SUCCEEDED, TERMINATION, UNDER_CHANGE, Product, Record, RecordError
from orchestrator.core.run.commands import Command, ListPage, LookUp, Terminate
from tests.fakes import SYSTEM_TAGS
from tests.makers import product

UPDATE = "UPDATE_PROVISIONED_PRODUCT"


@dataclass(frozen=True)
class Lags:
    """How many seconds lookups, records and histories are behind, and the service's clock is ahead."""

    lookup: float = 0.0
    record: float = 0.0
    history: float = 0.0
    clock: float = 0.0


@dataclass(frozen=True)
class Send:
    """What becomes of a send: carried out or not, how many seconds later, and whether it is answered."""

    how: str = "ok"
    late: float = 0.0


@dataclass
class Thing:
    """A product with its past: what it was from each moment on, None for gone."""

    past: list[tuple[float, Product | None]]
    durations: list[float] = field(default_factory=lambda: [5.0])
    outcomes: list[str] = field(default_factory=lambda: [SUCCEEDED])
    token: str | None = None
    spent: set[str] = field(default_factory=set)
    gone_by: str | None = None

    def at(self, moment: float) -> Product | None:
        """What it was at a moment."""
        return next((state for since, state in reversed(self.past) if since <= moment), self.past[0][1])

    @property
    def now(self) -> Product | None:
        """What it is."""
        return self.past[-1][1]


class Service:
    """
    One lane of the service. `denies` are operations on records that may not be called; `tokens` says what becomes of a
    token that comes again: it is remembered while its termination is in progress, forgotten, or refused as used.
    """

    def __init__(self, ids: list[str], now: float, lags: Lags, *, denies: frozenset[Operation], tokens: str) -> None:
        self.lags, self.denies, self.tokens = lags, denies, tokens
        self.things = {id_: Thing([(now - 1_000, product(id_, created_at=now - 90_000))]) for id_ in ids}
        self.records: dict[str, list[tuple[float, Record]]] = {}
        self.ours: dict[str, str] = {}
        self.due: list[tuple[float, int, Callable[[], object]]] = []
        self.count = 0
        self.now = now
        for id_ in ids:
            first = Record(
                record_id=f"rec-of-{id_}",
                product_id=id_,
                record_type="PROVISION_PRODUCT",
                status=SUCCEEDED,
                created_at=now - 90_000 + lags.clock,
            )
            self.records[first.record_id] = [(now - 90_000, first)]

    def answer(self, command: Command, send: Send) -> Outcome:
        """Answer a call that arrives now."""
        match command:
            case Terminate():
                return self._terminate(command, send)
            case LookUp(lookup=DescribeRecord(record_id)):
                if Operation.RECORD in self.denies:
                    return Denied("AccessDeniedException", "no")
                found = self._record_at(record_id, self.now - self.lags.record)
                return Answer(found) if found else NotFound("no such record")
            case LookUp(lookup=DescribeProduct(), product_id=product_id):
                seen = self.things[product_id].at(self.now - self.lags.lookup)
                return Answer(seen) if seen else NotFound("No stack named so exists.")
            case LookUp(lookup=ReadHistory(), product_id=product_id):
                if Operation.HISTORY in self.denies:
                    return Denied("AccessDeniedException", "no")
                moment = self.now - self.lags.history
                past = (self._record_at(id_, moment) for id_ in reversed(self.records))
                return Answer(RecordPage(records=tuple(each for each in past if each and each.product_id == product_id)))
            case ListPage(product_id=str() as product_id, operation=Operation.PRODUCT):
                return self.answer(
                    LookUp(lane=command.lane, line="", product_id=product_id, lookup=DescribeProduct()), send
                )
            case _:
                there = [each for each in (thing.now for thing in self.things.values()) if each is not None]
                return Answer(Page(products=tuple(replace(each, tags=SYSTEM_TAGS) for each in there)))

    def advance(self, now: float) -> None:
        """Let everything happen that is due."""
        while self.due and (first := min(self.due, key=lambda each: each[:2]))[0] <= now:
            self.due.remove(first)
            moment, _, what = first
            self.now = max(self.now, moment)
            what()
        self.now = now

    def later(self, moment: float, what: Callable[[], object]) -> None:
        """Let something happen later."""
        self.count += 1
        self.due.append((moment, self.count, what))

    def somebody(self, id_: str, kind: str, seconds: float, outcome: str) -> None:
        """Let somebody else do something to a product, if it is at rest."""
        thing = self.things[id_]
        if thing.now is not None and thing.now.status != UNDER_CHANGE:
            self._begin(id_, kind, None, seconds, outcome)

    def _terminate(self, command: Terminate, send: Send) -> Outcome:
        match send.how:
            case "throttled":
                return Throttled("ThrottlingException")
            case "refused":
                return Rejected("OddException", "odd")
            case "lost before":
                return Unanswered("reset")
            case "late":
                self.later(self.now + send.late, lambda: self._carry_out(command))
                return Unanswered("reset")
            case "lost after":
                self._carry_out(command)
                return Unanswered("reset")
            case _:
                return self._carry_out(command)

    def _carry_out(self, command: Terminate) -> Outcome:
        thing = self.things[command.product_id]
        if thing.now is None:
            return NotFound("No stack named so exists.")
        if self.tokens == "refused" and command.token in thing.spent:
            return Rejected("InvalidParametersException", "the token was already used")
        if thing.now.status == UNDER_CHANGE:
            if thing.token == command.token and self.tokens == "remembered":
                return Answer(self.records[str(thing.now.last_record_id)][-1][1])
            return Rejected("ValidationException", "it is under change")
        outcome = thing.outcomes.pop(0) if len(thing.outcomes) > 1 else thing.outcomes[0]
        seconds = thing.durations.pop(0) if len(thing.durations) > 1 else thing.durations[0]
        thing.spent.add(command.token)
        return Answer(self._begin(command.product_id, TERMINATION, command.token, seconds, outcome))

    def _begin(self, id_: str, kind: str, token: str | None, seconds: float, outcome: str) -> Record:
        thing = self.things[id_]
        record = Record(
            record_id=f"rec-{len(self.records)}",
            product_id=id_,
            record_type=kind,
            status="IN_PROGRESS",
            created_at=round(self.now + self.lags.clock, 3),
        )
        self.records[record.record_id] = [(self.now, record)]
        if token is not None:
            self.ours[record.record_id] = token
        assert thing.now is not None
        busy = replace(thing.now, status=UNDER_CHANGE, last_record_id=record.record_id)
        thing.past.append((self.now, busy))
        thing.token = token
        self.later(self.now + seconds, lambda: self._end(id_, record, outcome))
        return record

    def _end(self, id_: str, record: Record, outcome: str) -> None:
        thing = self.things[id_]
        assert thing.now is not None
        errors = (RecordError("400", "it FAILED"),) if outcome == FAILED else ()
        self.records[record.record_id].append((self.now, replace(record, status=outcome, errors=errors)))
        thing.token = None
        if record.record_type == TERMINATION and outcome == SUCCEEDED:
            thing.past.append((self.now, None))
            thing.gone_by = record.record_id
        else:
            status = "AVAILABLE" if outcome == SUCCEEDED else "TAINTED"
            thing.past.append((self.now, replace(thing.now, status=status)))

    def _record_at(self, record_id: str, moment: float) -> Record | None:
        past = self.records.get(record_id, [])
        return next((record for since, record in reversed(past) if since <= moment), None)
