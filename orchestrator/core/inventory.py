"""
What a lane holds, as AWS told it: products, records, and whether every page was read.

Statuses and types stay plain strings, since AWS may send ones that no list knows (`CONTROL_TOWER_ACCOUNT` is seen in the
wild and in no documentation); the known ones are named here, and everything else is treated with suspicion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from orchestrator.core.lane import Lane

# Documented: AVAILABLE and TAINTED are "stable, ready to perform any operation". ERROR is terminable too (seen).
QUIET = frozenset({"AVAILABLE", "TAINTED", "ERROR"})
UNDER_CHANGE = "UNDER_CHANGE"
PLAN_IN_PROGRESS = "PLAN_IN_PROGRESS"

CONTROL_TOWER_ACCOUNT = "CONTROL_TOWER_ACCOUNT"
KNOWN_TYPES = frozenset(
    {"CFN_STACK", "CFN_STACKSET", "TERRAFORM_OPEN_SOURCE", "TERRAFORM_CLOUD", "EXTERNAL", CONTROL_TOWER_ACCOUNT}
)

TERMINATE = "TERMINATE_PROVISIONED_PRODUCT"
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
        return self.record_type == TERMINATE

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


def gather(found: dict[str, Product], page: Iterable[Product]) -> None:
    """
    Add a page of products to those of the pages before.

    A page may repeat a product (documented); where it then has other tags, nobody knows which of them it has, and that is
    what is remembered: tags protect.
    """
    for product in page:
        before = found.get(product.product_id)
        same = before is None or before.tags == product.tags
        found[product.product_id] = product if same else replace(product, tags=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """
    How completely a lane was read: pages and products of the listing and of the search, both at account level, and how many
    products the search said that there were.
    """

    scan_pages: int
    scanned: int
    search_pages: int
    searched: int
    search_total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """
    What a lane holds at one time.

    It is `complete` only if every page was read; no absence may be concluded from one that is not. `records` holds the
    newest records of products that a decision needs them for: those that the plan names and the listing does not show,
    and those under change. `terminated_names` holds the newest successful termination of each name that the plan asks for
    and the listing does not show, as far back as was read. `barred` says that the lane could not even be entered.
    `only_searched` are products that the search showed and the complete listing did not. `proof` is there where everything
    was read.
    """

    lane: Lane
    begun_at: float
    complete: bool
    problem: str | None = None
    barred: bool = False
    products: Mapping[str, Product] = field(default_factory=dict)
    records: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    terminated_names: Mapping[str, Record] = field(default_factory=dict)
    only_searched: Mapping[str, Product] = field(default_factory=dict)
    proof: Proof | None = None

    @property
    def only_scanned(self) -> tuple[Product, ...]:
        """Products that the search did not show, so that their tags are not known."""
        return tuple(product for product in self.products.values() if product.tags is None)
