"""Whose the keys are that requests are signed with: never those of another account than the lane's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.credentials import Credentials, ReadOnlyCredentials
from botocore.exceptions import EndpointConnectionError

from orchestrator.aws import sessions as connect
from orchestrator.aws.assume_role import RoleSession
from orchestrator.aws.catalog import BotoCatalog
from orchestrator.aws.credential_guard import CredentialGuard
from orchestrator.aws.parse import CredentialsRefused
from orchestrator.aws.sessions import AccountSession
from orchestrator.core.inventory.calls import Answer, NotSent, Unauthenticated
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


def renewed(server: Simulator, source: Credentials | None = None) -> Renewed:
    """A catalog of the first account."""
    credentials = source or Credentials(f"AKIA{HOME}SIMU", "not-a-secret")

    def make(service: str, signer: Credentials) -> object:
        actor = RoleSession()
        with actor.acting_as(signer):
            return AccountSession.of(actor).session.client(  # type: ignore[call-overload]
                service, region_name="eu-west-1", endpoint_url=server.url, config=connect.config(1)
            )

    return Renewed(server, credentials, BotoCatalog(HOME, make, credentials))


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
    assert entered.called == ["GetCallerIdentity"] * 2
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
        for _ in range(2):
            assert isinstance(found.catalog.scan(None), Unauthenticated)
        # What is refused is not asked about each time.
        assert found.called == ["GetCallerIdentity"] * 2
        found.become(f"AKIA{HOME}NEWK")
        assert isinstance(found.catalog.scan(None), Answer)


def test_whoever_waits_for_an_answer_hears_it_be_it_a_failure() -> None:
    """A question that hangs for a minute is not asked by one waiting call after the other; later it is asked again."""
    calls: list[str] = []
    now = 1_000.0

    class Sts:
        """Cannot be reached."""

        def get_caller_identity(self) -> Any:
            calls.append("asked")
            raise EndpointConnectionError(endpoint_url="https://example.invalid")

    keys = CredentialGuard(HOME, lambda _service, _key: Sts(), Credentials(f"AKIA{HOME}SIMU", "x"), clock=lambda: now)
    for _ in range(5):
        # All of them began before the answer had come.
        with pytest.raises(CredentialsRefused):
            keys.credentials.get_frozen_credentials()
    assert len(calls) == 1
    now += 0.001
    with pytest.raises(CredentialsRefused):
        keys.credentials.get_frozen_credentials()
    assert len(calls) == 2


class Alternating(Credentials):
    """A source that hands out another key each time."""

    def __init__(self, keys: list[str]) -> None:
        super().__init__("none", "none")
        self._keys = keys

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return the next one."""
        return ReadOnlyCredentials(self._keys.pop(0), "not-a-secret", None)


def test_the_key_that_is_asked_about_is_the_one_that_signs(entered: Renewed) -> None:
    """A source that changes in between can have nothing sent that was not asked about."""
    keys = [f"AKIA{account}{suffix}" for suffix in ("ONE", "TWO") for account in (OTHER, HOME)]
    catalog = renewed(entered.server, Alternating(keys)).catalog
    assert isinstance(catalog.scan(None), Unauthenticated)
    assert isinstance(catalog.scan(None), Answer)
    assert isinstance(catalog.scan(None), Unauthenticated)
    assert entered.called.count("ScanProvisionedProducts") == 1
