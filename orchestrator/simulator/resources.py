"""What a world is made of: provisioned products and records, and what the API says of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from orchestrator.simulator.specs import ProductSpec

Json = dict[str, Any]

TRANSITIVE = ("UNDER_CHANGE", "PLAN_IN_PROGRESS")
"""Statuses in which a product is under change (documented)."""


@dataclass(slots=True)
class RecordResource:
    """A record. Times are epoch seconds. It keeps the name its product had then (a guess)."""

    id: str
    product: ProductResource
    name: str
    type: str
    created_at: float
    updated_at: float
    status: str = "CREATED"
    token: str | None = None
    errors: list[Json] = field(default_factory=list)
    failure: str | None = None
    ignore_errors: bool = False
    retain: bool = False

    def detail(self) -> Json:
        """Return what the API says of it."""
        offset = self.product.clock_offset
        return {
            "RecordId": self.id,
            "ProvisionedProductName": self.name,
            "Status": self.status,
            "CreatedTime": round(self.created_at + offset, 3),
            "UpdatedTime": round(self.updated_at + offset, 3),
            "ProvisionedProductType": self.product.type,
            "RecordType": self.type,
            "ProvisionedProductId": self.product.id,
            "ProductId": self.product.catalog_id,
            "ProvisioningArtifactId": self.product.artifact_id,
            "PathId": self.product.path_id,
            "RecordErrors": self.errors,
            "RecordTags": [],
            **known(LaunchRoleArn=self.product.launch_role),
        }


@dataclass(slots=True)
class ProductResource:
    """
    A provisioned product. `gone_at` is set once it is terminated.

    `last_record` and `last_success` are the last record, and the last that SUCCEEDED, of a provisioning, an update or a
    termination (documented); no other kind is made here. `clock_offset` is how many seconds the service's clock is ahead.
    """

    id: str
    name: str
    type: str
    status: str
    created_at: float
    account: str
    region: str
    clock_offset: float
    duration: float
    outcomes: list[str]
    course: tuple[str, ...]
    error: Json
    tags: Json
    hidden: bool
    hides_records: bool
    catalog_id: str
    catalog_name: str
    artifact_id: str
    artifact_name: str
    path_id: str
    launch_role: str | None
    user_arn: str
    user_session: str
    token: str
    message: str | None
    owned_by: str = "Account"
    last_record: str | None = None
    last_success: str | None = None
    current: RecordResource | None = None
    gone_at: float | None = None

    @classmethod
    def of(
        cls, spec: ProductSpec, created_at: float, account: str, region: str, clock_offset: float = 0.0
    ) -> ProductResource:
        """Return the product that a world file describes, as it is at first."""
        user_arn = spec.UserArn or f"arn:aws:sts::{account}:assumed-role/Simulated/somebody"
        return cls(
            id=spec.Id,
            name=spec.Name or spec.Id,
            type=spec.Type,
            status=spec.Status,
            created_at=created_at,
            account=account,
            region=region,
            clock_offset=clock_offset,
            duration=spec.Duration or 0.0,
            outcomes=list(spec.Terminations),
            course=spec.Course,
            error={"Code": spec.Error.Code, "Description": spec.Error.Description},
            tags=dict(spec.Tags),
            hidden=spec.HiddenFromSearch,
            hides_records=spec.HiddenRecords,
            catalog_id=spec.ProductId,
            catalog_name=spec.ProductName,
            artifact_id=spec.ProvisioningArtifactId or "pa-" + spec.ProductId[5:],
            artifact_name=spec.ProvisioningArtifactName,
            path_id=spec.PathId,
            launch_role=spec.LaunchRoleArn,
            user_arn=user_arn,
            # As in AWS's own sample, where both are alike.
            user_session=spec.UserArnSession or user_arn,
            token=spec.IdempotencyToken or f"provision-{spec.Id}",
            message=spec.StatusMessage,
            owned_by=spec.OwnedBy,
        )

    @property
    def arn(self) -> str:
        """Its ARN, which its name is a part of."""
        return f"arn:aws:servicecatalog:{self.region}:{self.account}:stack/{self.name}/{self.id}"

    @property
    def stack_arn(self) -> str:
        """The stack behind it (its name's form was seen in the wild)."""
        return f"arn:aws:cloudformation:{self.region}:{self.account}:stack/SC-{self.account}-{self.id}/simulated"

    def error_of(self, failure: str | None) -> Json:
        """Return the error of a termination that FAILED: in these words, or in the product's own."""
        words = failure or self.error["Description"]
        return {"Code": self.error["Code"], "Description": words.replace("{stack}", f"SC-{self.account}-{self.id}")}

    def detail(self) -> Json:
        """Return what a lookup or a scan says of it."""
        return self._common() | known(LaunchRoleArn=self.launch_role)

    def attributes(self) -> Json:
        """Return what a search says of it: more than a lookup does, except its launch role."""
        return {
            **self._common(),
            "PhysicalId": self.stack_arn,
            "ProductName": self.catalog_name,
            "ProvisioningArtifactName": self.artifact_name,
            "UserArn": self.user_arn,
            "UserArnSession": self.user_session,
            "Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()],
        }

    def _common(self) -> Json:
        return {
            "Name": self.name,
            "Arn": self.arn,
            "Type": self.type,
            "Id": self.id,
            "Status": self.status,
            "CreatedTime": round(self.created_at + self.clock_offset, 3),
            "IdempotencyToken": self.token,
            "ProductId": self.catalog_id,
            "ProvisioningArtifactId": self.artifact_id,
            **known(
                StatusMessage=self.message,
                LastRecordId=self.last_record,
                LastProvisioningRecordId=self.last_record,
                LastSuccessfulProvisioningRecordId=self.last_success,
            ),
        }


@dataclass(frozen=True, slots=True)
class Wish:
    """The parameters of a termination."""

    token: str | None = None
    ignore_errors: bool = False
    retain: bool = False


def known(**members: object) -> Json:
    """Return the members that have a value; AWS leaves out the others."""
    return {name: value for name, value in members.items() if value is not None}
