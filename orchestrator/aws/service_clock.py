"""
The service's clock, as the `Date` of its answers tells: how far it is ahead of ours.

`Date` has a resolution of one second (RFC 9110). Only quick and direct answers count: with a request id, without `Age`, and
not longer under way than a second. The median of the last ones is what counts, so that one odd header changes nothing.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

LONGEST_ROUND_TRIP_S = 1.0
"""Seconds that an answer may take and still tell the time."""

REMEMBERED = 9
"""How many of the last answers count."""

HALF_A_SECOND = 0.5
SENT_AT = "orchestrator_sent_at"
REQUEST_IDS = ("x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id")


class ServiceClock:
    """
    Learns how far a service's clock is ahead of ours.

    Args:

        now: Our clock: seconds since the epoch.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._seen: deque[float] = deque(maxlen=REMEMBERED)
        self._lock = threading.Lock()

    def listen_to(self, client: Any) -> None:  # noqa: ANN401 - any boto3 client
        """Hear the answers that a client gets."""
        client.meta.events.register("before-call", self._on_call)
        client.meta.events.register("response-received", self._on_response)

    @property
    def ahead(self) -> float | None:
        """Seconds that the service's clock is ahead of ours, negative if it is behind; None while no answer has told."""
        with self._lock:
            found = sorted(self._seen)
        return round(found[len(found) // 2], 3) if found else None

    def _on_call(self, params: Mapping[str, Any], **_: object) -> None:
        params["context"][SENT_AT] = self._now()

    def _on_response(self, response_dict: Mapping[str, Any] | None, context: Mapping[str, Any], **_: object) -> None:
        sent_at = context.get(SENT_AT)
        if response_dict is None or sent_at is None:
            return
        found = seconds_ahead(response_dict["headers"], sent_at, self._now())
        if found is not None:
            with self._lock:
                self._seen.append(found)


def seconds_ahead(headers: Mapping[str, str], sent_at: float, answered_at: float) -> float | None:
    """
    Say how far the clock of an answer's sender is ahead of ours.

    Returns:

        Seconds; None if the answer does not tell.
    """
    lower = {key.lower(): value for key, value in headers.items()}
    if answered_at - sent_at > LONGEST_ROUND_TRIP_S or "age" in lower or not any(name in lower for name in REQUEST_IDS):
        return None
    try:
        date = parsedate_to_datetime(lower.get("date", "")).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
    # The second has begun when it is written; half of it has passed on average.
    return date + HALF_A_SECOND - (sent_at + answered_at) / 2
