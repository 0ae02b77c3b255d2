"""
How a world lives: products appear, change and go, and their records tell of it.

Follows what is documented or seen of the service: a termination's record goes CREATED → IN_PROGRESS → SUCCEEDED or FAILED,
if its world says nothing else; the product is UNDER_CHANGE meanwhile, gone after success and TAINTED after failure; records
outlive products. Guesses are marked.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from functools import partial

from orchestrator.simulator.past import Past
from orchestrator.simulator.resources import TRANSITIVE, Json, ProductResource, RecordResource, Wish
from orchestrator.simulator.specs import ProductSpec
from orchestrator.simulator.world_file import Holdings, completed

START_SHARE = 0.1
"""Share of a termination's duration that its record stays CREATED (a guess)."""

SECONDS_PER_DAY = 86_400
LAST_NIGHT = 0.5
"""Days since the terminations of the night before."""

TERMINATE_RECORD = "TERMINATE_PROVISIONED_PRODUCT"
UPDATE = "UPDATE_PROVISIONED_PRODUCT"
CONTROL_TOWER_ACCOUNT = "CONTROL_TOWER_ACCOUNT"


class Life:
    """
    The products and records of one account in one region.

    Args:

        account: Whose they are.
        region: Where they are.
        spec: What there is.
        seed: What is drawn by lot is drawn from it.
        now: Epoch seconds of the moment it begins.
    """

    def __init__(self, account: str, region: str, spec: Holdings, seed: int, now: float) -> None:
        self.now = now
        self.orphans: list[Json] = []
        self.products: dict[str, ProductResource] = {}
        self.records: dict[str, RecordResource] = {}
        self.past_products: Past[ProductResource] = Past(kept=bool(spec.LookupLag or spec.SearchLag))
        self.past_records: Past[RecordResource] = Past(kept=bool(spec.RecordLag or spec.HistoryLag))
        self._account = account
        self._region = region
        self._clock_offset = spec.ClockOffset
        self._due: list[tuple[float, int, Callable[[float], None]]] = []
        self._followers: dict[str, list[ProductSpec]] = {}
        self._count = 0
        self._lot = random.Random(f"{seed}/later")  # noqa: S311 - a made-up world
        for product in spec.all_products(seed):
            if product.Follows is not None:
                self._followers.setdefault(product.Follows, []).append(product)
            elif product.is_there_at_first:
                self._populate(product, now - product.Age * SECONDS_PER_DAY, now)
            self._schedule(product, now)

    # What others do

    def put(self, spec: ProductSpec) -> None:
        """
        Provision a product now, as someone else would.

        Raises:

            ValueError: A product has this id or name, or the new one would follow another.
        """
        product = completed(spec, f"name-of-{spec.Id}", self._lot)
        if product.Follows is not None:
            message = "a product that is put cannot follow another one"
            raise ValueError(message)
        if product.Id in self.products or any(
            each.gone_at is None and each.name == product.Name for each in self.products.values()
        ):
            message = f"A stack named {product.Name} already exists."
            raise ValueError(message)
        if product.is_there_at_first:
            self._populate(product, self.now, self.now)
        self._schedule(product, self.now)

    def tag(self, product_id: str, tags: dict[str, str]) -> None:
        """Replace a product's tags; raise a KeyError if the product does not exist."""
        self.products[product_id].tags = tags
        self.past_products.note(self.products[product_id], self.now)

    def rename(self, product_id: str, name: str) -> None:
        """Rename a product; raise a KeyError if it does not exist."""
        self.products[product_id].name = name
        self.past_products.note(self.products[product_id], self.now)

    def terminate(self, product: ProductResource, at: float, wish: Wish) -> RecordResource:
        """Start to terminate a product that is not under change, and return the record."""
        alone = product.type != CONTROL_TOWER_ACCOUNT or not self._unmanages()
        record = self._new_record(product, TERMINATE_RECORD, at)
        record.token, record.ignore_errors, record.retain = wish.token, wish.ignore_errors, wish.retain
        self._change(product, record, at)
        if not alone:
            # That one account is unmanaged at a time is documented; how a second one fails is a guess.
            product.outcomes.insert(0, "FAILED")
            record.failure = "AWS Control Tower cannot unmanage this account: another account operation is in progress"
        for part, status in enumerate(product.course, start=1):
            share = START_SHARE if part == 1 else START_SHARE + (1 - START_SHARE) * (part - 1) / len(product.course)
            self._at(at + product.duration * share, partial(self._move, record, status))
        self._at(at + product.duration, partial(self._end, record))
        return record

    # What time does

    def advance(self, now: float) -> None:
        """Carry out everything that is due by *now* (epoch seconds)."""
        while self._due and self._due[0][0] <= now:
            moment, _, what = heapq.heappop(self._due)
            self.now = max(self.now, moment)
            what(moment)
        self.now = max(self.now, now)

    def summary(self) -> Json:
        """Return the state of each product, and what was left behind, for tests and for curious people."""
        states = {product.id: "TERMINATED" if product.gone_at else product.status for product in self.products.values()}
        return {"products": states, "orphans": self.orphans}

    def _schedule(self, spec: ProductSpec, began: float) -> None:
        """Schedule what others do to a product, counted from a moment (epoch seconds)."""
        if spec.AppearsAt is not None:
            self._at(began + spec.AppearsAt, lambda at: self._populate(spec, at, at))
        if spec.RenamedAt is not None and spec.RenamedTo is not None:
            self._at(began + spec.RenamedAt, partial(self._renamed, spec.Id, spec.RenamedTo))
        if spec.UpdatedAt is not None:
            self._at(began + spec.UpdatedAt, partial(self._updated, spec.Id, spec.UpdateLasts))
        if spec.TerminatedAt is not None:
            self._at(began + spec.TerminatedAt, partial(self._terminated, spec.Id))

    def _populate(self, spec: ProductSpec, created_at: float, now: float) -> None:
        product = ProductResource.of(spec, created_at, self._account, self._region, self._clock_offset)
        self.products[product.id] = product
        provisioning = self._new_record(product, "PROVISION_PRODUCT", created_at)
        provisioning.token = product.token
        self._settle(provisioning, "SUCCEEDED", created_at)
        for _ in range(spec.FailedBefore):
            at = max(created_at, now - LAST_NIGHT * SECONDS_PER_DAY)
            failed = self._new_record(product, TERMINATE_RECORD, at)
            failed.errors = [product.error_of(None)]
            self._settle(failed, "FAILED", at)
        self.past_products.note(product, created_at)
        if spec.Change is not None:
            change = self._new_record(product, spec.Change, now)
            change.status = "IN_PROGRESS"
            self._change(product, change, now)
            self._at(now + product.duration, partial(self._end, change))

    def _renamed(self, product_id: str, name: str, _at: float) -> None:
        if product_id in self.products:
            self.rename(product_id, name)

    def _updated(self, product_id: str, lasts: float, at: float) -> None:
        product = self._idle(product_id)
        if product is not None:
            update = self._new_record(product, UPDATE, at)
            update.status = "IN_PROGRESS"
            self._change(product, update, at)
            self._at(at + lasts, partial(self._end, update))

    def _terminated(self, product_id: str, at: float) -> None:
        product = self._idle(product_id)
        if product is not None:
            self.terminate(product, at, Wish())

    def _idle(self, product_id: str) -> ProductResource | None:
        """Return a product that exists and is not under change."""
        product = self.products.get(product_id)
        if product is None or product.gone_at is not None or product.status in TRANSITIVE:
            return None
        return product

    def _change(self, product: ProductResource, record: RecordResource, at: float) -> None:
        product.current, product.status = record, "UNDER_CHANGE"
        self.past_products.note(product, at)
        self.past_records.note(record, at)

    def _settle(self, record: RecordResource, status: str, at: float) -> None:
        record.status = status
        self.past_records.note(record, at)
        if status == "SUCCEEDED":
            record.product.last_success = record.id

    def _move(self, record: RecordResource, status: str, at: float) -> None:
        if record.product.current is record:
            self._settle(record, status, at)

    def _end(self, record: RecordResource, at: float) -> None:
        product = record.product
        outcome = product.outcomes[0] if record.type == TERMINATE_RECORD else "AVAILABLE"
        if outcome == "NEVER":
            return
        record.updated_at = round(at, 3)
        product.current = None
        if outcome == "AVAILABLE":
            product.status, product.message = "AVAILABLE", None
            self._settle(record, "SUCCEEDED", at)
        else:
            if len(product.outcomes) > 1:
                product.outcomes.pop(0)
            self._end_termination(record, outcome, at)
        self.past_products.note(product, at)
        if product.gone_at is not None:
            # A name is free again as soon as its product is gone (seen).
            for follower in self._followers.pop(product.id, ()):
                self._populate(follower, record.updated_at, record.updated_at)

    def _end_termination(self, record: RecordResource, outcome: str, at: float) -> None:
        product = record.product
        if outcome == "FAILED" and not (record.ignore_errors or record.retain):
            product.status = "TAINTED"
            record.errors = [product.error_of(record.failure)]
            # That the product's message is the record's error is a guess.
            product.message = record.errors[0]["Description"]
            self._settle(record, "FAILED", at)
            return
        # With IgnoreErrors the product goes whatever happens to its stack; that the record SUCCEEDED then is a guess.
        product.gone_at = record.updated_at
        self._settle(record, "SUCCEEDED", at)
        if record.retain or outcome == "FAILED":
            why = "RetainPhysicalResources" if record.retain else "IgnoreErrors"
            self.orphans.append({"product": product.id, "stack": product.stack_arn, "because": why})

    def _unmanages(self) -> bool:
        """Whether a Control Tower account is being unmanaged."""
        return any(product.type == CONTROL_TOWER_ACCOUNT and product.current for product in self.products.values())

    def _new_record(self, product: ProductResource, kind: str, at: float) -> RecordResource:
        self._count += 1
        moment = round(at, 3)
        record = RecordResource(
            f"rec-{self._count:013d}", product, product.name, kind, created_at=moment, updated_at=moment
        )
        self.records[record.id] = record
        product.last_record = record.id
        return record

    def _at(self, moment: float, what: Callable[[float], None]) -> None:
        self._count += 1
        heapq.heappush(self._due, (moment, self._count, what))
