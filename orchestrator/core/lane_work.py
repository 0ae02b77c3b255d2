"""
The work of one lane: what is due, how fast, how fresh its listing is, whether it still answers, what its audit owes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.core import volatile as v
from orchestrator.core.agenda import Agenda
from orchestrator.core.commands import Operation
from orchestrator.core.inventory import Product, gather
from orchestrator.core.lane import Lane
from orchestrator.core.pacing import Pace
from orchestrator.core.settle import Sighting
from orchestrator.core.watch import after_miss

FRESH = 600.0
"""A listing that may be sent upon is not older than this, in seconds."""

REFRESH = 480.0
"""Age at which the next listing is begun, so that sending need not stop for it."""

PATIENCE = 600.0
"""Seconds without one good answer before a lane is given up."""

MOST_DENIALS = 3
"""Sends refused for want of a right, before any was accepted, that close a lane."""

SILENCE = 5.0
"""Seconds without any answer to what is out, after which a lane gets hardly any further calls until one comes."""

MOST_PAGES = 100_000
LISTING_TRIES = 5
LISTING_PAUSE = 30.0
SERIES = 300.0
"""Seconds within which two failed listings belong together."""
AUDIT_PATIENCE = 60.0
AUDIT_PAUSE = 5.0


@dataclass(slots=True)
class Listing:
    """
    A listing that is being read, page by page: the scan to its end, then the search, which knows tags.

    `found` is what the scan showed, with the moment of its page; `searched` is what the search did. `tokens` are those of
    the pages so far: one that comes again would go on for ever.
    """

    number: int
    begun_at: float
    operation: Operation = Operation.SCAN
    page: int = 0
    page_token: str | None = None
    found: dict[str, tuple[float, Product]] = field(default_factory=dict)
    searched: dict[str, Product] = field(default_factory=dict)
    misses: int = 0
    tokens: set[str] = field(default_factory=set)

    def read(self, page: v.PageRead) -> None:
        """Add a page; after the scan's last one comes the search."""
        if page.operation is Operation.SCAN:
            self.found |= {product.product_id: (page.at, product) for product in page.products}
        else:
            gather(self.searched, page.products)
        self.page += 1
        self.page_token = page.next_token
        self.misses = 0
        if page.next_token is None:
            self.operation = Operation.SEARCH
            self.tokens = set()
        else:
            self.tokens.add(page.next_token)

    @property
    def sightings(self) -> dict[str, Sighting]:
        """What the scan said of each product."""
        return {
            id_: Sighting(at=at, status=product.status, record_id=product.last_record_id)
            for id_, (at, product) in self.found.items()
        }

    @property
    def products(self) -> dict[str, Product]:
        """The products that the scan showed, with what only the search knows of them."""
        return {id_: product.described_by(self.searched.get(id_)) for id_, (_, product) in self.found.items()}


class LaneWork:
    """
    One lane within one execution of a run. Times are seconds since the epoch.

    `failed_since` are lines whose last attempt failed, and when: whether they are protected now, a listing begun before
    that does not say.
    """

    def __init__(self, lane: Lane, rate_per_second: float | None) -> None:
        self.lane = lane
        self.agendas = {operation: Agenda() for operation in Operation}
        self.paces = {operation: Pace() for operation in Operation}
        self.paces[Operation.TERMINATE] = Pace(cap=rate_per_second)
        self.in_flight = 0
        self.silent_since = 0.0
        self.under_way = 0
        self.serial_under_way = 0
        self.closed: str | None = None
        self.lost: str | None = None
        self.denials = 0
        self.accepted = 0
        self.failing_since: float | None = None
        self.failed_at = 0.0
        self.answered_at = 0.0
        self.last_problem = ""
        self.listed_at: float | None = None
        self.listing: Listing | None = None
        self.listing_number = 0
        self.listing_asked = False
        self.listing_at = 0.0
        self.listing_begun_at: float | None = None
        self.unlistable_since: float | None = None
        self.unlistable_at: float | None = None
        self.gone: set[str] = set()
        self.verdict_at: float | None = None
        self.audited_at: float | None = None
        self.audit: dict[str, float] | None = None
        self.failed_since: dict[str, float] = {}

    def renewed(self, at: float, rate_per_second: float | None) -> LaneWork:
        """
        Return this lane's work as an execution beginning at *at* finds it: verdicts and a closed lane are history.

        A verdict from the future (the clock was set back) counts as one of now, or no listing could ever come after it.
        """
        lane = LaneWork(self.lane, rate_per_second)
        lane.closed, lane.gone, lane.accepted = self.closed, self.gone, self.accepted
        lane.verdict_at = None if self.verdict_at is None else min(self.verdict_at, at)
        lane.audited_at = None if self.audited_at is None or self.owes_audit else at
        return lane

    def is_fresh(self, now: float, age: float = FRESH) -> bool:
        """Whether the newest listing was completed not longer than *age* seconds ago."""
        return self.listed_at is not None and now - self.listed_at <= age

    def is_unlistable(self, at: float) -> bool:
        """Whether listing it has failed again and again until now, for longer than the patience."""
        if self.unlistable_since is None or not self._fails_in_a_row(at):
            return False
        return at - self.unlistable_since >= PATIENCE

    def _fails_in_a_row(self, at: float) -> bool:
        """Whether the last failed listing was not long ago: one that nobody wanted meanwhile says nothing about now."""
        return self.unlistable_at is not None and at - self.unlistable_at <= SERIES

    @property
    def owes_audit(self) -> bool:
        """Whether a verdict was reached that no complete listing has been held against yet."""
        return self.verdict_at is not None and (self.audited_at is None or self.audited_at < self.verdict_at)

    def is_busy(self, now: float) -> bool:
        """Whether calls are out, or lines are due to have some."""
        due = (agenda.next_at() for agenda in self.agendas.values())
        return self.in_flight > 0 or any(at is not None and at <= now for at in due)

    def room(self, now: float, share: int) -> int:
        """
        Say how many more calls may leave now.

        Args:

            now: Seconds since the epoch.
            share: The lane's part of all the calls that may be in flight. A lane that is silent or has failed last gets
                little of it, so that it does not hold the others' workers.
        """
        silent = self.in_flight > 0 and now - self.silent_since > SILENCE
        return min(share, 1 if self.failing_since is not None else 2 if silent else share) - self.in_flight

    def needs_listing(self, now: float) -> bool:
        """Whether a line is due that may only be sent upon a listing begun after its last attempt failed."""
        return any(self.agendas[Operation.TERMINATE].is_due(line, now) for line in self.failed_since)

    def call(self, operation: Operation, at: float) -> None:
        """A call left."""
        if not self.in_flight:
            self.silent_since = at
        self.in_flight += 1
        self.paces[operation].sent(at)

    def hear(self, event: v.Heard) -> None:
        """Learn from an answer whether the lane is well."""
        self.in_flight = max(0, self.in_flight - 1)
        self.silent_since = event.at
        self.paces[event.operation].heard(event.at, slower=event.slower)
        if event.operation in (Operation.SCAN, Operation.SEARCH):
            self.listing_asked = False
            if self.listing is not None and event.missed:
                self.listing.misses += 1
                self.listing_at = after_miss(event.at, self.listing.misses)
        if event.operation is Operation.TERMINATE and event.denied:
            self.denials += 1
        if event.well:
            self.failing_since = None
            self.answered_at = event.at
        else:
            self.failed_at = event.at
            self.failing_since = self.failing_since or event.at
        self.last_problem = event.problem or self.last_problem

    def ask_page(self, at: float) -> None:
        """A page was asked for; the first one begins a listing."""
        self.listing_asked = True
        if self.listing is None:
            self.listing_number += 1
            self.listing = Listing(number=self.listing_number, begun_at=at)

    def read(self, event: v.PageRead) -> None:
        """Add a page to the listing that is being read."""
        if self.listing is not None and self.listing.number == event.listing:
            self.listing.read(event)

    def give_up_listing(self, at: float) -> None:
        """Drop the listing that is being read; it begins anew after a pause."""
        self.listing = None
        if not self._fails_in_a_row(at):
            self.unlistable_since = at
        self.unlistable_at = at
        self.listing_at = at + LISTING_PAUSE
