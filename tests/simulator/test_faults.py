"""Trouble as a world scripts it: which calls meet it, and what reaches the client."""

from __future__ import annotations

import http.client
import select
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from orchestrator.simulator import Simulator, WorldSpec
from orchestrator.simulator.faults import Faults
from orchestrator.simulator.pagination import Shuffle
from orchestrator.simulator.specs import FaultSpec, PagingSpec
from orchestrator.simulator.world import World

ALL = ("lose_answer", "reset", "hang", "cut", "truncate", "garble", "answer", "error", "delay")
SCAN = "ScanProvisionedProducts"
TERMINATE = "TerminateProvisionedProduct"
ACCOUNT = {"AccessLevelFilter": {"Key": "Account", "Value": "self"}}


def fault(**keys: Any) -> FaultSpec:
    """A piece of trouble."""
    return FaultSpec.model_validate({"Operation": SCAN, "Do": "reset"} | keys)


def met(faults: Faults, calls: list[tuple[str, str]]) -> list[str | None]:
    """What each call meets."""
    found = [faults.meet(operation, {"ProvisionedProductId": product}) for operation, product in calls]
    return [each.do if each else None for each in found]


def test_it_happens_to_the_first_calls_that_match_after_some_that_go_well() -> None:
    """Once, if nothing else is said; `any` is every operation."""
    scans = [(SCAN, "pp-a")] * 4
    assert met(Faults([fault()], "1"), scans) == ["reset", None, None, None]
    assert met(Faults([fault(After=1, Times=2)], "1"), scans) == [None, "reset", "reset", None]
    assert met(Faults([fault(Operation="any", Product="pp-b")], "1"), [(SCAN, "pp-a"), (TERMINATE, "pp-b")]) == [
        None,
        "reset",
    ]


@given(st.permutations([(SCAN, f"pp-{n}") for n in range(30)] + [(TERMINATE, f"pp-{n}") for n in range(30)]), st.integers())
def test_what_is_drawn_does_not_depend_on_the_order_of_the_calls(calls: list[tuple[str, str]], seed: int) -> None:
    """The same world treats the same run alike, whichever worker is first."""
    spec = fault(Operation="any", Share=0.5, Do=list(ALL))
    in_order = dict(zip(sorted(calls), met(Faults([spec], str(seed)), sorted(calls)), strict=True))
    assert dict(zip(calls, met(Faults([spec], str(seed)), calls), strict=True)) == in_order


def test_a_share_is_about_that_share_and_its_times_are_counted() -> None:
    """Of a thousand calls, a fifth; never more than it was told."""
    calls = [(SCAN, f"pp-{n}") for n in range(1000)]
    found = met(Faults([fault(Share=0.2, Do=["reset", "cut"])], "1"), calls)
    assert 150 < sum(each is not None for each in found) < 250
    assert set(found) == {None, "reset", "cut"}
    assert sum(each is not None for each in met(Faults([fault(Share=0.2, Times=7)], "1"), calls)) == 7


def test_an_error_is_answered_with_a_status_of_one() -> None:
    """The other answers may have any."""
    with pytest.raises(ValidationError, match="Status is 200, and an error's is 400 to 599"):
        fault(Do="error", Status=200)
    assert fault(Do="answer", Status=200).all_troubles == ("answer",)


def send(simulator: Simulator) -> http.client.HTTPConnection:
    """Ask for a list of products, without an SDK between."""
    connection = http.client.HTTPConnection(simulator.url.removeprefix("http://"), timeout=60)
    headers = {
        "X-Amz-Target": f"AWS242ServiceCatalogService.{SCAN}",
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/eu-west-1/servicecatalog/aws4_request",
    }
    connection.request("POST", "/", b"{}", headers)
    return connection


def ask(simulator: Simulator) -> tuple[int, bytes]:
    """List products."""
    with closing(send(simulator)) as connection:
        answer = connection.getresponse()
        return answer.status, answer.read()


@pytest.mark.parametrize(
    ("do", "check"),
    [
        ("reset", lambda caught: isinstance(caught, http.client.RemoteDisconnected)),
        ("lose_answer", lambda caught: isinstance(caught, http.client.RemoteDisconnected)),
        ("cut", lambda caught: isinstance(caught, http.client.IncompleteRead) and caught.partial.startswith(b'{"Prov')),
        ("truncate", lambda caught: caught == (200, b"{}")),
        ("garble", lambda caught: caught[1].startswith(b"\xff")),
        ("answer", lambda caught: caught == (200, b"<html><body>a proxy's page</body></html>")),
        ("error", lambda caught: caught[0] == 500 and b"InternalFailure" in caught[1]),
    ],
)
def test_each_kind_of_trouble_reaches_the_client_as_it_is_meant(do: str, check: Callable[[Any], bool]) -> None:
    """And the next call is answered as if nothing had been."""
    spec = WorldSpec.model_validate({"Products": [{"Id": "pp-a"}], "Faults": [{"Operation": SCAN, "Do": do}]})
    with Simulator(spec) as simulator:
        try:
            caught: object = ask(simulator)
        except http.client.HTTPException as error:
            caught = error
        assert check(caught), caught
        assert ask(simulator)[0] == 200


def test_a_call_that_hangs_is_carried_out_and_never_answered() -> None:
    """The simulator's other calls go on meanwhile."""
    spec = WorldSpec.model_validate({"Faults": [{"Operation": SCAN, "Do": "hang"}]})
    with Simulator(spec) as simulator, closing(send(simulator)) as hung:
        while not simulator.service.ledger or simulator.service.ledger[0]["error"] != "hung":
            assert not select.select([hung.sock], [], [], 0.01)[0]
        assert ask(simulator)[0] == 200
        assert not select.select([hung.sock], [], [], 0)[0]


def test_pages_that_nothing_sorts_may_skip_and_repeat() -> None:
    """A product is left out here, and shown twice there; pages of a sorted search are as they should be."""
    products = [{"Id": f"pp-{n:03d}"} for n in range(300)]
    spec = WorldSpec.model_validate({"Products": products, "Paging": {"Skip": 0.05, "Repeat": 0.05}})
    here = World("111122223333", "eu-west-1", spec, 1, 1000.0)
    shown: list[str] = []
    token: str | None = None
    while True:
        page = here.scan(ACCOUNT | ({"PageToken": token} if token else {}))
        shown += [product["Id"] for product in page["ProvisionedProducts"]]
        token = page.get("NextPageToken")
        if token is None:
            break
    assert len(set(shown)) < 300
    assert len(shown) > len(set(shown))
    assert here.search({"SortBy": "id"}, 1000.0)["TotalResultsCount"] == 300
    assert Shuffle(PagingSpec(), "1")([], {}) == ([], {})


def test_a_record_may_take_another_course_and_have_failed_the_night_before() -> None:
    """CREATED straight to FAILED, or by statuses that nobody knows; last night's record stays what it was."""
    spec = WorldSpec.model_validate(
        {
            "Products": [
                {"Id": "pp-a", "Duration": 10, "Course": [], "Terminations": ["FAILED"]},
                {"Id": "pp-b", "Duration": 10, "Course": ["IN_PROGRESS", "IN_PROGRESS_IN_ERROR", "ODD"], "FailedBefore": 2},
            ]
        }
    )
    here = World("111122223333", "eu-west-1", spec, 1, 1000.0)
    before = here.history(ACCOUNT | {"SearchFilter": {"Key": "provisionedproduct", "Value": "pp-b"}})["RecordDetails"]
    assert [record["Status"] for record in before] == ["FAILED", "FAILED", "SUCCEEDED"]
    assert before[0]["CreatedTime"] == 1000.0 - 43_200
    seen: dict[str, list[str]] = {"pp-a": [], "pp-b": []}
    records = {
        id_: here.terminate({"ProvisionedProductId": id_, "TerminateToken": "t"}, 1000.0)["RecordDetail"]["RecordId"]
        for id_ in seen
    }
    for second in range(12):
        here.advance(1000.0 + second)
        for id_, record in records.items():
            status = here.describe_record({"Id": record})["RecordDetail"]["Status"]
            seen[id_] += [status] if status not in seen[id_] else []
    assert seen["pp-a"] == ["CREATED", "FAILED"]
    assert seen["pp-b"] == ["CREATED", "IN_PROGRESS", "IN_PROGRESS_IN_ERROR", "ODD", "SUCCEEDED"]
