"""The AWS API as we use it, in one lane. Expected troubles are values; an exception is a bug."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from orchestrator.core.commands import Terminate
from orchestrator.core.inventory import Product, Record
from orchestrator.core.lane import Lane
from orchestrator.core.outcomes import Answer, Page, Problem, RecordPage


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the credentials belong to, as `sts:GetCallerIdentity` says."""

    account_id: str
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialLife:
    """
    How long the credentials of a lane last: until `expires_at` (seconds since the epoch; None if never, or if that is not
    known), and whether they renew themselves. `temporary` ones expire at some time.
    """

    temporary: bool
    renewed: bool = False
    expires_at: float | None = None


class Catalog(Protocol):
    """One attempt each: no method retries, so that nothing is spent behind the pacer's back."""

    @property
    def endpoint(self) -> str:
        """The URL that Service Catalog is called at."""

    def terminate(self, command: Terminate) -> Answer[Record] | Problem:
        """Send one TerminateProvisionedProduct, by id, with the command's token."""

    def describe_record(self, record_id: str) -> Answer[Record] | Problem:
        """Read one record."""

    def describe_product(self, product_id: str) -> Answer[Product] | Problem:
        """Look one product up by its id."""

    def describe_named(self, name: str) -> Answer[Product] | Problem:
        """Look one product up by its name, which is unique in a lane (documented)."""

    def record_history(self, product_id: str, page_token: str | None) -> Answer[RecordPage] | Problem:
        """Read one page (at most 20) of the records of one product, newest first; they outlive it (documented)."""

    def newest_records(self, page_token: str | None) -> Answer[RecordPage] | Problem:
        """Read one page (at most 20) of the records of all products, at account level, newest first."""

    def scan(self, page_token: str | None) -> Answer[Page] | Problem:
        """Read one page (at most 20) of everything that is not terminated, at account level."""

    def search(self, page_token: str | None) -> Answer[Page] | Problem:
        """Read one page (at most 100) of the search index, at account level, sorted by id."""

    def search_for(self, product_id: str) -> Answer[Page] | Problem:
        """Search for one product by its id: the first page of what the index shows."""

    def caller_identity(self) -> Answer[Identity] | Problem:
        """Ask STS who we are; needs no permission (documented)."""

    def account_alias(self) -> Answer[str | None] | Problem:
        """Ask IAM for the account's alias, of which there is at most one (documented)."""

    def clock_ahead(self) -> float | None:
        """
        Say how many seconds the service's clock is ahead of ours (negative: behind), as its answers' `Date` tells.

        Calls nothing. None while no answer has told, or if what they tell is not believed.
        """

    def credential_life(self) -> CredentialLife:
        """Say how long the credentials last. Calls nothing; known once they have been used."""


class Connect(Protocol):
    """Gives the catalog of a lane; the same one each time, from any thread."""

    def __call__(self, lane: Lane) -> Catalog:
        """
        Return the catalog of *lane*.

        Raises:

            NoAccess: There are no credentials, or the lane cannot be entered.
        """
