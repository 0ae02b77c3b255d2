"""The calls that the loop makes, by their API names."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """The calls of the loop, by their API name. Each has a pace of its own in each lane."""

    TERMINATE = "TerminateProvisionedProduct"
    RECORD = "DescribeRecord"
    PRODUCT = "DescribeProvisionedProduct"
    HISTORY = "ListRecordHistory"
    SCAN = "ScanProvisionedProducts"
    SEARCH = "SearchProvisionedProducts"
