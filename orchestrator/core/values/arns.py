"""
The ARN of a provisioned product: it holds account, region, name and id, so it names a product as safely as the id does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestrator.core.values.lane import Lane

# Documented in the command line's examples: servicecatalog, "stack", then name and id.
ARN_PATTERN = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):servicecatalog:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):"
    r"stack/(?P<name>[a-zA-Z0-9][a-zA-Z0-9._-]{0,127})/(?P<id>[a-zA-Z0-9_-]{1,100})"
)


@dataclass(frozen=True, slots=True)
class ProductArn:
    """What an ARN says of a product."""

    lane: Lane
    name: str
    product_id: str


def is_arn(text: str) -> bool:
    """Whether a text is meant as an ARN."""
    return text.startswith("arn:")


def parse_arn(text: str) -> ProductArn:
    """
    Read the ARN of a provisioned product.

    Args:

        text: `arn:aws:servicecatalog:REGION:ACCOUNT:stack/NAME/ID`.

    Raises:

        ValueError: It is not one.
    """
    match = ARN_PATTERN.fullmatch(text)
    if match is None:
        message = "not the ARN of a provisioned product: arn:aws:servicecatalog:REGION:ACCOUNT:stack/NAME/ID"
        raise ValueError(message)
    return ProductArn(Lane(match["account"], match["region"]), match["name"], match["id"])


def partition_of(region: str) -> str:
    """Return the partition that a region is in, for ARNs that have to be put together."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"
