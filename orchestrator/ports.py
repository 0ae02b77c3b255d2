"""The AWS API as we use it, in one lane. Expected troubles are values; an exception is a bug."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from orchestrator.core.inventory.calls import Answer, Page, Problem, RecordPage
from orchestrator.core.inventory.model import Product, Record
from orchestrator.core.run.commands import Terminate
from orchestrator.core.run.events import Event
from orchestrator.core.run.replies import Reply
from orchestrator.core.values.lane import Lane


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
    """One attempt each: no method retries, so that nothing is spent behind the rate limiter's back."""

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


class Inbox(Protocol):
    """Where workers put replies and the loop takes them; may be filled from any thread and from a signal handler."""

    def put(self, reply: Reply) -> None:
        """Add a reply and end a wait."""

    def wake(self) -> None:
        """End a wait without a reply."""

    def take(self) -> list[Reply]:
        """Return all replies that have come, without waiting."""

    def wait(self, seconds: float) -> None:
        """Return when a reply is there, when woken, or after *seconds*."""


class Clock(Protocol):
    """A clock that never jumps within a process."""

    def now(self) -> float:
        """Return seconds since the epoch."""

    def wait(self, inbox: Inbox, seconds: float) -> None:
        """Wait until the inbox has something, at most *seconds*."""


class Journal(Protocol):
    """Append-only. What was appended before a `sync` that returned survives a crash of the machine."""

    def append(self, events: Sequence[Event]) -> None:
        """
        Write durable events down; volatile ones are passed over.

        Raises:

            JournalError: They could not be written; nothing of this call was.
        """

    def sync(self) -> None:
        """
        Make everything appended so far survive a crash.

        Raises:

            JournalError: The disk refused.
        """


class Observer(Protocol):
    """Called in the loop's thread with each event, after it was applied and written down."""

    def __call__(self, event: Event) -> None:
        """Hear *event*."""
