"""
What a lane holds, as AWS told it: products, records, and whether every page was read.

Statuses and types stay plain strings, since AWS may send ones that no list knows (`CONTROL_TOWER_ACCOUNT` is seen in the
wild and in no documentation); the known ones are named here, and everything else is treated with suspicion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from orchestrator.core.values.lane import Lane
from orchestrator.core.values.timestamps import believed

# Documented: AVAILABLE and TAINTED are "stable, ready to perform any operation". ERROR is terminable too (seen).
STABLE_STATUSES = frozenset({"AVAILABLE", "TAINTED", "ERROR"})
UNDER_CHANGE = "UNDER_CHANGE"
PLAN_IN_PROGRESS = "PLAN_IN_PROGRESS"

CONTROL_TOWER_ACCOUNT = "CONTROL_TOWER_ACCOUNT"
KNOWN_TYPES = frozenset(
    {"CFN_STACK", "CFN_STACKSET", "TERRAFORM_OPEN_SOURCE", "TERRAFORM_CLOUD", "EXTERNAL", CONTROL_TOWER_ACCOUNT}
)

TERMINATION = "TERMINATE_PROVISIONED_PRODUCT"
SUCCEEDED = "SUCCEEDED"
FAILED = "FAILED"
FINAL = frozenset({SUCCEEDED, FAILED})
"""Record statuses that do not change any more (documented); CREATED and the IN_PROGRESS ones do."""


@dataclass(frozen=True, slots=True)
class RecordError:
    """One error of a record, word for word."""

    code: str
    description: str

    def __str__(self) -> str:
        return f"{self.code}: {self.description}" if self.code else self.description


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    A Service Catalog record: the evidence of how a request ended.

    `created_at` is in seconds since the epoch by AWS's clock. Only SUCCEEDED and FAILED are final (documented).
    """

    record_id: str
    product_id: str | None
    record_type: str
    status: str
    product_name: str | None = None
    created_at: float | None = None
    errors: tuple[RecordError, ...] = ()

    @property
    def is_termination(self) -> bool:
        """Whether a termination made this record."""
        return self.record_type == TERMINATION

    def __str__(self) -> str:
        return f"{self.record_id} ({self.record_type or 'type unknown'}, {self.status or 'status unknown'})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """
    A provisioned product as a listing or a lookup showed it.

    `physical_id` (the stack's ARN), `tags`, `user_arn` and `catalog_name` are known to SearchProvisionedProducts only
    (documented); `tags` is None where the search has not shown the product. `catalog_id` and `catalog_name` are those of
    the product in the catalog that it was provisioned from.
    """

    product_id: str
    name: str
    type: str
    status: str
    arn: str | None = None
    status_message: str | None = None
    created_at: float | None = None
    last_record_id: str | None = None
    physical_id: str | None = None
    catalog_id: str | None = None
    catalog_name: str | None = None
    user_arn: str | None = None
    tags: tuple[tuple[str, str], ...] | None = None

    def described_by(self, found: Product | None) -> Product:
        """Return the product with what only a search knows of it; *found* is what the search showed, if it did."""
        if found is None:
            return self
        return replace(
            self,
            physical_id=found.physical_id,
            catalog_id=found.catalog_id or self.catalog_id,
            catalog_name=found.catalog_name,
            user_arn=found.user_arn,
            tags=found.tags,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """
    What a lookup or a listing showed of one product at `at` (seconds since the epoch). `status` is None when it is gone.

    `record_id` is its last record; `words` are AWS's own about a status that is not a good one (StatusMessage).
    """

    at: float
    status: str | None
    record_id: str | None = None
    words: str | None = None

    @property
    def gone(self) -> bool:
        """Whether the product does not exist any more."""
        return self.status is None


def newest(records: Iterable[Record]) -> Record | None:
    """Return the record created last; one without a time counts as oldest."""
    return max(records, key=lambda record: record.created_at or 0.0, default=None)


def moments_of(now: float, clock_ahead: float | None) -> tuple[float, ...]:
    """Return *now* by our clock, and by the service's where that is known to differ (seconds since the epoch)."""
    ahead = believed(clock_ahead)
    return (now, now + ahead) if ahead else (now,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingCounts:
    """
    What was read of a lane: pages and products of the listing and of the search, both at account level, and how many
    products the search said that there were.
    """

    scan_pages: int
    scanned: int
    search_pages: int
    searched: int
    search_total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneCoverage:
    """
    How completely a lane was read, and when that began (seconds since the epoch, by our clock).

    `problem` says why nothing may be terminated in it, None if it was read completely. `counts` prove that it was; they are
    None for a lane that could not be entered.
    """

    lane: Lane
    started_at: float
    problem: str | None = None
    counts: ListingCounts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """
    What a lane holds at one time: read from `started_at` to `ended_at` (seconds since the epoch, by our clock).

    It is `complete` only if every page was read; no absence may be concluded from one that is not. `records` holds the
    newest records of products that a decision needs them for: those that the plan names and the listing does not show,
    and those under change. `terminated_names` holds the newest successful termination of each name that the plan asks for
    and the listing does not show, as far back as was read. `is_unreachable` says that the lane could not even be entered.
    `only_searched` are products that the search showed and the scan did not, and no lookup explained; `looked_up` are
    products that a lookup by the plan's id or name found and the listing did not show; `unknown` says of ids and names why
    they could not be looked up. `denied` are operations on records that may not be called, each with AWS's words.
    `clock_ahead` is how many seconds the service's clock is ahead of ours, None if its answers do not tell.
    """

    lane: Lane
    started_at: float
    complete: bool
    problem: str | None = None
    is_unreachable: bool = False
    products: Mapping[str, Product] = field(default_factory=dict)
    records: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    terminated_names: Mapping[str, Record] = field(default_factory=dict)
    only_searched: Mapping[str, Product] = field(default_factory=dict)
    looked_up: Mapping[str, Product] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)
    denied: Mapping[str, str] = field(default_factory=dict)
    observed: Mapping[str, Observation] = field(default_factory=dict)
    counts: ListingCounts | None = None
    ended_at: float | None = None
    clock_ahead: float | None = None

    @property
    def coverage(self) -> LaneCoverage:
        """How completely the lane was read."""
        problem = None if self.complete else self.problem or "its listing is incomplete"
        return LaneCoverage(lane=self.lane, started_at=self.started_at, problem=problem, counts=self.counts)

    @property
    def moments(self) -> tuple[float, ...]:
        """
        The beginning of the listing, by our clock and by the service's (seconds since the epoch).

        What time permits has to be permitted by both: a clock that runs ahead must not make a product older.
        """
        return moments_of(self.started_at, self.clock_ahead)

    @property
    def only_scanned(self) -> tuple[Product, ...]:
        """Products that the search did not show, so that their tags are not known."""
        return tuple(product for product in self.products.values() if product.tags is None)
