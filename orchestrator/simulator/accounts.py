"""
Who is calling, and what they may do: made-up credentials, assumed roles, levels of access.

The access key alone tells who it is; signatures are not checked. `AKIA` and an account number name that account, keys of
assumed roles are handed out here, and every other key is the world's own account.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.simulator.errors import ApiError
from orchestrator.simulator.specs import ACCESS_LEVELS, AccountSpec

OWN_KEY = re.compile(r"AKIA(\d{12})")
ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/(?:.*/)?([\w+=,.@-]+)")


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody with credentials. `expires_at` is in epoch seconds, infinite for those that do not expire."""

    account: str
    arn: str
    expires_at: float = float("inf")


@dataclass(frozen=True, slots=True)
class Session:
    """The credentials of an assumed role."""

    key_id: str
    caller: Principal


class Accounts:
    """
    The accounts of a world.

    Args:

        home: The account that unknown keys belong to.
        specs: Who may do what in each account.
    """

    def __init__(self, home: str, specs: Mapping[str, AccountSpec]) -> None:
        self._home = home
        self._specs = specs
        self._sessions: dict[str, Principal] = {}

    def account_of(self, key_id: str) -> str:
        """Return the account that an access key leads to, valid or not."""
        session = self._sessions.get(key_id)
        if session is not None:
            return session.account
        own = OWN_KEY.match(key_id)
        return own[1] if own else self._home

    def caller(self, key_id: str) -> Principal:
        """
        Say whose an access key is.

        Raises:

            ApiError: It is nobody's, or has expired.
        """
        account = self.account_of(key_id)
        found = self._sessions.get(key_id)
        if found is None and (key_id.startswith("ASIA") or account not in self._specs):
            code = "UnrecognizedClientException"
            raise ApiError(code, "The security token included in the request is invalid.")
        if found is not None and found.expires_at <= time.time():
            code = "ExpiredTokenException"
            raise ApiError(code, "The security token included in the request is expired")
        return found or Principal(account, f"arn:aws:sts::{account}:assumed-role/Simulated/rehearsal")

    def assume(self, by: Principal, role_arn: str, session_name: str, external_id: str | None) -> Session:
        """
        Let somebody act as a role.

        Raises:

            ApiError: There is no such account or role, or it is not for them.
        """
        match = ROLE_ARN.fullmatch(role_arn)
        spec = self._specs.get(match[1]) if match else None
        allowed = (
            match is not None
            and spec is not None
            and (spec.Roles is None or match[2] in spec.Roles)
            and (spec.ExternalId is None or spec.ExternalId == external_id)
        )
        if not allowed:
            code = "AccessDenied"
            words = f"User: {by.arn} is not authorized to perform: sts:AssumeRole on resource: {role_arn}"
            raise ApiError(code, words, 403)
        assert match is not None
        assert spec is not None
        key_id = f"ASIA{uuid.uuid4().hex[:16].upper()}"
        arn = f"arn:aws:sts::{match[1]}:assumed-role/{match[2]}/{session_name}"
        # To the millisecond that the wire has.
        session = Principal(match[1], arn, round(time.time() + spec.CredentialsLast, 3))
        self._sessions[key_id] = session
        return Session(key_id, session)

    def alias(self, account: str) -> str | None:
        """Return the alias of an account; it has at most one (documented)."""
        return self._specs[account].Alias

    def check(self, caller: Principal, operation: str, level: str | None) -> None:
        """
        Hold a request against the caller's rights.

        Args:

            caller: Who asks.
            operation: What for.
            level: The level of access that a listing asks for, None if it is none.

        Raises:

            ApiError: It is not allowed. That a listing at too high a level is denied, and not cut short, is a guess.
        """
        spec = self._specs[caller.account]
        too_high = level is not None and ACCESS_LEVELS.index(level) > ACCESS_LEVELS.index(spec.Access)
        if operation in spec.Deny or too_high:
            raise self.denied(caller, operation)

    def denied(self, caller: Principal, operation: str) -> ApiError:
        """Return the error of an operation that a caller has no right to."""
        code = "AccessDeniedException"
        services = {"GetCallerIdentity": "sts", "AssumeRole": "sts", "ListAccountAliases": "iam"}
        service = services.get(operation, "servicecatalog")
        return ApiError(code, f"User: {caller.arn} is not authorized to perform: {service}:{operation}")

    def sees(self, caller: Principal, owned_by: str) -> bool:
        """Whether a product that is owned at a level is within the caller's access."""
        return ACCESS_LEVELS.index(owned_by) <= ACCESS_LEVELS.index(self._specs[caller.account].Access)
