"""
The plan: what a person asked for, after reading and before anything was looked up.

These are plain values. How a plan is written in YAML, and every complaint about its form, lives in
`orchestrator.store`; rules between entries live in `orchestrator.core.plan.rules`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from orchestrator.core.values.lane import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    The parameters of TerminateProvisionedProduct that a plan may set, and how long to wait for it.

    `termination_timeout_seconds` is seconds, counted from the first send.
    """

    ignore_errors: bool = False
    retain_physical_resources: bool = False
    accept_language: str | None = None
    termination_timeout_seconds: int = 3_600

    @property
    def may_leave_resources(self) -> bool:
        """Whether what the product created may outlive it (documented for both parameters)."""
        return self.ignore_errors or self.retain_physical_resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """
    An account with its regions and how to get in: by a role, by a profile, or with the ambient credentials if neither is
    given. At most one of `role_name`, `role_arn` and `profile` is.
    """

    account_id: str
    regions: tuple[str, ...]
    role_name: str | None = None
    role_arn: str | None = None
    profile: str | None = None
    external_id: str | None = None
    role_session_name: str | None = None

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The target's lanes."""
        return tuple(Lane(self.account_id, region) for region in self.regions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One product named in a plan, by its id, by its name, or by both (an ARN holds both); then both have to fit.

    `account_id` and `region` narrow where it is looked for. `depends_on` are ids, names or keys of other entries, and globs
    over names in the entry's lane. `location` is `file:line` of the entry, for reasons that point back to it.
    """

    product_id: str | None = None
    name: str | None = None
    account_id: str | None = None
    region: str | None = None
    key: str | None = None
    options: Options = field(default_factory=Options)
    depends_on: tuple[str, ...] = ()
    location: str | None = None

    @property
    def label(self) -> str:
        """What the entry is called in messages."""
        return self.key or self.name or self.product_id or "?"

    @property
    def handles(self) -> frozenset[str]:
        """The words by which another entry may depend on this one."""
        return frozenset(handle for handle in (self.key, self.name, self.product_id) if handle)

    def admits(self, lane: Lane) -> bool:
        """Whether the product may be in *lane*."""
        return self.account_id in (None, lane.account_id) and self.region in (None, lane.region)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """
    What a product has to be like: all fields that are not empty must fit, one word of each is enough. Words are globs, and
    fit what they are to the letter as well. Ages are in seconds, `tags` are keys with words for their values.

    `product_ids` are ids of provisioned products, `catalog_ids` and `catalog_names` those of the products in the catalog.
    """

    names: tuple[str, ...] = ()
    product_ids: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    tags: tuple[tuple[str, tuple[str, ...]], ...] = ()
    catalog_names: tuple[str, ...] = ()
    catalog_ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    user_arns: tuple[str, ...] = ()
    account_ids: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    older_than_seconds: int | None = None
    younger_than_seconds: int | None = None

    @property
    def are_of_accounts_only(self) -> bool:
        """Whether nothing but accounts is named, so that whole accounts are meant."""
        return bool(self.account_ids) and self == Conditions(account_ids=self.account_ids)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """
    Products that a plan does not name one by one: all that fit, when the plan is reviewed.

    `notice_seconds` is how many seconds a product has to have been selected in reviews before it is terminated. `key`
    stands for all of them in other entries' `depends_on`; `depends_on` and `location` are as an entry's.
    """

    conditions: Conditions
    options: Options = field(default_factory=Options)
    notice_seconds: int | None = None
    key: str | None = None
    depends_on: tuple[str, ...] = ()
    location: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """Products that are never terminated, whoever names them. `location` is as an entry's."""

    conditions: Conditions
    location: str | None = None


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

    `deadline_seconds` is counted from the start of each execution; `max_percent` is of what a lane holds.
    """

    max_terminations: int = 100
    max_percent: int = 100
    failure_tolerance: Tolerance = field(default_factory=lambda: Tolerance(percent=10))
    in_flight: int = 500
    rate_per_second: float | None = None
    deadline_seconds: int = 43_200


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often a product is tried (the first attempt included), and the seconds to wait after a FAILED record."""

    attempts: int = 2
    backoff_seconds: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a person wants terminated, where, and within which limits. Without targets it is the ambient account."""

    name: str
    targets: tuple[Target, ...] = ()
    entries: tuple[Entry, ...] = ()
    selections: tuple[Selection, ...] = ()
    protections: tuple[Protection, ...] = ()
    limits: Limits = field(default_factory=Limits)
    retry: Retry = field(default_factory=Retry)

    @property
    def without_locations(self) -> Plan:
        """The plan without where its parts are written: it means the same when its lines are moved."""
        return replace(
            self,
            entries=tuple(replace(each, location=None) for each in self.entries),
            selections=tuple(replace(each, location=None) for each in self.selections),
            protections=tuple(replace(each, location=None) for each in self.protections),
        )

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The lanes of all targets."""
        return tuple(lane for target in self.targets for lane in target.lanes)
