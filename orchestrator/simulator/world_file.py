"""
What there is: the form of a world file, read strictly.

A world is made up for rehearsals and tests. Every field has a default, so that the smallest world is `{}`.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

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

NonNegative = Annotated[float, Field(ge=0)]
AccountNumber = Annotated[str, Field(pattern=r"^\d{12}$")]
RegionName = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d+$")]


class WorldInvalid(Exception):
    """A world file has mistakes."""


class Strict(BaseModel):
    """Nothing unknown is ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class QuotaSpec(Strict):
    """How fast one operation may be called, per account and region."""

    Rate: Annotated[float, Field(gt=0)]
    Burst: Annotated[float, Field(ge=1)] = 1


class ErrorSpec(Strict):
    """One error of a record that FAILED."""

    Code: str = "400"
    Description: str = "Stack [{stack}] cannot be deleted while TerminationProtection is enabled"


class ProductSpec(Strict):
    """
    One provisioned product.

    `Terminations` says how its terminations end, one after another; the last one repeats. `Change` is what keeps a product
    UNDER_CHANGE, and for how long. `Follows` names a product of the same lane in whose place this one comes, under the same
    name if it has none of its own, as soon as that one is gone. `OwnedBy` is the closest level at which the caller may see
    it. `ProductId` and `ProductName` are those of the product in the catalog that it was provisioned from, `UserArn` is who
    did that. `Duration` is in seconds, `Age` in days.
    """

    Id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
    Name: str | None = None
    Type: str = "CFN_STACK"
    Status: str = "AVAILABLE"
    Age: NonNegative = 30
    Duration: NonNegative | None = None
    Terminations: Annotated[tuple[Literal["SUCCEEDED", "FAILED", "NEVER"], ...], Field(min_length=1)] = ("SUCCEEDED",)
    Error: ErrorSpec = ErrorSpec()
    Change: Literal["UPDATE_PROVISIONED_PRODUCT", "TERMINATE_PROVISIONED_PRODUCT"] | None = None
    Tags: dict[str, str] = {}
    ProductId: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")] = "prod-simulatedxxxx"
    ProductName: str = "Simulated product"
    UserArn: str | None = None
    HiddenFromSearch: bool = False
    Follows: str | None = None
    OwnedBy: Literal["Account", "Role", "User"] = "Account"


class CrowdSpec(Strict):
    """Many products alike: `Count` of them, named and numbered after `Prefix`, durations drawn from a range."""

    Count: Annotated[int, Field(ge=0, le=1_000_000)]
    Prefix: str = "pp-crowd"
    Duration: tuple[NonNegative, NonNegative] = (1.0, 4.0)
    FailOnce: Annotated[float, Field(ge=0, le=1)] = 0.0


class FaultSpec(Strict):
    """
    Trouble with calls of one operation, the first `Times` that match.

    `Do`: `lose_answer` carries the request out and closes the connection; `reset` closes it before; `truncate` carries it
    out and answers 200 without content; `garble` answers with bytes that are no text; `error` answers with `Code` and
    `Status`; `delay` waits `Seconds` first.
    """

    Operation: OPERATIONS
    Product: str | None = None
    Do: Literal["lose_answer", "reset", "truncate", "garble", "error", "delay"]
    After: Annotated[int, Field(ge=0)] = 0
    Times: Annotated[int, Field(ge=1)] = 1
    Code: str = "InternalFailure"
    Message: str = "a scripted fault"
    Status: Annotated[int, Field(ge=400, le=599)] = 500
    Seconds: NonNegative = 1.0


class Holdings(Strict):
    """What one account holds in one region, its quotas and its trouble."""

    UnderChangeCode: str = "ValidationException"
    SearchLag: NonNegative = 0.0
    Quotas: dict[OPERATIONS, QuotaSpec] = {}
    Products: tuple[ProductSpec, ...] = ()
    Crowd: CrowdSpec | None = None
    Faults: tuple[FaultSpec, ...] = ()

    @model_validator(mode="after")
    def _ids_and_names_are_unique(self) -> Self:
        known = {product.Id for product in self.Products}
        unknown = [product.Follows for product in self.Products if product.Follows and product.Follows not in known]
        if unknown:
            message = f"Follows names products that do not exist: {', '.join(unknown)}"
            raise ValueError(message)
        for what, found in (
            ("products listed twice", [product.Id for product in self.Products]),
            ("names borne twice at a time", [product.Name for product in self.Products if not product.Follows]),
        ):
            twice = [str(each) for each, count in Counter(found).items() if each is not None and count > 1]
            if twice:
                message = f"{what}: {', '.join(twice)}"
                raise ValueError(message)
        return self

    def all_products(self, seed: int) -> Iterator[ProductSpec]:
        """Yield the products named, then the crowd; durations that are not given are drawn from the seed (1-4 s)."""
        draw = random.Random(seed)  # noqa: S311 - a made-up world
        names = {product.Id: product.Name or f"name-of-{product.Id}" for product in self.Products}
        for product in self.Products:
            duration = product.Duration if product.Duration is not None else round(draw.uniform(1.0, 4.0), 2)
            name = product.Name or names[product.Follows or product.Id]
            yield product.model_copy(update={"Duration": duration, "Name": name})
        for number in range(self.Crowd.Count if self.Crowd else 0):
            assert self.Crowd is not None
            fails = draw.random() < self.Crowd.FailOnce
            yield ProductSpec(
                Id=f"{self.Crowd.Prefix}-{number:06d}",
                Name=f"{self.Crowd.Prefix}-{number:06d}",
                Duration=round(draw.uniform(*self.Crowd.Duration), 3),
                Terminations=("FAILED", "SUCCEEDED") if fails else ("SUCCEEDED",),
            )


class LaneSpec(Holdings):
    """A further account and region, with what it holds."""

    Account: AccountNumber
    Region: RegionName


class AccountSpec(Strict):
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


class WorldSpec(Holdings):
    """
    A whole world. `Account` and `Region` are where the client's own credentials lead, and the keys beside them say what
    there is; `Lanes` are further accounts and regions, and `Accounts` says who may do what in each.
    """

    Seed: int = 1
    Speed: Annotated[float, Field(gt=0)] = 1.0
    Account: AccountNumber = "111122223333"
    Region: RegionName = "eu-west-1"
    Lanes: tuple[LaneSpec, ...] = ()
    Accounts: dict[AccountNumber, AccountSpec] = {}

    @model_validator(mode="after")
    def _lanes_are_unique(self) -> Self:
        lanes = Counter([(self.Account, self.Region), *((lane.Account, lane.Region) for lane in self.Lanes)])
        twice = ["/".join(lane) for lane, count in lanes.items() if count > 1]
        if twice:
            message = f"lanes listed twice: {', '.join(twice)}"
            raise ValueError(message)
        return self

    @property
    def all_lanes(self) -> dict[tuple[str, str], Holdings]:
        """What each lane holds, the first one's first."""
        return {(self.Account, self.Region): self} | {(lane.Account, lane.Region): lane for lane in self.Lanes}

    @property
    def all_accounts(self) -> dict[str, AccountSpec]:
        """Who may do what, for every account that there is."""
        known = dict.fromkeys([self.Account, *(lane.Account for lane in self.Lanes)])
        return {account: self.Accounts.get(account, AccountSpec()) for account in [*known, *self.Accounts]}


def read_world(path: Path) -> WorldSpec:
    """
    Read a world file.

    Args:

        path: The YAML file.

    Raises:

        WorldInvalid: It has mistakes, or cannot be read.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return WorldSpec.model_validate(content if content is not None else {})
    except ValidationError as error:
        mistakes = "\n".join(
            f"{path}: {'.'.join(map(str, detail['loc'])) or 'the world'}: {detail['msg']}" for detail in error.errors()
        )
        raise WorldInvalid(mistakes) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        message = f"{place}: not YAML: {error.problem}"
        raise WorldInvalid(message) from error
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        message = f"{path}: {error}"
        raise WorldInvalid(message) from error
