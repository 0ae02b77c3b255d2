"""What to do about each thing that keeps a run from an account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from orchestrator.api.diagnosis import Access, Check, Diagnosis, doctor_exit_code
from orchestrator.api.remedies import IDENTIFY, AccessContext, for_credentials, for_endpoint, for_identity, for_right
from orchestrator.core.inventory.calls import (
    REVIEW_ACTIONS,
    TERMINATE_ACTION,
    Denied,
    NotSent,
    Problem,
    Rejected,
    Throttled,
    Unanswered,
    Unauthenticated,
)
from orchestrator.core.plan.model import Target
from orchestrator.engine.permission_probe import Permission, PermissionStatus
from orchestrator.errors import ExitCode
from tests.fakes import LANE

UNREACHABLE = 'Could not connect to the endpoint URL: "https://sts.eu-west-1.amazonaws.com/"'


def place(settings: Mapping[str, str] | None = None, **target: Any) -> AccessContext:
    """An account/region, entered as a target says, if there is one."""
    entered = Target(account_id=LANE.account_id, regions=(LANE.region,), **target) if target else None
    return AccessContext(lane=LANE, target=entered, settings=settings or {})


@pytest.mark.parametrize(
    ("problem", "what", "standing", "remedy"),
    [
        (
            Unauthenticated("AssumeRole AccessDenied", "no"),
            "role",
            PermissionStatus.MISSING,
            "check that role J in account 1",
        ),
        (
            Unauthenticated("AssumeRole ExpiredToken", "old"),
            "credentials",
            PermissionStatus.WRONG,
            "renew them: set the credentials",
        ),
        (Unauthenticated("ExpiredToken", "old"), "credentials", PermissionStatus.WRONG, "renew them: "),
        (NotSent("AssumeRole: throttled (Throttling)"), "credentials", PermissionStatus.UNKNOWN, "try again"),
        (
            NotSent("Error when retrieving credentials from container-role: http://x"),
            "credentials",
            PermissionStatus.UNKNOWN,
            "try",
        ),
        (NotSent(UNREACHABLE), IDENTIFY, PermissionStatus.UNREACHABLE, "nothing can be reached at https://sts.eu-west-1"),
        (Denied("AccessDenied", "an explicit deny"), IDENTIFY, PermissionStatus.MISSING, "it needs no permission"),
        (Unanswered("ProxyConnectionError: no"), IDENTIFY, PermissionStatus.UNKNOWN, "check the proxy"),
        (Unanswered("SSLError: SSL validation failed"), IDENTIFY, PermissionStatus.UNKNOWN, "check AWS_CA_BUNDLE"),
        (Unanswered("HTTP 500: sorry"), IDENTIFY, PermissionStatus.UNKNOWN, "try again"),
        (Throttled("SlowDown"), IDENTIFY, PermissionStatus.UNKNOWN, "try again"),
        (Rejected("Odd", "no"), IDENTIFY, PermissionStatus.UNKNOWN, "try again"),
    ],
)
def test_whatever_keeps_one_out_has_a_remedy(problem: Problem, what: str, standing: PermissionStatus, remedy: str) -> None:
    """By what was answered, and by the way in."""
    found = for_identity(place(role_name="J"), problem)
    assert found[:2] == (what, standing)
    assert found[2].startswith(remedy)


def test_the_setting_that_names_an_endpoint_is_named() -> None:
    """That of the service before that of all; in AWS's own domain the region and the network are to be checked."""
    every, own = {"AWS_ENDPOINT_URL": "http://x"}, {"AWS_ENDPOINT_URL_STS": "http://x"}
    assert "which AWS_ENDPOINT_URL_STS names" in for_endpoint(place(every | own), "http://x", "STS")
    assert "which AWS_ENDPOINT_URL names" in for_endpoint(place(every | own), "http://x", "SERVICE_CATALOG")
    assert "check region eu-west-1" in for_endpoint(place(), UNREACHABLE, "STS")
    assert "`endpoint_url` in the AWS profile" in for_endpoint(place(), "http://amazonaws.com.example.org", "STS")
    assert for_credentials(place(own), "Invalid endpoint: http://[") == "correct AWS_ENDPOINT_URL_STS"


@pytest.mark.parametrize(
    ("problem", "remedy"),
    [
        (Denied("AccessDenied", "no"), "attach the policy below to arn:me"),
        (NotSent(f"{IDENTIFY}: {UNREACHABLE}"), "nothing can be reached at https://sts.eu-west-1"),
        (NotSent("no connection"), "nothing can be reached at http://catalog"),
        (Unauthenticated("ExpiredToken", "old"), "renew the credentials: "),
        (Unanswered("HTTP 500: sorry"), "try again"),
    ],
)
def test_whatever_is_amiss_with_a_permission_has_a_remedy(problem: Problem, remedy: str) -> None:
    """One that is there needs none."""
    said = for_right(place(), Permission(REVIEW_ACTIONS[0], PermissionStatus.UNKNOWN, problem), "arn:me", "http://catalog")
    assert said is not None
    assert said.startswith(remedy)
    assert for_right(place(), Permission(REVIEW_ACTIONS[0], PermissionStatus.OK), "arn:me", "http://catalog") is None


def diagnosis(door: Access, *standings: PermissionStatus, what: str = REVIEW_ACTIONS[0]) -> Diagnosis:
    """What is known of an account/region with these permissions."""
    return Diagnosis(title="x", door=door, checks=tuple(Check(what, standing) for standing in standings))


WELL, ILL = (
    diagnosis(Access.OPEN, PermissionStatus.OK),
    diagnosis(Access.OPEN, PermissionStatus.OK, PermissionStatus.UNKNOWN),
)
UNTRIED = diagnosis(Access.OPEN, PermissionStatus.NOT_TRIED, what=TERMINATE_ACTION)
CLOSED, WRONG = diagnosis(Access.CLOSED), diagnosis(Access.WRONG)


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([WELL, WELL], ExitCode.DONE),
        ([WELL, UNTRIED], ExitCode.DONE),
        ([WELL, ILL], ExitCode.SOME_NOT_DONE),
        ([diagnosis(Access.OPEN, PermissionStatus.NOT_TRIED)], ExitCode.SOME_NOT_DONE),
        ([WELL, CLOSED], ExitCode.SOME_NOT_DONE),
        ([CLOSED, CLOSED], ExitCode.NO_ACCESS),
        ([CLOSED, WRONG, WELL], ExitCode.GUARD_REFUSED),
    ],
)
def test_the_exit_code_says_the_worst(found: list[Diagnosis], code: ExitCode) -> None:
    """Only what was seen to work is 0; nobody let in anywhere is 5; another account is 3."""
    assert doctor_exit_code(found) is code
