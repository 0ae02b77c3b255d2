"""
The survey: reads a lane before a run, retrying, and says whether it has seen everything.

Runs before the loop, so it may wait; tenacity owns its retries. Absence is concluded from nothing but a complete listing,
and a listing that skips a page is not complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

from orchestrator.core.inventory import UNDER_CHANGE, Inventory, Product, Record
from orchestrator.core.lane import Lane
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
from orchestrator.errors import NoAccess
from orchestrator.ports import Catalog, Clock, Identity

T = TypeVar("T")

ATTEMPTS = 6
ATTEMPTS_TO_CONNECT = 3
LONGEST_WAIT = 20.0
MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyor:
    """
    Reads lanes.

    `sleep` waits between attempts (seconds); `executor` looks single products up side by side.
    """

    clock: Clock
    sleep: Callable[[float], None]
    executor: Executor

    def identify(self, catalog: Catalog) -> Identity:
        """
        Ask who we are.

        Raises:

            NoAccess: Nobody answers, or the credentials are refused.
        """
        answer = self._insist(catalog.caller_identity, ATTEMPTS_TO_CONNECT)
        if not isinstance(answer, Answer):
            message = f"cannot tell who the credentials belong to (sts:GetCallerIdentity): {explain(answer)}"
            raise NoAccess(message)
        return answer.value

    def survey(self, lane: Lane, catalog: Catalog, product_ids: Iterable[str]) -> Inventory:
        """
        Read everything that a plan needs to know about a lane.

        Args:

            lane: The lane.
            catalog: Its catalog.
            product_ids: The products that the plan names.

        Returns:

            The inventory; incomplete, with the problem named, if anything could not be read.
        """
        begun_at = self.clock.now()
        products, problem = self._scan(catalog)
        found: dict[str, Product] = {}
        if problem is None:
            found, problem = self._search(catalog)
        if problem is not None:
            barred = not products
            return Inventory(
                lane=lane, begun_at=begun_at, complete=False, problem=problem, barred=barred, products=products
            )
        merged = {id_: with_physical_id(product, found.get(id_)) for id_, product in products.items()}
        wanted = list(product_ids)
        records, problem = self._records(catalog, merged, wanted)
        return Inventory(
            lane=lane,
            begun_at=begun_at,
            complete=problem is None,
            problem=problem,
            products=merged,
            records=records,
            only_searched=frozenset(found).difference(products),
        )

    def _scan(self, catalog: Catalog) -> tuple[dict[str, Product], str | None]:
        return self._list("ScanProvisionedProducts", catalog.scan)

    def _search(self, catalog: Catalog) -> tuple[dict[str, Product], str | None]:
        return self._list("SearchProvisionedProducts", catalog.search)

    def _list(
        self, operation: str, read: Callable[[str | None], Answer[Page] | Problem]
    ) -> tuple[dict[str, Product], str | None]:
        """Read all pages of a listing; returns what was read, and what went wrong if it is not everything."""
        products: dict[str, Product] = {}
        token: str | None = None
        for _ in range(MOST_PAGES):
            answer = self._insist(partial(read, token))
            if not isinstance(answer, Answer):
                return products, f"{operation} failed: {explain(answer)}"
            products |= {product.product_id: product for product in answer.value.products}
            previous, token = token, answer.value.next_token
            if token is None:
                return products, None
            if token == previous:
                break
        return products, f"{operation} repeats its pages without end"

    def _records(
        self, catalog: Catalog, products: dict[str, Product], wanted: list[str]
    ) -> tuple[dict[str, tuple[Record, ...]], str | None]:
        """Read the records of wanted products that are missing or under change."""
        asked = [id_ for id_ in wanted if id_ not in products or products[id_].status == UNDER_CHANGE]
        answers = self.executor.map(lambda id_: self._insist(lambda: catalog.record_history(id_)), asked)
        records: dict[str, tuple[Record, ...]] = {}
        for id_, answer in zip(asked, answers, strict=True):
            if isinstance(answer, Answer):
                records[id_] = answer.value
            elif not isinstance(answer, NotFound):
                return records, f"ListRecordHistory of {id_} failed: {explain(answer)}"
        return records, None

    def _insist(self, ask: Callable[[], Answer[T] | Problem], attempts: int = ATTEMPTS) -> Answer[T] | Problem:
        """Ask until there is an answer or a definite refusal, at most *attempts* times."""

        def last(state: RetryCallState) -> Answer[T] | Problem:
            assert state.outcome is not None
            result: Answer[T] | Problem = state.outcome.result()
            return result

        again = Retrying(
            retry=retry_if_result(lambda result: isinstance(result, Throttled | NotSent | Unanswered)),
            stop=stop_after_attempt(attempts),
            wait=wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT),
            sleep=self.sleep,
            retry_error_callback=last,
        )
        return again(ask)


def with_physical_id(product: Product, found: Product | None) -> Product:
    """Add what only the search knows: the stack behind the product."""
    return product if found is None else replace(product, physical_id=found.physical_id)
