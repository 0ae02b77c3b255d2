"""
Identities that must come out the same after a restart: idempotency tokens and jitter.

Both are hashes of what they belong to, so no state has to survive for them.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode

from orchestrator.core.values.lane import Lane


def token(run_id: str, lane: Lane, product_id: str, attempt: int) -> str:
    """
    Derive the `TerminateToken` of one attempt.

    AWS accepts 1-128 characters of `[a-zA-Z0-9][a-zA-Z0-9_-]*` (documented in the service model); these are 56.

    Args:

        run_id: Random, minted once per run, kept in the journal's header.
        lane: Where the product is.
        product_id: The provisioned product's id.
        attempt: 1 for the first.
    """
    identity = "\n".join((run_id, lane.account_id, lane.region, product_id, str(attempt)))
    digest = hashlib.sha256(identity.encode()).digest()
    return "orc-" + b32encode(digest).decode().rstrip("=").lower()


def jitter(*identity: object) -> float:
    """
    Spread moments over an interval, the same way each time for the same identity.

    Returns:

        A number in [0, 1), evenly distributed over identities.
    """
    digest = hashlib.sha256("\n".join(map(str, identity)).encode()).digest()
    return int.from_bytes(digest[:7], "big") / (1 << 56)
