"""Builds values with as little said as a test needs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from orchestrator.core.inventory.model import Inventory, Observation, Product, Record
from orchestrator.core.plan.model import Entry, Limits, Options, Plan, Retry
from orchestrator.core.review.decide import decide
from orchestrator.core.review.worklist import Worklist
from orchestrator.core.values.lane import Caller, Lane
from tests.fakes import LANE, START, SYSTEM_TAGS, FakeProduct


def caller(lane: Lane = LANE) -> Caller:
    """Somebody who began a run."""
    return Caller(lane=lane, arn=f"arn:aws:sts::{lane.account_id}:assumed-role/r/s", endpoint="https://example.invalid")


def product(product_id: str = "pp-a", **changes: object) -> Product:
    """A product at rest."""
    values: dict[str, object] = {
        "product_id": product_id,
        "name": f"name-of-{product_id}",
        "type": "CFN_STACK",
        "status": "AVAILABLE",
        "last_record_id": f"rec-of-{product_id}",
        "created_at": START - 86_400,
        "tags": SYSTEM_TAGS,
    }
    return Product(**values | changes)  # type: ignore[arg-type]


def record(record_id: str = "rec-1", **changes: object) -> Record:
    """A termination's record, in progress."""
    values: dict[str, object] = {
        "record_id": record_id,
        "product_id": "pp-a",
        "record_type": "TERMINATE_PROVISIONED_PRODUCT",
        "status": "IN_PROGRESS",
        "created_at": START,
    }
    return Record(**values | changes)  # type: ignore[arg-type]


def fake(product_id: str, *outcomes: str, duration: float = 5.0, **changes: object) -> FakeProduct:
    """A product of the fake catalog."""
    return FakeProduct(product(product_id, **changes), duration, list(outcomes) or ["SUCCEEDED"])


def plan(
    *ids: str,
    options: Options | None = None,
    limits: Limits | None = None,
    retry: Retry | None = None,
    after: Mapping[str, Collection[str]] | None = None,
) -> Plan:
    """A plan that names products, some of which may come after others."""
    before = after or {}
    return Plan(
        name="test",
        entries=tuple(
            Entry(product_id=id_, options=options or Options(), depends_on=tuple(sorted(before.get(id_, ()))))
            for id_ in ids
        ),
        limits=limits or Limits(),
        retry=retry or Retry(backoff_seconds=10),
    )


def inventory(*products: Product, started_at: float = START, **changes: object) -> Inventory:
    """A complete listing of the one lane."""
    values: dict[str, object] = {
        "lane": LANE,
        "started_at": started_at,
        "complete": True,
        "products": {each.product_id: each for each in products},
        "observed": {
            each.product_id: Observation(at=started_at, status=each.status, record_id=each.last_record_id)
            for each in products
        },
    }
    return Inventory(**values | changes)  # type: ignore[arg-type]


def worklist(made_from: Plan, products: Sequence[Product], **changes: object) -> Worklist:
    """What the plan decides on these products."""
    return decide(made_from, [inventory(*products, **changes)])  # type: ignore[arg-type]
