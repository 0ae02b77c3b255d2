"""
From the keys of a file to the core's values; and from a file that has mistakes to as much of them as can be made out, so
that the rules between entries are checked all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.core.arn import is_arn, parse_arn
from orchestrator.core.plan import Entry, Options, Plan, Target
from orchestrator.core.validation import Finding, validate

ID, NAME = "ProvisionedProductId", "ProvisionedProductName"
NO_OPTIONS = Options()


def target_of(keys: Mapping[str, Any]) -> Target:
    """Make a target of its keys."""
    return Target(
        account_id=keys["AccountId"],
        regions=tuple(keys["Regions"]),
        role_name=keys.get("RoleName"),
        role_arn=keys.get("RoleArn"),
        profile=keys.get("Profile"),
        external_id=keys.get("ExternalId"),
        role_session_name=keys.get("RoleSessionName"),
    )


def entry_of(keys: Mapping[str, Any], options: Options, where: str | None = None) -> Entry:
    """Make an entry of its keys; an ARN gives id, name and lane."""
    product_id, name, account_id, region = keys.get(ID), keys.get(NAME), keys.get("AccountId"), keys.get("Region")
    if name is not None and is_arn(name):
        arn = parse_arn(name)
        product_id, name = arn.product_id, arn.name
        account_id, region = arn.lane.account_id, arn.lane.region
    return Entry(
        product_id=product_id,
        name=name,
        account_id=account_id,
        region=region,
        key=keys.get("Key"),
        options=options,
        depends_on=tuple(keys.get("DependsOn") or ()),
        where=where,
    )


def findings(plain: object) -> Iterator[Finding]:
    """Yield what is wrong between the parts of a plan, also of one whose single values have mistakes."""
    if not isinstance(plain, dict):
        return
    products = [as_keys(each) for each in as_list(plain.get("Products"))]
    for number, keys in enumerate(products):
        yield from naming(number, keys)
    sketch = Plan(
        name="sketch",
        targets=tuple(sketch_target(number, as_keys(each)) for number, each in enumerate(as_list(plain.get("Targets")))),
        entries=tuple(entry_of(texts(keys) | {"DependsOn": words(keys, "DependsOn")}, NO_OPTIONS) for keys in products),
    )
    yield from validate(sketch)


def sketch_target(number: int, keys: Mapping[str, Any]) -> Target:
    """Make what can be made of a target; what cannot be read becomes something that collides with nothing."""
    found = texts(keys)
    regions = [each if isinstance(each, str) else f"?{index}" for index, each in enumerate(as_list(keys.get("Regions")))]
    if "AccountId" not in found:
        found.pop("RoleArn", None)
        found["AccountId"] = f"?{number}"
    return target_of({**found, "Regions": regions})


def naming(number: int, keys: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with how an entry names its product."""
    path = ("Products", number)
    if ID not in keys and NAME not in keys:
        message = f"`{ID}` or `{NAME}` is missing"
        yield Finding(path=path, message=message, hint="an entry names its product by one of them")
    elif ID in keys and NAME in keys:
        hint = "keep the id, which is unique; a name may be another product's tomorrow"
        related = (((*path, ID), "the id"),)
        yield Finding(path=(*path, NAME), message=f"`{NAME}` beside `{ID}`", hint=hint, related=related)
    name = text(keys, NAME)
    if name is None or not is_arn(name):
        return
    try:
        lane = parse_arn(name).lane
    except ValueError:
        return
    for key, told in (("AccountId", lane.account_id), ("Region", lane.region)):
        if key in keys and keys[key] != told:
            yield Finding(path=(*path, key), message=f"`{key}` is not the one of the ARN, {told}", hint="leave it out")


def texts(keys: Mapping[str, Any]) -> dict[str, str]:
    """Return what is text, and where it must be an ARN, one that can be read."""
    found = {key: value for key, value in keys.items() if isinstance(value, str)}
    name = found.get(NAME, "")
    if is_arn(name):
        try:
            parse_arn(name)
        except ValueError:
            del found[NAME]
    return found


def text(keys: Mapping[str, Any], name: str) -> str | None:
    """Return a value that is text, else None."""
    value = keys.get(name)
    return value if isinstance(value, str) else None


def words(keys: Mapping[str, Any], name: str) -> list[str]:
    """Return a list of texts; what is none keeps its place, so that the places of the others are right."""
    return [each if isinstance(each, str) else "*" for each in as_list(keys.get(name))]


def as_list(value: object) -> list[Any]:
    """Return a list, empty if it is none."""
    return value if isinstance(value, list) else []


def as_keys(value: object) -> dict[str, Any]:
    """Return a mapping, empty if it is none."""
    return value if isinstance(value, dict) else {}
