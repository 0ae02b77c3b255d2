"""Token buckets: AWS publishes no quota for these operations and none of its limiter's shape, so this one is a guess."""

from __future__ import annotations


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
