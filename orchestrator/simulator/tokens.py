"""
Page tokens: opaque, made here only, and good for the operation and lane that gave them out.

A token holds the place that the next page begins behind, not a number: pages stay right while products come and go.
"""

from __future__ import annotations

import base64
import hashlib
import json
from itertools import count

from orchestrator.simulator.errors import invalid

PagePosition = tuple[float | str, ...]
"""What a listing is sorted by: the sort key, and the id. An empty one is the beginning."""

SUM = 12
"""Bytes of a token's checksum."""


class Tokens:
    """
    The page tokens of one operation in one lane.

    Args:

        scope: Names the operation and the lane. A token of another scope is not valid.
    """

    def __init__(self, scope: str) -> None:
        self._scope = scope
        self._numbers = count()

    def give(self, place: PagePosition) -> str:
        """Return a token for the page behind a place, unlike every token before it."""
        body = json.dumps([next(self._numbers), place]).encode()
        return base64.urlsafe_b64encode(self._sum(body) + body).decode()

    def place(self, token: str | None) -> PagePosition:
        """
        Return the place that a token stands for; no token is the beginning.

        Raises:

            ApiError: The token was not given out here.
        """
        if token is None:
            return ()
        try:
            raw = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        except ValueError as error:
            raise invalid("The page token is not valid.") from error
        if raw[:SUM] != self._sum(raw[SUM:]) or base64.urlsafe_b64encode(raw).decode() != token:
            raise invalid("The page token is not valid.")
        return tuple(json.loads(raw[SUM:])[1])

    def _sum(self, body: bytes) -> bytes:
        return hashlib.sha256(self._scope.encode() + b"/" + body).digest()[:SUM]
