"""
What the API answers in one account and region. What happens there meanwhile is its `Life`.

A token is remembered while its termination is in progress and answers ResourceNotFound after success, if the world says
nothing else. Lookups, records and listings may lag. Guesses are marked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from orchestrator.simulator.errors import ApiError, invalid, missing
from orchestrator.simulator.life import Life
from orchestrator.simulator.pagination import Pages, Shuffle, history_of, levels_of, matches_filter, sort_key
from orchestrator.simulator.resources import TRANSITIVE, Json, ProductResource, RecordResource, Wish
from orchestrator.simulator.tokens import PagePosition
from orchestrator.simulator.world_file import Holdings

SCAN_PAGE_CAP = 20
SEARCH_PAGE_CAP = 100
RECORD_PAGE = 20


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
        self.life = Life(account, region, spec, seed, now)
        self.sees: Callable[[str], bool] = lambda _owned_by: True
        self._spec = spec
        self._used_tokens: set[str] = set()
        lane = f"{seed}/{account}/{region}"
        self._shuffle = Shuffle(spec.Paging, lane)
        self._scan = Pages(spec.Paging, "Scan", SCAN_PAGE_CAP, lane)
        self._search = Pages(spec.Paging, "Search", SEARCH_PAGE_CAP, lane)
        self._history = Pages(spec.Paging, "History", RECORD_PAGE, lane)

    def advance(self, now: float) -> None:
        """Carry out everything that is due by *now* (epoch seconds)."""
        self.life.advance(now)

    def terminate(self, request: Json, now: float) -> Json:
        """TerminateProvisionedProduct, at *now* (epoch seconds)."""
        product = self._named(request, ("ProvisionedProductId", "ProvisionedProductName"))
        token = request["TerminateToken"]
        if self._spec.Tokens == "refused" and token in self._used_tokens:
            message = f"The token {token} was already used."
            raise invalid(message)
        if product.current is not None and product.current.token == token and self._spec.Tokens == "remembered":
            return {"RecordDetail": product.current.detail()}
        if product.current is not None or product.status in TRANSITIVE:
            # Rejected with a 4xx (seen); its code and words are unknown, so the code can be set.
            what = "under change" if product.current is not None else product.status
            raise ApiError(self._spec.UnderChangeCode, f"Provisioned product {product.id} is {what}")
        self._used_tokens.add(token)
        wish = Wish(token, bool(request.get("IgnoreErrors")), bool(request.get("RetainPhysicalResources")))
        return {"RecordDetail": self.life.terminate(product, now, wish).detail()}

    def describe_record(self, request: Json) -> Json:
        """DescribeRecord."""
        lag = self._spec.RecordLag
        if lag:
            record = self.life.past_records.one(request["Id"], self.life.now - lag)
        else:
            record = self.life.records.get(request["Id"])
        if record is None:
            message = f"Record {request['Id']} not found."
            raise missing(message)
        if record.product.hides_records:
            code = "AccessDeniedException"
            message = f"User is not authorized to perform: servicecatalog:DescribeRecord on record {record.id}"
            raise ApiError(code, message)
        return {"RecordDetail": record.detail(), "RecordOutputs": []}

    def describe_product(self, request: Json) -> Json:
        """DescribeProvisionedProduct."""
        product = self._named(request, ("Id", "Name"), self._spec.LookupLag)
        return {"ProvisionedProductDetail": product.detail(), "CloudWatchDashboards": []}

    def scan(self, request: Json) -> Json:
        """ScanProvisionedProducts: what is not terminated, 20 a page."""
        levels = levels_of(request)
        found = [product for product in self._live() if product.owned_by in levels]
        page, token = self._shuffle(*self._scan.cut(found, request, lambda product: (product.id,)))
        return {"ProvisionedProducts": [product.detail() for product in page]} | token

    def search(self, request: Json, now: float) -> Json:
        """SearchProvisionedProducts: an index of its own, which lags and may miss products (seen)."""
        levels = levels_of(request, "Account")
        there = self._products(self._spec.SearchLag, now)
        found = [product for product in there if not product.hidden and product.owned_by in levels]
        # That a product has to match every entry is a guess.
        for query in request.get("Filters", {}).get("SearchQuery", ()):
            found = [product for product in found if matches_filter(product, query)]
        field = request.get("SortBy")
        key = sort_key(field)
        page, token = self._search.cut(
            found,
            request,
            lambda product: (key(product), product.id),
            descending=field is not None and request.get("SortOrder") == "DESCENDING",
        )
        if field is None:
            page, token = self._shuffle(page, token)
        attributes = [product.attributes() for product in page]
        return {"ProvisionedProducts": attributes, "TotalResultsCount": len(found)} | token

    def history(self, request: Json) -> Json:
        """ListRecordHistory: newest first; records outlive their product."""
        lag = self._spec.HistoryLag
        records = self.life.past_records.all(self.life.now - lag) if lag else self.life.records.values()
        levels = levels_of(request)
        seen = [each for each in records if each.product.owned_by in levels and not each.product.hides_records]
        page, token = self._history.cut(history_of(seen, request), request, moment_of, descending=True)
        return {"RecordDetails": [record.detail() for record in page]} | token

    def summary(self) -> Json:
        """Return the state of each product, and what was left behind, for tests and for curious people."""
        return self.life.summary()

    def _live(self) -> list[ProductResource]:
        return [product for product in self.life.products.values() if product.gone_at is None]

    def _products(self, lag: float, now: float) -> Iterable[ProductResource]:
        """Return the products that were there *lag* seconds before *now*, as they were then."""
        if not lag:
            return self._live()
        return [product for product in self.life.past_products.all(now - lag) if product.gone_at is None]

    def _named(self, request: Json, members: tuple[str, str], lag: float = 0.0) -> ProductResource:
        by_id, by_name = (request.get(member) for member in members)
        if (by_id is None) == (by_name is None):
            # Documented for DescribeProvisionedProduct; for the termination a guess.
            raise invalid("You must provide either the name or the ID, but not both.")
        now = self.life.now
        if by_id is None:
            found = [each for each in self._products(lag, now) if by_name in (each.name, each.arn)]
        else:
            one = self.life.past_products.one(by_id, now - lag) if lag else self.life.products.get(by_id)
            found = [one] if one is not None and one.gone_at is None else []
        for product in found:
            if self.sees(product.owned_by):
                return product
        message = f"No stack named {by_id or by_name} exists."
        raise missing(message)


def moment_of(record: RecordResource) -> PagePosition:
    """Return what histories are sorted by."""
    return record.created_at, record.id
