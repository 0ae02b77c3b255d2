"""
The Service Catalog API as we use it, over one boto3 client per lane (clients are thread-safe, documented).

Each method makes one call and gives back an answer or a problem.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.credentials import Credentials, RefreshableCredentials

from orchestrator.aws.credential_guard import CredentialGuard
from orchestrator.aws.errors import without_password
from orchestrator.aws.parse import (
    call,
    demand,
    described_in,
    found_in,
    hold_to_shape,
    page_in,
    record_in,
    record_page_in,
    seconds,
)
from orchestrator.aws.service_clock import ServiceClock
from orchestrator.core.inventory.calls import Answer, Page, Problem, RecordPage
from orchestrator.core.inventory.model import Product, Record
from orchestrator.core.run.commands import Terminate
from orchestrator.ports import CredentialLife, Identity

if TYPE_CHECKING:
    from mypy_boto3_servicecatalog.client import ServiceCatalogClient
    from mypy_boto3_servicecatalog.literals import AccessLevelFilterKeyType
    from mypy_boto3_servicecatalog.type_defs import AccessLevelFilterTypeDef

# The default differs between operations and between versions of the documentation, so it is always sent.
ACCOUNT_LEVEL: AccessLevelFilterKeyType = "Account"
SCAN_PAGE = 20
SEARCH_PAGE = 100
HISTORY_PAGE = 20


class BotoCatalog:
    """
    A `Catalog` over real boto3 clients.

    Args:

        account_id: The account that the lane is in.
        make: Makes the lane's client of a service that signs with certain credentials.
        source: Where the credentials come from.
        now: Our clock: seconds since the epoch.
    """

    def __init__(
        self,
        account_id: str,
        make: Callable[[str, Credentials], Any],
        source: Credentials,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._clock = ServiceClock(now)
        self._entry_clock = ServiceClock(now)

        def make_heard(service: str, credentials: Credentials) -> Any:  # noqa: ANN401 - any boto3 client
            client = make(service, credentials)
            if service == "sts":
                self._entry_clock.listen_to(client)
            return client

        self._keys = CredentialGuard(account_id, make_heard, source)
        self._client: ServiceCatalogClient = make("servicecatalog", self._keys.credentials)
        self._client.meta.events.register("before-parse", hold_to_shape)
        self._clock.listen_to(self._client)
        self._make = make
        self._access: AccessLevelFilterTypeDef = {"Key": ACCOUNT_LEVEL, "Value": "self"}

    @property
    def endpoint(self) -> str:
        """The URL that Service Catalog is called at."""
        return without_password(str(self._client.meta.endpoint_url))

    def terminate(self, command: Terminate) -> Answer[Record] | Problem:
        """Send one TerminateProvisionedProduct, by id, with the command's token."""
        parameters: dict[str, Any] = {
            "ProvisionedProductId": command.product_id,
            "TerminateToken": command.token,
            "IgnoreErrors": command.options.ignore_errors,
            "RetainPhysicalResources": command.options.retain_physical_resources,
        }
        if command.options.accept_language is not None:
            parameters["AcceptLanguage"] = command.options.accept_language
        return call(lambda: record_in(self._client.terminate_provisioned_product(**parameters)))

    def describe_record(self, record_id: str) -> Answer[Record] | Problem:
        """Read one record."""
        return call(lambda: record_in(self._client.describe_record(Id=record_id)))

    def describe_product(self, product_id: str) -> Answer[Product] | Problem:
        """Look one product up by its id."""
        return call(lambda: described_in(self._client.describe_provisioned_product(Id=product_id)))

    def describe_named(self, name: str) -> Answer[Product] | Problem:
        """Look one product up by its name."""
        return call(lambda: described_in(self._client.describe_provisioned_product(Name=name)))

    def record_history(self, product_id: str, page_token: str | None) -> Answer[RecordPage] | Problem:
        """Read one page of the records of one product."""
        token = {"PageToken": page_token} if page_token else {}
        return call(
            lambda: record_page_in(
                self._client.list_record_history(
                    AccessLevelFilter=self._access,
                    SearchFilter={"Key": "provisionedproduct", "Value": product_id},
                    PageSize=HISTORY_PAGE,
                    **token,
                )
            )
        )

    def newest_records(self, page_token: str | None) -> Answer[RecordPage] | Problem:
        """Read one page of the records of all products."""
        token = {"PageToken": page_token} if page_token else {}
        return call(
            lambda: record_page_in(
                self._client.list_record_history(AccessLevelFilter=self._access, PageSize=HISTORY_PAGE, **token)  # type: ignore[arg-type]
            )
        )

    def scan(self, page_token: str | None) -> Answer[Page] | Problem:
        """Read one page of everything that is not terminated."""
        token = {"PageToken": page_token} if page_token else {}
        return call(
            lambda: page_in(
                self._client.scan_provisioned_products(
                    AccessLevelFilter=self._access,
                    PageSize=SCAN_PAGE,
                    **token,
                )
            )
        )

    def search(self, page_token: str | None) -> Answer[Page] | Problem:
        """Read one page of the search index. Without a sort, pages may skip and repeat products (documented)."""
        token = {"PageToken": page_token} if page_token else {}
        return call(
            lambda: found_in(
                self._client.search_provisioned_products(
                    AccessLevelFilter=self._access,
                    SortBy="id",
                    SortOrder="ASCENDING",
                    PageSize=SEARCH_PAGE,
                    **token,  # type: ignore[arg-type]
                )
            )
        )

    def search_for(self, product_id: str) -> Answer[Page] | Problem:
        """Search for one product by its id."""
        return call(
            lambda: found_in(
                self._client.search_provisioned_products(
                    AccessLevelFilter=self._access, Filters={"SearchQuery": [f"id:{product_id}"]}, PageSize=SEARCH_PAGE
                )
            )
        )

    def caller_identity(self) -> Answer[Identity] | Problem:
        """Ask STS who we are."""
        return call(self._keys.identify)

    def account_alias(self) -> Answer[str | None] | Problem:
        """Ask IAM for the account's alias."""

        def ask() -> str | None:
            answer = self._make("iam", self._keys.credentials).list_account_aliases()
            return next(iter(demand(answer, "AccountAliases")), None)

        return call(ask)

    def clock_ahead(self) -> float | None:
        """Say how many seconds the service's clock is ahead of ours; before its first answer, STS's counts."""
        return self._entry_clock.ahead if self._clock.ahead is None else self._clock.ahead

    def credential_life(self) -> CredentialLife:
        """Say how long the credentials last."""
        source = self._source
        if not isinstance(source, RefreshableCredentials):
            return CredentialLife(temporary=bool(source.token))
        # botocore keeps the moment to itself.
        expires_at = seconds(getattr(source, "_expiry_time", None))
        return CredentialLife(temporary=True, renewed=True, expires_at=expires_at)
