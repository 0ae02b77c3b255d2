"""
What a lane holds, as AWS told it: products, records, and whether every page was read.

Statuses and types stay plain strings, since AWS may send ones that no list knows (`CONTROL_TOWER_ACCOUNT` is seen in the
wild and in no documentation); the known ones are named here, and everything else is treated with suspicion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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

    `physical_id` (the stack's ARN) is known to SearchProvisionedProducts only (documented).
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """
    What a lane holds at one time.

    It is `complete` only if every page was read; no absence may be concluded from one that is not. `records` holds the
    newest records of products that a decision needs them for: those that the plan names and the listing does not show,
    and those under change. `terminated_names` holds the newest successful termination of each name that the plan asks for
    and the listing does not show, as far back as was read. `barred` says that the lane could not even be entered.
    `only_searched` are products that the search showed and the complete listing did not.
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
