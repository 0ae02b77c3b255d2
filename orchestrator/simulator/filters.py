"""
What a search looks for: `field:value`, or a bare text.

The fields are documented, and so is a bare text by AWS's own sample; that a value has to be a field's whole value, and how
tags and times are compared, are guesses.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from orchestrator.simulator.errors import invalid
from orchestrator.simulator.resources import Json, ProductResource

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
