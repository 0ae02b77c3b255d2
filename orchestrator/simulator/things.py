"""What a world is made of: provisioned products and records, and what the API says of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from orchestrator.simulator.specs import ProductSpec

Json = dict[str, Any]


@dataclass(slots=True)
class Record:
    """A record. Times are epoch seconds."""

    id: str
    product: Product
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
        return {
            "RecordId": self.id,
            "ProvisionedProductName": self.product.name,
            "Status": self.status,
            "CreatedTime": self.created_at,
            "UpdatedTime": self.updated_at,
            "ProvisionedProductType": self.product.type,
            "RecordType": self.type,
            "ProvisionedProductId": self.product.id,
            "ProductId": self.product.catalog_id,
            "ProvisioningArtifactId": "pa-" + self.product.catalog_id[5:],
            "RecordErrors": self.errors,
            "RecordTags": [],
        }


@dataclass(slots=True)
class Product:
    """A provisioned product. `gone_at` is set once it is terminated."""

    id: str
    name: str
    type: str
    status: str
    created_at: float
    account: str
    region: str
    duration: float
    outcomes: list[str]
    course: tuple[str, ...]
    error: Json
    tags: Json
    hidden: bool
    catalog_id: str
    catalog_name: str
    user_arn: str
    owned_by: str = "Account"
    last_record: Record | None = None
    current: Record | None = None
    gone_at: float | None = None

    @classmethod
    def of(cls, spec: ProductSpec, created_at: float, account: str, region: str) -> Product:
        """Return the product that a world file describes, as it is at first."""
        return cls(
            id=spec.Id,
            name=spec.Name or spec.Id,
            type=spec.Type,
            status=spec.Status,
            created_at=created_at,
            account=account,
            region=region,
            duration=spec.Duration or 0.0,
            outcomes=list(spec.Terminations),
            course=spec.Course,
            error={"Code": spec.Error.Code, "Description": spec.Error.Description},
            tags=dict(spec.Tags),
            hidden=spec.HiddenFromSearch,
            catalog_id=spec.ProductId,
            catalog_name=spec.ProductName,
            user_arn=spec.UserArn or f"arn:aws:sts::{account}:assumed-role/Simulated/somebody",
            owned_by=spec.OwnedBy,
        )

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
        last = {"LastRecordId": self.last_record.id} if self.last_record else {}
        return {
            "Name": self.name,
            "Arn": f"arn:aws:servicecatalog:{self.region}:{self.account}:stack/{self.name}/{self.id}",
            "Type": self.type,
            "Id": self.id,
            "Status": self.status,
            "CreatedTime": self.created_at,
            "ProductId": self.catalog_id,
            **last,
        }

    def attributes(self) -> Json:
        """Return what a search says of it: more than a lookup does."""
        tags = [{"Key": key, "Value": value} for key, value in self.tags.items()]
        return {
            **self.detail(),
            "PhysicalId": self.stack_arn,
            "ProductName": self.catalog_name,
            "UserArn": self.user_arn,
            "Tags": tags,
        }
