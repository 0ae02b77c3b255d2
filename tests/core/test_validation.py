"""Rules between the parts of a plan, whoever wrote it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.core.plan.model import Conditions, Entry, Limits, Plan, Protection, Retry, Selection, Target, Tolerance
from orchestrator.core.plan.rules import validate
from orchestrator.core.values.arns import is_arn, parse_arn, partition_of
from orchestrator.core.values.finding import Finding
from orchestrator.core.values.globs import is_glob, matches, mistake_in
from orchestrator.core.values.graph import DependencyGraph
from orchestrator.core.values.lane import Lane

ACCOUNT, OTHER = "111122223333", "444455556666"


def found(*entries: Entry, targets: tuple[Target, ...] = ()) -> list[Finding]:
    """What is wrong with a plan."""
    return validate(Plan(name="x", targets=targets, entries=entries))


def target(**changes: object) -> Target:
    """A target."""
    values: dict[str, object] = {"account_id": ACCOUNT, "regions": ("eu-west-1",)}
    return Target(**values | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"role_name": "a", "profile": "b"}, "`Profile` beside `RoleName`"),
        ({"external_id": "x"}, "`ExternalId` says how a role is assumed, and there is none"),
        ({"profile": "p", "role_session_name": "x"}, "`RoleSessionName` says how a role is assumed, and there is none"),
        (
            {"role_arn": f"arn:aws:iam::{OTHER}:role/r"},
            f"`arn:aws:iam::{OTHER}:role/r` is not a role of account {ACCOUNT}",
        ),
        ({"regions": ("eu-west-1", "eu-west-1")}, f"{ACCOUNT}/eu-west-1 is a target twice"),
    ],
)
def test_a_target_that_contradicts_itself_is_found(changes: dict[str, object], message: str) -> None:
    """One way in, and each lane once."""
    [finding] = found(targets=(target(**changes),))
    assert finding.message == message
    assert finding.path[0] == "Targets"


def test_a_target_may_be_entered_by_a_role_or_a_profile() -> None:
    """Or with the environment's own credentials; two accounts may have the same regions."""
    assert found(targets=(target(role_name="r", external_id="x"), target(account_id=OTHER, profile="p"))) == []
    assert found(targets=(target(role_arn=f"arn:aws:iam::{ACCOUNT}:role/r", role_session_name="s"),)) == []
    assert Plan(name="x", targets=(target(),)).lanes == (Lane(ACCOUNT, "eu-west-1"),)


def test_an_entry_outside_of_all_targets_is_found() -> None:
    """With the lanes that there are."""
    outside = Entry(product_id="pp-a", account_id=OTHER)
    [finding] = found(outside, Entry(product_id="pp-b", region="eu-west-1"), targets=(target(),))
    assert finding.message == f"{OTHER} is none of the plan's Targets"
    assert finding.hint == f"the lanes of the plan are {ACCOUNT}/eu-west-1"


def test_without_targets_all_entries_are_for_one_account_and_region() -> None:
    """A plan for two needs targets."""
    one = Entry(product_id="pp-a", account_id=ACCOUNT)
    assert found(one, Entry(product_id="pp-b", account_id=ACCOUNT), Entry(product_id="pp-c")) == []
    [finding] = found(one, Entry(product_id="pp-b", account_id=OTHER))
    assert finding.message == f"`AccountId` {OTHER} beside {ACCOUNT}, and the plan has no Targets"
    assert finding.related == ((("Products", 0, "AccountId"), "another one here"),)


def test_a_product_that_is_named_twice_is_found() -> None:
    """By id, by ARN, by name; namesakes in two lanes are two products."""
    [by_id] = found(Entry(product_id="pp-a"), Entry(product_id="pp-a", name="n"))
    assert by_id.path == ("Products", 1, "ProvisionedProductName")
    [by_name] = found(Entry(name="n"), Entry(name="n"))
    assert by_name.message == "`n` is listed twice"
    lanes = (target(), target(account_id=OTHER))
    assert found(Entry(name="n", account_id=ACCOUNT), Entry(name="n", account_id=OTHER), targets=lanes) == []


def test_a_word_that_names_no_entry_or_several_is_found() -> None:
    """Globs are for the review."""
    [none] = found(Entry(product_id="pp-a", depends_on=("pp-z", "x*")))
    assert (none.path, none.message) == (("Products", 0, "DependsOn", 0), "`pp-z` is no entry of this plan")
    [several] = found(
        Entry(product_id="pp-a", key="same"), Entry(name="same"), Entry(product_id="pp-c", depends_on=("same",))
    )
    assert several.message == "`same` means 2 entries"
    assert [path for path, _ in several.related] == [("Products", 0), ("Products", 1)]


def test_entries_that_wait_for_one_another_are_found_with_every_step() -> None:
    """Each cycle once, beginning with its first entry."""
    entries = (
        Entry(product_id="pp-z"),
        Entry(product_id="pp-a", depends_on=("pp-z", "net")),
        Entry(name="net", depends_on=("k",)),
        Entry(product_id="pp-c", key="k", depends_on=("pp-a",)),
        Entry(product_id="pp-self", depends_on=("pp-self",)),
    )
    around, itself = found(*entries)
    assert around.message == "entries wait for one another: pp-a → net → k → pp-a"
    assert around.path == ("Products", 1, "DependsOn", 1)
    assert around.related == (
        (("Products", 2, "DependsOn", 0), "`net` waits here"),
        (("Products", 3, "DependsOn", 0), "`k` waits here"),
    )
    assert itself.message == "entries wait for one another: pp-self → pp-self"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": "../../evil"}, ("Name",)),
        ({"limits": Limits(in_flight=0)}, ("Limits", "InFlight")),
        ({"limits": Limits(rate_per_second=-1.0)}, ("Limits", "RatePerSecond")),
        ({"limits": Limits(max_terminations=-1)}, ("Limits", "MaxTerminations")),
        ({"limits": Limits(failure_tolerance=Tolerance())}, ("Limits", "FailureTolerance")),
        ({"limits": Limits(failure_tolerance=Tolerance(count=-1))}, ("Limits", "FailureTolerance")),
        ({"limits": Limits(deadline_seconds=0)}, ("Limits", "Deadline")),
        ({"retry": Retry(attempts=0)}, ("Retry", "Attempts")),
        ({"retry": Retry(backoff_seconds=-1)}, ("Retry", "Backoff")),
    ],
)
def test_a_plan_that_no_file_has_written_is_held_to_the_same_rules(changes: dict[str, Any], path: tuple[str, ...]) -> None:
    """It may come from a program, or from a worklist that somebody changed."""
    [finding] = validate(replace(Plan(name="x"), **changes))
    assert finding.path == path


def test_an_arn_names_lane_name_and_id() -> None:
    """Anything else is not one."""
    arn = parse_arn(f"arn:aws-cn:servicecatalog:cn-north-1:{ACCOUNT}:stack/a.name/pp-a")
    assert (arn.lane, arn.name, arn.product_id) == (Lane(ACCOUNT, "cn-north-1"), "a.name", "pp-a")
    assert is_arn("arn:x")
    with pytest.raises(ValueError, match="not the ARN of a provisioned product"):
        parse_arn(f"arn:aws:catalog:eu-west-1:{ACCOUNT}:product/prod-a")
    assert [partition_of(r) for r in ("eu-west-1", "cn-north-1", "us-gov-west-1")] == ["aws", "aws-cn", "aws-us-gov"]


@pytest.mark.parametrize(
    ("glob", "fits", "fails"),
    [("team-*", "team-1", "Team-1"), ("a?c", "abc", "ac"), ("[ab]x", "bx", "cx"), ("[!a]x", "bx", "ax")],
)
def test_a_glob_fits_a_whole_name(glob: str, fits: str, fails: str) -> None:
    """Case counts."""
    assert is_glob(glob)
    assert matches(fits, glob)
    assert not matches(fails, glob)
    assert mistake_in(glob) is None


def test_a_glob_with_a_mistake_is_found() -> None:
    """It would match something that nobody meant."""
    assert mistake_in("a[b") == "a `[` is never closed"
    assert mistake_in("[a[b]") == "a `[` inside of a set"
    assert mistake_in("[]a]") is None
    assert mistake_in("[!z-a]*") == "the range `z-a` runs backwards"
    assert mistake_in("[a-z0-9_-]") is None
    assert not is_glob("plain-name")


def test_cycles_and_turns_of_a_graph() -> None:
    """What has no entry counts as done."""
    edges = {1: [2], 2: [5, 1], 3: [1], 4: [4], 5: [6, 9], 6: [2], 7: [3, 4]}
    assert [sorted(knot) for knot in DependencyGraph(edges).cycles()] == [[1, 2, 5, 6], [4]]
    assert DependencyGraph(edges).path_around([1, 2, 5, 6], 2) == [2, 1, 2]
    assert DependencyGraph(edges).path_around([1, 2, 5, 6], 5) == [5, 6, 2, 5]
    assert DependencyGraph({"c": ["a", "b"], "b": ["a"], "a": ["gone"]}).waves() == {"a": 1, "b": 2, "c": 3}


def test_a_selection_or_protection_of_nothing_is_none() -> None:
    """The one would take everything there is, the other is a slip of the pen."""
    empty = Plan(
        name="x", selections=(Selection(conditions=Conditions()),), protections=(Protection(conditions=Conditions()),)
    )
    assert [(finding.path, finding.message) for finding in validate(empty)] == [
        (("Select", 0, "Where"), "`Where` is empty"),
        (("Protect", 0), "an entry of `Protect` is empty"),
    ]


def test_a_selection_in_none_of_the_targets_is_found() -> None:
    """By account and by region; without targets anything goes."""
    target = Target(account_id="111122223333", regions=("eu-west-1",))
    conditions = Conditions(account_ids=("111122223333", "999999999999"), regions=("us-east-1",))
    wanted = Plan(name="x", targets=(target,), selections=(Selection(conditions=conditions),))
    assert [(finding.path[-1], finding.message) for finding in validate(wanted)] == [
        ("AccountId", "999999999999 is none of the plan's Targets"),
        ("Region", "us-east-1 is none of the plan's Targets"),
    ]
    assert validate(Plan(name="x", selections=(Selection(conditions=conditions),))) == []


@pytest.mark.parametrize(
    ("gaps", "said"),
    [
        ((), ["none of the plan's Targets", "none of the plan's Targets", "no entry of this plan"]),
        (("Limits",), ["none of the plan's Targets", "none of the plan's Targets", "no entry of this plan"]),
        (("Targets",), ["no entry of this plan"]),
        (("Products",), ["none of the plan's Targets", "none of the plan's Targets"]),
        (("Targets", "Select"), []),
    ],
)
def test_nothing_is_missing_where_the_plan_has_gaps(gaps: tuple[str, ...], said: list[str]) -> None:
    """A part that is left out may be just what another one asks for."""
    plan = Plan(
        name="x",
        targets=(target(),),
        entries=(Entry(product_id="pp-a", account_id=OTHER), Entry(product_id="pp-b", depends_on=("pp-z",))),
        selections=(Selection(conditions=Conditions(account_ids=(OTHER,))),),
    )
    messages = [finding.message for finding in validate(plan, gaps)]
    assert [message.partition(" is ")[2] for message in messages] == said


def test_a_target_that_is_protected_as_a_whole_is_a_contradiction() -> None:
    """With both places."""
    target = Target(account_id="111122223333", regions=("eu-west-1",))
    whole = Protection(conditions=Conditions(account_ids=("111122223333",)))
    part = Protection(conditions=Conditions(account_ids=("111122223333",), names=("a",)))
    [finding] = validate(Plan(name="x", targets=(target,), protections=(part, whole)))
    assert finding.message == "account 111122223333 is protected as a whole"
    assert finding.related == ((("Protect", 1, "AccountId"), "protected here"),)


def test_a_key_is_unique_among_entries_and_selections() -> None:
    """Both can be meant by it."""
    selection = Selection(conditions=Conditions(names=("a",)), key="k")
    [finding] = validate(Plan(name="x", entries=(Entry(product_id="pp-a", key="k"),), selections=(selection,)))
    assert (finding.path, finding.related) == (("Select", 0, "Key"), ((("Products", 0, "Key"), "first used here"),))


def test_ages_that_exclude_one_another_are_found() -> None:
    """Such a selection could never find anything."""
    conditions = Conditions(older_than_seconds=14, younger_than_seconds=14)
    [finding] = validate(Plan(name="x", selections=(Selection(conditions=conditions),)))
    assert finding.path == ("Select", 0, "Where", "YoungerThan")
    assert (
        validate(
            Plan(name="x", selections=(Selection(conditions=Conditions(older_than_seconds=7, younger_than_seconds=14)),))
        )
        == []
    )
