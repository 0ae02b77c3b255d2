"""Whose the keys are that requests are signed with: never those of another account than the lane's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.credentials import Credentials

from orchestrator.aws import connect
from orchestrator.aws.catalog import BotoCatalog
from orchestrator.core.replies import Answer, NotSent, Unauthenticated
from orchestrator.simulator import Simulator, WorldSpec

HOME, OTHER = "111122223333", "444455556666"


@dataclass
class Renewed:
    """A lane's catalog, whose credentials may become others."""

    server: Simulator
    credentials: Credentials
    catalog: BotoCatalog

    def become(self, key: str) -> None:
        """Give the clients another key."""
        self.credentials.access_key = key

    @property
    def called(self) -> list[str]:
        """What was called."""
        return [call["operation"] for call in self.server.service.ledger]


def world(**keys: Any) -> WorldSpec:
    """A product in one account, another in the other."""
    lane = {"Account": OTHER, "Region": "eu-west-1", "Products": [{"Id": "pp-b"}]}
    return WorldSpec.model_validate({"Products": [{"Id": "pp-a"}], "Lanes": [lane], **keys})


def renewed(server: Simulator) -> Renewed:
    """A catalog of the first account, entered."""
    session = boto3.Session(f"AKIA{HOME}SIMU", "not-a-secret", region_name="eu-west-1")
    credentials: Any = session.get_credentials()

    def make(service: str) -> object:
        return session.client(service, endpoint_url=server.url, config=connect.config(1))  # type: ignore[call-overload]

    return Renewed(server, credentials, BotoCatalog(HOME, make, lambda: credentials))


@pytest.fixture
def entered() -> Iterator[Renewed]:
    """A catalog that knows who it is."""
    with Simulator(world()) as server:
        found = renewed(server)
        assert isinstance(found.catalog.caller_identity(), Answer)
        yield found


def test_a_key_is_asked_about_once(entered: Renewed) -> None:
    """Nothing more is called than was before, until there is another."""
    for _ in range(2):
        assert isinstance(entered.catalog.scan(None), Answer)
    entered.become(f"AKIA{HOME}NEWK")
    for _ in range(2):
        assert isinstance(entered.catalog.describe_product("pp-a"), Answer)
    scans, looks = ["ScanProvisionedProducts"] * 2, ["DescribeProvisionedProduct"] * 2
    assert entered.called == ["GetCallerIdentity", *scans, "GetCallerIdentity", *looks]


def test_nothing_leaves_with_the_keys_of_another_account(entered: Renewed) -> None:
    """Or its \"not found\" would be taken for the end of a product. With the right ones it goes on."""
    entered.become(f"AKIA{OTHER}SIMU")
    for _ in range(2):
        problem = entered.catalog.describe_product("pp-a")
        assert isinstance(problem, Unauthenticated)
        assert problem.message.startswith(f"they belong to account {OTHER} (arn:")
    assert entered.called == ["GetCallerIdentity"] * 3
    entered.become(f"AKIA{HOME}SIMU")
    assert isinstance(entered.catalog.describe_product("pp-a"), Answer)


def test_keys_that_nobody_can_tell_the_owner_of_are_not_used() -> None:
    """Not now; they are asked about again. Expired ones are said to be."""
    trouble = [
        {"Operation": "GetCallerIdentity", "Do": "error", "Code": "ServiceUnavailable", "Status": 503, "Times": 1},
        {"Operation": "GetCallerIdentity", "Do": "error", "Code": "ExpiredToken", "Status": 403, "Times": 1},
    ]
    with Simulator(world(Faults=trouble)) as server:
        found = renewed(server)
        problem = found.catalog.scan(None)
        assert isinstance(problem, NotSent)
        assert problem.reason.startswith("sts:GetCallerIdentity: HTTP 503")
        assert isinstance(found.catalog.scan(None), Unauthenticated)
        assert found.called == ["GetCallerIdentity"] * 2
        assert isinstance(found.catalog.scan(None), Answer)
