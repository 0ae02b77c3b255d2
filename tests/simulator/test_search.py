"""What a search finds by the documented fields and by bare texts, and the members that other clients read."""

from __future__ import annotations

import pytest

from orchestrator.simulator.form import Contract
from orchestrator.simulator.world import World
from tests.simulator.making import HOME, SEEN_BY_ALL, Json, client, simulator, terminate, world

TOKEN = "11111111-2222-3333-4444-555555555555"  # a made-up token of a provisioning
PRODUCT = {
    "Id": "pp-a",
    "Name": "alice",
    "Type": "CFN_STACKSET",
    "Status": "TAINTED",
    "Age": 0,
    "ProductId": "prod-tcjvfz3syn2rg",
    "ProductName": "Notebook of one",
    "ProvisioningArtifactId": "pa-x",
    "ProvisioningArtifactName": "v7",
    "UserArn": "arn:aws:iam::111122223333:user/alice",
    "UserArnSession": "arn:aws:sts::111122223333:assumed-role/Dev/alice",
    "IdempotencyToken": TOKEN,
    "Tags": {"Owner": "team one"},
    "PathId": "lpv2-y",
    "LaunchRoleArn": "arn:aws:iam::111122223333:role/Launch",
    "StatusMessage": "it was cut off",
}
FIELDS = [
    f"arn:arn:aws:servicecatalog:eu-west-1:{HOME}:stack/alice/pp-a",
    "createdTime:1000.0",
    "createdTime:1970-01-01",
    "createdTime:1970-01-01T00:16:40Z",
    "id:pp-a",
    "lastRecordId:rec-0000000000001",
    f"idempotencyToken:{TOKEN}",
    "name:alice",
    f"physicalId:arn:aws:cloudformation:eu-west-1:{HOME}:stack/SC-{HOME}-pp-a/simulated",
    "productId:prod-tcjvfz3syn2rg",
    "provisioningArtifactId:pa-x",
    "type:CFN_STACKSET",
    "status:TAINTED",
    "tags:Owner",
    "tags:team one",
    "tags:Owner:team one",
    "tags:Owner=team one",
    "userArn:arn:aws:iam::111122223333:user/alice",
    "userArnSession:arn:aws:sts::111122223333:assumed-role/Dev/alice",
    "lastProvisioningRecordId:rec-0000000000001",
    "lastSuccessfulProvisioningRecordId:rec-0000000000001",
    "productName:Notebook of one",
    "provisioningArtifactName:v7",
]


def found(here: World, *queries: str) -> list[str]:
    """What a search finds."""
    answer = here.search({"Filters": {"SearchQuery": list(queries)}}, here.life.now)
    assert answer["TotalResultsCount"] == len(answer["ProvisionedProducts"])
    return [each["Id"] for each in answer["ProvisionedProducts"]]


@pytest.mark.parametrize("query", FIELDS)
def test_each_documented_field_can_be_searched(query: str) -> None:
    """By its whole value; another value finds nothing."""
    here = world(PRODUCT, {"Id": "pp-b"})
    assert found(here, query) == ["pp-a"]
    assert found(here, query + "0x") == []


def test_all_documented_fields_are_there() -> None:
    """Eighteen of them."""
    assert len({each.partition(":")[0] for each in FIELDS}) == 18


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("prod-tcjvfz3syn2rg", ["pp-a"]),
        ("alice", ["pp-a"]),
        ("team one", ["pp-a"]),
        (f"arn:aws:cloudformation:eu-west-1:{HOME}:stack/SC-{HOME}-pp-a", ["pp-a"]),
        ("pp-", ["pp-a", "pp-b"]),
        ("nothing", []),
    ],
)
def test_a_bare_text_is_looked_for_in_every_field(text: str, ids: list[str]) -> None:
    """AWS's own sample is one."""
    assert sorted(found(world(PRODUCT, {"Id": "pp-b"}), text)) == ids


def test_every_entry_of_a_query_has_to_match() -> None:
    """None of them finds everything."""
    here = world(PRODUCT, {"Id": "pp-b"})
    assert found(here, "id:pp-a", "status:TAINTED") == ["pp-a"]
    assert found(here, "id:pp-b", "status:TAINTED") == []
    assert len(found(here)) == 2


def test_a_time_beyond_the_calendar_is_not_found() -> None:
    """A world may be that old."""
    assert found(world({"Id": "pp-a", "Age": 1e12}), "createdTime:2026-01-01") == []


def test_a_lookup_a_scan_and_a_search_tell_what_other_clients_read() -> None:
    """Each the members that it has; the launch role is not in a search."""
    here = world(PRODUCT)
    lookup = here.describe_product({"Id": "pp-a"})["ProvisionedProductDetail"]
    record = "rec-0000000000001"
    assert lookup == {
        "Arn": f"arn:aws:servicecatalog:eu-west-1:{HOME}:stack/alice/pp-a",
        "CreatedTime": 1000.0,
        "Id": "pp-a",
        "IdempotencyToken": TOKEN,
        "LastProvisioningRecordId": record,
        "LastRecordId": record,
        "LastSuccessfulProvisioningRecordId": record,
        "LaunchRoleArn": "arn:aws:iam::111122223333:role/Launch",
        "Name": "alice",
        "ProductId": "prod-tcjvfz3syn2rg",
        "ProvisioningArtifactId": "pa-x",
        "Status": "TAINTED",
        "StatusMessage": "it was cut off",
        "Type": "CFN_STACKSET",
    }
    assert here.scan(SEEN_BY_ALL)["ProvisionedProducts"] == [lookup]
    [searched] = here.search({}, 1000.0)["ProvisionedProducts"]
    assert {key: value for key, value in searched.items() if key in lookup} == {
        key: value for key, value in lookup.items() if key != "LaunchRoleArn"
    }
    assert searched.keys() - lookup.keys() == {
        "PhysicalId",
        "ProductName",
        "ProvisioningArtifactName",
        "Tags",
        "UserArn",
        "UserArnSession",
    }
    told = here.describe_record({"Id": record})["RecordDetail"]
    assert (told["PathId"], told["LaunchRoleArn"], told["ProvisioningArtifactId"]) == (
        "lpv2-y",
        "arn:aws:iam::111122223333:role/Launch",
        "pa-x",
    )


def test_a_member_without_a_value_is_left_out_or_has_a_default() -> None:
    """No launch role, no message; the session is the user's own."""
    here = world({"Id": "pp-a"})
    [searched] = here.search({}, 1000.0)["ProvisionedProducts"]
    assert {"StatusMessage", "LaunchRoleArn"}.isdisjoint(searched)
    assert searched["UserArnSession"] == searched["UserArn"]
    assert searched["IdempotencyToken"] == "provision-pp-a"
    assert "LaunchRoleArn" not in here.describe_record({"Id": searched["LastRecordId"]})["RecordDetail"]


def test_the_last_records_are_those_of_terminations_too() -> None:
    """As documented; one that FAILED is not the last successful one, and its error is the product's message."""
    here = world({"Id": "pp-a", "Duration": 1, "Terminations": ["FAILED"], "Error": {"Description": "no {stack}"}})
    record = terminate(here, 1000.0)["RecordId"]
    here.advance(1002.0)
    shown: Json = here.describe_product({"Id": "pp-a"})["ProvisionedProductDetail"]
    assert (shown["LastRecordId"], shown["LastProvisioningRecordId"]) == (record, record)
    assert shown["LastSuccessfulProvisioningRecordId"] == "rec-0000000000001"
    assert shown["StatusMessage"] == f"no SC-{HOME}-pp-a"


def test_boto3_reads_every_member() -> None:
    """As the model has them."""
    with simulator(PRODUCT) as server:
        catalog = client(server)
        [searched] = catalog.search_provisioned_products(Filters={"SearchQuery": ["prod-tcjvfz3syn2rg"]})[
            "ProvisionedProducts"
        ]
        assert searched["ProvisioningArtifactName"] == "v7"
        found = catalog.describe_record(Id=searched["LastSuccessfulProvisioningRecordId"])["RecordDetail"]
        assert found["RecordType"] == "PROVISION_PRODUCT"
    Contract().check_answer(
        "SearchProvisionedProducts", {"ProvisionedProducts": [world(PRODUCT).search({}, 1000.0)["ProvisionedProducts"][0]]}
    )
