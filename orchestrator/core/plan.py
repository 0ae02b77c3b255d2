"""
The plan: what a person asked for, after reading and before anything was looked up.

These are plain values. How a plan is written in YAML, and every complaint about its form, lives in
`orchestrator.store`; rules between entries live in `orchestrator.core.validation`.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    The parameters of TerminateProvisionedProduct that a plan may set, and how long to wait for it.

    `termination_timeout` is in seconds, counted from the first send.
    """

    ignore_errors: bool = False
    retain_physical_resources: bool = False
    accept_language: str | None = None
    termination_timeout: int = 3_600

    @property
    def may_leave_resources(self) -> bool:
        """Whether what the product created may outlive it (documented for both parameters)."""
        return self.ignore_errors or self.retain_physical_resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One product named in a plan. `where` is `file:line` of the entry, for reasons that point back to it."""

    product_id: str
    key: str | None = None
    options: Options = field(default_factory=Options)
    where: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """How many failures a run accepts before nothing new is started: a number, or a share of the lines to terminate."""

    count: int | None = None
    percent: int | None = None

    def allowed(self, lines: int) -> int:
        """
        Say how many failures are still accepted.

        Args:

            lines: Number of lines to terminate.

        Returns:

            The count as given; or the share, rounded down, at least 1.
        """
        if self.count is not None:
            return self.count
        return max(1, lines * (self.percent or 0) // 100)

    def __str__(self) -> str:
        return str(self.count) if self.count is not None else f"{self.percent}%"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    The safety belts. Durations in seconds, the rate in terminations per second and lane.

    `deadline` is counted from the start of each execution.
    """

    max_terminations: int = 100
    failure_tolerance: Tolerance = field(default_factory=lambda: Tolerance(percent=10))
    in_flight: int = 500
    rate_per_second: float | None = None
    deadline: int = 43_200


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often a product is tried (the first attempt included), and the seconds to wait after a FAILED record."""

    attempts: int = 2
    backoff: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a person wants terminated, and within which limits."""

    name: str
    entries: tuple[Entry, ...] = ()
    limits: Limits = field(default_factory=Limits)
    retry: Retry = field(default_factory=Retry)
