"""
The survey: reads a lane before a run, retrying, and says whether it has seen everything.

Runs before the loop, so it may wait; tenacity owns its retries. Absence is concluded from nothing but a complete listing,
and a listing that skips a page is not complete.
"""

from __future__ import annotations

from collections.abc import Callable
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

from orchestrator.core.inventory import SUCCEEDED, Inventory, Product, Proof, Record, gather
from orchestrator.core.lane import Lane
from orchestrator.core.questions import Question
from orchestrator.core.replies import (
    Answer,
    NotFound,
    NotSent,
    Page,
    Problem,
    Throttled,
    Unanswered,
    explain,
)
from orchestrator.engine.pools import Pulse
from orchestrator.errors import NoAccess
from orchestrator.ports import Catalog, Clock, Identity

T = TypeVar("T")

ATTEMPTS = 6
ATTEMPTS_TO_CONNECT = 3
LONGEST_WAIT = 20.0
LONGEST_ASKED = 180.0
"""Seconds after which a question is not repeated any more."""

SCAN, SEARCH = "ScanProvisionedProducts", "SearchProvisionedProducts"
MOST_PAGES = 100_000
MOST_RECORD_PAGES = 25
"""Pages of a lane's newest records (20 each) that are read to learn what became of products that are missing."""


@dataclass(slots=True)
class Listing:
    """What was read of a listing. `problem` says why it is not everything, `total` is what a search says that there is."""

    products: dict[str, Product] = field(default_factory=dict)
    pages: int = 0
    total: int | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyor:
    """
    Reads lanes.

    `sleep` waits between attempts (seconds); `executor` looks single products up side by side; `pulse` beats with answers.
    """

    clock: Clock
    sleep: Callable[[float], None]
    executor: Executor
    pulse: Pulse = field(default_factory=Pulse)

    def identify(self, catalog: Catalog) -> Identity:
        """
        Ask who we are.

        Raises:

            NoAccess: Nobody answers, or the credentials are refused.
        """
        answer = self.insist(catalog.caller_identity, ATTEMPTS_TO_CONNECT)
        if not isinstance(answer, Answer):
            message = f"cannot tell who the credentials belong to (sts:GetCallerIdentity): {explain(answer)}"
            raise NoAccess(message)
        return answer.value

    def listing(self, lane: Lane, catalog: Catalog) -> Inventory:
        """
        List what a lane holds.

        Args:

            lane: The lane.
            catalog: Its catalog.

        Returns:

            The inventory; incomplete, with the problem named, if anything could not be read.
        """
        begun_at = self.clock.now()
        scanned, searched = self._list(SCAN, catalog.scan), Listing()
        if scanned.problem is None:
            searched = self._list(SEARCH, catalog.search)
            self._read_again(scanned, searched, SCAN, catalog.scan)
            self._read_again(searched, scanned, SEARCH, catalog.search)
        if problem := scanned.problem or searched.problem:
            barred = not scanned.products
            return Inventory(
                lane=lane, begun_at=begun_at, complete=False, problem=problem, barred=barred, products=scanned.products
            )
        found = searched.products
        return Inventory(
            lane=lane,
            begun_at=begun_at,
            complete=True,
            products={id_: product.described_by(found.get(id_)) for id_, product in scanned.products.items()},
            only_searched={id_: product for id_, product in found.items() if id_ not in scanned.products},
            proof=Proof(
                scan_pages=scanned.pages,
                scanned=len(scanned.products),
                search_pages=searched.pages,
                searched=len(found),
                search_total=searched.total,
            ),
        )

    def recall(self, inventory: Inventory, catalog: Catalog, question: Question) -> Inventory:
        """
        Add what a lane remembers of products that are missing or under change.

        Args:

            inventory: The lane's complete listing.
            catalog: Its catalog.
            question: What to look up.

        Returns:

            The inventory with records; incomplete, with the problem named, if anything could not be read.
        """
        records, problem = self._histories(catalog, list(question.histories))
        names: dict[str, Record] = {}
        if problem is None and (question.ids or question.names):
            problem = self._newest(catalog, question, records, names)
        return replace(inventory, complete=problem is None, problem=problem, records=records, terminated_names=names)

    def _list(self, operation: str, read: Callable[[str | None], Answer[Page] | Problem]) -> Listing:
        """Read all pages of a listing."""
        listing = Listing()
        token: str | None = None
        tokens: set[str | None] = {token}
        for _ in range(MOST_PAGES):
            answer = self.insist(partial(read, token))
            if not isinstance(answer, Answer):
                listing.problem = f"{operation} failed: {explain(answer)}"
                return listing
            listing.pages += 1
            gather(listing.products, answer.value.products)
            listing.total = answer.value.total
            token = answer.value.next_token
            if token is None:
                return listing
            if token in tokens:
                break
            tokens.add(token)
        listing.problem = f"{operation} repeats its pages without end"
        return listing

    def _read_again(
        self, listing: Listing, other: Listing, operation: str, read: Callable[[str | None], Answer[Page] | Problem]
    ) -> None:
        """Read a listing once more that lacks what the other one shows: unsorted pages may skip products (documented)."""
        if listing.problem or other.problem or other.products.keys() <= listing.products.keys():
            return
        again = self._list(operation, read)
        listing.problem = again.problem
        listing.pages += again.pages
        listing.total = max((total for total in (listing.total, again.total) if total is not None), default=None)
        gather(listing.products, again.products.values())

    def _histories(self, catalog: Catalog, asked: list[str]) -> tuple[dict[str, tuple[Record, ...]], str | None]:
        """Read the histories of single products."""
        answers = self.executor.map(lambda id_: self.insist(lambda: catalog.record_history(id_)), asked)
        records: dict[str, tuple[Record, ...]] = {}
        for id_, answer in zip(asked, answers, strict=True):
            if isinstance(answer, Answer):
                # A record of another product would say of this one that it is gone.
                records[id_] = tuple(record for record in answer.value if record.product_id in (None, id_))
            elif not isinstance(answer, NotFound):
                return records, f"ListRecordHistory of {id_} failed: {explain(answer)}"
        return records, None

    def _newest(
        self,
        catalog: Catalog,
        question: Question,
        records: dict[str, tuple[Record, ...]],
        names: dict[str, Record],
    ) -> str | None:
        """Look for ids and names among the lane's newest records; returns what went wrong."""
        ids, wanted = set(question.ids), set(question.names)
        token: str | None = None
        for _ in range(MOST_RECORD_PAGES):
            answer = self.insist(partial(catalog.newest_records, token))
            if not isinstance(answer, Answer):
                return f"ListRecordHistory failed: {explain(answer)}"
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
        return None

    def insist(self, ask: Callable[[], Answer[T] | Problem], attempts: int = ATTEMPTS) -> Answer[T] | Problem:
        """Ask until there is an answer or a definite refusal, at most *attempts* times."""

        def last(state: RetryCallState) -> Answer[T] | Problem:
            assert state.outcome is not None
            result: Answer[T] | Problem = state.outcome.result()
            return result

        again = Retrying(
            retry=retry_if_result(lambda result: isinstance(result, Throttled | NotSent | Unanswered)),
            stop=stop_after_attempt(attempts) | stop_after_delay(LONGEST_ASKED),
            wait=wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT),
            sleep=self.sleep,
            retry_error_callback=last,
        )
        return again(self._hear, ask)

    def _hear(self, ask: Callable[[], Answer[T] | Problem]) -> Answer[T] | Problem:
        answer = ask()
        self.pulse.beat()
        return answer
