"""Roles: assumed as a target says, renewed by themselves, and told apart from the catalog's own refusals."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from orchestrator.aws import sessions as connect
from orchestrator.aws.assume_role import role_arn
from orchestrator.core.inventory.calls import Answer, NotSent, Unauthenticated
from orchestrator.core.plan.model import Target
from orchestrator.core.values.lane import Lane
from orchestrator.errors import NoAccess
from orchestrator.ports import Identity
from orchestrator.simulator import Simulator, WorldSpec
from tests.aws.environment import nothing_of_aws

__all__ = ["nothing_of_aws"]

OTHER = "444455556666"
LANE = Lane(OTHER, "eu-west-1")


def world(**account: object) -> WorldSpec:
    """A world with a second account."""
    return WorldSpec.model_validate(
        {"Lanes": [{"Account": OTHER, "Region": "eu-west-1", "Products": [{"Id": "pp-a"}]}], "Accounts": {OTHER: account}}
    )


def target(**changes: object) -> Target:
    """The second account, entered by a role."""
    values: dict[str, object] = {"account_id": OTHER, "regions": ("eu-west-1",), "role_name": "Janitor"}
    return Target(**values | changes)  # type: ignore[arg-type]


def test_a_role_is_assumed_with_what_has_to_be_said() -> None:
    """Its session is named, and the external id is given."""
    with Simulator(world(Roles=["Janitor"], ExternalId="magic")) as server:
        sessions = connect.rehearsal(server.url, 2, [target(external_id="magic", role_session_name="nightly")])
        identity = sessions(LANE).caller_identity()
        assert isinstance(identity, Answer)
        assert identity.value == Identity(account_id=OTHER, arn=f"arn:aws:sts::{OTHER}:assumed-role/Janitor/nightly")
        page = sessions(LANE).scan(None)
        assert isinstance(page, Answer)
        assert [product.product_id for product in page.value.products] == ["pp-a"]


@pytest.mark.parametrize("changes", [{"role_name": "Other"}, {"external_id": None}, {"account_id": "000000000000"}])
def test_a_role_that_may_not_be_assumed_says_which(changes: dict[str, object]) -> None:
    """It is no refusal of the catalog's: nothing was sent there."""
    with Simulator(world(Roles=["Janitor"], ExternalId="magic")) as server:
        way = target(**{"external_id": "magic", **changes})
        problem = connect.rehearsal(server.url, 2, [way])(Lane(way.account_id, "eu-west-1")).scan(None)
        assert isinstance(problem, Unauthenticated)
        assert "AccessDenied" in problem.code or "InvalidClientTokenId" in problem.code
        assert all(call["operation"] == "AssumeRole" for call in server.service.ledger)


def test_credentials_that_end_are_renewed() -> None:
    """As often as they must be, without a call failing."""
    with Simulator(world(CredentialsLast=1)) as server:
        catalog = connect.rehearsal(server.url, 2, [target()])(LANE)
        for _ in range(3):
            assert isinstance(catalog.scan(None), Answer)
        operations = [call["operation"] for call in server.service.ledger]
        # Each is held to the account.
        assert operations == ["AssumeRole", "GetCallerIdentity", "ScanProvisionedProducts"] * 3


def test_a_role_that_cannot_be_assumed_just_now_was_not_sent() -> None:
    """Trouble of STS is asked again, and is not taken for an answer of the catalog's."""
    trouble = {"Operation": "AssumeRole", "Do": "error", "Code": "Throttling", "Status": 400, "Times": 3}
    spec = world()
    lanes = [spec.Lanes[0].model_copy(update={"Faults": WorldSpec.model_validate({"Faults": [trouble]}).Faults})]
    with Simulator(spec.model_copy(update={"Lanes": tuple(lanes)})) as server:
        catalog = connect.rehearsal(server.url, 2, [target()])(LANE)
        assert isinstance(catalog.scan(None), NotSent)
        assert isinstance(catalog.scan(None), Answer)


def test_sessions_share_one_loader_and_each_lane_has_one_catalog() -> None:
    """What makes a further account cheap."""
    with Simulator(world()) as server:
        sessions = connect.rehearsal(server.url, 2, [target(regions=("eu-west-1", "us-east-1"))])
        assert sessions(LANE) is sessions(LANE)
        assert sessions(LANE) is not sessions(Lane(OTHER, "us-east-1"))
        assert isinstance(sessions(Lane(OTHER, "us-east-1")).scan(None), Answer)
        assert sum(call["operation"] == "AssumeRole" for call in server.service.ledger) == 1


def test_one_account_may_be_entered_in_two_ways() -> None:
    """In each region by the role that its target names."""
    with Simulator(world()) as server:
        ways = [target(), target(regions=("us-east-1",), role_name="Other")]
        sessions = connect.rehearsal(server.url, 2, ways)
        arns = []
        for region in ("eu-west-1", "us-east-1"):
            identity = sessions(Lane(OTHER, region)).caller_identity()
            assert isinstance(identity, Answer)
            arns.append(identity.value.arn.split("/")[1])
        assert arns == ["Janitor", "Other"]


def test_from_the_environment_each_account_is_entered_in_its_own_way(
    nothing_of_aws: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By a role, by a profile, with the environment's own credentials."""
    profile = "[profile other]\naws_access_key_id = AKIA777788889999SIMU\naws_secret_access_key = x\n"
    with Simulator(WorldSpec.model_validate({"Accounts": {OTHER: {}, "777788889999": {}}})) as server:
        nothing_of_aws.setenv("AWS_ENDPOINT_URL", server.url)
        nothing_of_aws.setenv("AWS_ACCESS_KEY_ID", "a")
        nothing_of_aws.setenv("AWS_SECRET_ACCESS_KEY", "b")
        file = tmp_path / "config"
        file.write_text(profile)
        nothing_of_aws.setenv("AWS_CONFIG_FILE", str(file))
        by_profile = Target(account_id="777788889999", regions=("eu-west-1",), profile="other")
        sessions = connect.ambient(2, [target(), by_profile])
        accounts = []
        for account in (OTHER, "777788889999", "111122223333"):
            identity = sessions(Lane(account, "eu-west-1")).caller_identity()
            assert isinstance(identity, Answer)
            accounts.append(identity.value.account_id)
        assert accounts == [OTHER, "777788889999", "111122223333"]


def test_without_anybody_to_assume_it_a_role_is_no_way_in(nothing_of_aws: pytest.MonkeyPatch) -> None:
    """The lane cannot be entered."""
    with pytest.raises(NoAccess, match="Unable to locate credentials"):
        connect.ambient(2, [target()])(LANE)


def test_the_arn_of_a_role_is_put_together_for_its_partition() -> None:
    """Or taken as it is given."""
    assert role_arn(target(regions=("cn-north-1",))) == f"arn:aws-cn:iam::{OTHER}:role/Janitor"
    assert role_arn(target(role_name=None, role_arn="arn:x")) == "arn:x"


def test_an_account_has_an_alias_in_the_simulator_too() -> None:
    """Asked of IAM, as anybody would."""
    with Simulator(world(Alias="sandbox-two", Deny=["ScanProvisionedProducts"])) as server:

        def aliases(account: str) -> list[str]:
            client = boto3.client(
                "iam",
                region_name="us-east-1",
                endpoint_url=server.url,
                aws_access_key_id=f"AKIA{account}SIMU",
                aws_secret_access_key="x",
            )
            found: list[str] = client.list_account_aliases()["AccountAliases"]
            return found

        assert aliases(OTHER) == ["sandbox-two"]
        assert aliases("111122223333") == []
