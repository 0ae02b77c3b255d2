"""
Token buckets and clocks of simulated accounts. AWS publishes no quota for these operations and none of its limiter's shape,
so the buckets are a guess.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import formatdate

from orchestrator.simulator.world_file import Holdings

LATEST = 253_402_300_799
"""The last second that a Date header can tell, in epoch seconds; a fast world may get there."""


class Bucket:
    """
    A token bucket.

    Args:

        rate: Tokens per second.
        burst: Tokens that it holds at most.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._tokens = burst
        self._at: float | None = None

    def take(self, now: float) -> bool:
        """Take a token at *now* (seconds); False if there is none."""
        if self._at is not None:
            self._tokens = min(self._burst, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


LaneKey = tuple[str, str]
"""An account and a region."""


class Clocks:
    """
    The clock of the world, and the service's own in each lane.

    Args:

        holdings: The clock of each lane. Callers without a known account get the first lane's.
        time: Our time, in epoch seconds.
        speed: How many times faster than ours the world's time goes.
    """

    def __init__(self, holdings: Mapping[LaneKey, Holdings], time: Callable[[], float], speed: float) -> None:
        self._holdings = holdings
        self._time = time
        self._speed = speed
        self._cached: dict[LaneKey, float] = {}
        self.began_at = time()

    def now(self) -> float:
        """Return the world's time, in epoch seconds."""
        return self.began_at + (self._time() - self.began_at) * self._speed

    def headers(self, account: str, region: str) -> dict[str, str]:
        """
        Return the Date and Age headers of an answer (RFC 7231).

        Requests to IAM are signed for a region of its own; they get the account's first lane.
        """
        lanes = [(account, region), *(lane for lane in self._holdings if lane[0] == account), *self._holdings]
        lane = next(lane for lane in lanes if lane in self._holdings)
        spec = self._holdings[lane]
        now = min(self.now() + spec.ClockOffset, LATEST)
        if spec.DateHeader == "absent":
            return {}
        if spec.DateHeader == "cached":
            first = self._cached.setdefault(lane, now)
            return {"Date": formatdate(first, usegmt=True), "Age": str(max(0, int(now - first)))}
        return {"Date": formatdate(now, usegmt=True)}
