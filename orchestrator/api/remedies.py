"""What to do about each thing that keeps a run from an account: one sentence for each, for the person at the terminal."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.core.inventory.calls import (
    TERMINATE_ACTION,
    Denied,
    NotSent,
    Operation,
    Problem,
    Unauthenticated,
    explain,
)
from orchestrator.core.plan.model import Target
from orchestrator.core.values.lane import Lane
from orchestrator.engine.permission_probe import Permission, PermissionStatus

SET_CREDENTIALS = "`aws sso login` and AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
SET_REGION = "set AWS_DEFAULT_REGION, or `region` in the AWS profile, or write Targets with Regions in the plan"
NO_RECORDS = "a run is possible without it: verdicts rest on lookups; error texts of failed terminations are not available"
PROBE = "--probe-terminate tries it, with one termination of a product that does not exist"

IDENTIFY = "sts:GetCallerIdentity"
RECORDS = frozenset({f"servicecatalog:{Operation.RECORD}", f"servicecatalog:{Operation.HISTORY}"})

ENDPOINT_URL = "endpoint URL"
"""What botocore's errors say of an endpoint that could not be connected to, and no other errors (read)."""

URL = re.compile(r"https?://[^\s\"']+")
AWS_HOST = re.compile(r"https?://[^/]*\.(?:amazonaws\.com(?:\.cn)?|api\.aws)(?:[:/]|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessContext:
    """
    Where something is amiss: the lane, how the plan's target enters its account, and the environment's settings, none in a
    simulation.
    """

    lane: Lane
    target: Target | None
    settings: Mapping[str, str]

    @property
    def role(self) -> str | None:
        """The role that is assumed, in words."""
        if self.target is None or not (self.target.role_arn or self.target.role_name):
            return None
        return self.target.role_arn or f"{self.target.role_name} in account {self.target.account_id}"


def for_credentials(place: AccessContext, words: str) -> str:
    """Say how to get credentials, or other settings where those are at fault."""
    if "endpoint" in words.lower():
        return f"correct {setting_of(place, 'STS') or 'AWS_ENDPOINT_URL'}"
    own = place.settings.get("AWS_PROFILE") or place.settings.get("AWS_DEFAULT_PROFILE")
    if own and "config profile" in words and not (place.target and place.target.profile):
        return f"correct AWS_PROFILE ({own}), or define that profile in the AWS config file"
    if place.target is not None and place.target.profile:
        profile = shlex.quote(place.target.profile)
        return f"log in to the profile (`aws sso login --profile {profile}`), or define it in the AWS config file"
    if place.role:
        return f"set the credentials that may assume role {place.role}: {SET_CREDENTIALS}"
    whose = f" for account {place.lane.account_id}" if place.lane.account_id.isdecimal() else ""
    return f"set credentials{whose}: {SET_CREDENTIALS}"


def for_account(place: AccessContext, found: str) -> str:
    """Say what to do about credentials of another account."""
    if place.role:
        return f"correct the target's role, {place.role}, or its AccountId"
    if place.target is not None and place.target.profile:
        return f"choose another Profile than {place.target.profile} for the target, or correct its AccountId"
    wanted = place.lane.account_id
    return f"set credentials of account {wanted}, give the target a RoleName or Profile, or correct its AccountId ({found})"


def for_identity(place: AccessContext, problem: Problem) -> tuple[str, PermissionStatus, str]:
    """
    Say what keeps one from an account.

    Returns:

        What is amiss, how it stands, and what to do.
    """
    match problem:
        case Unauthenticated(code, _) if code.startswith("AssumeRole AccessDenied"):
            return "role", PermissionStatus.MISSING, for_role(place)
        case Unauthenticated():
            return "credentials", PermissionStatus.WRONG, f"renew them: {for_credentials(place, '')}"
        case Denied():
            remedy = "it needs no permission, so a service control policy or an endpoint policy denies it: allow it there"
            return IDENTIFY, PermissionStatus.MISSING, remedy
        case NotSent(reason) if ENDPOINT_URL not in reason:
            return (
                "credentials",
                PermissionStatus.UNKNOWN,
                f"try again; if that does not help, {for_credentials(place, '')}",
            )
        case NotSent(reason):
            return IDENTIFY, PermissionStatus.UNREACHABLE, for_endpoint(place, reason, "STS")
        case _:
            return IDENTIFY, PermissionStatus.UNKNOWN, for_no_answer(place, explain(problem), "STS")


def for_role(place: AccessContext) -> str:
    """Say what to do about a role that may not be assumed."""
    external = place.target.external_id if place.target else None
    how = f"with ExternalId {external}" if external else "without an ExternalId"
    role = f"role {place.role}" if place.role else "the role of the AWS profile"
    remedy = f"check that {role} exists, that its trust policy lets this caller assume it {how}, "
    return f"{remedy}and that the caller is allowed sts:AssumeRole on it"


def for_right(place: AccessContext, right: Permission, arn: str, endpoint: str) -> str | None:
    """Say what to do about a permission, None if there is nothing to do."""
    if right.standing is PermissionStatus.NOT_TRIED:
        return PROBE if right.action == TERMINATE_ACTION else None
    match right.problem:
        case None:
            return None
        case Denied():
            consequence = f"; {NO_RECORDS}" if right.action in RECORDS else ""
            return f"attach the policy below to {arn}{consequence}"
        case NotSent(reason) if IDENTIFY in reason:
            return for_identity(place, right.problem)[2]
        case NotSent(reason):
            return for_endpoint(place, reason if ENDPOINT_URL in reason else endpoint, "SERVICE_CATALOG")
        case Unauthenticated():
            return f"renew the credentials: {for_credentials(place, '')}"
        case _:
            return for_no_answer(place, explain(right.problem), "SERVICE_CATALOG")


def for_endpoint(place: AccessContext, words: str, service: str) -> str:
    """Say what to do about an endpoint that cannot be reached; its URL is in *words*."""
    found = URL.search(words)
    url = found[0] if found else "the endpoint"
    if setting := setting_of(place, service):
        return f"nothing can be reached at {url}, which {setting} names: correct or unset it, or start what listens there"
    if AWS_HOST.match(url):
        return (
            f"nothing can be reached at {url}: check region {place.lane.region}, the network, and the proxy (HTTPS_PROXY)"
        )
    return f"nothing can be reached at {url}: correct `endpoint_url` in the AWS profile"


def for_no_answer(place: AccessContext, words: str, service: str) -> str:
    """Say what to do where an answer, or its failure in *words*, says nothing of a permission."""
    if "proxy" in words.lower():
        return "check the proxy that HTTPS_PROXY and HTTP_PROXY name, and NO_PROXY"
    if words.startswith("SSLError"):
        return "check AWS_CA_BUNDLE, and who answers at this address"
    setting = setting_of(place, service)
    return "try again" if setting is None else f"try again; if that does not help, check the endpoint that {setting} names"


def setting_of(place: AccessContext, service: str) -> str | None:
    """Return the variable that names a service's endpoint, None if none does."""
    return next((name for name in (f"AWS_ENDPOINT_URL_{service}", "AWS_ENDPOINT_URL") if place.settings.get(name)), None)
