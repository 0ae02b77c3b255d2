"""The options and limits of a plan's keys: a product's own, else the plan's defaults, else what is built in."""

from __future__ import annotations

from typing import Any

from orchestrator.core.plan.model import Limits, Options
from orchestrator.store.plan import schema

OPTIONS = tuple(schema.OptionKeys.model_fields)


class RowOptions:
    """
    The options of rows, each combination made once: a million rows share a handful.

    Args:

        keys: The plan, with its defaults.
    """

    def __init__(self, keys: schema.PlanKeys) -> None:
        self._keys = keys
        self._made: dict[tuple[object, ...], Options] = {}

    def of(self, product: schema.ProductKeys) -> Options:
        """Return the options of a row."""
        given = product.model_fields_set
        own = (
            ()
            if given.isdisjoint(OPTIONS)
            else tuple(getattr(product, name) if name in given else None for name in OPTIONS)
        )
        if own not in self._made:
            self._made[own] = build_options(product, self._keys)
        return self._made[own]


def build_limits(keys: schema.LimitKeys) -> Limits:
    """Make the limits of their keys."""
    return Limits(
        max_terminations=keys.MaxTerminations,
        max_percent=keys.MaxPercent,
        failure_tolerance=keys.FailureTolerance,
        in_flight=keys.InFlight,
        rate_per_second=keys.RatePerSecond,
        deadline_seconds=keys.Deadline,
    )


def build_options(product: schema.OptionKeys, keys: schema.PlanKeys) -> Options:
    """Return the options of a product or a selection: its own, else the plan's defaults, else the built-in ones."""

    def chosen(name: str) -> Any:  # noqa: ANN401 - the option's own type
        for level in (product, keys.Defaults):
            if name in level.model_fields_set:
                return getattr(level, name)
        return getattr(keys.Limits if name == "TerminationTimeout" else keys.Defaults, name)

    return Options(
        ignore_errors=chosen("IgnoreErrors"),
        retain_physical_resources=chosen("RetainPhysicalResources"),
        accept_language=chosen("AcceptLanguage"),
        termination_timeout_seconds=chosen("TerminationTimeout"),
    )
