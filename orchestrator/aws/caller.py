"""
Whose the credentials are that a request is signed with: asked again whenever they have changed.

Credentials are renewed in the middle of a run, by a program or from a service whose answer somebody may have changed
meanwhile. In another account every product of ours is "not found" (inferred), which must never be taken for its end.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSPreparedRequest

from orchestrator.aws.answers import Refused, identity_in
from orchestrator.aws.faults import one_line, problem
from orchestrator.core.replies import NotSent, Problem, Unauthenticated, explain
from orchestrator.ports import Identity

KEY_ID = re.compile(r"Credential=([^/,\s]+)/")


class Caller:
    """
    Lets no request leave that is signed with the keys of another account.

    Args:

        account_id: Whose they have to be.
        make: Makes a client of a service.
    """

    def __init__(self, account_id: str, make: Callable[[str], Any]) -> None:
        self._account_id = account_id
        self._make = make
        self._known: set[str] = set()
        self._asking = threading.Lock()

    def identify(self) -> Identity:
        """Ask STS who we are, and remember the key if it is ours; raises whatever goes wrong with that."""
        # Asked once for each key, so its client is not kept.
        client = self._make("sts")
        signed: list[str] = []
        client.meta.events.register("before-send", lambda request, **_: signed.append(key_of(request)))
        identity = identity_in(client.get_caller_identity())
        if identity.account_id == self._account_id:
            self._known.update(signed[-1:])
        return identity

    def hold(self, request: AWSPreparedRequest, **_: object) -> None:
        """
        Look at a signed request before it is sent; a handler of botocore's `before-send`.

        Raises:

            Refused: It must not be sent.
        """
        key = key_of(request)
        if key in self._known:
            return
        with self._asking:
            if key not in self._known and (found := self._problem_with(key)) is not None:
                raise Refused(found)

    def _problem_with(self, key: str) -> Problem | None:
        try:
            identity = self.identify()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody knows whose the key is
            found = problem(error)
            return found if isinstance(found, Unauthenticated) else NotSent(f"sts:GetCallerIdentity: {explain(found)}")
        if identity.account_id != self._account_id:
            who = f"account {identity.account_id} ({one_line(identity.arn)})"
            return Unauthenticated("wrong account", f"they belong to {who} now")
        # The question may have been signed with a newer key of the same source, which may be new for every request.
        self._known.add(key)
        return None


def key_of(request: AWSPreparedRequest) -> str:
    """Return the id of the access key that a request is signed with; it is no secret (documented)."""
    found = KEY_ID.search(str(request.headers.get("Authorization", "")))
    return found[1] if found else ""
