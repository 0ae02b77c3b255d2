"""
What a world is made of, as its file spells it: products, their quotas and their trouble, and who may do what.

Every field has a default but ids and operations, so that the smallest world is `{}`.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

OPERATIONS = Literal[
    "TerminateProvisionedProduct",
    "DescribeRecord",
    "DescribeProvisionedProduct",
    "ScanProvisionedProducts",
    "SearchProvisionedProducts",
    "ListRecordHistory",
    "GetCallerIdentity",
    "AssumeRole",
    "ListAccountAliases",
]

ACCESS_LEVELS = ("User", "Role", "Account")
"""Levels of access, each of which holds those before it (documented)."""

Trouble = Literal["lose_answer", "reset", "hang", "cut", "truncate", "garble", "answer", "error", "delay", "late"]

ListingSpec = Literal["Scan", "Search", "History"]
"""The operations that answer in pages: ScanProvisionedProducts, SearchProvisionedProducts, ListRecordHistory."""

Portion = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]
AccountText = Annotated[str, Field(pattern=r"^\d{12}$")]
RegionText = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d+$")]


class StrictSpec(BaseModel):
    """Nothing unknown is ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class QuotaSpec(StrictSpec):
    """How fast one operation may be called, per account and region."""

    Rate: Annotated[float, Field(gt=0)]
    Burst: Annotated[float, Field(ge=1)] = 1


class ErrorSpec(StrictSpec):
    """One error of a record that FAILED."""

    Code: str = "400"
    Description: str = "Stack [{stack}] cannot be deleted while TerminationProtection is enabled"


class ProductSpec(StrictSpec):
    """
    One provisioned product.

    `Terminations` says how its terminations end, one after another; the last one repeats. `Course` are the statuses that
    their records have on the way there, one after another. `FailedBefore` of them have FAILED in the night before. `Change`
    is what keeps a product UNDER_CHANGE, and for how long. `Follows` names a product of the same lane in whose place this
    one comes, under the same name if it has none of its own, as soon as that one is gone. `OwnedBy` is the closest level at
    which the caller may see it. `ProductId` and `ProductName` are those of the product in the catalog that it was
    provisioned from, `UserArn` is who did that. `Duration` is in seconds, `Age` in days.

    `AppearsAt`, `RenamedAt`, `UpdatedAt` and `TerminatedAt` are seconds since the world began, or since the product was put
    into it later. Someone else provisions, renames, updates or terminates the product then. AWS cannot rename a product. An
    update or a termination that meets a product under change does nothing.
    """

    Id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
    Name: str | None = None
    Type: str = "CFN_STACK"
    Status: str = "AVAILABLE"
    Age: NonNegative = 30
    Duration: NonNegative | None = None
    Terminations: Annotated[tuple[Literal["SUCCEEDED", "FAILED", "NEVER"], ...], Field(min_length=1)] = ("SUCCEEDED",)
    Course: tuple[str, ...] = ("IN_PROGRESS",)
    FailedBefore: Annotated[int, Field(ge=0)] = 0
    Error: ErrorSpec = ErrorSpec()
    Change: Literal["UPDATE_PROVISIONED_PRODUCT", "TERMINATE_PROVISIONED_PRODUCT"] | None = None
    Tags: dict[str, str] = {}
    ProductId: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")] = "prod-simulatedxxxx"
    ProductName: str = "Simulated product"
    UserArn: str | None = None
    HiddenFromSearch: bool = False
    Follows: str | None = None
    OwnedBy: Literal["Account", "Role", "User"] = "Account"
    StatusMessage: str | None = None
    IdempotencyToken: Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,127}$")] | None = None
    ProvisioningArtifactId: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")] | None = None
    ProvisioningArtifactName: str = "v1"
    PathId: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")] = "lpv2-simulatedxxxx"
    LaunchRoleArn: str | None = None
    UserArnSession: str | None = None
    HiddenRecords: bool = False
    AppearsAt: NonNegative | None = None
    RenamedAt: NonNegative | None = None
    RenamedTo: str | None = None
    UpdatedAt: NonNegative | None = None
    UpdateLasts: NonNegative = 5.0
    TerminatedAt: NonNegative | None = None

    @model_validator(mode="after")
    def _what_belongs_together(self) -> Self:
        if (self.RenamedAt is None) != (self.RenamedTo is None):
            message = "RenamedAt and RenamedTo go together"
            raise ValueError(message)
        if self.AppearsAt is not None and self.Follows is not None:
            message = "AppearsAt and Follows exclude each other"
            raise ValueError(message)
        return self

    @property
    def is_there_at_first(self) -> bool:
        """Whether the world begins with it."""
        return self.Follows is None and self.AppearsAt is None


class CrowdSpec(StrictSpec):
    """Many products alike: `Count` of them, named and numbered after `Prefix`, durations drawn from a range."""

    Count: Annotated[int, Field(ge=0, le=1_000_000)]
    Prefix: str = "pp-crowd"
    Duration: tuple[NonNegative, NonNegative] = (1.0, 4.0)
    FailOnce: Portion = 0.0


class PagingSpec(StrictSpec):
    """
    How pages go wrong.

    `Skip` is the share of products that a page leaves out, `Repeat` the share that the next page repeats; both only where
    nothing sorts the pages. `Empty` is the share of pages that are empty although there is more behind them. The listings
    in `Endless` never end: after the last page come a new token and either an empty page or everything again. With
    `SameToken` the answer to a page token holds the same token.
    """

    Skip: Portion = 0.0
    Repeat: Portion = 0.0
    Empty: Portion = 0.0
    Endless: tuple[ListingSpec, ...] = ()
    SameToken: bool = False


class FaultSpec(StrictSpec):
    """
    Trouble with calls of one operation, or of any.

    Without `Share` it happens to the first `Times` calls that match, after the first `After`; with it, to that share of all
    of them, and which is drawn by the world's seed, alike in every run that makes the same calls. Of several things to `Do`
    one is drawn, too.

    `lose_answer` carries the request out and closes the connection; `reset` closes it before; `hang` carries it out and
    never answers; `cut` carries it out and closes the connection in the middle of the answer; `truncate` carries it out and
    answers 200 without content; `garble` answers with bytes that are no text; `answer` carries nothing out and answers with
    `Body` and `Status`; `error` answers with `Code` and `Status`; `delay` waits `Seconds` first; `late` closes the
    connection at once and carries the request out `Seconds` later, in the world's time.
    """

    Operation: OPERATIONS | Literal["any"]
    Product: str | None = None
    Do: Trouble | Annotated[tuple[Trouble, ...], Field(min_length=1)]
    Share: Portion | None = None
    After: Annotated[int, Field(ge=0)] = 0
    Times: Annotated[int, Field(ge=1)] | None = None
    Code: str = "InternalFailure"
    Message: str = "a scripted fault"
    Status: Annotated[int, Field(ge=200, le=599)] | None = None
    Body: str = "<html><body>a proxy's page</body></html>"
    Seconds: NonNegative = 1.0

    @model_validator(mode="after")
    def _an_error_is_one(self) -> Self:
        if "error" in self.all_troubles and self.Status is not None and self.Status < 400:
            message = f"Status is {self.Status}, and an error's is 400 to 599"
            raise ValueError(message)
        return self

    @property
    def all_troubles(self) -> tuple[Trouble, ...]:
        """What may happen."""
        return self.Do if isinstance(self.Do, tuple) else (self.Do,)


class AccountSpec(StrictSpec):
    """
    Who may do what in an account.

    `Roles` are the roles that may be assumed, by name; None for any. `ExternalId` has to be given to assume them. `Access`
    is the highest level of an access level filter that callers have a right to. `Deny` are operations that they have no
    right to. `CredentialsLast` is how long the credentials of an assumed role last, in seconds.
    """

    Alias: str | None = None
    Roles: tuple[str, ...] | None = None
    ExternalId: str | None = None
    Access: Literal["Account", "Role", "User"] = "Account"
    Deny: tuple[OPERATIONS, ...] = ()
    CredentialsLast: Annotated[float, Field(gt=0)] = 3_600
