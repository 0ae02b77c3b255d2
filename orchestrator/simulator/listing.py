"""How listings sort, filter and page."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from orchestrator.simulator.contract import ApiError
from orchestrator.simulator.specs import LEVELS, PagingSpec
from orchestrator.simulator.things import Json, Product, Record

RECORD_PAGE = 20


def invalid(message: str) -> ApiError:
    """Return the error of a parameter that is not valid."""
    code = "InvalidParametersException"
    return ApiError(code, message)


def sort_key(name: str | None) -> Callable[[Product], str]:
    """
    Return what a search is sorted by. Unsorted it comes in an order of its own.

    The valid names are documented, `createdTime` is not among them although an older note asks for it; the words of the
    refusal were seen.
    """
    keys: dict[str | None, Callable[[Product], str]] = {
        None: lambda product: product.id[::-1],
        "id": lambda product: product.id,
        "name": lambda product: product.name,
        "arn": lambda product: str(product.detail()["Arn"]),
        "lastRecordId": lambda product: str(product.detail().get("LastRecordId", "")),
    }
    if name not in keys:
        code = "ValidationException"
        valid = ", ".join(key for key in keys if key)
        message = f"Value '{name}' at 'sortBy' failed to satisfy constraint: Member must satisfy enum value set: [{valid}]"
        raise ApiError(code, f"1 validation error detected: {message}")
    return keys[name]


def matches(product: Product, query: str) -> bool:
    """Whether a product fits one `field:value` of a search query. Only the documented fields that we use are known."""
    name, _, value = query.partition(":")
    fields = {"status": product.status, "id": product.id, "name": product.name, "type": product.type}
    if name not in fields:
        message = f"the simulator does not know the search field {name!r}"
        raise invalid(message)
    return fields[name] == value


class Shuffle:
    """
    Lets pages that nothing sorts skip and repeat products, as those of the real service are said to (documented once).

    Args:

        spec: How often.
        seed: Which is drawn by lot from it.
    """

    def __init__(self, spec: PagingSpec, seed: str) -> None:
        self._spec = spec
        self._lot = random.Random(f"{seed}/paging")  # noqa: S311 - a made-up world
        self._repeats: list[Product] = []

    def __call__(self, page: Sequence[Product], token: Json) -> tuple[list[Product], Json]:
        """Return a page with some of its products left out, and some of the page before again."""
        again = [product for product in self._repeats if product not in page]
        shown = [product for product in page if self._lot.random() >= self._spec.Skip]
        self._repeats = [product for product in page if token and self._lot.random() < self._spec.Repeat]
        return again + shown, token


def history_page(seen: Sequence[Record], request: Json) -> tuple[Sequence[Record], Json]:
    """Cut one page out of the records, newest first, of one product or of all."""
    wanted = request.get("SearchFilter", {})
    records = sorted(seen, key=lambda record: (record.created_at, record.id), reverse=True)
    if wanted.get("Key") == "product":
        records = [record for record in records if record.product.catalog_id == wanted.get("Value")]
    elif wanted.get("Key") == "provisionedproduct":
        records = [record for record in records if record.product.id == wanted.get("Value")]
    elif wanted:
        message = f"the search filter key {wanted.get('Key')} is not valid"
        raise invalid(message)
    token_given = request.get("PageToken") or "0"
    if not token_given.isdecimal():
        raise invalid("the page token is not valid")
    offset = int(token_given)
    size = min(int(request.get("PageSize") or RECORD_PAGE), RECORD_PAGE)
    token = {"NextPageToken": str(offset + size)} if offset + size < len(records) else {}
    return records[offset : offset + size], token


def cut(found: list[Product], request: Json, most: int, key: Callable[[Product], str]) -> tuple[Sequence[Product], Json]:
    """Cut one page out of a sorted list; the token is the key that the next page begins behind."""
    size = min(int(request.get("PageSize") or most), most)
    after = request.get("PageToken")
    rest = [product for product in found if after is None or key(product) > after]
    token = {"NextPageToken": key(rest[size - 1])} if len(rest) > size else {}
    return rest[:size], token


def visible(product: Product, request: Json, default: str = "User") -> bool:
    """Whether a product is within the level of access that a listing asks for, or has by default (documented)."""
    asked = request.get("AccessLevelFilter", {}).get("Key", default)
    return LEVELS.index(product.owned_by) <= LEVELS.index(asked)
