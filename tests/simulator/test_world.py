"""The simulated account: what the facts say of the real one, on a clock of the test's own."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from orchestrator.simulator import Simulator, WorldInvalid, WorldSpec, read_world
from orchestrator.simulator.errors import ApiError
from orchestrator.simulator.form import Contract
from orchestrator.simulator.quota import Bucket
from orchestrator.simulator.world import World

ROOT = Path(__file__).parents[2]


def world(*products: dict[str, Any], **keys: Any) -> World:
    """A world that began at 1000 s."""
    return World("111122223333", "eu-west-1", WorldSpec.model_validate({"Products": list(products)} | keys), 1, 1000.0)


def terminate(world: World, now: float, token: str = "t1", **more: Any) -> dict[str, Any]:
    """Ask for a termination of pp-a."""
    request = {"ProvisionedProductId": "pp-a", "TerminateToken": token} | more
    detail: dict[str, Any] = world.terminate(request, now)["RecordDetail"]
    return detail


def test_a_record_goes_through_its_life_and_outlives_its_product() -> None:
    """CREATED, IN_PROGRESS, SUCCEEDED."""
    here = world({"Id": "pp-a", "Duration": 10})
    record = terminate(here, 1000.0)["RecordId"]
    seen = []
    for now in (1000.5, 1002.0, 1011.0):
        here.advance(now)
        seen.append(here.describe_record({"Id": record})["RecordDetail"]["Status"])
    assert seen == ["CREATED", "IN_PROGRESS", "SUCCEEDED"]
    with pytest.raises(ApiError, match="No stack named pp-a exists"):
        here.describe_product({"Id": "pp-a"})


def test_a_token_is_remembered_while_in_progress_and_not_after() -> None:
    """The same record, a rejection for another token, ResourceNotFound at the end."""
    here = world({"Id": "pp-a", "Duration": 10})
    first = terminate(here, 1000.0)
    assert terminate(here, 1001.0)["RecordId"] == first["RecordId"]
    with pytest.raises(ApiError, match="under change"):
        terminate(here, 1001.0, token="t2")
    here.advance(1011.0)
    with pytest.raises(ApiError) as caught:
        terminate(here, 1011.0)
    assert caught.value.code == "ResourceNotFoundException"


def test_a_failed_termination_taints_and_ignored_errors_leave_an_orphan() -> None:
    """With IgnoreErrors the product goes, its stack stays."""
    here = world({"Id": "pp-a", "Duration": 1, "Terminations": ["FAILED"]})
    terminate(here, 1000.0)
    here.advance(1002.0)
    assert here.describe_product({"Id": "pp-a"})["ProvisionedProductDetail"]["Status"] == "TAINTED"
    terminate(here, 1002.0, token="t2", IgnoreErrors=True)
    here.advance(1004.0)
    assert here.summary()["products"] == {"pp-a": "TERMINATED"}
    assert [orphan["because"] for orphan in here.summary()["orphans"]] == ["IgnoreErrors"]


def test_retained_resources_are_orphans_on_purpose() -> None:
    """The termination succeeds all the same."""
    here = world({"Id": "pp-a", "Duration": 1})
    terminate(here, 1000.0, RetainPhysicalResources=True)
    here.advance(1002.0)
    assert [orphan["because"] for orphan in here.summary()["orphans"]] == ["RetainPhysicalResources"]


def test_changes_of_others_end_by_themselves() -> None:
    """An update leaves the product, a termination does not; some never end."""
    here = world(
        {"Id": "pp-u", "Duration": 5, "Change": "UPDATE_PROVISIONED_PRODUCT"},
        {"Id": "pp-t", "Duration": 5, "Change": "TERMINATE_PROVISIONED_PRODUCT"},
        {"Id": "pp-n", "Duration": 5, "Change": "TERMINATE_PROVISIONED_PRODUCT", "Terminations": ["NEVER"]},
    )
    assert set(here.summary()["products"].values()) == {"UNDER_CHANGE"}
    here.advance(1006.0)
    assert here.summary()["products"] == {"pp-u": "AVAILABLE", "pp-t": "TERMINATED", "pp-n": "UNDER_CHANGE"}


def test_the_search_lags_behind_and_may_miss_products() -> None:
    """Its index is one of its own."""
    here = world({"Id": "pp-a", "Duration": 1}, {"Id": "pp-b", "HiddenFromSearch": True}, SearchLag=10)
    terminate(here, 1000.0)
    here.advance(1002.0)
    ids = [[p["Id"] for p in here.search({"SortBy": "id"}, now)["ProvisionedProducts"]] for now in (1002.0, 1020.0)]
    assert ids == [["pp-a"], []]
    assert [
        p["Id"] for p in here.scan({"AccessLevelFilter": {"Key": "Account", "Value": "self"}})["ProvisionedProducts"]
    ] == ["pp-b"]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"SortBy": "asdf"}, "ValidationException"),
        ({"SortBy": "createdTime"}, "ValidationException"),
        ({"Filters": {"SearchQuery": ["colour:red"]}}, "InvalidParametersException"),
    ],
)
def test_a_search_refuses_what_it_does_not_know(request_: dict[str, Any], code: str) -> None:
    """With the codes that were seen."""
    with pytest.raises(ApiError) as caught:
        world({"Id": "pp-a"}).search(request_, 1000.0)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"TerminateToken": "t" * 129, "ProvisionedProductId": "pp-a"},
        {"TerminateToken": "-x", "ProvisionedProductId": "pp-a"},
        {"TerminateToken": "t", "ProvisionedProductId": "pp a"},
        {"TerminateToken": "t", "ProvisionedProductId": "pp-a", "AcceptLanguage": "x" * 101},
    ],
)
def test_what_the_real_api_would_reject_is_rejected(parameters: dict[str, Any]) -> None:
    """By the service's own model: required, length, pattern."""
    with pytest.raises(ApiError) as caught:
        Contract().check_request("TerminateProvisionedProduct", parameters)
    assert caught.value.code == "ValidationException"


def test_pages_are_capped_by_the_model() -> None:
    """20 for a scan, 100 for a search."""
    contract = Contract()
    contract.check_request("ScanProvisionedProducts", {"PageSize": 20})
    contract.check_request("SearchProvisionedProducts", {"PageSize": 100})
    for operation, size in (("ScanProvisionedProducts", 21), ("SearchProvisionedProducts", 101)):
        with pytest.raises(ApiError, match="less than or equal to"):
            contract.check_request(operation, {"PageSize": size})


def test_an_answer_with_a_made_up_member_is_a_mistake_of_ours() -> None:
    """The simulator cannot invent fields."""
    with pytest.raises(TypeError, match="has no member Colour"):
        Contract().check_answer("DescribeRecord", {"RecordDetail": {"Colour": "red"}})


def test_a_bucket_refills_at_its_rate() -> None:
    """Burst first, then one per interval."""
    bucket = Bucket(rate=2, burst=3)
    assert [bucket.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(now) for now in (0.5, 0.6, 100, 100, 100)] == [True, False, True, True, True]
    assert not bucket.take(100)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Durration: 3", "Durration"),
        ("Products: [{Id: a}, {Id: a}]", "listed twice: a"),
        ("Products: [{Id: 'a b'}]", "Products.0.Id"),
        ("Speed: .inf", "Speed"),
        ("Region: nowhere", "Region"),
        ("Seed: 2020-13-45", "world.yaml"),
        ("[" * 3000, "world.yaml"),
        ("a: [", "not YAML"),
    ],
)
def test_a_world_with_mistakes_names_them(text: str, said: str, tmp_path: Path) -> None:
    """No traceback."""
    path = tmp_path / "world.yaml"
    path.write_text(text)
    with pytest.raises(WorldInvalid, match=said):
        read_world(path)


def test_the_shipped_world_is_valid_and_the_smallest_is_empty(tmp_path: Path) -> None:
    """Every field has a default."""
    shipped = read_world(ROOT / "plans" / "demo.world.yaml")
    assert [len(list(lane.all_products(1))) for lane in shipped.all_lanes.values()] == [12, 2, 2]
    (tmp_path / "empty.yaml").write_text("")
    assert list(read_world(tmp_path / "empty.yaml").all_products(1)) == []


def test_the_server_answers_whatever_comes() -> None:
    """Errors in AWS's form, and never a connection that is closed without a word."""
    with Simulator(WorldSpec()) as server:
        signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/servicecatalog/aws4_request, x"}
        target = {"X-Amz-Target": f"{server.service.target_prefix}.ListRecordHistory"}
        cases: list[tuple[dict[str, str], bytes, str]] = [
            ({}, b"{}", "MissingAuthenticationTokenException"),
            (signed, b"Action=Nonsense", "InvalidAction"),
            (signed | {"X-Amz-Target": "Other.ListRecordHistory"}, b"{}", "UnknownOperationException"),
            (signed | {"X-Amz-Target": f"{server.service.target_prefix}.Nonsense"}, b"{}", "UnknownOperationException"),
            (signed | target, b"{", "SerializationException"),
            (signed | target, b"[]", "SerializationException"),
            (signed | target, b'{"PageToken": "abc"}', "InvalidParametersException"),
            (signed | target, b'{"SearchFilter": {"Key": "foo", "Value": "x"}}', "InvalidParametersException"),
            (signed | target, b'{"AccessLevelFilter": {"Key": "Account", "Value": "other"}}', "InvalidParametersException"),
        ]
        for headers, body, code in cases:
            request = urllib.request.Request(server.url, data=body, headers=headers)
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(request)
            assert caught.value.code == 400
            assert code in caught.value.read().decode()
            caught.value.close()
        with pytest.raises(urllib.error.HTTPError) as nowhere:
            urllib.request.urlopen(f"{server.url}/nowhere")
        assert nowhere.value.code == 404
        nowhere.value.close()


def test_a_world_that_is_too_long_is_refused_and_not_cut(tmp_path: Path) -> None:
    """What is left of it would be another world."""
    path = tmp_path / "world.yaml"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    with pytest.raises(WorldInvalid, match="it is longer than 64 MiB"):
        read_world(path)
