"""Selections: from what is live to lines, with options, notices and an order of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.core.inventory.model import CONTROL_TOWER_ACCOUNT, Inventory
from orchestrator.core.plan.model import Conditions, Entry, Options, Plan, Selection
from orchestrator.core.plan.rules import validate
from orchestrator.core.review.decide import decide
from orchestrator.core.review.drift import drifted_lines
from orchestrator.core.review.lookups import questions
from orchestrator.core.review.notice import given_anew, noticed, notices_given
from orchestrator.core.review.verify import inconsistencies
from orchestrator.core.review.worklist import Decision, Line, Reason, Worklist
from orchestrator.core.values.lane import Lane
from tests.fakes import LANE, START
from tests.makers import inventory, product, record

OTHER = Lane("444455556666", "eu-west-1")
DAY = 86_400
DEFAULT = Conditions(names=("app-*",), statuses=("AVAILABLE", "ERROR"))


def selecting(*names: str, entries: tuple[Entry, ...] = (), **keys: Any) -> Plan:
    """A plan with one selection."""
    return Plan(name="x", entries=entries, selections=(select(*names, **keys),))


def select(*names: str, location: str = "p.yaml:5", **keys: Any) -> Selection:
    """A selection by name."""
    return Selection(conditions=Conditions(names=names), location=location, **keys)


def named(*names: str, **changes: Any) -> list[Any]:
    """Products that are called so."""
    return [product(f"pp-{name}", name=name, **changes) for name in names]


def sbx(**changes: Any) -> Any:
    """A product that is old enough."""
    return product("pp-sbx-1", **{"name": "sbx-1", "created_at": START - 20 * DAY} | changes)


def told(made: Worklist) -> list[tuple[str, str, str]]:
    """Each line: what is done with what, and why."""
    return [(line.decision.value, line.name, line.reason.value) for line in made.lines]


def test_everything_that_fits_becomes_a_line_with_the_options_of_its_selection() -> None:
    """In each lane; what does not fit is no line at all."""
    options = Options(ignore_errors=True)
    there = replace(inventory(*named("sbx-3")), lane=OTHER)
    made = decide(selecting("sbx-*", options=options), [inventory(*named("sbx-1", "other", "sbx-2")), there])
    assert told(made) == [("terminate", name, "planned") for name in ("sbx-1", "sbx-2", "sbx-3")]
    assert {line.options for line in made.lines} == {options}
    assert made.lines[0] == Line(
        id=f"{LANE}/pp-sbx-1",
        product_id="pp-sbx-1",
        lane=LANE,
        decision=Decision.TERMINATE,
        reason=Reason.PLANNED,
        detail="it is AVAILABLE",
        options=options,
        product=named("sbx-1")[0],
        location="p.yaml:5",
        selected_by=(0,),
    )
    assert made.warnings == ()


def test_a_product_that_an_entry_names_is_the_entrys() -> None:
    """With the entry's options, and once; what the entry cannot decide stays undecided."""
    options = Options(retain_physical_resources=True)
    entries = (Entry(product_id="pp-sbx-1", options=options, location="p.yaml:3"),)
    made = decide(selecting("sbx-*", entries=entries), [inventory(*named("sbx-1", "sbx-2"))])
    assert [(line.options, line.location) for line in made.lines] == [(options, "p.yaml:3"), (Options(), "p.yaml:5")]


def test_selections_that_disagree_about_a_product_refuse_it() -> None:
    """On its options, or on its notice; those that agree share it."""
    retaining = select("sbx-1", location="p.yaml:9", options=Options(retain_physical_resources=True))
    waiting = select("sbx-2", notice_seconds=DAY)
    wanted = Plan(name="x", selections=(select("sbx-*"), retaining, waiting, select("sbx-3", location="p.yaml:12")))
    one, two, three = decide(wanted, [inventory(*named("sbx-1", "sbx-2", "sbx-3"))]).lines
    assert (one.decision, one.reason) == (Decision.REFUSE, Reason.OPTIONS_DIFFER)
    assert one.detail == "it is selected twice, and the selections disagree on its options: p.yaml:5 and p.yaml:9"
    assert "disagree on its After" in two.detail
    assert (three.decision, three.selected_by) == (Decision.TERMINATE, (0, 3))


@pytest.mark.parametrize(
    ("held", "detail"),
    [
        (inventory(*named("sbx-1", tags=None)), "the complete listing shows it and the search does not"),
        (inventory(only_searched={"pp-sbx-1": named("sbx-1")[0]}), "the search shows it and the complete listing does not"),
    ],
)
def test_what_only_one_of_the_listings_shows_is_refused_and_said(held: Inventory, detail: str) -> None:
    """In the line, and in a warning for the lane."""
    made = decide(selecting("sbx-*"), [held])
    assert told(made) == [("refuse", "sbx-1", "listings_differ")]
    assert made.lines[0].detail == f"{detail}; review again in a minute"
    [warning] = made.warnings
    assert warning.startswith(f"in {LANE} 1 product is ")
    assert warning.endswith("(pp-sbx-1); what is not shown by both is refused")


def test_many_differences_are_counted() -> None:
    """Three are named."""
    made = decide(Plan(name="x"), [inventory(*named("a", "b", "c", "d", tags=None))])
    assert made.warnings == (
        f"in {LANE} 4 products are not shown by the search (pp-a, pp-b, pp-c, ...); what is not shown by both is refused",
    )


def test_nothing_is_selected_in_a_lane_that_was_not_read_completely_and_that_is_a_refusal() -> None:
    """One line stands for what is not known, but not for a selection that is for other lanes."""
    elsewhere = Selection(conditions=Conditions(account_ids=(LANE.account_id,)), location="p.yaml:9")
    wanted = Plan(name="x", selections=(select("sbx-*"), elsewhere))
    broken = replace(inventory(*named("sbx-3")), lane=OTHER, complete=False, problem="page 3 failed")
    made = decide(wanted, [inventory(*named("sbx-1")), broken])
    assert told(made) == [("terminate", "sbx-1", "planned"), ("refuse", "(a selection)", "lane_incomplete")]
    assert made.lines[-1].id == f"{OTHER}/select:1"
    assert "could not be read completely: page 3 failed" in made.lines[-1].detail
    assert not made.nothing_was_ever_seen


def test_a_selection_that_matches_nothing_is_said() -> None:
    """With its place and the lanes; not where nothing could be read."""
    lanes = [replace(inventory(), lane=Lane(f"{n:012d}", "eu-west-1")) for n in range(5)]
    said = "the selection at p.yaml:5 matches nothing in 000000000000/eu-west-1, 000000000001/eu-west-1, "
    assert decide(selecting("sbx-*"), lanes).warnings == (f"{said}000000000002/eu-west-1 and 2 more lanes",)
    placeless = Plan(name="x", selections=(Selection(conditions=Conditions(names=("a",))),))
    assert decide(placeless, [inventory()]).warnings == (f"the selection matches nothing in {LANE}",)
    assert decide(placeless, [inventory(complete=False)]).warnings == ()


def test_a_control_tower_account_is_never_selected() -> None:
    """It has to be named by its id."""
    made = decide(selecting("*"), [inventory(*named("a", type=CONTROL_TOWER_ACCOUNT))])
    assert told(made) == [("refuse", "a", "control_tower")]
    entries = (Entry(product_id="pp-a"),)
    assert told(decide(selecting("*", entries=entries), [inventory(*named("a", type=CONTROL_TOWER_ACCOUNT))])) == [
        ("terminate", "a", "planned")
    ]


def test_the_records_of_selected_products_under_change_are_read_too() -> None:
    """A termination of somebody else's is followed."""
    wanted = Plan(name="x", selections=(Selection(conditions=Conditions(statuses=("UNDER_CHANGE",))),))
    held = inventory(*named("a", status="UNDER_CHANGE", last_record_id="rec-1"), *named("b"))
    assert list(questions(wanted, [held])[LANE].histories) == ["pp-a"]
    made = decide(wanted, [replace(held, records={"pp-a": (record("rec-1"),)})])
    assert told(made) == [("terminate", "a", "adopt")]


def test_a_notice_has_to_be_over() -> None:
    """Skipped until then, with the moment; what could not go anyway has no notice."""
    wanted = selecting("sbx-*", notice_seconds=7 * DAY)
    held = [inventory(*named("sbx-1"), *named("sbx-2", type="ODD"))]
    fresh, odd = decide(wanted, held).lines
    assert (fresh.decision, fresh.reason, fresh.due_at) == (Decision.SKIP, Reason.NOTICE, START + 7 * DAY)
    assert fresh.detail == "on notice for 7d"
    assert (odd.decision, odd.due_at) == (Decision.REFUSE, None)
    waiting = decide(wanted, held, notices={fresh.id: START - 7 * DAY + 1}).lines[0]
    assert (waiting.decision, waiting.due_at) == (Decision.SKIP, START + 1)
    over = decide(wanted, held, notices={fresh.id: START - 7 * DAY}).lines[0]
    assert (over.decision, over.due_at) == (Decision.TERMINATE, START)


def test_notices_are_kept_as_long_as_a_product_is_selected() -> None:
    """A lane that was not read changes nothing; one that is not in the plan any more is forgotten; the future is now."""
    wanted = selecting("sbx-*", notice_seconds=DAY)
    broken = replace(inventory(complete=False), lane=OTHER)
    held = [inventory(*named("sbx-1", "sbx-2", "sbx-3")), broken]
    earlier = {
        f"{LANE}/pp-sbx-1": START - 5.0,
        f"{LANE}/pp-sbx-2": START + 5.0,
        f"{LANE}/pp-gone": START - 5.0,
        f"{OTHER}/pp-x": START - 9.0,
        "777788889999/eu-west-1/pp-y": START,
    }
    assert noticed(decide(wanted, held, notices=earlier), held, earlier) == {
        f"{LANE}/pp-sbx-1": START - 5.0,
        f"{LANE}/pp-sbx-2": START,
        f"{LANE}/pp-sbx-3": START,
        f"{OTHER}/pp-x": START - 9.0,
    }


def test_what_is_on_notice_is_told_with_its_moments() -> None:
    """As they are recorded, which the clock of the service may not shorten; what has no notice is none."""
    wanted = selecting("sbx-*", notice_seconds=DAY, entries=(Entry(product_id="pp-a"),))
    held = [replace(inventory(*named("a", "sbx-1", "sbx-2", "sbx-3")), clock_ahead=-60.0)]
    earlier = {f"{LANE}/pp-sbx-1": START - DAY - 60, f"{LANE}/pp-sbx-2": START - DAY, f"{LANE}/pp-sbx-3": START + 5}
    made = decide(wanted, held, notices=earlier)
    found = notices_given(wanted, made, held, noticed(made, held, earlier))
    assert [(each.line.product_id, each.since, each.due_at, each.is_over) for each in found] == [
        ("pp-sbx-1", START - DAY - 60, START - 60, True),
        ("pp-sbx-2", START - DAY, START, False),
        ("pp-sbx-3", START, START + DAY, False),
    ]


def test_a_notice_that_was_given_anew_since_a_worklist_was_made_holds() -> None:
    """Whoever was told a day can rely on it, whatever was saved before."""
    wanted = selecting("sbx-*", notice_seconds=DAY, entries=(Entry(product_id="pp-a"),))
    over = {f"{LANE}/pp-sbx-{n}": START - DAY for n in (1, 2, 3)}
    made = decide(wanted, [inventory(*named("a", "sbx-1", "sbx-2", "sbx-3"))], notices=over)
    assert len(made.of(Decision.TERMINATE)) == 4
    since = {f"{LANE}/pp-sbx-1": START - DAY, f"{LANE}/pp-sbx-2": START + 5}
    assert given_anew(wanted, made, over, START) == {}
    assert set(given_anew(wanted, made, since, START + 10)) == {f"{LANE}/pp-sbx-2", f"{LANE}/pp-sbx-3"}


def test_entries_and_selections_wait_for_one_another() -> None:
    """By the Key of a selection, by ids and names of entries, by globs; the turns show it."""
    network = Entry(name="net", depends_on=("sandboxes", "pp-first"))
    wanted = Plan(
        name="x",
        entries=(network, Entry(product_id="pp-first")),
        selections=(select("sbx-*", key="sandboxes", depends_on=("pp-first", "tmp-*")), select("tmp-*", "net")),
    )
    assert validate(wanted) == []
    made = decide(wanted, [inventory(*named("net", "first", "sbx-1", "sbx-2", "tmp-1"))])
    after = {line.name: [before.rpartition("/")[2] for before in line.after_lines] for line in made.lines}
    assert after == {
        "net": ["pp-sbx-1", "pp-sbx-2", "pp-first"],
        "first": [],
        "sbx-1": ["pp-first", "pp-tmp-1"],
        "sbx-2": ["pp-first", "pp-tmp-1"],
        "tmp-1": [],
    }
    assert {line.decision for line in made.lines} == {Decision.TERMINATE}


def test_what_is_selected_together_and_fits_a_glob_does_not_wait_for_its_like() -> None:
    """Infrastructure after applications, in one selection; a glob that matches nothing is warned about once."""
    made = decide(selecting("*", depends_on=("app-*", "none-*")), [inventory(*named("app-1", "app-2", "net-1", "net-2"))])
    after = {line.name: [before.rpartition("/")[2] for before in line.after_lines] for line in made.lines}
    assert after == {"app-1": [], "app-2": [], "net-1": ["pp-app-1", "pp-app-2"], "net-2": ["pp-app-1", "pp-app-2"]}
    assert made.warnings == (f"the selection at p.yaml:5 depends on `none-*`, which matches nothing in {LANE}",)


def test_a_dependent_of_a_selection_is_blocked_by_what_of_it_stays_and_waits_for_what_is_on_notice() -> None:
    """A night on which nothing is due is no failure; something that is protected is in the way for good."""
    entries = (Entry(name="net", depends_on=("sandboxes",)), Entry(name="dns", depends_on=("net",)))
    wanted = selecting("sbx-*", key="sandboxes", entries=entries, notice_seconds=DAY)
    made = decide(wanted, [inventory(*named("net", "sbx-1", "dns"))])
    assert told(made) == [("skip", "net", "notice"), ("skip", "dns", "notice"), ("skip", "sbx-1", "notice")]
    assert made.lines[0].detail == "waits for sbx-1 (pp-sbx-1), which is on notice"
    protected = named("sbx-2", tags=(("sc-orchestrator:protect", "true"),))
    made = decide(wanted, [inventory(*named("net", "sbx-1", "dns"), *protected)])
    assert told(made)[:2] == [("refuse", "net", "blocked"), ("refuse", "dns", "blocked")]
    assert made.lines[0].detail.startswith("blocked: sbx-2 (pp-sbx-2) stays (protected by its tag")


def test_what_waits_for_its_own_selection_waits_for_ever_and_is_refused() -> None:
    """Found by `validate` where the words say it, at review where the products do."""
    [finding] = validate(selecting("a", key="k", depends_on=("k",)))
    assert (finding.path, finding.message) == (("Select", 0, "DependsOn", 0), "entries wait for one another: k → k")
    [finding] = validate(selecting("a", depends_on=("nothing",)))
    assert finding.message == "`nothing` is no entry of this plan"
    wanted = selecting("a", key="k", depends_on=("pp-b",), entries=(Entry(product_id="pp-b", depends_on=("k",)),))
    [finding] = validate(wanted)
    assert finding.message == "entries wait for one another: pp-b → k → pp-b"
    crossing = Plan(name="x", selections=(select("a*", depends_on=("b*",)), select("b*", depends_on=("a*",))))
    assert validate(crossing) == []
    made = decide(crossing, [inventory(*named("a1", "b1"))])
    assert told(made) == [("refuse", "a1", "cycle"), ("refuse", "b1", "cycle")]


def test_what_a_refused_entry_may_mean_is_not_taken_by_a_selection() -> None:
    """By name or by id; with the entry's options in mind nobody can tell. Elsewhere it is another product."""
    options = Options(retain_physical_resources=True)
    entries = (
        Entry(name="shared", options=options, location="p.yaml:3"),
        Entry(product_id="pp-x", account_id="999999999999"),
    )
    wanted = selecting("*", entries=entries)
    there = replace(inventory(*named("shared", "x")), lane=OTHER)
    made = decide(wanted, [inventory(*named("shared", "other")), there])
    assert told(made)[2:] == [
        ("refuse", "shared", "ambiguous"), ("terminate", "other", "planned"),
        ("refuse", "shared", "ambiguous"), ("terminate", "x", "planned"),
    ]  # fmt: skip
    assert made.lines[2].detail.startswith("the entry at p.yaml:3 may mean it, and is refused: 2 products bear this name")
    unread = [inventory(*named("shared")), replace(inventory(complete=False), lane=OTHER)]
    assert told(decide(selecting("*", entries=(Entry(name="shared"),)), unread))[1] == ("refuse", "shared", "ambiguous")
    by_id = selecting("*", entries=(Entry(product_id="pp-a"),))
    twice = [inventory(*named("a")), replace(inventory(*named("a")), lane=OTHER)]
    assert told(decide(by_id, twice))[1:] == [("refuse", "a", "ambiguous")] * 2


def test_what_comes_after_a_selection_waits_for_lanes_that_could_not_be_read() -> None:
    """Who knows what it would find there."""
    wanted = selecting("app-*", key="apps", entries=(Entry(name="net", account_id=LANE.account_id, depends_on=("apps",)),))
    broken = replace(inventory(complete=False, problem="page 3 failed"), lane=OTHER)
    made = decide(wanted, [inventory(*named("net")), broken])
    assert told(made) == [("refuse", "net", "blocked"), ("refuse", "(a selection)", "lane_incomplete")]


def test_what_is_between_two_statuses_is_followed_or_skipped_and_holds_back_what_comes_after_it() -> None:
    """Somebody's termination is adopted; an update, a plan and an unknown status are none of those that are gone."""
    wanted = selecting("app-*", key="apps", entries=(Entry(name="net", depends_on=("apps",)),))
    wanted = replace(wanted, selections=(replace(wanted.selections[0], conditions=DEFAULT),))
    changing = named("app-1", status="UNDER_CHANGE", last_record_id="rec-1")
    held = inventory(*named("net"), *changing)
    assert list(questions(wanted, [held])[LANE].histories) == ["pp-app-1"]
    adopted = decide(wanted, [replace(held, records={"pp-app-1": (record("rec-1"),)})])
    assert told(adopted) == [("terminate", "net", "planned"), ("terminate", "app-1", "adopt")]
    assert adopted.lines[0].after_lines == (f"{LANE}/pp-app-1",)
    update = record("rec-1", record_type="UPDATE_PROVISIONED_PRODUCT")
    for shown, reason in (
        (replace(held, records={"pp-app-1": (update,)}), "under_change"),
        (inventory(*named("net"), *named("app-1", status="PLAN_IN_PROGRESS")), "plan_in_progress"),
        (inventory(*named("net"), *named("app-1", status="ODD")), "unknown_status"),
    ):
        assert told(decide(wanted, [shown])) == [("refuse", "net", "blocked"), ("skip", "app-1", reason)]
    tainted = inventory(*named("net"), *named("app-1", status="TAINTED"))
    assert told(decide(wanted, [tainted])) == [("terminate", "net", "planned")]


def test_what_a_selection_finds_anew_holds_back_what_was_reviewed_to_come_after_it() -> None:
    """A worklist does not touch it, and does not take away what it may use."""
    wanted = selecting("app-*", key="apps", entries=(Entry(name="net", depends_on=("apps",)),))
    made = decide(wanted, [inventory(*named("net", "app-1"))])
    assert drifted_lines(wanted, made, [inventory(*named("net", "app-1"))]) == {}
    said = "it comes after all that apps selects, and app-2 (pp-app-2) is there now"
    assert drifted_lines(wanted, made, [inventory(*named("other", "net", "app-1", "app-2"))]) == {f"{LANE}/pp-net": said}
    both = selecting("app-*", key="apps", entries=tuple(Entry(name=name, depends_on=("apps",)) for name in ("net", "dns")))
    made_both = decide(both, [inventory(*named("net", "dns", "app-1"))])
    assert drifted_lines(both, made_both, [inventory(*named("net", "dns", "app-1"))]) == {}
    placeless = replace(wanted, selections=(replace(wanted.selections[0], location=None),))
    [said] = drifted_lines(placeless, made, [inventory(*named("net", "app-1", "app-2"))]).values()
    assert said == "it comes after all that apps selects, and app-2 (pp-app-2) is there now"


def test_a_plan_of_the_wrong_region_is_not_hidden_by_what_its_selections_find() -> None:
    """Not one product that it names was ever seen."""
    entries = (Entry(product_id="pp-gone"),)
    assert decide(selecting("*", entries=entries), [inventory(*named("a"))]).nothing_was_ever_seen
    assert not decide(selecting("*"), [inventory()]).nothing_was_ever_seen


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tags": (("sc-orchestrator:protect", "true"),)}, "it is protected by its tag sc-orchestrator:protect=true"),
        ({"tags": None}, None),
        ({"tags": (("other", "x"),)}, None),
    ],
)
def test_what_was_selected_drifts_when_it_is_protected(changes: dict[str, Any], said: str | None) -> None:
    """Tags that are not shown are waited for."""
    wanted = selecting("sbx-*")
    made = decide(wanted, [inventory(*named("sbx-1"))])
    now = inventory(*named("sbx-1", **changes))
    assert drifted_lines(wanted, made, [now]) == ({f"{LANE}/pp-sbx-1": said} if said else {})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"selected_by": (7,), "decision": Decision.REFUSE}, ["names an entry or a selection that its plan does not have"]),
        ({"selected_by": ()}, ["is nothing that its plan asks for", "is on notice"]),
        ({"options": Options(ignore_errors=True)}, ["has other options than its plan gives it"]),
        (
            {"product": sbx(name="sbx-named")},
            ["is nothing that its plan asks for"],
        ),
        ({"product": product("pp-other")}, ["is to be terminated and does not say of what it consists"]),
        ({"due_at": START + 1}, ["is on notice"]),
        ({"due_at": None}, ["is on notice"]),
        ({"decision": Decision.REFUSE, "product": None}, []),
        ({}, []),
    ],
)
def test_a_worklist_from_outside_holds_only_what_its_plan_asks_for(changes: dict[str, Any], said: list[str]) -> None:
    """Whoever edits it by hand. What its products are like by now, the run looks at before it sends."""
    twice = select("sbx-twice", options=Options(ignore_errors=True))
    old = replace(select("sbx-*", notice_seconds=DAY), conditions=Conditions(names=("sbx-*",), older_than_seconds=14 * DAY))
    named_too = Entry(name="sbx-named", options=Options(retain_physical_resources=True))
    wanted = Plan(name="x", entries=(named_too,), selections=(old, twice))
    held = inventory(sbx())
    made = decide(wanted, [held], notices={f"{LANE}/pp-sbx-1": START - DAY})
    edited = replace(made, lines=(made.lines[0], replace(made.lines[1], **changes)))
    moments = {LANE: START}
    assert list(inconsistencies(wanted, edited, moments)) == [f"{LANE}/pp-sbx-1 {each}" for each in said]
