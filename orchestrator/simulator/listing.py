"""How a search sorts, filters and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from orchestrator.simulator.contract import ApiError
from orchestrator.simulator.things import Json, Product


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


def cut(found: list[Product], request: Json, most: int, key: Callable[[Product], str]) -> tuple[Iterable[Product], Json]:
    """Cut one page out of a sorted list; the token is the key that the next page begins behind."""
    size = min(int(request.get("PageSize") or most), most)
    after = request.get("PageToken")
    rest = [product for product in found if after is None or key(product) > after]
    token = {"NextPageToken": key(rest[size - 1])} if len(rest) > size else {}
    return rest[:size], token
