"""
The keys of a plan file and the types of their values, as pydantic models whose fields are named like the keys.

Rules between parts of a plan are in the core.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from orchestrator.core.plan.model import Tolerance
from orchestrator.store.plan.fields import (
    UNSET,
    AccountNumber,
    Dependency,
    Duration,
    EntryKey,
    ExternalIdText,
    FormatVersion,
    GlobText,
    Identifier,
    NameGlob,
    NameOrArn,
    PlanName,
    ProfileName,
    Rate,
    RegionName,
    RoleArnText,
    RolePath,
    RowsName,
    SessionName,
    Several,
    TagKey,
    TagValue,
    ToleranceText,
)

StatusName = Literal["AVAILABLE", "TAINTED", "ERROR", "UNDER_CHANGE", "PLAN_IN_PROGRESS"]
"""Documented: all statuses that a provisioned product may have."""

TypeName = Literal[
    "CFN_STACK", "CFN_STACKSET", "TERRAFORM_OPEN_SOURCE", "TERRAFORM_CLOUD", "EXTERNAL", "CONTROL_TOWER_ACCOUNT"
]
"""Documented, but for CONTROL_TOWER_ACCOUNT, which was seen; products of other types are refused anyway."""


SOURCES = ("Products", "ProductsFrom", "Select")
"""The keys that products come from; a plan must have at least one of them."""


class StrictKeys(BaseModel):
    """Refuses unknown keys, and values of other types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class OptionKeys(StrictKeys):
    """The options of a product; those not given come from `Defaults`, then from the defaults here."""

    IgnoreErrors: bool = False
    RetainPhysicalResources: bool = False
    AcceptLanguage: Literal["en", "jp", "zh"] = "en"
    TerminationTimeout: Duration = 3_600


class DefaultKeys(OptionKeys):
    """`Defaults`."""


class TargetKeys(StrictKeys):
    """One entry of `Targets`: an account, its regions, and how to get access."""

    AccountId: AccountNumber
    Regions: Annotated[list[RegionName], Field(min_length=1)]
    RoleName: RolePath = UNSET
    RoleArn: RoleArnText = UNSET
    Profile: ProfileName = UNSET
    ExternalId: ExternalIdText = UNSET
    RoleSessionName: SessionName = UNSET


class ProductKeys(OptionKeys):
    """One entry of `Products`: a product by its id, its name or its ARN."""

    ProvisionedProductId: Identifier = UNSET
    ProvisionedProductName: NameOrArn = UNSET
    AccountId: AccountNumber = UNSET
    Region: RegionName = UNSET
    Key: EntryKey = UNSET
    DependsOn: list[Dependency] = UNSET


class ConditionKeys(StrictKeys):
    """Conditions on products: all keys that are given must match, each with at least one of its words."""

    Name: Several[NameGlob] = UNSET
    Status: Several[StatusName] = UNSET
    Tags: Annotated[dict[TagKey, Several[TagValue]], Field(min_length=1)] = UNSET
    ProductName: Several[GlobText] = UNSET
    ProductId: Several[Identifier] = UNSET
    Type: Several[TypeName] = UNSET
    UserArn: Several[GlobText] = UNSET
    AccountId: Several[AccountNumber] = UNSET
    Region: Several[RegionName] = UNSET
    OlderThan: Duration = UNSET
    YoungerThan: Duration = UNSET


class WhereKeys(ConditionKeys):
    """`Where` of a selection."""

    @model_validator(mode="after")
    def has_a_condition(self) -> Self:
        """Refuse a selection without conditions, which would select everything."""
        if not self.model_fields_set:
            raise PydanticCustomError("no_condition", "")
        return self


class ProtectKeys(ConditionKeys):
    """One entry of `Protect`."""

    ProvisionedProductId: Several[Identifier] = UNSET


class SelectKeys(OptionKeys):
    """One entry of `Select`: conditions, and options for the products that match them."""

    Where: WhereKeys
    After: Duration = UNSET
    Key: EntryKey = UNSET
    DependsOn: list[Dependency] = UNSET


class LimitKeys(StrictKeys):
    """`Limits`."""

    MaxTerminations: Annotated[int, Field(ge=0)] = 100
    MaxPercent: Annotated[int, Field(ge=0, le=100)] = 100
    FailureTolerance: ToleranceText = Tolerance(percent=10)
    InFlight: Annotated[int, Field(ge=1)] = 500
    RatePerSecond: Rate | None = None
    TerminationTimeout: Duration = 3_600
    Deadline: Duration = 43_200


class RetryKeys(StrictKeys):
    """`Retry`."""

    Attempts: Annotated[int, Field(ge=1, le=10)] = 2
    Backoff: Duration = 30


class PlanKeys(StrictKeys):
    """The whole file."""

    Version: FormatVersion
    Name: PlanName
    Targets: Annotated[list[TargetKeys], Field(min_length=1)] = UNSET
    Defaults: DefaultKeys = DefaultKeys()
    Products: list[ProductKeys] = []
    ProductsFrom: list[RowsName] = []
    Select: list[SelectKeys] = []
    Protect: list[ProtectKeys] = []
    Limits: LimitKeys = LimitKeys()
    Retry: RetryKeys = RetryKeys()
