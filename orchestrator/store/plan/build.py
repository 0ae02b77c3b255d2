"""
From the keys of a file to the core's values; and from a file that has mistakes to as much of them as can be made out, so
that the rules between entries are checked all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from sys import intern
from typing import Any

from orchestrator.core.inventory.model import STABLE_STATUSES
from orchestrator.core.plan.model import Conditions, Entry, Options, Plan, Protection, Selection, Target
from orchestrator.core.plan.rules import validate
from orchestrator.core.values.arns import is_arn, parse_arn
from orchestrator.core.values.durations import parse_duration
from orchestrator.core.values.finding import Finding
from orchestrator.store.plan.suggestions import keys_at, misspelled

ID, NAME = "ProvisionedProductId", "ProvisionedProductName"
NO_OPTIONS = Options()
SOURCES = ("Products", "ProductsFrom", "Select")
"""Where a plan's products come from; it must have one of these."""

SELECTED_STATUSES = tuple(sorted(STABLE_STATUSES))
"""What `Status` is where a selection does not say: the statuses from which a product can be terminated."""


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
        # A million rows of a file share a handful of accounts and regions.
        account_id=intern(account_id) if account_id else None,
        region=intern(region) if region else None,
        key=keys.get("Key"),
        options=options,
        depends_on=tuple(keys.get("DependsOn") or ()),
        location=where,
    )


def conditions_of(keys: Mapping[str, Any], statuses: tuple[str, ...] = ()) -> Conditions:
    """Make conditions of their keys; *statuses* are the default of `Status`."""

    def several(name: str) -> tuple[str, ...]:
        return tuple(keys.get(name) or ())

    return Conditions(
        names=several("Name"),
        product_ids=several(ID),
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


def selection_of(keys: Mapping[str, Any], options: Options, where: str | None = None) -> Selection:
    """Make a selection of its keys."""
    return Selection(
        conditions=conditions_of(vars(keys["Where"]), SELECTED_STATUSES),
        options=options,
        notice_seconds=keys.get("After"),
        key=keys.get("Key"),
        depends_on=tuple(keys.get("DependsOn") or ()),
        location=where,
    )


def findings(plain: object, rows: Sequence[Entry] = ()) -> Iterator[Finding]:
    """
    Yield what is wrong between the parts of a plan, also of one whose single values have mistakes.

    Args:

        plain: What stands in the YAML.
        rows: The products of files beside it.
    """
    if not isinstance(plain, dict):
        return
    products = [as_keys(each) for each in as_list(plain.get("Products"))]
    for number, keys in enumerate(products):
        yield from naming(number, keys)
    if not {*plain, *misspelled(plain, keys_at(()))}.intersection(SOURCES):
        hint = "name products under Products, in files under ProductsFrom, or describe them under Select"
        yield Finding(path=(), message=f"`{SOURCES[0]}`, `{SOURCES[1]}` or `{SOURCES[2]}` is missing", hint=hint)
    sketch = Plan(
        name="sketch",
        targets=tuple(sketch_target(number, as_keys(each)) for number, each in enumerate(as_list(plain.get("Targets")))),
        entries=(
            *(entry_of(texts(keys) | {"DependsOn": words(keys, "DependsOn")}, NO_OPTIONS) for keys in products),
            *rows,
        ),
        selections=tuple(sketch_selection(as_keys(each)) for each in as_list(plain.get("Select"))),
        protections=tuple(Protection(conditions=sketch_conditions(each)) for each in as_list(plain.get("Protect"))),
    )
    yield from validate(sketch)


def sketch_selection(keys: Mapping[str, Any]) -> Selection:
    """Make what can be made of a selection."""
    return Selection(
        conditions=sketch_conditions(keys.get("Where")),
        key=text(keys, "Key"),
        depends_on=tuple(words(keys, "DependsOn")),
    )


def sketch_conditions(keys: object) -> Conditions:
    """Make of conditions what the rules between parts of a plan ask for: where they hold, and whether that is all."""
    if not isinstance(keys, dict):
        return Conditions(names=("*",))
    lanes = {name: [each for each in several(keys.get(name)) if isinstance(each, str)] for name in ("AccountId", "Region")}
    ages = {name: seconds_of(keys[name]) for name in ("OlderThan", "YoungerThan") if name in keys}
    further = {"Name": ["*"]} if set(keys) - {"AccountId"} else {}
    return conditions_of({**lanes, **further, **ages})


def seconds_of(value: object) -> int | None:
    """Return what a duration says, None if it is none."""
    try:
        return parse_duration(value) if isinstance(value, str) else None
    except ValueError:
        return None


def several(value: object) -> list[Any]:
    """Return a list, of one if it is a single value."""
    return value if isinstance(value, list) else [value]


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
    if not {*keys, *misspelled(keys, keys_at(("Products",)))}.intersection((ID, NAME)):
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
