"""Builds the values of the core from the validated keys of a plan file."""

from __future__ import annotations

from collections.abc import Mapping
from sys import intern
from typing import Any

from orchestrator.core.inventory.model import STABLE_STATUSES
from orchestrator.core.plan.model import Conditions, Entry, Limits, Options, Selection, Target
from orchestrator.core.values.arns import is_arn, parse_arn
from orchestrator.store.plan import schema

OPTIONS = tuple(schema.OptionKeys.model_fields)

SELECTED_STATUSES = tuple(sorted(STABLE_STATUSES))
"""What `Status` is where a selection does not say: the statuses from which a product can be terminated."""


class PlanOptions:
    """
    Builds the options of products and selections; equal options are one object, since a million rows share a handful.

    Args:

        keys: The keys of the plan, with its defaults.
    """

    def __init__(self, keys: schema.PlanKeys) -> None:
        self._keys = keys
        self._made: dict[tuple[object, ...], Options] = {}

    def of(self, item: schema.OptionKeys) -> Options:
        """Return the options of a product or a selection: its own, else the plan's defaults, else the built-in ones."""
        given = item.model_fields_set
        own = () if given.isdisjoint(OPTIONS) else tuple(getattr(item, name) if name in given else None for name in OPTIONS)
        if own not in self._made:
            self._made[own] = Options(
                ignore_errors=self._chosen(item, "IgnoreErrors"),
                retain_physical_resources=self._chosen(item, "RetainPhysicalResources"),
                accept_language=self._chosen(item, "AcceptLanguage"),
                termination_timeout_seconds=self._chosen(item, "TerminationTimeout"),
            )
        return self._made[own]

    def _chosen(self, item: schema.OptionKeys, name: str) -> Any:  # noqa: ANN401 - the option's own type
        for level in (item, self._keys.Defaults):
            if name in level.model_fields_set:
                return getattr(level, name)
        return getattr(self._keys.Limits if name == "TerminationTimeout" else self._keys.Defaults, name)


def target_of(keys: Mapping[str, Any]) -> Target:
    """Build a target from its keys."""
    return Target(
        account_id=keys["AccountId"],
        regions=tuple(keys["Regions"]),
        role_name=keys.get("RoleName"),
        role_arn=keys.get("RoleArn"),
        profile=keys.get("Profile"),
        external_id=keys.get("ExternalId"),
        role_session_name=keys.get("RoleSessionName"),
    )


def entry_of(keys: Mapping[str, Any], options: Options, location: str) -> Entry:
    """Build an entry from its keys; an ARN gives its id, name, account and region."""
    product_id, name = keys.get("ProvisionedProductId"), keys.get("ProvisionedProductName")
    account_id, region = keys.get("AccountId"), keys.get("Region")
    if name is not None and is_arn(name):
        arn = parse_arn(name)
        product_id, name = arn.product_id, arn.name
        account_id, region = arn.lane.account_id, arn.lane.region
    return Entry(
        product_id=product_id,
        name=name,
        # A million rows of a file share a handful of accounts and regions.
        account_id=intern(account_id) if account_id else None,
        region=intern(region) if region else None,
        key=keys.get("Key"),
        options=options,
        depends_on=tuple(keys.get("DependsOn") or ()),
        location=location,
    )


def conditions_of(keys: Mapping[str, Any], statuses: tuple[str, ...] = ()) -> Conditions:
    """Build conditions from their keys; *statuses* are the default of `Status`."""

    def several(name: str) -> tuple[str, ...]:
        return tuple(keys.get(name) or ())

    return Conditions(
        names=several("Name"),
        product_ids=several("ProvisionedProductId"),
        statuses=several("Status") or statuses,
        tags=tuple((key, tuple(values)) for key, values in (keys.get("Tags") or {}).items()),
        catalog_names=several("ProductName"),
        catalog_ids=several("ProductId"),
        types=several("Type"),
        user_arns=several("UserArn"),
        account_ids=several("AccountId"),
        regions=several("Region"),
        older_than_seconds=keys.get("OlderThan"),
        younger_than_seconds=keys.get("YoungerThan"),
    )


def selection_of(keys: Mapping[str, Any], options: Options, location: str) -> Selection:
    """Build a selection from its keys."""
    return Selection(
        conditions=conditions_of(vars(keys["Where"]), SELECTED_STATUSES),
        options=options,
        notice_seconds=keys.get("After"),
        key=keys.get("Key"),
        depends_on=tuple(keys.get("DependsOn") or ()),
        location=location,
    )


def limits_of(keys: schema.LimitKeys) -> Limits:
    """Build the limits from their keys."""
    return Limits(
        max_terminations=keys.MaxTerminations,
        max_percent=keys.MaxPercent,
        failure_tolerance=keys.FailureTolerance,
        in_flight=keys.InFlight,
        rate_per_second=keys.RatePerSecond,
        deadline_seconds=keys.Deadline,
    )
