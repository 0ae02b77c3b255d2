"""How listings sort and page."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import TypeVar

from orchestrator.simulator.errors import ApiError, invalid
from orchestrator.simulator.resources import Json, ProductResource, RecordResource
from orchestrator.simulator.specs import ACCESS_LEVELS, ListingSpec, PagingSpec
from orchestrator.simulator.tokens import PagePosition, Tokens

Item = TypeVar("Item")


def sort_key(name: str | None) -> Callable[[ProductResource], str]:
    """
    Return what a search is sorted by. Unsorted it comes in an order of its own.

    The valid names are documented, `createdTime` is not among them although an older note asks for it; the words of the
    refusal were seen.
    """
    keys: dict[str | None, Callable[[ProductResource], str]] = {
        None: lambda product: product.id[::-1],
        "id": lambda product: product.id,
        "name": lambda product: product.name,
        "arn": lambda product: product.arn,
        "lastRecordId": lambda product: product.last_record or "",
    }
    if name not in keys:
        code = "ValidationException"
        valid = ", ".join(key for key in keys if key)
        message = f"Value '{name}' at 'sortBy' failed to satisfy constraint: Member must satisfy enum value set: [{valid}]"
        raise ApiError(code, f"1 validation error detected: {message}")
    return keys[name]


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
        self._repeats: list[ProductResource] = []

    def __call__(self, page: Sequence[ProductResource], token: Json) -> tuple[list[ProductResource], Json]:
        """Return a page with some of its products left out, and some of the page before again."""
        again = [product for product in self._repeats if product not in page]
        shown = [product for product in page if self._lot.random() >= self._spec.Skip]
        self._repeats = [product for product in page if token and self._lot.random() < self._spec.Repeat]
        return again + shown, token


class Pages:
    """
    The pages of one listing, and what goes wrong with them.

    Args:

        spec: What goes wrong.
        kind: Which listing it is.
        most: The size of a page that asks for none, and the most that it can have.
        lane: Names the lane, and the seed of what is drawn by lot.
    """

    def __init__(self, spec: PagingSpec, kind: ListingSpec, most: int, lane: str) -> None:
        self._spec = spec
        self._endless = kind in spec.Endless
        self._most = most
        self._tokens = Tokens(f"{lane}/{kind}")
        self._lot = random.Random(f"{lane}/{kind}")  # noqa: S311 - a made-up world

    def cut(
        self, found: Sequence[Item], request: Json, key: Callable[[Item], PagePosition], *, descending: bool = False
    ) -> tuple[Sequence[Item], Json]:
        """
        Sort what was found, and cut one page out of it.

        Args:

            found: What is listed.
            request: Says which page it is, and how many may be on it.
            key: What it is sorted by; unlike for any two of them.
            descending: Whether the greatest key comes first.

        Raises:

            ApiError: The page token is not valid.
        """
        given = request.get("PageToken")
        after = self._tokens.place(given)
        size = min(int(request.get("PageSize") or self._most), self._most)
        keyed = sorted(((key(each), each) for each in found), key=itemgetter(0), reverse=descending)
        begin = 0
        if after and descending:
            begin = len(keyed) - bisect_left(keyed[::-1], after, key=itemgetter(0))
        elif after:
            begin = bisect_right(keyed, after, key=itemgetter(0))
        rest = len(keyed) - begin
        if rest and self._lot.random() < self._spec.Empty:
            return [], {"NextPageToken": self._tokens.give(after)}
        page = [each for _, each in keyed[begin : begin + size]]
        if given is not None and self._spec.SameToken:
            return page, {"NextPageToken": given}
        if rest > size:
            return page, {"NextPageToken": self._tokens.give(key(page[-1]))}
        if self._endless:
            # Everything again, or nothing more; if there is nothing at all, that comes to the same.
            behind = key(page[-1]) if page else after
            return page, {"NextPageToken": self._tokens.give(() if self._lot.random() < 0.5 else behind)}
        return page, {}


def history_of(seen: Sequence[RecordResource], request: Json) -> Sequence[RecordResource]:
    """Return the records of one product, of one product in the catalog, or of all, as a history's filter wants it."""
    wanted = request.get("SearchFilter", {})
    key, value = wanted.get("Key"), wanted.get("Value")
    if key == "product":
        return [record for record in seen if record.product.catalog_id == value]
    if key == "provisionedproduct":
        return [record for record in seen if record.product.id == value]
    if wanted:
        message = f"the search filter key {key} is not valid"
        raise invalid(message)
    return seen


def levels_of(request: Json, default: str = "User") -> tuple[str, ...]:
    """Return the levels of access that a listing shows: up to the one that it asks for, or its default (documented)."""
    asked = request.get("AccessLevelFilter", {}).get("Key", default)
    return ACCESS_LEVELS[: ACCESS_LEVELS.index(asked) + 1]


MEMBERS = {
    "arn": "Arn",
    "id": "Id",
    "idempotencyToken": "IdempotencyToken",
    "lastProvisioningRecordId": "LastProvisioningRecordId",
    "lastRecordId": "LastRecordId",
    "lastSuccessfulProvisioningRecordId": "LastSuccessfulProvisioningRecordId",
    "name": "Name",
    "physicalId": "PhysicalId",
    "productId": "ProductId",
    "productName": "ProductName",
    "provisioningArtifactId": "ProvisioningArtifactId",
    "provisioningArtifactName": "ProvisioningArtifactName",
    "status": "Status",
    "type": "Type",
    "userArn": "UserArn",
    "userArnSession": "UserArnSession",
}
"""The fields that are compared with one member of a product, as the API shows it."""


def times(product: Json, value: str) -> bool:
    """Whether a product was created at a time: epoch seconds, or the beginning of an ISO 8601 time in UTC (a guess)."""
    created = product["CreatedTime"]
    if value in (str(created), str(int(created))):
        return True
    try:
        moment = datetime.fromtimestamp(created, UTC).isoformat()
    except (OverflowError, OSError, ValueError):
        # A world may be older than calendars are.
        return False
    return len(value) >= len("2026") and moment.startswith(value.removesuffix("Z"))


def tags(product: Json, value: str) -> bool:
    """Whether a tag has this key or value, or is `key:value` or `key=value` (a guess)."""
    return any(
        value in (tag["Key"], tag["Value"], f"{tag['Key']}:{tag['Value']}", f"{tag['Key']}={tag['Value']}")
        for tag in product["Tags"]
    )


OTHERS: dict[str, Callable[[Json, str], bool]] = {"createdTime": times, "tags": tags}


def matches_filter(product: ProductResource, query: str) -> bool:
    """
    Whether a product is found by one entry of a search query.

    Raises:

        ApiError: The entry names a field that cannot be searched.
    """
    shown = product.attributes()
    name, colon, value = query.partition(":")
    if not colon or query.startswith("arn:aws"):
        return holds(shown, query)
    if name in OTHERS:
        return OTHERS[name](shown, value)
    if name not in MEMBERS:
        message = f"The search field {name!r} is not valid."
        raise invalid(message)
    return shown.get(MEMBERS[name]) == value


def holds(shown: Json, text: str) -> bool:
    """Whether a bare text is part of any field, or is a tag (a guess)."""
    return tags(shown, text) or any(text in str(shown.get(member, "")) for member in MEMBERS.values())
