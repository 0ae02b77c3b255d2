"""
Lookups: what is asked of AWS about one product. The evidence says which one is missing, and a worker performs just that.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.core.values.operation import Operation


@dataclass(frozen=True, slots=True)
class DescribeProduct:
    """Look the product up by its id."""

    operation = Operation.PRODUCT


@dataclass(frozen=True, slots=True)
class DescribeRecord:
    """Look one record up."""

    record_id: str

    operation = Operation.RECORD


@dataclass(frozen=True, slots=True)
class ReadHistory:
    """Read one page of the product's records, newest first; the first page if `page_token` is None."""

    page_token: str | None = None

    operation = Operation.HISTORY


Lookup = DescribeProduct | DescribeRecord | ReadHistory
