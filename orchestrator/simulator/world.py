"""
A world that lives: provisioned products, their records, and how terminations go.

Follows what is documented or seen of the service: a termination's record goes CREATED → IN_PROGRESS → SUCCEEDED or FAILED,
if its world says nothing else; the product is UNDER_CHANGE meanwhile, gone after success and TAINTED after failure; records
outlive products; a token is remembered while its termination is in progress and answers ResourceNotFound after success.
Guesses are marked.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from functools import partial

from orchestrator.simulator.contract import ApiError
from orchestrator.simulator.listing import Shuffle, cut, history_page, invalid, matches, sort_key, visible
from orchestrator.simulator.specs import ProductSpec
from orchestrator.simulator.things import Json, Product, Record
from orchestrator.simulator.world_file import Holdings

START_SHARE = 0.1
"""Share of a termination's duration that its record stays CREATED (a guess)."""

DAY = 86_400
LAST_NIGHT = 0.5
"""Days since the terminations of the night before."""

SCAN_PAGE = 20
SEARCH_PAGE = 100
TERMINATE = "TERMINATE_PROVISIONED_PRODUCT"
CONTROL_TOWER_ACCOUNT = "CONTROL_TOWER_ACCOUNT"


class World:
    """
    One account in one region.

    Args:

        account: Whose world it is.
        region: Where.
        spec: What there is.
        seed: What is drawn by lot is drawn from it.
        now: Epoch seconds of the moment it begins.
    """

    def __init__(self, account: str, region: str, spec: Holdings, seed: int, now: float) -> None:
        self.account = account
        self.region = region
        self.orphans: list[Json] = []
        self._under_change_code = spec.UnderChangeCode
        self._lag = spec.SearchLag
        self._shuffle = Shuffle(spec.Paging, f"{seed}/{account}/{region}")
        self._products: dict[str, Product] = {}
        self._records: dict[str, Record] = {}
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self.sees: Callable[[str], bool] = lambda _owned_by: True
        self._followers: dict[str, list[ProductSpec]] = {}
        self._count = 0
        for product in spec.all_products(seed):
            if product.Follows is not None:
                self._followers.setdefault(product.Follows, []).append(product)
            else:
                self._populate(product, now - product.Age * DAY, now)

    def _populate(self, spec: ProductSpec, created_at: float, now: float) -> None:
        product = Product.of(spec, created_at, self.account, self.region)
        self._products[product.id] = product
        provisioning = self._new_record(product, "PROVISION_PRODUCT", created_at)
        provisioning.status = "SUCCEEDED"
        for _ in range(spec.FailedBefore):
            failed = self._new_record(product, TERMINATE, max(created_at, now - LAST_NIGHT * DAY))
            failed.status, failed.errors = "FAILED", [product.error_of(None)]
        if spec.Change is not None:
            change = self._new_record(product, spec.Change, now)
            change.status = "IN_PROGRESS"
            product.status = "UNDER_CHANGE"
            product.current = change
            self._at(now + product.duration, lambda: self._end(change))

    # What the API does

    def terminate(self, request: Json, now: float) -> Json:
        """TerminateProvisionedProduct."""
        product = self._named(request)
        token = request["TerminateToken"]
        if product.current is not None:
            if product.current.token == token:
                return {"RecordDetail": product.current.detail()}
            # Rejected with a 4xx (seen); its code and words are unknown, so the code can be set.
            raise ApiError(self._under_change_code, f"Provisioned product {product.id} is under change")
        if product.status in ("UNDER_CHANGE", "PLAN_IN_PROGRESS"):
            raise ApiError(self._under_change_code, f"Provisioned product {product.id} is {product.status}")
        alone = product.type != CONTROL_TOWER_ACCOUNT or not self._unmanages()
        record = self._new_record(product, TERMINATE, now)
        record.token = token
        record.ignore_errors = bool(request.get("IgnoreErrors"))
        record.retain = bool(request.get("RetainPhysicalResources"))
        product.current = record
        product.status = "UNDER_CHANGE"
        if not alone:
            # That one account is unmanaged at a time is documented; how a second one fails is a guess.
            product.outcomes.insert(0, "FAILED")
            record.failure = "AWS Control Tower cannot unmanage this account: another account operation is in progress"
        for part, status in enumerate(product.course, start=1):
            share = START_SHARE if part == 1 else START_SHARE + (1 - START_SHARE) * (part - 1) / len(product.course)
            self._at(now + product.duration * share, partial(self._move, record, status))
        self._at(now + product.duration, lambda: self._end(record))
        return {"RecordDetail": record.detail()}

    def describe_record(self, request: Json) -> Json:
        """DescribeRecord."""
        record = self._records.get(request["Id"])
        if record is None:
            code = "ResourceNotFoundException"
            raise ApiError(code, f"Record {request['Id']} not found.")
        return {"RecordDetail": record.detail(), "RecordOutputs": []}

    def describe_product(self, request: Json) -> Json:
        """DescribeProvisionedProduct."""
        return {"ProvisionedProductDetail": self._named(request, ("Id", "Name")).detail(), "CloudWatchDashboards": []}

    def scan(self, request: Json) -> Json:
        """ScanProvisionedProducts: what is not terminated, 20 a page."""
        shown = [product for product in self._products.values() if product.gone_at is None and visible(product, request)]
        live = sorted(shown, key=lambda product: product.id)
        page, token = self._shuffle(*cut(live, request, SCAN_PAGE, lambda product: product.id))
        return {"ProvisionedProducts": [product.detail() for product in page]} | token

    def search(self, request: Json, now: float) -> Json:
        """SearchProvisionedProducts: an index of its own, which lags and may miss products (seen)."""
        found = [
            product
            for product in self._products.values()
            if not product.hidden and self._indexed(product, now) and visible(product, request, "Account")
        ]
        for query in request.get("Filters", {}).get("SearchQuery", ()):
            found = [product for product in found if matches(product, query)]
        key = sort_key(request.get("SortBy"))
        found.sort(key=key)
        if request.get("SortOrder") == "DESCENDING":
            raise invalid("the simulator sorts ascending only")
        page, token = cut(found, request, SEARCH_PAGE, key)
        if request.get("SortBy") is None:
            page, token = self._shuffle(page, token)
        attributes = [product.attributes() for product in page]
        return {"ProvisionedProducts": attributes, "TotalResultsCount": len(found)} | token

    def history(self, request: Json) -> Json:
        """ListRecordHistory: newest first; records outlive their product."""
        seen = [record for record in self._records.values() if visible(record.product, request)]
        records, token = history_page(seen, request)
        return {"RecordDetails": [record.detail() for record in records]} | token

    # What time does

    def advance(self, now: float) -> None:
        """Let everything happen that is due by *now*."""
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2]()

    def tag(self, product_id: str, tags: dict[str, str]) -> None:
        """Let somebody give a product these tags instead of those that it has; a KeyError if there is no such product."""
        self._products[product_id].tags = tags

    def summary(self) -> Json:
        """Return the state of each product, and what was left behind, for tests and for curious people."""
        states = {product.id: "TERMINATED" if product.gone_at else product.status for product in self._products.values()}
        return {"products": states, "orphans": self.orphans}

    def _move(self, record: Record, status: str) -> None:
        if record.product.current is record:
            record.status = status

    def _end(self, record: Record) -> None:
        product = record.product
        if record.type != TERMINATE:
            record.status, product.status, product.current = "SUCCEEDED", "AVAILABLE", None
            return
        outcome = product.outcomes[0]
        if outcome == "NEVER":
            return
        if len(product.outcomes) > 1:
            product.outcomes.pop(0)
        record.updated_at = record.created_at + product.duration
        product.current = None
        if outcome == "FAILED" and not (record.ignore_errors or record.retain):
            record.status, product.status = "FAILED", "TAINTED"
            record.errors = [product.error_of(record.failure)]
            return
        # With IgnoreErrors the product goes whatever happens to its stack; that the record SUCCEEDED then is a guess.
        record.status, product.gone_at = "SUCCEEDED", record.updated_at
        if record.retain or outcome == "FAILED":
            why = "RetainPhysicalResources" if record.retain else "IgnoreErrors"
            self.orphans.append({"product": product.id, "stack": product.stack_arn, "because": why})
        # A name is free again as soon as its product is gone (seen).
        for follower in self._followers.pop(product.id, ()):
            self._populate(follower, record.updated_at, record.updated_at)

    def _unmanages(self) -> bool:
        """Whether a Control Tower account is being unmanaged."""
        return any(product.type == CONTROL_TOWER_ACCOUNT and product.current for product in self._products.values())

    def _new_record(self, product: Product, kind: str, at: float) -> Record:
        self._count += 1
        record = Record(
            id=f"rec-{self._count:013d}", product=product, type=kind, created_at=round(at, 3), updated_at=round(at, 3)
        )
        self._records[record.id] = product.last_record = record
        return record

    def _at(self, moment: float, what: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._due, (moment, self._count, what))

    def _indexed(self, product: Product, now: float) -> bool:
        return product.gone_at is None or now < product.gone_at + self._lag

    def _named(
        self, request: Json, members: tuple[str, str] = ("ProvisionedProductId", "ProvisionedProductName")
    ) -> Product:
        by_id, by_name = (request.get(member) for member in members)
        if (by_id is None) == (by_name is None):
            # Documented for DescribeProvisionedProduct; for the termination a guess.
            raise invalid("You must provide either the name or the ID, but not both.")
        wanted = by_id or by_name
        for product in [self._products.get(str(wanted))] if by_id else self._products.values():
            if (
                product is not None
                and product.gone_at is None
                and self.sees(product.owned_by)
                and (by_id or wanted in (product.name, product.detail()["Arn"]))
            ):
                return product
        code = "ResourceNotFoundException"
        raise ApiError(code, f"No stack named {wanted} exists.")
