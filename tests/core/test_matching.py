"""Conditions: what fits, what does not, and what cannot be told."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.plan.model import Conditions
from orchestrator.core.review.match import admits, fits, misfits_of
from orchestrator.core.values.lane import Lane
from tests.fakes import LANE, START
from tests.makers import product

NOW = START
ALICE = product(
    "pp-a",
    name="sbx-alice",
    type="CFN_STACK",
    status="TAINTED",
    created_at=NOW - 1_000,
    catalog_id="prod-1",
    catalog_name="Sandbox notebook",
    user_arn="arn:aws:sts::1:assumed-role/Student/alice",
    tags=(("Environment", "sandbox"), ("Odd", "a[b")),
)


@pytest.mark.parametrize(
    ("conditions", "misfits"),
    [
        ({}, []),
        ({"names": ("sbx-*",)}, []),
        ({"names": ("x", "sbx-?lice")}, []),
        ({"names": ("SBX-*",)}, ["Name"]),
        ({"names": ("sbx",)}, ["Name"]),
        ({"product_ids": ("pp-b",)}, ["ProvisionedProductId"]),
        ({"statuses": ("AVAILABLE", "TAINTED")}, []),
        ({"statuses": ("AVAILABLE",)}, ["Status"]),
        ({"types": ("EXTERNAL",)}, ["Type"]),
        ({"catalog_ids": ("prod-1",)}, []),
        ({"catalog_ids": ("prod-2",)}, ["ProductId"]),
        ({"catalog_names": ("Sandbox*",)}, []),
        ({"catalog_names": ("Other",)}, ["ProductName"]),
        ({"user_arns": ("*:assumed-role/Student/*",)}, []),
        ({"user_arns": ("*:assumed-role/Teacher/*",)}, ["UserArn"]),
        ({"tags": (("Environment", ("dev", "sandbox")),)}, []),
        ({"tags": (("Environment", ("sand*",)),)}, []),
        ({"tags": (("environment", ("sandbox",)),)}, ["Tags"]),
        ({"tags": (("Environment", ("prod",)), ("Odd", ("a[b",)))}, ["Tags"]),
        ({"tags": (("Odd", ("a[b",)),)}, []),
        ({"account_ids": (LANE.account_id,), "regions": (LANE.region,)}, []),
        ({"account_ids": ("999999999999",)}, ["AccountId"]),
        ({"regions": ("us-east-1",)}, ["Region"]),
        ({"older_than_seconds": 999}, []),
        ({"older_than_seconds": 1_000}, ["OlderThan"]),
        ({"younger_than_seconds": 1_001}, []),
        ({"younger_than_seconds": 1_000}, ["YoungerThan"]),
        ({"names": ("x",), "statuses": ("ERROR",), "older_than_seconds": 5_000}, ["Name", "Status", "OlderThan"]),
    ],
)
def test_every_condition_must_fit_and_one_word_of_each_is_enough(conditions: dict[str, Any], misfits: list[str]) -> None:
    """Case counts; a word that looks like a broken glob fits itself."""
    made = Conditions(**conditions)
    assert list(misfits_of(made, ALICE, LANE, NOW)) == misfits
    assert fits(made, ALICE, LANE, (NOW,)) is not bool(misfits)


def test_a_product_of_unknown_age_is_neither_old_nor_young() -> None:
    """Nothing is guessed."""
    ageless = product(created_at=None)
    for conditions in (Conditions(older_than_seconds=1), Conditions(younger_than_seconds=10**9)):
        assert not fits(conditions, ageless, LANE, (NOW,))


def test_what_the_search_has_not_shown_fits_only_for_those_who_must_not_miss_it() -> None:
    """A selection has to say that it cannot tell; a protection by name holds all the same."""
    unseen = product("pp-a", name="sbx-1", tags=None, catalog_id="prod-1")
    tagged = Conditions(names=("sbx-*",), tags=(("A", ("b",)),))
    assert fits(tagged, unseen, LANE, (NOW,), unknown=True)
    assert not fits(tagged, unseen, LANE, (NOW,))
    assert not fits(Conditions(names=("x",), tags=(("A", ("b",)),)), unseen, LANE, (NOW,), unknown=True)
    assert not fits(Conditions(catalog_ids=("prod-2",)), unseen, LANE, (NOW,), unknown=True)
    assert fits(Conditions(catalog_ids=("prod-2",)), product(tags=None), LANE, (NOW,), unknown=True)
    assert fits(Conditions(names=("sbx-*",)), unseen, LANE, (NOW,))


def test_a_lane_that_conditions_do_not_name_cannot_hold_what_fits() -> None:
    """By account and by region."""
    assert admits(Conditions(), LANE)
    assert not admits(Conditions(account_ids=("999999999999",)), LANE)
    assert not admits(Conditions(regions=("eu-west-1",)), Lane(LANE.account_id, "us-east-1"))


def test_only_accounts_alone_mean_whole_accounts() -> None:
    """With anything beside them they mean less."""
    assert Conditions(account_ids=("1",)).are_of_accounts_only
    assert not Conditions(account_ids=("1",), names=("a",)).are_of_accounts_only
    assert not Conditions().are_of_accounts_only
