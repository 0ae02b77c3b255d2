"""A key of `Where` is known in many places; one that forgets it would select more, or protect less, without a word."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.plan.model import Conditions, Protection
from orchestrator.core.review.match import misfits_of
from orchestrator.report.plan_writer import protection_lines
from orchestrator.store.formats import keys_of
from orchestrator.store.plan.build import conditions_of
from orchestrator.store.plan.conditions import conditions_from
from orchestrator.store.plan.json_schema import plan_schema
from orchestrator.store.plan.load import load_plan
from orchestrator.store.plan.schema import ProtectKeys
from tests.fakes import LANE, START
from tests.makers import product

SAMPLES: dict[str, tuple[Any, str]] = {
    "Name": (["prod-*"], "Name=prod-*"),
    "ProvisionedProductId": (["pp-other"], ""),
    "Status": (["ERROR"], "Status=ERROR"),
    "Tags": ({"Keep": ["true"]}, "Tags.Keep=true"),
    "ProductName": (["Network*"], "ProductName=Network*"),
    "ProductId": (["prod-abcdefghijklm"], "ProductId=prod-abcdefghijklm"),
    "Type": (["EXTERNAL"], "Type=EXTERNAL"),
    "UserArn": (["*:role/Admin/*"], "UserArn=*:role/Admin/*"),
    "AccountId": (["999999999999"], "AccountId=999999999999"),
    "Region": (["us-east-1"], "Region=us-east-1"),
    "OlderThan": (5_400, "OlderThan=90m"),
    "YoungerThan": (5_400, "YoungerThan=90m"),
}
"""Of each key a value as it is read from a plan, and as `--where` takes it (`Protect` alone has no such form)."""

AT = {"OlderThan": START - 60, "YoungerThan": START - 86_400}


def test_every_key_has_a_sample() -> None:
    """One that is added to the schema has to be added here, and then to what the tests below ask."""
    assert set(SAMPLES) == set(ProtectKeys.model_fields)


@pytest.mark.parametrize("key", SAMPLES)
def test_a_key_is_built_matched_and_written(key: str, tmp_path: Path) -> None:
    """From the file to the decision, into what `discover` writes, and back."""
    conditions = conditions_of({key: SAMPLES[key][0]})
    assert conditions != Conditions()
    seen = product(catalog_id="prod-1", catalog_name="x", user_arn="arn:x", tags=(), created_at=AT.get(key, START))
    assert list(misfits_of(conditions, seen, LANE, START)) == [key]
    path = tmp_path / "plan.yaml"
    head = ("Version: 1", "Name: x", "Products: [{ProvisionedProductId: pp-a}]")
    path.write_text("\n".join([*head, *protection_lines([Protection(conditions=conditions)])]) + "\n")
    assert [each.conditions for each in load_plan(path).protections] == [conditions]


@pytest.mark.parametrize("key", [key for key, (_, word) in SAMPLES.items() if word])
def test_a_key_is_taken_on_the_command_line(key: str) -> None:
    """`discover --where` means what a plan means."""
    value, word = SAMPLES[key]
    assert conditions_from([word]) == conditions_of({key: value})


def test_every_attribute_comes_from_a_key_and_is_kept_on_disk() -> None:
    """None of them is left at its default by all keys together."""
    built = [conditions_of({key: value}) for key, (value, _) in SAMPLES.items()]
    names = {field.name for field in fields(Conditions)}
    assert {name for name in names if any(getattr(each, name) != getattr(Conditions(), name) for each in built)} == names
    assert set(keys_of(Conditions).values()) == names


def test_every_key_is_described_for_editors() -> None:
    """In the published schema of plans."""
    definitions = plan_schema()["$defs"]
    assert set(SAMPLES) == set(definitions["ProtectKeys"]["properties"])
    assert all(each.get("description") for each in definitions["ProtectKeys"]["properties"].values())
