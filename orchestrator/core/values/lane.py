"""
A lane is one account in one region: API budgets, clients and inventories are per lane.

It has a module of its own, with who we are in it, because everything else names it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Lane:
    """One account in one region."""

    account_id: str
    region: str

    def __str__(self) -> str:
        return f"{self.account_id}/{self.region}"

    @classmethod
    def parse(cls, text: str) -> Lane:
        """
        Read a lane back from its text.

        Args:

            text: `account/region`, as `str()` gives it.

        Raises:

            ValueError: *text* is not of that form.
        """
        account_id, _, region = text.partition("/")
        if not account_id or not region or "/" in region:
            message = f"not a lane: {text!r} (expected ACCOUNT/REGION)"
            raise ValueError(message)
        return cls(account_id, region)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who we are in a lane, as STS says, and where Service Catalog is called for it."""

    lane: Lane
    arn: str
    endpoint: str
