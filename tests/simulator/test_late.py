"""Requests that are carried out after their answer was lost, and tokens that are forgotten or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from orchestrator.simulator import Simulator
from tests.simulator.making import HOME, LONG_AGO, Clock, Json, client, post, simulator

TERMINATE = "TerminateProvisionedProduct"
LATE = {"Operation": TERMINATE, "Do": "late", "Seconds": 30}


def ledger(server: Simulator, operation: str = TERMINATE) -> list[Json]:
    """The calls of an operation."""
    lines = post(server, {}, b"", "/_simulator/ledger", "GET").body.splitlines()
    return [call for call in map(json.loads, lines) if call["operation"] == operation]


def send(catalog: Any, token: str = "t") -> str:
    """Ask for a termination; return its record, or how it was refused."""
    try:
        answer = catalog.terminate_provisioned_product(ProvisionedProductId="pp-a", TerminateToken=token)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    except ConnectionClosedError:
        return "lost"
    return str(answer["RecordDetail"]["RecordId"])


def test_a_request_may_be_carried_out_long_after_its_answer_was_lost() -> None:
    """It happens at its own moment, however late the next call; the ledger shows both times."""
    clock = Clock()
    with simulator({"Id": "pp-a", "Duration": 5}, Faults=[LATE], clock=clock) as server:
        catalog = client(server)
        assert send(catalog) == "lost"
        [call] = ledger(server)
        assert (call["at"], call["error"], call["record"], call["carried_out_at"]) == (LONG_AGO, "lost", None, None)
        clock.now += 29
        found = catalog.describe_provisioned_product(Id="pp-a")["ProvisionedProductDetail"]
        assert found["Status"] == "AVAILABLE"
        clock.now += 3
        found = catalog.describe_provisioned_product(Id="pp-a")["ProvisionedProductDetail"]
        assert found["Status"] == "UNDER_CHANGE"
        [call] = ledger(server)
        assert (call["carried_out_at"], call["record"], call["error"]) == (LONG_AGO + 30, found["LastRecordId"], "lost")
        record = catalog.describe_record(Id=found["LastRecordId"])["RecordDetail"]
        assert record["CreatedTime"].timestamp() == LONG_AGO + 30
        clock.now += 3
        assert json.loads(post(server, {}, b"", "/_simulator/world", "GET").body)["products"] == {"pp-a": "TERMINATED"}


def test_the_ledger_and_the_world_let_arrive_what_is_due() -> None:
    """Without another call, and in the order of their moments."""
    clock = Clock()
    faults = [LATE, LATE | {"Seconds": 10, "Product": "pp-a"}]
    with simulator({"Id": "pp-a", "Duration": 5, "Terminations": ["FAILED"]}, Faults=faults, clock=clock) as server:
        assert [send(client(server), token) for token in ("t1", "t2")] == ["lost", "lost"]
        clock.now += 60
        first, second = ledger(server)
        assert (first["carried_out_at"], second["carried_out_at"]) == (LONG_AGO + 30, LONG_AGO + 10)
        assert second["record"] < first["record"]
        world = json.loads(post(server, {}, b"", "/_simulator/world", "GET").body)
        assert world["products"] == {"pp-a": "TAINTED"}


def test_a_late_request_may_be_refused_when_it_arrives() -> None:
    """The sender never hears of it; the ledger does."""
    clock = Clock()
    with simulator({"Id": "pp-a", "Duration": 600}, Faults=[LATE], clock=clock) as server:
        catalog = client(server)
        assert send(catalog) == "lost"
        record = send(catalog, "t2")
        assert record.startswith("rec-")
        clock.now += 40
        late, other = ledger(server)
        assert (late["record"], late["error"], late["late_error"]) == (None, "lost", "ValidationException")
        assert other["record"] == record
        assert "carried_out_at" not in other


def test_a_late_request_with_the_same_token_is_the_same_termination() -> None:
    """While it is in progress."""
    clock = Clock()
    with simulator({"Id": "pp-a", "Duration": 600}, Faults=[LATE], clock=clock) as server:
        catalog = client(server)
        assert send(catalog) == "lost"
        record = send(catalog)
        clock.now += 40
        assert [call["record"] for call in ledger(server)] == [record, record]


def test_calls_of_sts_may_be_late_too() -> None:
    """Nothing comes of it."""
    clock = Clock()
    fault = {"Operation": "AssumeRole", "Do": "late", "Seconds": 1}
    with simulator(Faults=[fault], clock=clock) as server:
        sts = client(server, "sts")
        with pytest.raises(ConnectionClosedError):
            sts.assume_role(RoleArn=f"arn:aws:iam::{HOME}:role/r", RoleSessionName="ss")
        clock.now += 2
        assert [call["carried_out_at"] for call in ledger(server, "AssumeRole")] == [LONG_AGO + 1]


@pytest.mark.parametrize(
    ("tokens", "again", "another"),
    [
        ("remembered", "rec-", "ValidationException"),
        ("forgotten", "ValidationException", "ValidationException"),
        ("refused", "InvalidParametersException", "ValidationException"),
    ],
)
def test_a_token_that_comes_again_while_in_progress(tokens: str, again: str, another: str) -> None:
    """Is the same termination, a new one, or refused; another token is refused in any case."""
    with simulator({"Id": "pp-a", "Duration": 600}, Tokens=tokens) as server:
        catalog = client(server)
        assert send(catalog).startswith("rec-")
        assert send(catalog).startswith(again)
        assert send(catalog, "t2") == another


@pytest.mark.parametrize(("tokens", "again"), [("remembered", "rec-"), ("forgotten", "rec-"), ("refused", "Invalid")])
def test_a_token_that_comes_again_after_it_failed(tokens: str, again: str) -> None:
    """Begins another termination, unless it is refused; one that began nothing was not used."""
    clock = Clock()
    product = {"Id": "pp-a", "Duration": 1, "Terminations": ["FAILED"], "Change": "UPDATE_PROVISIONED_PRODUCT"}
    with simulator(product, Tokens=tokens, clock=clock) as server:
        catalog = client(server)
        assert send(catalog) == "ValidationException"
        clock.now += 2
        first = send(catalog)
        assert first.startswith("rec-")
        clock.now += 2
        second = send(catalog)
        assert second.startswith(again)
        assert second != first


def test_what_cannot_be_read_is_in_the_ledger() -> None:
    """As every other call."""
    with simulator() as server:
        headers = {
            "Authorization": "AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/servicecatalog/aws4_request, x",
            "X-Amz-Target": f"{server.service.target_prefix}.{TERMINATE}",
        }
        assert post(server, headers, b"{").status == 400
        assert [call["error"] for call in ledger(server)] == ["SerializationException"]
