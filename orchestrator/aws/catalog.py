"""
The Service Catalog API as we use it, over one boto3 client per lane (clients are thread-safe, documented).

Each method makes one call and gives back an answer or a problem. Answers are read with suspicion: a truncated body reaches
us as a 200 without content.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.credentials import Credentials, RefreshableCredentials

from orchestrator.aws.faults import problem, unreadable, without_password
from orchestrator.core.commands import Terminate
from orchestrator.core.inventory import Product, Record, RecordError
from orchestrator.core.replies import Answer, Page, Problem, RecordPage
from orchestrator.ports import CredentialLife, Identity

if TYPE_CHECKING:
    from mypy_boto3_servicecatalog.client import ServiceCatalogClient
    from mypy_boto3_servicecatalog.literals import AccessLevelFilterKeyType
    from mypy_boto3_servicecatalog.type_defs import AccessLevelFilterTypeDef

T = TypeVar("T")

# The default differs between operations and between versions of the documentation, so it is always sent.
ACCOUNT_LEVEL: AccessLevelFilterKeyType = "Account"
SCAN_PAGE = 20
SEARCH_PAGE = 100
HISTORY_PAGE = 20


class BotoCatalog:
    """
    A `Catalog` over real boto3 clients.

    Args:

        client: Makes the lane's client of a service.
        credentials: Gives what the clients sign with.
    """

    def __init__(self, client: Callable[[str], Any], credentials: Callable[[], Credentials | None]) -> None:
        self._credentials = credentials
        self._client: ServiceCatalogClient = client("servicecatalog")
        self._make = client
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

    def record_history(self, product_id: str) -> Answer[tuple[Record, ...]] | Problem:
        """Read the newest records of one product."""
        return call(
            lambda: records_in(
                self._client.list_record_history(
                    AccessLevelFilter=self._access,
                    SearchFilter={"Key": "provisionedproduct", "Value": product_id},
                    PageSize=HISTORY_PAGE,
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

    def caller_identity(self) -> Answer[Identity] | Problem:
        """Ask STS who we are."""
        # Asked once, so its client is not kept.
        return call(lambda: identity_in(self._make("sts").get_caller_identity()))

    def account_alias(self) -> Answer[str | None] | Problem:
        """Ask IAM for the account's alias."""
        return call(lambda: next(iter(demand(self._make("iam").list_account_aliases(), "AccountAliases")), None))

    def credential_life(self) -> CredentialLife:
        """Say how long the credentials last."""
        credentials = self._credentials()
        if not isinstance(credentials, RefreshableCredentials):
            return CredentialLife(temporary=credentials is not None and bool(credentials.token))
        # botocore keeps the moment to itself.
        expires_at = seconds(getattr(credentials, "_expiry_time", None))
        return CredentialLife(temporary=True, renewed=True, expires_at=expires_at)


class Unreadable(Exception):
    """An answer came without what it must have; never leaves this module."""


def call(ask: Callable[[], T]) -> Answer[T] | Problem:
    """Make one call; whatever goes wrong becomes a problem."""
    try:
        return Answer(ask())
    except Unreadable as missing:
        return unreadable(str(missing))
    except Exception as error:  # noqa: BLE001 - an answer may break the parser in any way; all of them mean the same
        return problem(error)


def demand(found: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - the stubs' types do not survive here
    """Return a member that an answer must have."""
    value = found.get(name)
    if value is None or value == "":
        raise Unreadable(name)
    return value


def record_in(answer: Mapping[str, Any]) -> Record:
    """Read the record of an answer."""
    return read_record(demand(answer, "RecordDetail"))


def read_record(detail: Mapping[str, Any]) -> Record:
    """Read one record."""
    return Record(
        record_id=str(demand(detail, "RecordId")),
        product_id=detail.get("ProvisionedProductId"),
        record_type=str(detail.get("RecordType") or ""),
        status=str(demand(detail, "Status")),
        product_name=detail.get("ProvisionedProductName"),
        created_at=seconds(detail.get("CreatedTime")),
        errors=tuple(
            RecordError(str(error.get("Code") or ""), str(error.get("Description") or ""))
            for error in detail.get("RecordErrors") or ()
        ),
    )


def records_in(answer: Mapping[str, Any]) -> tuple[Record, ...]:
    """Read the records of an answer."""
    if "RecordDetails" not in answer:
        raise Unreadable("RecordDetails")
    return tuple(read_record(detail) for detail in answer["RecordDetails"])


def record_page_in(answer: Mapping[str, Any]) -> RecordPage:
    """Read a page of records."""
    return RecordPage(records=records_in(answer), next_token=answer.get("NextPageToken") or None)


def described_in(answer: Mapping[str, Any]) -> Product:
    """Read the product of a lookup."""
    return read_product(demand(answer, "ProvisionedProductDetail"))


def page_in(answer: Mapping[str, Any]) -> Page:
    """Read a page of products."""
    if "ProvisionedProducts" not in answer:
        raise Unreadable("ProvisionedProducts")
    products = tuple(read_product(detail) for detail in answer["ProvisionedProducts"])
    return Page(products=products, next_token=answer.get("NextPageToken") or None, total=answer.get("TotalResultsCount"))


def found_in(answer: Mapping[str, Any]) -> Page:
    """Read a page of a search, which shows the tags of products; one that has none comes without them."""
    page = page_in(answer)
    tags = [tags_in(detail) for detail in answer["ProvisionedProducts"]]
    return replace(page, products=tuple(replace(each, tags=its) for each, its in zip(page.products, tags, strict=True)))


def tags_in(detail: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Read the tags of a product."""
    return tuple((str(tag.get("Key") or ""), str(tag.get("Value") or "")) for tag in detail.get("Tags") or ())


def read_product(detail: Mapping[str, Any]) -> Product:
    """Read one product, as any of the three operations shows it."""
    return Product(
        product_id=str(demand(detail, "Id")),
        name=str(detail.get("Name") or detail["Id"]),
        type=str(detail.get("Type") or ""),
        status=str(demand(detail, "Status")),
        arn=detail.get("Arn"),
        status_message=detail.get("StatusMessage"),
        created_at=seconds(detail.get("CreatedTime")),
        last_record_id=detail.get("LastRecordId"),
        physical_id=detail.get("PhysicalId"),
        catalog_id=detail.get("ProductId"),
        catalog_name=detail.get("ProductName"),
        user_arn=detail.get("UserArn"),
    )


def identity_in(answer: Mapping[str, Any]) -> Identity:
    """Read who we are."""
    return Identity(account_id=str(demand(answer, "Account")), arn=str(demand(answer, "Arn")))


def seconds(moment: datetime | None) -> float | None:
    """Turn a time of AWS's into seconds since the epoch."""
    return moment.timestamp() if isinstance(moment, datetime) else None
