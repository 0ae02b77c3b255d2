"""What was found out about one account/region of a plan, line by line, and what a run would need besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from orchestrator.api import remedies
from orchestrator.api.remedies import AccessContext
from orchestrator.core.inventory.calls import REVIEW_ACTIONS, TERMINATE_ACTION, Problem, explain
from orchestrator.core.values.durations import format_duration
from orchestrator.engine.permission_probe import PermissionReport, PermissionStatus
from orchestrator.errors import ExitCode
from orchestrator.ports import CredentialLife, Identity

NOT_ENTERED = "the account cannot be entered"


class Access(Enum):
    """How far one gets in an account/region: in, not in, or into another account than the plan's."""

    OPEN = "open"
    CLOSED = "closed"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a run needs, how it stands and why, and what to do if it is not well."""

    what: str
    standing: PermissionStatus
    words: str = ""
    remedy: str | None = None

    @property
    def is_well(self) -> bool:
        """Whether it was seen to work; that to terminate cannot be tried without terminating."""
        return self.standing is PermissionStatus.OK or self.is_untried_terminate

    @property
    def is_untried_terminate(self) -> bool:
        """Whether it is the permission to terminate, which was not tried."""
        return self.what == TERMINATE_ACTION and self.standing is PermissionStatus.NOT_TRIED


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What is known of one account/region. `title` names it, also where its account or its region is not known."""

    title: str
    door: Access
    checks: tuple[Check, ...]
    alias: str | None = None

    @property
    def is_ready(self) -> bool:
        """Whether everything that a run needs was seen to work."""
        return self.door is Access.OPEN and all(check.is_well for check in self.checks)

    @property
    def missing(self) -> tuple[str, ...]:
        """The permissions that a policy has to give."""
        known = {*REVIEW_ACTIONS, TERMINATE_ACTION}
        return tuple(each.what for each in self.checks if each.standing is PermissionStatus.MISSING and each.what in known)


def doctor_exit_code(diagnoses: Sequence[Diagnosis]) -> ExitCode:
    """Return how `doctor` ends: another account, no way in at all, something amiss, or all well."""
    doors = {each.door for each in diagnoses}
    if Access.WRONG in doors:
        return ExitCode.GUARD_REFUSED
    if doors <= {Access.CLOSED}:
        return ExitCode.NO_ACCESS
    return ExitCode.DONE if all(each.is_ready for each in diagnoses) else ExitCode.SOME_NOT_DONE


def entered(
    place: AccessContext, identity: Identity, examination: PermissionReport, endpoint: str, now: float
) -> Diagnosis:
    """
    Return the diagnosis of an account/region that can be entered.

    Args:

        place: Where.
        identity: Who we are there.
        examination: What was tried.
        endpoint: The URL of Service Catalog.
        now: Seconds since the epoch.
    """
    checks = [
        Check("caller", PermissionStatus.OK, identity.arn),
        Check("credentials", PermissionStatus.OK, lasting(examination.life, now)),
    ]
    if problem := examination.unreachable:
        remedy = remedies.for_right(place, examination.rights[0], identity.arn, endpoint)
        checks += [
            Check("endpoint", PermissionStatus.UNREACHABLE, explain(problem), remedy),
            untried("the endpoint is unreachable"),
        ]
        return Diagnosis(title=str(place.lane), door=Access.CLOSED, checks=tuple(checks))
    checks.append(Check("endpoint", PermissionStatus.OK, endpoint))
    for right in examination.rights:
        words = explain(right.problem) if right.problem else ""
        remedy = remedies.for_right(place, right, identity.arn, endpoint)
        checks.append(Check(right.action, right.standing, words, remedy))
    return Diagnosis(title=str(place.lane), door=Access.OPEN, checks=tuple(checks), alias=examination.alias)


def closed(place: AccessContext, title: str, found: Problem | str) -> Diagnosis:
    """
    Return the diagnosis of an account/region that cannot be entered.

    Args:

        place: Where.
        title: What it is called.
        found: Why: a problem, or words where nobody could be asked.
    """
    if isinstance(found, str):
        check = Check("credentials", PermissionStatus.MISSING, found, remedies.for_credentials(place, found))
    else:
        what, standing, remedy = remedies.for_identity(place, found)
        check = Check(what, standing, explain(found), remedy)
    return Diagnosis(title=title, door=Access.CLOSED, checks=(check, untried()))


def without_region(place: AccessContext, title: str, words: str, no_credentials: str | None) -> Diagnosis:
    """
    Return the diagnosis of an environment that names no region.

    Args:

        place: Where.
        title: What it is called.
        words: What is said of the region.
        no_credentials: Why there are no credentials either, None if there are.
    """
    checks = [Check("region", PermissionStatus.MISSING, words, remedies.SET_REGION)]
    if no_credentials is None:
        checks.append(Check("credentials", PermissionStatus.NOT_TRIED, "found; whose they are is asked in a region"))
    else:
        remedy = remedies.for_credentials(place, no_credentials)
        checks.append(Check("credentials", PermissionStatus.MISSING, no_credentials, remedy))
    return Diagnosis(title=title, door=Access.CLOSED, checks=(*checks, untried()))


def another(place: AccessContext, identity: Identity) -> Diagnosis:
    """Return the diagnosis of an account/region whose credentials belong to another account."""
    words = f"the credentials belong to {identity.account_id} ({identity.arn}), and the plan wants {place.lane.account_id}"
    remedy = remedies.for_account(place, identity.account_id)
    check = Check("account", PermissionStatus.WRONG, words, remedy)
    return Diagnosis(title=str(place.lane), door=Access.WRONG, checks=(check, untried()))


def other_account(title: str, words: str) -> Diagnosis:
    """Return the diagnosis of the environment's account or region where the plan is for another one, as *words* say."""
    remedy = "set the credentials and the region that the plan is for, or correct the plan"
    check = Check("account", PermissionStatus.WRONG, words, remedy)
    return Diagnosis(title=title, door=Access.WRONG, checks=(check, untried()))


def untried(why: str = NOT_ENTERED) -> Check:
    """Return the check of all permissions where none can be tried."""
    return Check("permissions", PermissionStatus.NOT_TRIED, why)


def lasting(life: CredentialLife, now: float) -> str:
    """Say how long credentials last, from *now* (seconds since the epoch)."""
    if not life.temporary:
        return "do not expire"
    if not life.renewed:
        return "temporary, and cannot be renewed; a run that outlives them ends resumable"
    left = "" if life.expires_at is None else f"last for another {format_duration(life.expires_at - now)}, and "
    return f"{left}are renewed"
