"""The JSON Schemas: complete, kept beside the plans, and of the same mind as the reader where a schema can say it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from orchestrator.simulator import WorldInvalid, read_world
from orchestrator.simulator.world_schema import world_schema
from orchestrator.store.plan.json_schema import DESCRIPTIONS, plan_schema, properties_of
from orchestrator.store.plan.load import PlanInvalid, load_plan

PLANS = Path(__file__).parents[2] / "plans"
WORLDS = sorted(PLANS.glob("*.world.yaml"))
SHIPPED = sorted(set(PLANS.glob("*.yaml")) - set(WORLDS))


def verdict(schema: dict[str, Any], path: Path) -> bool:
    """What an independent validator says of a file."""
    return bool(Draft202012Validator(schema).is_valid(yaml.safe_load(path.read_text())))


def test_the_schemas_are_schemas_and_explain_every_key() -> None:
    """By the dialect's own schema."""
    for schema in (plan_schema(), world_schema()):
        Draft202012Validator.check_schema(schema)
        assert all(key["description"] for _, key in properties_of(schema))
    assert {name for name, _ in properties_of(plan_schema())} == set(DESCRIPTIONS)


def test_the_schemas_beside_the_plans_are_the_programs() -> None:
    """`orchestrator schema > plans/plan.schema.json` makes them anew."""
    assert json.loads((PLANS / "plan.schema.json").read_text()) == plan_schema()
    assert json.loads((PLANS / "world.schema.json").read_text()) == world_schema()


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_plan_names_the_schema_and_fits_it(path: Path) -> None:
    """For editors, in its first line."""
    assert path.read_text().startswith("# yaml-language-server: $schema=plan.schema.json\n")
    assert verdict(plan_schema(), path)


@pytest.mark.parametrize("path", WORLDS, ids=lambda path: path.name)
def test_every_shipped_world_names_the_schema_and_fits_it(path: Path) -> None:
    """As plans do."""
    assert path.read_text().startswith("# yaml-language-server: $schema=world.schema.json\n")
    assert verdict(world_schema(), path)


HEAD = "Version: 1\nName: x\n"
ONE = HEAD + "Products: [{ProvisionedProductId: pp-a}]\n"
TARGET = 'AccountId: "111122223333", Regions: [eu-west-1]'


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (ONE, True),
        (HEAD + "Products: []\n", True),
        (HEAD, False),
        (ONE + "Limit: {}\n", False),
        (ONE.replace("Version: 1", "Version: 2"), False),
        (ONE.replace("Name: x", "Name: X"), False),
        (HEAD + "Products: [{}]\n", False),
        (HEAD + "Products: [{ProvisionedProductId: pp-a, ProvisionedProductName: a}]\n", False),
        (HEAD + "Products: [{ProvisionedProductName: a_b.c-d}]\n", True),
        (HEAD + "Products: [{ProvisionedProductName: -a}]\n", False),
        (HEAD + "Products: [{ProvisionedProductId: }]\n", False),
        (HEAD + "Products: [{ProvisionedProductName: arn:aws:servicecatalog:eu-west-1:1:stack/a/pp-a}]\n", False),
        (
            HEAD + "Products: [{ProvisionedProductName: arn:aws:servicecatalog:eu-west-1:111122223333:stack/a/pp-a}]\n",
            True,
        ),
        (HEAD + "Products: [{ProvisionedProductId: pp-a, DependsOn: ['x*']}]\n", True),
        (HEAD + "Products: [{ProvisionedProductId: pp-a, DependsOn: ['a b']}]\n", False),
        (HEAD + "Products: [{ProvisionedProductId: pp-a, DependsOn: pp-b}]\n", False),
        (HEAD + "Products: [{ProvisionedProductId: pp-a, IgnoreErrors: 1}]\n", False),
        (HEAD + "Products: [{ProvisionedProductId: pp-a, AcceptLanguage: de}]\n", False),
        (HEAD + "Products: [{ProvisionedProductId: pp-a, AccountId: '12'}]\n", False),
        (ONE + f"Targets: [{{{TARGET}}}]\n", True),
        (ONE + "Targets: []\n", False),
        (ONE + 'Targets: [{AccountId: "111122223333", Regions: []}]\n', False),
        (ONE + 'Targets: [{AccountId: "111122223333", Regions: [europe]}]\n', False),
        (ONE + f"Targets: [{{{TARGET}, RoleName: r, Profile: p}}]\n", False),
        (ONE + f"Targets: [{{{TARGET}, RoleArn: r}}]\n", False),
        (ONE + f"Targets: [{{{TARGET}, RoleName: a/b, ExternalId: x1, RoleSessionName: s1}}]\n", True),
        (ONE + "Limits: {FailureTolerance: 3, RatePerSecond: 0.5, Deadline: 1h30m}\n", True),
        (ONE + "Limits: {FailureTolerance: 101%}\n", False),
        (ONE + "Limits: {FailureTolerance: -1}\n", False),
        (ONE + "Limits: {RatePerSecond: null}\n", True),
        (ONE + "Limits: {RatePerSecond: 0}\n", False),
        (ONE + "Limits: {Deadline: 1m1h}\n", False),
        (ONE + "Limits: {InFlight: 0}\n", False),
        (ONE + "Retry: {Attempts: 11}\n", False),
        (HEAD + "Select: [{Where: {Name: 'sbx-*'}}]\n", True),
        (HEAD + "Select: [{Where: {Name: ['sbx-*', tmp]}, IgnoreErrors: true, After: 7d}]\n", True),
        (HEAD + "Select: [{Where: {}}]\n", False),
        (HEAD + "Select: [{Key: k}]\n", False),
        (HEAD + "Select: [{Where: {Name: []}}]\n", False),
        (HEAD + "Select: [{Where: {Name: ''}}]\n", False),
        (HEAD + "Select: [{Where: {name: a}}]\n", False),
        (HEAD + "Select: [{Where: {Name: 'a, b'}}]\n", False),
        (ONE.replace("pp-a}", "pp-a, DependsOn: ['x, y*']}"), False),
        (HEAD + "Select: [{Where: {Name: 1}}]\n", False),
        (HEAD + "Select: [{Where: {Status: [AVAILABLE, TAINTED]}}]\n", True),
        (HEAD + "Select: [{Where: {Status: available}}]\n", False),
        (HEAD + "Select: [{Where: {Type: CFN_STACK, ProductId: prod-1, ProductName: 'x y', UserArn: '*'}}]\n", True),
        (HEAD + "Select: [{Where: {Type: CFN_STAK}}]\n", False),
        (HEAD + "Select: [{Where: {Tags: {A: b, C: [d, 'e*'], F: ''}}}]\n", True),
        (HEAD + "Select: [{Where: {Tags: {}}}]\n", False),
        (HEAD + "Select: [{Where: {Tags: {A: true}}}]\n", False),
        (HEAD + "Select: [{Where: {Tags: {A: []}}}]\n", False),
        (HEAD + "Select: [{Where: {OlderThan: 14d, YoungerThan: 90d}}]\n", True),
        (HEAD + "Select: [{Where: {OlderThan: 14}}]\n", False),
        (HEAD + "Select: [{Where: {AccountId: '111122223333', Region: [eu-west-1]}}]\n", True),
        (HEAD + "Select: [{Where: {AccountId: '1'}}]\n", False),
        (HEAD + "Select: [{Where: {ProvisionedProductId: pp-a}}]\n", False),
        (HEAD + "Select: [{Where: {Name: a}, Mark: true}]\n", False),
        (HEAD + "Select: [{Where: {Name: a}, After: soon}]\n", False),
        (ONE + "Protect: [{Name: 'prod-*'}, {Tags: {Keep: 'true'}}, {ProvisionedProductId: [pp-1, pp-2]}]\n", True),
        (ONE + "Protect: [{}]\n", False),
        (ONE + "Protect: [prod-*]\n", False),
        (ONE + "Protect: {Name: a}\n", False),
        (HEAD + "ProductsFrom: [rows.csv, more.jsonl]\n", True),
        (HEAD + "ProductsFrom: [rows.txt]\n", False),
        (HEAD + "ProductsFrom: [/rows.csv]\n", False),
        (HEAD + "ProductsFrom: [../rows.csv]\n", False),
        (HEAD + "ProductsFrom: rows.csv\n", False),
        (ONE + "Limits: {MaxPercent: 80}\n", True),
        (ONE + "Limits: {MaxPercent: 101}\n", False),
        (ONE + "Limits: {MaxPercent: 80%}\n", False),
    ],
)
def test_the_schema_and_the_reader_agree(text: str, valid: bool, tmp_path: Path) -> None:
    """On every mistake that a schema can express."""
    (tmp_path / "rows.csv").write_text("ProvisionedProductId\npp-row\n")
    (tmp_path / "more.jsonl").write_text('{"ProvisionedProductName": "row"}\n')
    path = tmp_path / "plan.yaml"
    path.write_text(text)
    assert verdict(plan_schema(), path) is valid
    try:
        load_plan(path)
    except PlanInvalid:
        assert not valid
    else:
        assert valid


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("{}", True),
        ("Products: [{Id: pp-a, Status: NEW}]", True),
        ("Products: [{Name: a}]", False),
        ("Product: []", False),
        ("Quotas: {TerminateProvisionedProduct: {Rate: 0}}", False),
        ("Quotas: {Nonsense: {Rate: 1}}", False),
        ("Accounts: {'111122223333': {Access: Role}}", True),
        ("Accounts: {'111122223333': {Access: Nobody}}", False),
        ("Lanes: [{Account: '111122223333'}]", False),
        ("Faults: [{Operation: DescribeRecord, Do: explode}]", False),
    ],
)
def test_the_schema_and_the_reader_of_worlds_agree(text: str, valid: bool, tmp_path: Path) -> None:
    """As for plans."""
    path = tmp_path / "world.yaml"
    path.write_text(text)
    assert verdict(world_schema(), path) is valid
    try:
        read_world(path)
    except WorldInvalid:
        assert not valid
    else:
        assert valid
