"""
How one account and region is listed: the one pager of the survey, the listing before a send, the one after a failure, and
the audit. Pure: it says which call comes next, takes what came back, and says in the end what is there.

It reads the scan to its last page, then the search, which knows tags. What one of them lacks is looked at again, and so
is what the search shows without any tag: up to `Policy.max_single_lookups` products one by one, more of them by reading
that listing once more. A page may repeat products, skip them (documented for unsorted pages), or be empty with more
behind it, so only a last page without a token ends a listing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from orchestrator.core.inventory.calls import (
    Answer,
    Denied,
    NotFound,
    Operation,
    Outcome,
    Page,
    Rejected,
    Throttled,
    explain,
)
from orchestrator.core.inventory.model import Inventory, ListingCounts, Observation, Product
from orchestrator.core.values.lane import Lane
from orchestrator.core.values.policy import POLICY


@dataclass(frozen=True, slots=True)
class ListingStep:
    """The next call of a listing: a page, or one product by its id."""

    operation: Operation
    page_token: str | None = None
    product_id: str | None = None


class Listing:
    """
    A listing that is being read.

    Args:

        started_at: When (seconds since the epoch).
        number: Tells it from others of its lane.
        explained: Products that our own terminations explain: scan and search may differ on them.
        deadline: When it is given up (seconds since the epoch).
    """

    def __init__(
        self,
        started_at: float,
        *,
        number: int = 1,
        explained: frozenset[str] = frozenset(),
        deadline: float = float("inf"),
    ) -> None:
        self.started_at = started_at
        self.number = number
        self.step_number = 0
        self.ready_at = started_at
        self.problem: str | None = None
        self.ended_at: float | None = None
        self._explained = explained
        self._deadline = deadline
        self._scanned: dict[str, tuple[float, Product]] = {}
        self._searched: dict[str, Product] = {}
        self._contradictory: set[str] = set()
        self._pages = {Operation.SCAN: 0, Operation.SEARCH: 0}
        self._total: int | None = None
        self._steps: list[ListingStep] = [ListingStep(Operation.SEARCH), ListingStep(Operation.SCAN)]
        self._tokens: set[str] = set()
        self._shown: set[str] = set()
        self._without_news = 0
        self._misses = 0
        self._refusals = 0
        self._throttled_since: float | None = None
        self._read_again = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to ask: it is complete, or given up."""
        return self.problem is not None or not self._steps

    @property
    def is_complete(self) -> bool:
        """Whether both listings were read to a last page without a token."""
        return self.problem is None and not self._steps

    @property
    def step(self) -> ListingStep | None:
        """The next call, None if it is over."""
        return None if self.is_over else self._steps[-1]

    @property
    def pages(self) -> int:
        """How many pages were read."""
        return sum(self._pages.values())

    @property
    def products_read(self) -> int:
        """How many products were shown so far."""
        return max(len(self._scanned), len(self._searched))

    def on_reply(self, at: float, outcome: Outcome) -> None:
        """
        Take what came back for the next call.

        Args:

            at: When (seconds since the epoch).
            outcome: What came back.
        """
        step = self._steps[-1]
        if isinstance(outcome, Answer) and not (step.product_id is None and not isinstance(outcome.value, Page)):
            self._on_answer(at, step, outcome)
        elif isinstance(outcome, NotFound) and step.product_id is not None:
            self._searched.pop(step.product_id, None)
            self._next(at)
        else:
            self._on_problem(at, step, outcome)
        if at >= self._deadline and not self.is_over:
            self.problem = f"{step.operation} was not read to its end before the deadline"
        if self.is_over:
            self.ended_at = at

    def give_up(self, at: float, problem: str) -> None:
        """End it at *at* (seconds since the epoch) as incomplete."""
        self.problem, self.ended_at = problem, at

    def _on_answer(self, at: float, step: ListingStep, outcome: Answer[object]) -> None:
        if step.product_id is not None:
            self._on_single(at, step.product_id, outcome.value)
        else:
            assert isinstance(outcome.value, Page)
            self._on_page(at, step, outcome.value)

    def _on_single(self, at: float, product_id: str, value: object) -> None:
        """One product was looked up, which only one of the listings shows."""
        if isinstance(value, Product) and value.product_id == product_id:
            self._scanned[product_id] = (at, value)
        elif isinstance(value, Page):
            self._merge(product for product in value.products if product.product_id == product_id)
        self._next(at)

    def _on_page(self, at: float, step: ListingStep, page: Page) -> None:
        shown = {product.product_id for product in page.products}
        self._without_news = 0 if shown - self._shown else self._without_news + 1
        self._shown |= shown
        self._pages[step.operation] += 1
        if step.operation is Operation.SCAN:
            self._scanned.update((product.product_id, (at, product)) for product in page.products)
        else:
            self._merge(page.products)
            self._total = page.total if page.total is not None else self._total
        if page.next_token is None:
            self._tokens.clear()
            self._shown.clear()
            self._without_news = 0
            self._next(at)
        elif page.next_token in self._tokens:
            self.problem = f"{step.operation} repeats its pages: a page token came again"
        elif self._without_news >= POLICY.max_pages_without_news:
            self.problem = f"{step.operation} does not end: {self._without_news} pages in a row showed no new product"
        else:
            self._tokens.add(page.next_token)
            self._steps[-1] = ListingStep(step.operation, page.next_token)
            self._answered(at)

    def _merge(self, products: Iterable[Product]) -> None:
        """
        Add what a search shows.

        A page may repeat a product (documented). Where it then has other tags, nobody knows which of them it has, and that
        is what is remembered: tags protect.
        """
        for product in products:
            before = self._searched.get(product.product_id)
            if before is not None and before.tags == () and self._read_again:
                # It was shown without any tag, and was looked at again for that.
                before = None
            if before is not None and sorted(before.tags or ()) != sorted(product.tags or ()):
                self._contradictory.add(product.product_id)
            doubtful = product.product_id in self._contradictory
            self._searched[product.product_id] = replace(product, tags=None) if doubtful else product

    def _next(self, at: float) -> None:
        """A call is done with; after the last one come those about the differences."""
        self._steps.pop()
        self._answered(at)
        if not self._steps and not self._read_again:
            self._steps = self._steps_for_differences()

    def _answered(self, at: float) -> None:
        self.step_number += 1
        self._misses = self._refusals = 0
        self._throttled_since = None
        self.ready_at = at

    def _steps_for_differences(self) -> list[ListingStep]:
        """Return what has to be asked about products that only one of the listings shows, or without any tag."""
        untagged = [id_ for id_ in self._scanned if id_ not in self._searched and id_ not in self._explained]
        unscanned = [id_ for id_ in self._searched if id_ not in self._scanned and id_ not in self._explained]
        # The search may not show tags yet that protect a product (inferred: it is an index).
        untagged += [id_ for id_, product in self._searched.items() if product.tags == () and id_ not in self._explained]
        self._read_again = True
        if len(untagged) + len(unscanned) <= POLICY.max_single_lookups:
            by_search = [ListingStep(Operation.SEARCH, product_id=id_) for id_ in untagged]
            return by_search + [ListingStep(Operation.PRODUCT, product_id=id_) for id_ in unscanned]
        again = [ListingStep(Operation.SEARCH)] if untagged else []
        return again + ([ListingStep(Operation.SCAN)] if unscanned else [])

    def _on_problem(self, at: float, step: ListingStep, outcome: Outcome) -> None:
        self.step_number += 1
        if isinstance(outcome, Throttled):
            self._throttled_since = at if self._throttled_since is None else self._throttled_since
            if at - self._throttled_since >= POLICY.max_throttled_s:
                self._fail(at, step, outcome)
            return
        if isinstance(outcome, Rejected | NotFound | Answer):
            self._refusals += 1
        self._misses += 1
        is_definite = isinstance(outcome, Denied) or self._refusals >= POLICY.max_page_refusals
        if is_definite or self._misses >= POLICY.max_page_misses:
            self._fail(at, step, outcome)
            return
        self.ready_at = at + min(POLICY.max_page_pause_s, POLICY.min_page_pause_s * 2 ** (self._misses - 1))

    def _fail(self, at: float, step: ListingStep, outcome: Outcome) -> None:
        """A page that cannot be had ends the listing; one product that cannot be looked up stays unexplained."""
        if step.product_id is not None:
            self._next(at)
            return
        words = "the answer is not a page" if isinstance(outcome, Answer) else explain(outcome)
        self.problem = f"{step.operation} failed: {words}"

    @property
    def observations(self) -> dict[str, Observation]:
        """What was last seen of each product that is there."""
        return {
            id_: Observation(at=at, status=product.status, record_id=product.last_record_id, words=product.status_message)
            for id_, (at, product) in self._scanned.items()
        }

    @property
    def products(self) -> dict[str, Product]:
        """The products that are there, with what only the search knows of them."""
        return {id_: product.described_by(self._searched.get(id_)) for id_, (_, product) in self._scanned.items()}

    @property
    def counts(self) -> ListingCounts:
        """What has been read."""
        return ListingCounts(
            scan_pages=self._pages[Operation.SCAN],
            scanned=len(self._scanned),
            search_pages=self._pages[Operation.SEARCH],
            searched=len(self._searched),
            search_total=self._total,
        )

    def inventory(self, lane: Lane) -> Inventory:
        """Return what the lane holds; incomplete, with the problem named, if it could not be read to its end."""
        if not self.is_complete:
            return Inventory(
                lane=lane,
                started_at=self.started_at,
                complete=False,
                problem=self.problem or "its listing was not read to its end",
                is_unreachable=not self._scanned,
                products={id_: product for id_, (_, product) in self._scanned.items()},
                counts=self.counts,
            )
        return Inventory(
            lane=lane,
            started_at=self.started_at,
            ended_at=self.ended_at,
            complete=True,
            products=self.products,
            observed=self.observations,
            only_searched={
                id_: product
                for id_, product in self._searched.items()
                if id_ not in self._scanned and id_ not in self._explained
            },
            counts=self.counts,
        )
