"""Protections: the plan's, and the two tags that protect everywhere. Nothing overrides them, and doubt protects."""

from __future__ import annotations

import pytest

from orchestrator.core.inventory.model import Product
from orchestrator.core.plan.model import Conditions, Entry, Plan, Protection, Selection
from orchestrator.core.review.decide import decide
from orchestrator.core.review.drift import Shown, find_drift, lacks_tags
from orchestrator.core.review.limits import stranger_to
from orchestrator.core.review.protect import UNSEARCHED, denied_account, protection
from orchestrator.core.review.worklist import Decision, Line, Reason
from tests.fakes import LANE, START
from tests.makers import inventory, plan, product

PROD = Protection(conditions=Conditions(names=("prod-*",)), location="p.yaml:9")


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        (("sc-orchestrator:protect", "true"), "protected by its tag sc-orchestrator:protect=true"),
        (("SC-Orchestrator:Protect", "TRUE"), "protected by its tag sc-orchestrator:protect=TRUE"),
        (("sc-orchestrator:protect", "please"), "protected by its tag sc-orchestrator:protect=please"),
        (("sc-orchestrator:protect", ""), "protected by its tag sc-orchestrator:protect="),
        (("sc-orchestrator:protect", " False "), None),
        (("sc-orchestrator:protect", "no"), None),
        (("protect", "true"), None),
        (
            ("sc-orchestrator:protect-until", "2023-11-15"),
            "protected until 2023-11-15 by its tag sc-orchestrator:protect-until",
        ),
        (("sc-orchestrator:protect-until", "2023-11-14T22:13:20Z"), None),
        (
            ("sc-orchestrator:protect-until", "next year"),
            "protected by its tag sc-orchestrator:protect-until, which cannot be read: "
            "not a moment as in 2026-12-31 or 2026-12-31T18:00:00Z",
        ),
    ],
)
def test_two_tags_protect_everywhere_and_one_that_cannot_be_read_protects(tag: tuple[str, str], reason: str | None) -> None:
    """A date in the past does not; at 2023-11-14T22:13:20Z, that is."""
    assert START == 1_700_000_000.0
    assert protection(plan(), product(tags=(("Other", "x"), tag)), LANE, (START,)) == reason


def test_a_protection_wins_over_an_entry_and_over_a_selection() -> None:
    """Skipped, with the place of the rule."""
    wanted = Plan(
        name="x",
        entries=(Entry(product_id="pp-1"), Entry(name="prod-2", product_id="pp-2")),
        selections=(Selection(conditions=Conditions(names=("prod-3",))),),
        protections=(PROD,),
    )
    held = [product(f"pp-{n}", name=f"prod-{n}") for n in (1, 2, 3)]
    lines = decide(wanted, [inventory(*held)]).lines
    assert [(line.decision, line.reason, line.detail) for line in lines] == [
        (Decision.SKIP, Reason.PROTECTED, "protected by Protect at p.yaml:9")
    ] * 3


def test_a_protection_by_name_holds_for_what_the_search_has_not_shown() -> None:
    """Without it, such a product is refused: its tags might protect it."""
    wanted = Plan(name="x", entries=(Entry(product_id="pp-1"), Entry(product_id="pp-2")), protections=(PROD,))
    held = inventory(product("pp-1", name="prod-1", tags=None), product("pp-2", tags=None))
    protected, refused = decide(wanted, [held]).lines
    assert protected.reason is Reason.PROTECTED
    assert (refused.decision, refused.reason, refused.detail) == (Decision.REFUSE, Reason.LISTINGS_DIFFER, UNSEARCHED)


def test_what_a_protection_asks_for_and_nobody_knows_protects() -> None:
    """AWS's own sample of a product in ERROR omits some of it; what is known and does not fit does not protect."""
    unknown = product(created_at=None)
    for conditions, missing in (
        (Conditions(younger_than_seconds=30), "YoungerThan"),
        (Conditions(older_than_seconds=30), "OlderThan"),
        (Conditions(user_arns=("*:role/Admin/*",)), "UserArn"),
        (Conditions(catalog_names=("a",), catalog_ids=("prod-1",)), "ProductId and ProductName"),
    ):
        made = Plan(name="x", protections=(Protection(conditions=conditions, location="p.yaml:9"),))
        said = f"protected by Protect at p.yaml:9, as its {missing} cannot be told"
        assert protection(made, unknown, LANE, (START,)) == said
    named = Plan(name="x", protections=(Protection(conditions=Conditions(names=("z",), user_arns=("x",))),))
    assert protection(named, unknown, LANE, (START,)) is None
    assert protection(named, product(name="z", tags=None), LANE, (START,)) is None


def test_whole_accounts_are_denied_by_protections_of_nothing_else() -> None:
    """One that says more denies less."""
    whole = Protection(conditions=Conditions(account_ids=("1",)))
    placed = Protection(conditions=Conditions(account_ids=("2",)), location="p.yaml:3")
    part = Protection(conditions=Conditions(account_ids=("3",), names=("a",)))
    made = Plan(name="x", protections=(whole, placed, part))
    assert [denied_account(made, account) for account in "1234"] == ["Protect", "p.yaml:3", None, None]
    assert protection(made, product(), LANE, (START,)) is None


def line_of(made_from: Plan, *held: object) -> Line:
    """The one line to terminate."""
    [line] = decide(made_from, [inventory(*held)]).of(Decision.TERMINATE)  # type: ignore[arg-type]
    return line


def drift(made_from: Plan, line: Line, now: Product, at: float) -> str | None:
    """Why a line may not be sent by what a listing shows of its product at a moment."""
    return find_drift(made_from, line, Shown({now.product_id: now}, (at,)))


def test_before_a_send_it_is_looked_at_again_what_the_newest_listing_shows() -> None:
    """Protected meanwhile, not what was selected any more; a passing condition may have passed."""
    conditions = Conditions(
        names=("pp-*", "name-*"), tags=(("E", ("s",)),), younger_than_seconds=100_000, statuses=("AVAILABLE",)
    )
    wanted = Plan(name="x", selections=(Selection(conditions=conditions, location="p.yaml:5"),), protections=(PROD,))
    line = line_of(wanted, product("pp-a", tags=(("E", "s"),)))
    assert drift(wanted, line, product("pp-a", tags=(("E", "s"),)), START) is None
    assert drift(wanted, line, product("pp-a", tags=(("E", "s"),), status="TAINTED"), START + 10**6) is None
    protected = product("pp-a", tags=(("E", "s"), ("sc-orchestrator:protect", "true")))
    assert drift(wanted, line, protected, START) == "it is protected by its tag sc-orchestrator:protect=true"
    assert drift(wanted, line, product("pp-a", tags=None), START) is None
    said = "its selection at p.yaml:5 does not fit it any more (Tags)"
    assert drift(wanted, line, product("pp-a", tags=(("E", "prod"),)), START) == said
    placeless = Plan(name="x", selections=(Selection(conditions=conditions),))
    said = "its selection does not fit it any more (Tags)"
    assert drift(placeless, line, product("pp-a", tags=(("E", "prod"),)), START) == said
    assert drift(placeless, line, product("pp-a", tags=()), START) is None
    assert lacks_tags(line, product("pp-a", tags=()))
    named = line_of(plan("pp-a"), product("pp-a"))
    assert drift(plan("pp-a"), named, product("pp-a", tags=(("E", "prod"),)), START) is None


def test_a_plan_without_targets_is_for_the_environments_lane_or_refused() -> None:
    """By its entries, by its selections, by what it protects."""
    elsewhere = Conditions(account_ids=("999999999999",), regions=("eu-west-1",))
    placed, placeless = Selection(conditions=elsewhere, location="p.yaml:3"), Selection(conditions=elsewhere)
    leads = f"and the environment's credentials lead to {LANE}"
    whole = Protection(conditions=Conditions(account_ids=(LANE.account_id,)), location="p.yaml:9")
    for made, said in (
        (Plan(name="x", entries=(Entry(product_id="pp-a", region="us-east-1"),)), f"pp-a is for us-east-1, {leads}"),
        (Plan(name="x", selections=(placed,)), f"p.yaml:3 selects in 999999999999, eu-west-1, {leads}"),
        (Plan(name="x", selections=(placeless,)), f"a selection selects in 999999999999, eu-west-1, {leads}"),
        (Plan(name="x", protections=(whole,)), f"p.yaml:9 protects account {LANE.account_id} as a whole, {leads}"),
        (Plan(name="x", entries=(Entry(product_id="pp-a", region="eu-west-1"),), protections=(PROD,)), None),
    ):
        assert stranger_to(made, LANE) == said
