"""Conditions on a command line."""

from __future__ import annotations

import pytest

from orchestrator.core.plan.model import Conditions
from orchestrator.errors import InvalidInput
from orchestrator.store.plan.conditions import EVERYTHING, conditions_from, targets_from


def test_words_are_conditions_as_in_a_plan() -> None:
    """A key that comes again gets a further word; without any, everything fits."""
    words = [
        "Name=sbx-*",
        "Name=tmp-1",
        "Tags.Environment=sandbox",
        "Tags.Cost.Centre=a=b",
        "Status=ERROR",
        "OlderThan=14d",
    ]
    assert conditions_from(words) == Conditions(
        names=("sbx-*", "tmp-1"),
        tags=(("Environment", ("sandbox",)), ("Cost.Centre", ("a=b",))),
        statuses=("ERROR",),
        older_than_seconds=14 * 86_400,
    )
    assert conditions_from([]) == EVERYTHING


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Name"], "--where Name: expected KEY=WORD, as in Name=sbx-* or Tags.Environment=sandbox"),
        (["Nmae=x"], "--where: unknown key `Nmae` (did you mean `Name`?)"),
        (["OlderThan=14"], "--where: `OlderThan`: not a duration; write whole numbers with units"),
        (["Tags=x"], "--where: `Tags` must be a mapping of keys to values, not a list"),
        (["Status=OK", "Name=[a"], "--where: `Name`: not a glob: a `[` is never closed; --where: `Status` cannot be `OK`"),
        (["=x"], "--where: unknown key ``"),
        (["OlderThan=90d", "OlderThan=1d"], "--where OlderThan=1d: `OlderThan` is given twice"),
    ],
)
def test_what_is_no_condition_is_said_not_to_be(words: list[str], said: str) -> None:
    """All of them at once."""
    with pytest.raises(InvalidInput) as caught:
        conditions_from(words)
    assert str(caught.value).startswith(said)


def test_targets_are_read_as_in_a_plan() -> None:
    """The same regions and the same role in each account."""
    one, two = targets_from(["111122223333", "444455556666"], ["eu-west-1"], "r", "magic")
    assert (one.account_id, two.regions, two.role_name, two.external_id) == ("111122223333", ("eu-west-1",), "r", "magic")
    assert targets_from([], [], None, None) == ()
    with pytest.raises(InvalidInput, match=r"discover: `AccountId` cannot be `11` \(it must be twelve digits in quotes\)"):
        targets_from(["11"], ["eu-west-1"], None, None)
