"""
The survey: reads a lane before a run, retrying, and says whether it has seen everything.

Runs before the loop, so it may wait. The pure `Listing` decides what is asked and what it means; here it is asked, at the
pace of the lane's own rate limiters. tenacity owns the retries of single questions.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_result,
    stop_after_attempt,
    stop_after_delay,
    wait_random_exponential,
)

from orchestrator.core.inventory.calls import (
    Answer,
    Denied,
    NotFound,
    NotSent,
    Operation,
    Problem,
    Throttled,
    Unanswered,
    explain,
)
from orchestrator.core.inventory.listing import Listing
from orchestrator.core.inventory.model import SUCCEEDED, Inventory, Product, Record
from orchestrator.core.review.lookups import LaneLookups
from orchestrator.core.run.commands import next_page
from orchestrator.core.run.rate_limit import RateLimiter
from orchestrator.core.values.lane import Lane
from orchestrator.engine.executors import InactivityTimer
from orchestrator.engine.worker import ask
from orchestrator.errors import NoAccess
from orchestrator.ports import Catalog, Clock, Identity

T = TypeVar("T")

ATTEMPTS = 6
ATTEMPTS_TO_CONNECT = 3
LONGEST_PACE_WAIT_S = 20.0
LONGEST_ASKED = 180.0
"""Seconds after which a question is not repeated any more."""

MOST_RECORD_PAGES = 25
"""Pages of a lane's newest records (20 each) that are read to learn what became of products that are missing."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the listing of a lane has come. `problem` and `is_over` say how it ended."""

    lane: Lane
    pages: int
    products: int
    is_over: bool = False
    problem: str | None = None


class LaneRateLimits:
    """The rate limiters of one lane, by operation; shared by the survey and the run. May be used from many threads."""

    def __init__(self) -> None:
        self.of: dict[Operation, RateLimiter] = {operation: RateLimiter() for operation in Operation}
        self.lock = threading.Lock()


def nobody(_: Progress) -> None:
    """Hear of no progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyor:
    """
    Reads lanes.

    `sleep` waits between attempts (seconds); `executor` looks single products up side by side; `timer` is touched by
    answers;
    `deadline` is when a listing is given up (seconds since the epoch); `on_progress` hears of each page.
    """

    clock: Clock
    sleep: Callable[[float], None]
    executor: Executor
    timer: InactivityTimer = field(default_factory=InactivityTimer)
    deadline: float = float("inf")
    on_progress: Callable[[Progress], None] = nobody

    def identify(self, catalog: Catalog) -> Identity:
        """
        Ask who we are.

        Raises:

            NoAccess: Nobody answers, or the credentials are refused.
        """
        answer = self.call_with_retries(catalog.caller_identity, ATTEMPTS_TO_CONNECT)
        if not isinstance(answer, Answer):
            message = f"cannot tell who the credentials belong to (sts:GetCallerIdentity): {explain(answer)}"
            raise NoAccess(message)
        return answer.value

    def listing(self, lane: Lane, catalog: Catalog, rate_limits: LaneRateLimits | None = None) -> Inventory:
        """
        List what a lane holds.

        Args:

            lane: The lane.
            catalog: Its catalog.
            rate_limits: Its rate limiters; None for new ones.

        Returns:

            The inventory; incomplete, with the problem named, if anything could not be read.
        """
        rate_limits = rate_limits or LaneRateLimits()
        listing = Listing(self.clock.now(), deadline=self.deadline)
        while not listing.is_over:
            command = next_page(listing, lane)
            self._wait_until(listing.ready_at)
            outcome = self._paced(rate_limits, command.operation, partial(ask, catalog, command))
            listing.on_reply(self.clock.now(), outcome)
            self.on_progress(Progress(lane, listing.pages, listing.products_read, listing.is_over, listing.problem))
        return replace(listing.inventory(lane), clock_ahead=catalog.clock_ahead())

    def fetch_records(
        self, inventory: Inventory, catalog: Catalog, question: LaneLookups, rate_limits: LaneRateLimits | None = None
    ) -> Inventory:
        """
        Add what has to be known beyond a lane's listing.

        Args:

            inventory: The lane's complete listing.
            catalog: Its catalog.
            question: What to look up.
            rate_limits: The lane's rate limiters; None for new ones.

        Returns:

            The inventory with the records of products that are missing or under change, with what lookups say of those that
            are missing, and with what may not be read.
        """
        rate_limits = rate_limits or LaneRateLimits()
        denied = dict(self._probe(catalog, question, rate_limits))
        records: dict[str, tuple[Record, ...]] = {}
        names: dict[str, Record] = {}
        unknown: dict[str, str] = {}
        if Operation.HISTORY not in denied:
            records, unknown = self._histories(catalog, list(question.histories), rate_limits)
            if question.ids or question.names:
                unknown |= self._newest(catalog, question, rate_limits, records, names)
        missing = [key for key in question.missing if not is_terminated(key, records, names)]
        found, failed = self._look_up(catalog, missing, rate_limits)
        return replace(
            inventory,
            records=records,
            terminated_names=names,
            looked_up=found,
            unknown=unknown | failed,
            denied=denied,
            clock_ahead=catalog.clock_ahead(),
        )

    def _probe(self, catalog: Catalog, question: LaneLookups, rate_limits: LaneRateLimits) -> Mapping[str, str]:
        """
        Find out which operations on records may not be called: a handful of calls now, or hundreds in the run. Each is
        tried once, since only a denial is of interest.
        """
        denied: dict[str, str] = {}
        for record_id in question.probes:
            answer = self._paced(rate_limits, Operation.RECORD, partial(catalog.describe_record, record_id))
            if not isinstance(answer, Denied):
                denied.pop(Operation.RECORD, None)
                break
            denied[Operation.RECORD] = explain(answer)
        if question.probes or question.missing:
            history = self._paced(rate_limits, Operation.HISTORY, partial(catalog.newest_records, None))
            if isinstance(history, Denied):
                denied[Operation.HISTORY] = explain(history)
        return denied

    def _histories(
        self, catalog: Catalog, asked: list[str], rate_limits: LaneRateLimits
    ) -> tuple[dict[str, tuple[Record, ...]], dict[str, str]]:
        """Read the histories of single products; returns them, and which could not be read."""

        def read(id_: str) -> Answer[object] | Problem:
            return self._ask(rate_limits, Operation.HISTORY, lambda: catalog.record_history(id_, None))

        records: dict[str, tuple[Record, ...]] = {}
        unknown: dict[str, str] = {}
        for id_, answer in zip(asked, self.executor.map(read, asked), strict=True):
            if isinstance(answer, Answer):
                # A record of another product would say of this one that it is gone.
                records[id_] = tuple(each for each in answer.value.records if each.product_id in (None, id_))  # type: ignore[attr-defined]
            elif not isinstance(answer, NotFound | Denied):
                unknown[id_] = f"ListRecordHistory of {id_} failed: {explain(answer)}"
        return records, unknown

    def _newest(
        self,
        catalog: Catalog,
        question: LaneLookups,
        rate_limits: LaneRateLimits,
        records: dict[str, tuple[Record, ...]],
        names: dict[str, Record],
    ) -> dict[str, str]:
        """Look for ids and names among the lane's newest records; returns which could not be looked for."""
        ids, wanted = set(question.ids), set(question.names)
        token: str | None = None
        for _ in range(MOST_RECORD_PAGES):
            answer = self._ask(rate_limits, Operation.HISTORY, partial(catalog.newest_records, token))
            if not isinstance(answer, Answer):
                problem = f"ListRecordHistory failed: {explain(answer)}"
                return dict.fromkeys((*ids, *(f"name:{name}" for name in wanted)), problem)
            for record in answer.value.records:
                if record.product_id in ids:
                    records[record.product_id] = (record,)
                    ids.discard(record.product_id)
                if record.product_name in wanted and record.is_termination and record.status == SUCCEEDED:
                    names[record.product_name] = record
                    wanted.discard(record.product_name)
            token = answer.value.next_token
            if token is None or not (ids or wanted):
                break
        return {}

    def _look_up(
        self, catalog: Catalog, missing: list[str], rate_limits: LaneRateLimits
    ) -> tuple[dict[str, Product], dict[str, str]]:
        """Look products up that the listing does not show; returns those that are there, and which are not known to be."""

        def look(key: str) -> Answer[Product] | Problem:
            is_name, _, name = key.partition(":")
            look_up = partial(catalog.describe_named, name) if is_name == "name" else partial(catalog.describe_product, key)
            return self._ask(rate_limits, Operation.PRODUCT, look_up)

        found: dict[str, Product] = {}
        unknown: dict[str, str] = {}
        for key, answer in zip(missing, self.executor.map(look, missing), strict=True):
            if isinstance(answer, Answer):
                found[key] = answer.value
            elif not isinstance(answer, NotFound):
                unknown[key] = explain(answer)
        return found, unknown

    def _ask(
        self, rate_limits: LaneRateLimits, operation: Operation, question: Callable[[], Answer[T] | Problem]
    ) -> Answer[T] | Problem:
        return self.call_with_retries(partial(self._paced, rate_limits, operation, question))

    def _paced(self, rate_limits: LaneRateLimits, operation: Operation, question: Callable[[], T]) -> T:
        """Make one call as soon as the rate limiter lets it leave."""
        limiter = rate_limits.of[operation]
        while True:
            with rate_limits.lock:
                now = self.clock.now()
                if limiter.allowance(now) > 0:
                    limiter.on_send(now)
                    break
                wait = limiter.ready_at() - now
            self.sleep(min(max(wait, 0.005), 0.1))
        outcome = question()
        self.timer.touch()
        with rate_limits.lock:
            limiter.on_reply(self.clock.now(), slower=isinstance(outcome, Throttled | NotSent | Unanswered))
        return outcome

    def _wait_until(self, moment: float) -> None:
        if (wait := moment - self.clock.now()) > 0:
            self.sleep(wait)

    def call_with_retries(
        self, question: Callable[[], Answer[T] | Problem], attempts: int = ATTEMPTS
    ) -> Answer[T] | Problem:
        """Ask until there is an answer or a definite refusal, at most *attempts* times."""

        def last(state: RetryCallState) -> Answer[T] | Problem:
            assert state.outcome is not None
            result: Answer[T] | Problem = state.outcome.result()
            return result

        again = Retrying(
            retry=retry_if_result(lambda result: isinstance(result, Throttled | NotSent | Unanswered)),
            stop=stop_after_attempt(attempts) | stop_after_delay(LONGEST_ASKED),
            wait=wait_random_exponential(multiplier=0.5, max=LONGEST_PACE_WAIT_S),
            sleep=self.sleep,
            retry_error_callback=last,
        )
        return again(self._hear, question)

    def _hear(self, question: Callable[[], Answer[T] | Problem]) -> Answer[T] | Problem:
        answer = question()
        self.timer.touch()
        return answer


def is_terminated(key: str, records: Mapping[str, tuple[Record, ...]], names: Mapping[str, Record]) -> bool:
    """Whether the records of a missing product say that it was terminated, so that it need not be looked up."""
    if key.startswith("name:"):
        return key.removeprefix("name:") in names
    last = max(
        (record for record in records.get(key, ()) if record.is_termination),
        key=lambda record: record.created_at or 0.0,
        default=None,
    )
    return last is not None and last.status == SUCCEEDED
