"""Someone else provisions, renames, updates and terminates products, by the world file or by a request."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.simulator import WorldSpec
from orchestrator.simulator.errors import ApiError
from orchestrator.simulator.world import World
from tests.simulator.making import HOME, SEEN_BY_ALL, Answer, client, post, simulator, terminate, world


def shown(here: World, now: float) -> list[tuple[str, str, str]]:
    """What a scan shows: ids, names and statuses."""
    here.advance(now)
    return [(each["Id"], each["Name"], each["Status"]) for each in here.scan(SEEN_BY_ALL)["ProvisionedProducts"]]


def kinds(here: World, product: str) -> list[tuple[str, str, float]]:
    """The records of a product, newest first."""
    request = SEEN_BY_ALL | {"SearchFilter": {"Key": "provisionedproduct", "Value": product}}
    return [(each["RecordType"], each["Status"], each["CreatedTime"]) for each in here.history(request)["RecordDetails"]]


def test_a_product_may_appear_later() -> None:
    """Before that it is nowhere, then it was provisioned just now."""
    here = world({"Id": "pp-a", "Name": "a", "AppearsAt": 10}, {"Id": "pp-b", "Name": "a"})
    assert shown(here, 1009.9) == [("pp-b", "a", "AVAILABLE")]
    assert here.summary()["products"] == {"pp-b": "AVAILABLE"}
    assert kinds(here, "pp-a") == []
    assert shown(here, 1010.0) == [("pp-a", "a", "AVAILABLE"), ("pp-b", "a", "AVAILABLE")]
    assert kinds(here, "pp-a") == [("PROVISION_PRODUCT", "SUCCEEDED", 1010.0)]
    assert here.describe_product({"Id": "pp-a"})["ProvisionedProductDetail"]["CreatedTime"] == 1010.0


def test_a_product_may_get_another_name() -> None:
    """Also in its ARN, and under change; its records keep the name that it had."""
    here = world({"Id": "pp-a", "Name": "old", "Duration": 60, "RenamedAt": 5, "RenamedTo": "new"})
    record = terminate(here, 1001.0)
    assert shown(here, 1005.0) == [("pp-a", "new", "UNDER_CHANGE")]
    assert here.describe_product({"Name": "new"})["ProvisionedProductDetail"]["Arn"].endswith("stack/new/pp-a")
    with pytest.raises(ApiError, match="No stack named old exists"):
        here.describe_product({"Name": "old"})
    assert here.describe_record({"Id": record["RecordId"]})["RecordDetail"]["ProvisionedProductName"] == "old"


def test_a_product_may_be_updated() -> None:
    """Under change for as long as the update lasts, and available then."""
    here = world({"Id": "pp-a", "Name": "a", "Status": "TAINTED", "UpdatedAt": 5, "UpdateLasts": 3})
    assert [shown(here, now)[0][2] for now in (1004.0, 1005.0, 1007.9, 1008.0)] == [
        "TAINTED",
        "UNDER_CHANGE",
        "UNDER_CHANGE",
        "AVAILABLE",
    ]
    assert kinds(here, "pp-a")[0] == ("UPDATE_PROVISIONED_PRODUCT", "SUCCEEDED", 1005.0)


def test_a_product_may_be_terminated_by_someone_else() -> None:
    """By a record of theirs; no token of ours gets it."""
    here = world({"Id": "pp-a", "Name": "a", "Duration": 10, "TerminatedAt": 5})
    here.advance(1006.0)
    with pytest.raises(ApiError, match="under change"):
        terminate(here, 1006.0)
    assert kinds(here, "pp-a")[0] == ("TERMINATE_PROVISIONED_PRODUCT", "IN_PROGRESS", 1005.0)
    assert shown(here, 1015.0) == []


def test_others_do_nothing_to_what_is_under_change_or_gone() -> None:
    """As the service would refuse them."""
    here = world({"Id": "pp-a", "Duration": 10, "UpdatedAt": 5, "TerminatedAt": 6}, {"Id": "pp-b", "TerminatedAt": 20})
    terminate(here, 1001.0)
    terminate(here, 1002.0, product="pp-b")
    here.advance(1030.0)
    assert [len(kinds(here, each)) for each in ("pp-a", "pp-b")] == [2, 2]


def test_records_may_be_hidden() -> None:
    """From lookups, which are denied, and from histories; the product itself is not."""
    here = world({"Id": "pp-a", "HiddenRecords": True}, {"Id": "pp-b"})
    record = terminate(here, 1000.0)["RecordId"]
    with pytest.raises(ApiError) as caught:
        here.describe_record({"Id": record})
    assert caught.value.code == "AccessDeniedException"
    found = here.history(SEEN_BY_ALL)["RecordDetails"]
    assert [each["ProvisionedProductId"] for each in found] == ["pp-b"]
    assert here.describe_product({"Id": "pp-a"})["ProvisionedProductDetail"]["LastRecordId"] == record


@pytest.mark.parametrize(
    "keys",
    [{"RenamedAt": 1}, {"RenamedTo": "x"}, {"AppearsAt": 1, "Follows": "pp-b"}, {"AppearsAt": -1}],
)
def test_keys_that_do_not_go_together_are_refused(keys: dict[str, Any]) -> None:
    """When the world is read."""
    with pytest.raises(ValidationError):
        WorldSpec.model_validate({"Products": [{"Id": "pp-a"} | keys, {"Id": "pp-b"}]})


def test_someone_may_provision_while_the_world_goes_on() -> None:
    """With the keys of a world file, counted from then on; a second time it is refused."""
    with simulator({"Id": "pp-a", "Name": "a"}) as server:

        def put(product: Any, lane: str = f"{HOME}/eu-west-1") -> Answer:
            return post(server, {}, json.dumps(product).encode(), f"/_simulator/products/{lane}", "PUT")

        assert put({"Id": "pp-b", "Tags": {"a": "b"}, "Duration": 0}).status == 204
        assert put({"Id": "pp-far"}, f"{HOME}/ap-south-1").status == 204
        assert put({"Id": "pp-later", "AppearsAt": 3600}).status == 204
        catalog = client(server)
        assert [each["Id"] for each in catalog.scan_provisioned_products(**SEEN_BY_ALL)["ProvisionedProducts"]] == [
            "pp-a",
            "pp-b",
        ]
        assert catalog.terminate_provisioned_product(ProvisionedProductId="pp-b", TerminateToken="t")["RecordDetail"]
        for product, words in (
            ({"Id": "pp-a"}, b"already exists"),
            ({"Id": "pp-c", "Name": "a"}, b"A stack named a already exists"),
            ({"Id": "pp-c", "Follows": "pp-a"}, b"cannot follow"),
            ({"Id": "pp-c", "Colour": "red"}, b"Colour"),
        ):
            refused = put(product)
            assert (refused.status, words in refused.body) == (400, True)
        assert put([]).status == 404
        assert put({"Id": "pp-c"}, "444455556666/eu-west-1").status == 404
        assert put({"Id": "pp-c"}, "nowhere").status == 404


def test_someone_may_tag_and_rename_while_the_world_goes_on() -> None:
    """A product that is not there is not found."""
    with simulator({"Id": "pp-a", "Name": "a"}) as server:

        def put(path: str, content: Any) -> int:
            return post(server, {}, json.dumps(content).encode(), f"/_simulator/{path}", "PUT").status

        here = f"{HOME}/eu-west-1"
        assert put(f"tags/{here}/pp-a", {"Keep": "true"}) == 204
        assert put(f"rename/{here}/pp-a", {"Name": "b"}) == 204
        assert put(f"rename/{here}/pp-a", {"Nam": "b"}) == 404
        assert put(f"tags/{here}/pp-b", {}) == 404
        [found] = client(server).search_provisioned_products()["ProvisionedProducts"]
        assert (found["Name"], found["Tags"]) == ("b", [{"Key": "Keep", "Value": "true"}])
        assert post(server, {}, b"{", f"/_simulator/tags/{here}/pp-a", "PUT").status == 400
        assert post(server, {"Content-Length": "x"}, b"", f"/_simulator/tags/{here}/pp-a", "PUT").status == 413
