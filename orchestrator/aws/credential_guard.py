"""
Whose the credentials are that a request is signed with: asked again whenever they have changed.

Credentials are renewed in the middle of a run, by a program or from a service whose answer somebody may have changed
meanwhile. In another account every product of ours is "not found" (inferred), which must never be taken for its end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from botocore.credentials import Credentials, ReadOnlyCredentials

from orchestrator.aws.errors import one_line, problem
from orchestrator.aws.parse import CredentialsRefused, identity_in
from orchestrator.core.inventory.calls import NotSent, Problem, Unauthenticated, explain
from orchestrator.ports import Identity

PAUSE = 5.0
"""Seconds for which a key that is not ours is not asked about again; where nobody could tell, only who waits is spared."""


class GuardedCredentials(Credentials):
    """Credentials of a source, of which none signs anything before it is known whose it is."""

    def __init__(self, source: Credentials, vouch: Callable[[ReadOnlyCredentials], None]) -> None:
        super().__init__("held", "held", method=source.method)
        self._source = source
        self._vouch = vouch

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return what a request is signed with; raises `CredentialsRefused` if that must not be."""
        frozen: ReadOnlyCredentials = self._source.get_frozen_credentials()
        self._vouch(frozen)
        return frozen


class CredentialGuard:
    """
    The keys that sign in an account: those that are known to be its own.

    Args:

        account_id: Whose the credentials have to be.
        make: Makes a client of a service that signs with certain credentials.
        source: Where credentials come from.
        clock: Returns seconds, of whatever time.
    """

    def __init__(
        self,
        account_id: str,
        make: Callable[[str, Credentials], Any],
        source: Credentials,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._account_id = account_id
        self._make = make
        self._source = source
        self._clock = clock
        self._known: set[str] = set()
        self._refused: dict[str, tuple[float, Problem]] = {}
        self._asking = threading.Lock()
        self.credentials = GuardedCredentials(source, self._vouch)

    def identify(self) -> Identity:
        """Ask STS who we are; raises whatever goes wrong with that."""
        return self._ask(self._source.get_frozen_credentials())

    def _ask(self, frozen: ReadOnlyCredentials) -> Identity:
        # With the very key that is asked about: the next one of the same source may be another's.
        key = Credentials(str(frozen.access_key), str(frozen.secret_key), frozen.token)
        # Asked once for each key, so its client is not kept.
        identity = identity_in(self._make("sts", key).get_caller_identity())
        if identity.account_id == self._account_id:
            self._known.add(str(frozen.access_key))
        return identity

    def _vouch(self, frozen: ReadOnlyCredentials) -> None:
        """Let a key sign that is the account's; raises `CredentialsRefused` for any other. Many threads, one question."""
        key, began = str(frozen.access_key), self._clock()
        if key in self._known:
            return
        with self._asking:
            if key in self._known:
                return
            earlier = self._refused.get(key)
            if earlier is None or earlier[0] < began - (PAUSE if isinstance(earlier[1], Unauthenticated) else 0.0):
                found = self._problem_with(frozen)
                if found is None:
                    return
                earlier = self._refused[key] = self._clock(), found
            raise CredentialsRefused(earlier[1])

    def _problem_with(self, frozen: ReadOnlyCredentials) -> Problem | None:
        try:
            identity = self._ask(frozen)
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody knows whose the key is
            found = problem(error)
            return found if isinstance(found, Unauthenticated) else NotSent(f"sts:GetCallerIdentity: {explain(found)}")
        if identity.account_id != self._account_id:
            who = f"account {identity.account_id} ({one_line(identity.arn)})"
            return Unauthenticated("wrong account", f"they belong to {who} now")
        return None
