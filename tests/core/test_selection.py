"""Selections: from what is live to lines, with options, notices and an order of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.core.again import pinned
from orchestrator.core.consistency import inconsistencies
from orchestrator.core.decision import decide
from orchestrator.core.drift import drifts
from orchestrator.core.inventory import CONTROL_TOWER_ACCOUNT, Inventory
from orchestrator.core.lane import Lane
from orchestrator.core.notice import noticed
from orchestrator.core.plan import Conditions, Entry, Options, Plan, Selection
from orchestrator.core.questions import questions
from orchestrator.core.validation import validate
from orchestrator.core.worklist import Decision, Line, Reason, Worklist
from tests.fakes import LANE, START
from tests.makers import inventory, product, record

OTHER = Lane("444455556666", "eu-west-1")
DAY = 86_400


def selecting(*names: str, entries: tuple[Entry, ...] = (), **keys: Any) -> Plan:
    """A plan with one selection."""
    return Plan(name="x", entries=entries, selections=(select(*names, **keys),))


def select(*names: str, where: str = "p.yaml:5", **keys: Any) -> Selection:
    """A selection by name."""
    return Selection(conditions=Conditions(names=names), where=where, **keys)


def named(*names: str, **changes: Any) -> list[Any]:
    """Products that are called so."""
    return [product(f"pp-{name}", name=name, **changes) for name in names]


def told(made: Worklist) -> list[tuple[str, str, str]]:
    """Each line: what is done with what, and why."""
    return [(line.decision.value, line.name, line.reason.value) for line in made.lines]


def test_everything_that_fits_becomes_a_line_with_the_options_of_its_selection() -> None:
    """In each lane; what does not fit is no line at all."""
    options = Options(ignore_errors=True)
    there = replace(inventory(*named("sbx-3")), lane=OTHER)
    made = decide(selecting("sbx-*", options=options), [inventory(*named("sbx-1", "other", "sbx-2")), there])
    assert told(made) == [("terminate", name, "asked") for name in ("sbx-1", "sbx-2", "sbx-3")]
    assert {line.options for line in made.lines} == {options}
    assert made.lines[0] == Line(
        id=f"{LANE}/pp-sbx-1",
        product_id="pp-sbx-1",
        lane=LANE,
        decision=Decision.TERMINATE,
        reason=Reason.ASKED,
        detail="it is AVAILABLE",
        options=options,
        product=named("sbx-1")[0],
        where="p.yaml:5",
        selected_by=(0,),
    )
    assert made.warnings == ()


def test_a_product_that_an_entry_names_is_the_entrys() -> None:
    """With the entry's options, and once; what the entry cannot decide stays undecided."""
    options = Options(retain_physical_resources=True)
    entries = (Entry(product_id="pp-sbx-1", options=options, where="p.yaml:3"),)
    made = decide(selecting("sbx-*", entries=entries), [inventory(*named("sbx-1", "sbx-2"))])
    assert [(line.options, line.where) for line in made.lines] == [(options, "p.yaml:3"), (Options(), "p.yaml:5")]


def test_selections_that_disagree_about_a_product_refuse_it() -> None:
    """On its options, or on its notice; those that agree share it."""
    retaining = select("sbx-1", where="p.yaml:9", options=Options(retain_physical_resources=True))
    waiting = select("sbx-2", after=DAY)
    wanted = Plan(name="x", selections=(select("sbx-*"), retaining, waiting, select("sbx-3", where="p.yaml:12")))
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
    elsewhere = Selection(conditions=Conditions(account_ids=(LANE.account_id,)), where="p.yaml:9")
    wanted = Plan(name="x", selections=(select("sbx-*"), elsewhere))
    broken = replace(inventory(*named("sbx-3")), lane=OTHER, complete=False, problem="page 3 failed")
    made = decide(wanted, [inventory(*named("sbx-1")), broken])
    assert told(made) == [("terminate", "sbx-1", "asked"), ("refuse", "(a selection)", "lane_incomplete")]
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
        ("terminate", "a", "asked")
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
    wanted = selecting("sbx-*", after=7 * DAY)
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
    wanted = selecting("sbx-*", after=DAY)
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
    after = {line.name: [before.rpartition("/")[2] for before in line.after] for line in made.lines}
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
    after = {line.name: [before.rpartition("/")[2] for before in line.after] for line in made.lines}
    assert after == {"app-1": [], "app-2": [], "net-1": ["pp-app-1", "pp-app-2"], "net-2": ["pp-app-1", "pp-app-2"]}
    assert made.warnings == (f"the selection at p.yaml:5 depends on `none-*`, which matches nothing in {LANE}",)


def test_a_dependent_of_a_selection_is_blocked_by_what_of_it_stays() -> None:
    """Protected, say, or on notice."""
    entries = (Entry(name="net", depends_on=("sandboxes",)),)
    wanted = selecting("sbx-*", key="sandboxes", entries=entries, after=DAY)
    made = decide(wanted, [inventory(*named("net", "sbx-1"))])
    assert told(made) == [("refuse", "net", "blocked"), ("skip", "sbx-1", "notice")]
    assert made.lines[0].detail.startswith("blocked: sbx-1 (pp-sbx-1) stays (on notice")


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


def test_a_second_go_names_what_was_selected_and_selects_nothing_anew() -> None:
    """In the same order, with the same options, in the same lanes."""
    options = Options(ignore_errors=True)
    wanted = Plan(
        name="x",
        entries=(Entry(name="net", depends_on=("sandboxes",)),),
        selections=(select("sbx-*", key="sandboxes", options=options, depends_on=("tmp-*",)), select("tmp-*")),
    )
    held = inventory(*named("net", "sbx-1", "tmp-1"))
    made = decide(wanted, [held])
    again = pinned(wanted, made)
    assert again.selections == ()
    assert validate(again) == []
    second = decide(again, [inventory(*named("net", "sbx-1", "tmp-1", "sbx-2"))])
    assert [(line.id, line.after, line.options, line.decision) for line in second.lines] == [
        (line.id, line.after, line.options, line.decision) for line in made.lines
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tags": (("sc-orchestrator:protect", "true"),)}, "it is protected by its tag sc-orchestrator:protect=true"),
        ({"tags": None}, "the complete listing shows it and the search does not, so its tags cannot be read"),
        ({"tags": (("other", "x"),)}, None),
    ],
)
def test_what_was_selected_drifts_when_it_is_protected(changes: dict[str, Any], said: str | None) -> None:
    """And when its tags cannot be read any more."""
    wanted = selecting("sbx-*")
    made = decide(wanted, [inventory(*named("sbx-1"))])
    now = inventory(*named("sbx-1", **changes))
    assert drifts(wanted, made, [now]) == ({f"{LANE}/pp-sbx-1": said} if said else {})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"selected_by": (7,)}, "is not what its plan selects"),
        ({"options": Options(ignore_errors=True)}, "is not what its plan selects"),
        ({"product": product("pp-sbx-1", name="other")}, "is not what its plan selects"),
        ({"product": product("pp-sbx-1", name="sbx-1", tags=(("sc-orchestrator:protect", "1"),))}, "is protected"),
        ({"decision": Decision.REFUSE, "product": None}, None),
        ({}, None),
    ],
)
def test_a_worklist_from_outside_holds_only_what_its_plan_selects(changes: dict[str, Any], said: str | None) -> None:
    """Whoever edits it by hand."""
    wanted = selecting("sbx-*")
    made = decide(wanted, [inventory(*named("sbx-1"))])
    edited = replace(made, lines=tuple(replace(line, **changes) for line in made.lines))
    assert list(inconsistencies(wanted, edited)) == ([f"{LANE}/pp-sbx-1 {said}"] if said else [])
