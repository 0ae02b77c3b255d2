"""Lookups, records, histories and searches that show how things were a while ago."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.simulator.errors import ApiError
from orchestrator.simulator.world import World
from tests.simulator.making import SEEN_BY_ALL, Clock, client, simulator, terminate, world

NEW = {"Id": "pp-new", "AppearsAt": 20}


def code_of(call: Any) -> str:
    """The error code of a call."""
    with pytest.raises(ApiError) as caught:
        call()
    return caught.value.code


def status(here: World, product: str = "pp-a") -> str:
    """What a lookup says."""
    return str(here.describe_product({"Id": product})["ProvisionedProductDetail"]["Status"])


def searched(here: World, now: float) -> list[tuple[str, str]]:
    """What a search says."""
    here.advance(now)
    found = here.search({"SortBy": "id"}, now)["ProvisionedProducts"]
    return [(each["Id"], each["Status"]) for each in found]


def test_a_lookup_may_show_a_product_as_it_was() -> None:
    """What is new is not found yet, what is gone still is; a termination meets what is."""
    here = world({"Id": "pp-a", "Name": "a", "Duration": 4}, NEW, LookupLag=10)
    terminate(here, 1001.0)
    for now, wanted in ((1001.0, "AVAILABLE"), (1010.9, "AVAILABLE"), (1011.0, "UNDER_CHANGE"), (1014.9, "UNDER_CHANGE")):
        here.advance(now)
        assert status(here) == wanted
        assert here.describe_product({"Name": "a"})["ProvisionedProductDetail"]["Status"] == wanted
    assert code_of(lambda: terminate(here, 1014.9, token="t2")) == "ResourceNotFoundException"
    here.advance(1015.0)
    assert code_of(lambda: status(here)) == "ResourceNotFoundException"
    here.advance(1029.0)
    assert code_of(lambda: status(here, "pp-new")) == "ResourceNotFoundException"
    assert [each["Id"] for each in here.scan(SEEN_BY_ALL)["ProvisionedProducts"]] == ["pp-new"]
    here.advance(1030.0)
    assert status(here, "pp-new") == "AVAILABLE"


def test_records_may_be_shown_as_they_were() -> None:
    """One that is too young is not found."""
    here = world({"Id": "pp-a", "Duration": 10, "Terminations": ["FAILED"]}, RecordLag=5)
    record = terminate(here, 1000.0)["RecordId"]
    here.advance(1004.0)
    assert code_of(lambda: here.describe_record({"Id": record})) == "ResourceNotFoundException"
    seen = []
    for now in (1005.0, 1006.0, 1014.9, 1015.0):
        here.advance(now)
        seen.append(here.describe_record({"Id": record})["RecordDetail"])
    assert [each["Status"] for each in seen] == ["CREATED", "IN_PROGRESS", "IN_PROGRESS", "FAILED"]
    assert [bool(each["RecordErrors"]) for each in seen] == [False, False, False, True]
    assert [each["UpdatedTime"] for each in seen] == [1000.0, 1000.0, 1000.0, 1010.0]


def test_histories_may_be_shown_as_they_were() -> None:
    """A record that is too young is not in them, and the others are as they were."""
    here = world({"Id": "pp-a", "Duration": 10}, HistoryLag=5)
    record = terminate(here, 1000.0)["RecordId"]
    seen = []
    for now in (1004.0, 1005.0, 1014.0, 1015.0):
        here.advance(now)
        seen.append([each["Status"] for each in here.history(SEEN_BY_ALL)["RecordDetails"]])
    assert seen == [["SUCCEEDED"], ["CREATED", "SUCCEEDED"], ["IN_PROGRESS", "SUCCEEDED"], ["SUCCEEDED", "SUCCEEDED"]]
    assert here.describe_record({"Id": record})["RecordDetail"]["Status"] == "SUCCEEDED"


def test_a_search_may_show_products_as_they_were() -> None:
    """Their statuses, their tags, and which of them there were."""
    here = world({"Id": "pp-a", "Duration": 4}, NEW, SearchLag=10)
    terminate(here, 1001.0)
    here.life.tag("pp-a", {"a": "b"})
    assert searched(here, 1010.0) == [("pp-a", "AVAILABLE")]
    assert here.search({}, 1010.0)["ProvisionedProducts"][0]["Tags"] == []
    assert searched(here, 1011.0) == [("pp-a", "UNDER_CHANGE")]
    assert here.search({}, 1011.0)["ProvisionedProducts"][0]["Tags"] == [{"Key": "a", "Value": "b"}]
    assert searched(here, 1015.0) == []
    assert searched(here, 1029.0) == []
    assert searched(here, 1030.0) == [("pp-new", "AVAILABLE")]


def test_each_lag_is_one_of_its_own_and_works_over_http() -> None:
    """A lookup that lags leaves the listings fresh; the world's time is what counts, whatever its speed."""
    clock = Clock()
    with simulator({"Id": "pp-a", "Duration": 0}, LookupLag=100, Speed=10, clock=clock) as server:
        catalog = client(server)
        record = catalog.terminate_provisioned_product(ProvisionedProductId="pp-a", TerminateToken="t")["RecordDetail"]
        clock.now += 9
        assert catalog.describe_provisioned_product(Id="pp-a")["ProvisionedProductDetail"]["Status"] == "AVAILABLE"
        assert catalog.scan_provisioned_products(**SEEN_BY_ALL)["ProvisionedProducts"] == []
        assert catalog.search_provisioned_products()["ProvisionedProducts"] == []
        assert catalog.describe_record(Id=record["RecordId"])["RecordDetail"]["Status"] == "SUCCEEDED"
        clock.now += 2
        with pytest.raises(catalog.exceptions.ResourceNotFoundException):
            catalog.describe_provisioned_product(Id="pp-a")
