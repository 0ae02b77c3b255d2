"""Many accounts: who is calling, what they may see and do, and what happens under one name."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from orchestrator.simulator import Simulator, WorldSpec

HOME, OTHER = "111122223333", "444455556666"


def client(server: Simulator, key: str = "anybody", region: str = "eu-west-1", service: str = "servicecatalog") -> Any:
    """A client with made-up credentials."""
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=server.url,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key="x",
    )


def listed(catalog: Any, level: str = "Account") -> list[str]:
    """What a scan shows."""
    found = catalog.scan_provisioned_products(AccessLevelFilter={"Key": level, "Value": "self"})
    return [product["Id"] for product in found["ProvisionedProducts"]]


def refused(call: Any) -> str:
    """The error code of a call."""
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def test_each_account_and_region_has_a_world_and_quotas_of_its_own() -> None:
    """What is done in one leaves the others alone."""
    quota = {"DescribeRecord": {"Rate": 0.001, "Burst": 1}}
    lanes = [
        {"Account": OTHER, "Region": "eu-west-1", "Products": [{"Id": "pp-b"}], "Quotas": quota},
        {"Account": HOME, "Region": "us-east-1", "Products": [{"Id": "pp-c"}]},
    ]
    spec = WorldSpec.model_validate({"Products": [{"Id": "pp-a"}], "Lanes": lanes})
    with Simulator(spec) as server:
        assert listed(client(server)) == ["pp-a"]
        assert listed(client(server, f"AKIA{OTHER}SIMU")) == ["pp-b"]
        assert listed(client(server, region="us-east-1")) == ["pp-c"]
        assert listed(client(server, region="ap-south-1")) == []
        throttled = client(server, f"AKIA{OTHER}SIMU")
        for code in ("ResourceNotFoundException", "ThrottlingException"):
            assert refused(lambda: throttled.describe_record(Id="rec-1")) == code
        assert refused(lambda: client(server).describe_record(Id="rec-1")) == "ResourceNotFoundException"


def test_keys_that_nobody_has_handed_out_are_refused() -> None:
    """In the words of each service."""
    with Simulator(WorldSpec()) as server:
        for key in ("ASIANOBODY", "AKIA000000000000SIMU"):
            assert refused(lambda key=key: listed(client(server, key))) == "UnrecognizedClientException"
            sts = client(server, key, service="sts")
            assert refused(sts.get_caller_identity) == "InvalidClientTokenId"


def test_credentials_of_a_role_expire() -> None:
    """After that they are refused, and say so."""
    with Simulator(WorldSpec.model_validate({"Accounts": {HOME: {"CredentialsLast": 0.001}}})) as server:
        sts = client(server, service="sts")
        key = sts.assume_role(RoleArn=f"arn:aws:iam::{HOME}:role/r", RoleSessionName="ss")["Credentials"]["AccessKeyId"]
        while True:
            code = refused(lambda: client(server, key).describe_record(Id="rec-1"))
            if code != "ResourceNotFoundException":
                break
        assert code == "ExpiredTokenException"
        assert refused(client(server, key, service="sts").get_caller_identity) == "ExpiredToken"


def test_a_listing_shows_what_its_level_of_access_holds() -> None:
    """Each level holds those below it; one that is too high is denied."""
    products = [{"Id": "pp-1", "OwnedBy": "User"}, {"Id": "pp-2", "OwnedBy": "Role"}, {"Id": "pp-3"}]
    with Simulator(WorldSpec.model_validate({"Products": products})) as server:
        assert [listed(client(server), level) for level in ("User", "Role", "Account")] == [
            ["pp-1"],
            ["pp-1", "pp-2"],
            ["pp-1", "pp-2", "pp-3"],
        ]
    spec = WorldSpec.model_validate({"Products": products, "Accounts": {HOME: {"Access": "Role"}}})
    with Simulator(spec) as server:
        catalog = client(server)
        assert listed(catalog, "Role") == ["pp-1", "pp-2"]
        assert refused(lambda: listed(catalog)) == "AccessDeniedException"
        assert refused(lambda: catalog.describe_provisioned_product(Id="pp-3")) == "ResourceNotFoundException"


def test_a_name_is_free_again_when_its_product_is_gone() -> None:
    """And another product takes it, under an id of its own."""
    products = [{"Id": "pp-a", "Name": "alice", "Duration": 0}, {"Id": "pp-b", "Follows": "pp-a"}]
    with Simulator(WorldSpec.model_validate({"Products": products})) as server:
        catalog = client(server)
        assert catalog.describe_provisioned_product(Name="alice")["ProvisionedProductDetail"]["Id"] == "pp-a"
        catalog.terminate_provisioned_product(ProvisionedProductName="alice", TerminateToken="t")
        assert catalog.describe_provisioned_product(Name="alice")["ProvisionedProductDetail"]["Id"] == "pp-b"
        assert listed(catalog) == ["pp-b"]


def test_control_tower_unmanages_one_account_at_a_time() -> None:
    """A second one fails, and can be tried again."""
    kind = {"Type": "CONTROL_TOWER_ACCOUNT", "Duration": 3600}
    products = [{"Id": "pp-a", **kind}, {"Id": "pp-b", "Type": "CONTROL_TOWER_ACCOUNT", "Duration": 0}]
    with Simulator(WorldSpec.model_validate({"Products": products})) as server:
        catalog = client(server)
        for id_ in ("pp-a", "pp-b"):
            record = catalog.terminate_provisioned_product(ProvisionedProductId=id_, TerminateToken=id_)["RecordDetail"]
        found = catalog.describe_record(Id=record["RecordId"])["RecordDetail"]
        assert found["Status"] == "FAILED"
        assert "another account operation is in progress" in found["RecordErrors"][0]["Description"]
        assert catalog.describe_provisioned_product(Id="pp-b")["ProvisionedProductDetail"]["Status"] == "TAINTED"


@pytest.mark.parametrize("do", ["error", "reset", "truncate", "garble"])
def test_trouble_happens_to_sts_as_well(do: str) -> None:
    """Once, and then it answers."""
    fault = {"Operation": "GetCallerIdentity", "Do": do}
    with Simulator(WorldSpec.model_validate({"Faults": [fault]})) as server:
        sts = client(server, service="sts")
        if do in ("truncate", "garble"):
            with pytest.raises(ResponseParserError):
                sts.get_caller_identity()
        assert sts.get_caller_identity()["Account"] == HOME
        assert len(server.service.ledger) == 2
