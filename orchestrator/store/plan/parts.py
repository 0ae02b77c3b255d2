"""Checks that need more than one key of a part but no other part, and what remains of a plan without invalid parts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from orchestrator.core.values.arns import is_arn, parse_arn
from orchestrator.core.values.finding import Finding, Path
from orchestrator.store.plan.messages import keys_at, misspelled_keys
from orchestrator.store.plan.schema import SOURCES

ID, NAME = "ProvisionedProductId", "ProvisionedProductName"

REQUIRED: Mapping[str, Any] = {"Version": 1, "Name": "unnamed"}
"""Stands in for required keys that are invalid, so that the other parts can be read."""


def part_findings(plain: Mapping[str, Any]) -> Iterator[Finding]:
    """Find out whether a plan has products at all, and whether each product is named in one way."""
    if not {*plain, *misspelled_keys(plain, keys_at(()))}.intersection(SOURCES):
        hint = "name products under Products, in files under ProductsFrom, or describe them under Select"
        message = f"`{SOURCES[0]}`, `{SOURCES[1]}` or `{SOURCES[2]}` is missing"
        yield Finding(path=(SOURCES[0],), message=message, hint=hint)
    products = plain.get("Products")
    for number, product in enumerate(products if isinstance(products, list) else ()):
        if isinstance(product, dict):
            yield from naming_findings(("Products", number), product)


def naming_findings(path: Path, keys: Mapping[str, Any]) -> Iterator[Finding]:
    """
    Find what is wrong with the way an entry names its product.

    Args:

        path: The path of the entry.
        keys: The keys of the entry, with values that may be invalid.
    """
    if ID in keys and NAME in keys:
        hint = "keep the id, which is unique; a name may be another product's tomorrow"
        related = (((*path, ID), "the id"),)
        yield Finding(path=(*path, NAME), message=f"`{NAME}` beside `{ID}`", hint=hint, related=related)
    elif ID not in keys and NAME not in keys and misspelled_keys(keys, keys_at(("Products",))).isdisjoint((ID, NAME)):
        hint = "an entry names its product by one of them"
        yield Finding(path=path, message=f"`{ID}` or `{NAME}` is missing", hint=hint)
    name = keys.get(NAME)
    if not isinstance(name, str) or not is_arn(name):
        return
    try:
        lane = parse_arn(name).lane
    except ValueError:
        return
    for key, told in (("AccountId", lane.account_id), ("Region", lane.region)):
        if key in keys and keys[key] != told:
            yield Finding(path=(*path, key), message=f"`{key}` is not the one of the ARN, {told}", hint="leave it out")


def valid_parts(plain: Mapping[str, Any], wrong: Collection[Path]) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """
    Remove the invalid parts from a plan: single items of lists, and other keys as a whole.

    Args:

        plain: The plan as it is written.
        wrong: The paths of everything that is invalid.

    Returns:

        A valid plan; and for each of its lists, the numbers that the remaining items have in the YAML.
    """
    keys, items = {path[0] for path in wrong}, {path[:2] for path in wrong}
    valid = dict(REQUIRED)
    numbers: dict[str, list[int]] = {}
    for key, value in plain.items():
        if isinstance(value, list) and (key,) not in items:
            numbers[key] = [number for number in range(len(value)) if (key, number) not in items]
            if numbers[key]:
                valid[key] = [value[number] for number in numbers[key]]
        elif key not in keys:
            valid[key] = value
    return valid, numbers
