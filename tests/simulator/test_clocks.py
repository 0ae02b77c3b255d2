"""The service's own clock: in the Date header of every answer, and in the times of products and records."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest
from botocore.exceptions import ClientError

from orchestrator.simulator import Simulator
from tests.simulator.making import HOME, LONG_AGO, Clock, ask, client, credential, post, simulator

SCAN = "ScanProvisionedProducts"


def dated(headers: dict[str, str]) -> float:
    """The time in a Date header, in epoch seconds."""
    return parsedate_to_datetime(headers["Date"]).timestamp()


def answers(server: Simulator) -> list[dict[str, str]]:
    """The headers of answers of every kind."""
    return [
        each.headers
        for each in (
            ask(server, SCAN, {}),
            ask(server, SCAN, b"{"),
            ask(server, "Nonsense", {}),
            ask(server, SCAN, {}, key="ASIANOBODY"),
            post(server, {}, b"{}"),
            post(server, credential(service="sts", region="us-east-1"), b"Action=GetCallerIdentity"),
            post(server, credential(service="iam", region="us-east-1"), b"Action=Nonsense"),
            post(server, {"smithy-protocol": "rpc-v2-cbor"}, b""),
            post(server, {}, b"", "/_simulator/world", "GET"),
            post(server, {}, b"", "/nowhere", "DELETE"),
            post(server, {"Host": "elsewhere.example"}, b"{}"),
        )
    ]


def test_every_answer_tells_the_worlds_time_and_has_an_id() -> None:
    """Errors as well; a world that goes faster is ahead."""
    clock = Clock()
    with simulator(clock=clock, Speed=60) as server:
        clock.now += 10
        told = answers(server)
    assert {dated(each) for each in told} == {LONG_AGO + 600}
    assert all(each["Date"].endswith(" GMT") for each in told)
    assert len({each["x-amzn-RequestId"] for each in told}) == len(told)


@pytest.mark.parametrize("offset", [3600, -86_400.5])
def test_a_clock_that_is_off_is_off_everywhere(offset: float) -> None:
    """In dates, of STS as well, in products, records, and what a search compares."""
    clock = Clock()
    with simulator({"Id": "pp-a", "Age": 0, "Duration": 5}, ClockOffset=offset, clock=clock) as server:
        told = answers(server)
        assert {dated(each) for each in told} == {int(LONG_AGO + offset)}
        catalog = client(server)
        product = catalog.describe_provisioned_product(Id="pp-a")["ProvisionedProductDetail"]
        assert product["CreatedTime"].timestamp() == LONG_AGO + offset
        clock.now += 1
        record = catalog.terminate_provisioned_product(ProvisionedProductId="pp-a", TerminateToken="t")["RecordDetail"]
        assert record["CreatedTime"].timestamp() == LONG_AGO + 1 + offset
        clock.now += 6
        [ended, _] = catalog.list_record_history(AccessLevelFilter={"Key": "Account", "Value": "self"})["RecordDetails"]
        assert (ended["Status"], ended["UpdatedTime"].timestamp()) == ("SUCCEEDED", LONG_AGO + 6 + offset)


def test_each_lane_has_a_clock_of_its_own() -> None:
    """A role's calls have its account's clock, also those to STS."""
    clock = Clock()
    lane = {"Account": "444455556666", "Region": "us-east-1", "ClockOffset": 60, "DateHeader": "absent"}
    with simulator(clock=clock, Lanes=[lane | {"DateHeader": "honest"}, lane | {"Region": "eu-west-1"}]) as server:
        role = client(server, "sts").assume_role(RoleArn="arn:aws:iam::444455556666:role/r", RoleSessionName="ss")
        key = role["Credentials"]["AccessKeyId"]
        assert dated(ask(server, SCAN, {}).headers) == LONG_AGO
        assert dated(ask(server, SCAN, {}, key=key, region="us-east-1").headers) == LONG_AGO + 60
        assert "Date" not in ask(server, SCAN, {}, key=key).headers
        assert dated(ask(server, SCAN, {}, key=key, region="ap-south-1").headers) == LONG_AGO + 60


def test_dates_may_be_absent() -> None:
    """Of every answer."""
    with simulator(DateHeader="absent") as server:
        assert all("Date" not in each for each in answers(server))


def test_dates_may_be_a_caches() -> None:
    """The first one is repeated, and how old it is by now is told."""
    clock = Clock()
    with simulator(DateHeader="cached", clock=clock) as server:
        first = ask(server, SCAN, {}).headers
        clock.now += 90
        second = ask(server, SCAN, b"{").headers
    assert first["Date"] == second["Date"]
    assert (first["Age"], second["Age"]) == ("0", "90")


def test_rights_may_be_denied_in_one_lane() -> None:
    """Operation by operation, also of STS; the account's other regions are as before."""
    lane = {"Account": HOME, "Region": "us-east-1"}
    denied = ["DescribeRecord", "GetCallerIdentity", "AssumeRole"]
    with simulator(Deny=denied, Lanes=[lane]) as server:
        assert ask(server, "DescribeRecord", {"Id": "rec-1"}).code == "AccessDeniedException"
        assert ask(server, "DescribeRecord", {"Id": "rec-1"}, region="us-east-1").code == "ResourceNotFoundException"
        assert ask(server, SCAN, {}).status == 200
        sts = client(server, "sts")
        for call in (
            sts.get_caller_identity,
            lambda: sts.assume_role(RoleArn=f"arn:aws:iam::{HOME}:role/r", RoleSessionName="ss"),
        ):
            with pytest.raises(ClientError, match="is not authorized to perform: sts:"):
                call()
