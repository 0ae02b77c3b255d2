"""Reviews as a library gives them: what they write, and what of a saved worklist a run would still do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from orchestrator import api
from orchestrator.core.plan.model import Conditions, Entry, Plan, Selection, Target
from orchestrator.core.review.worklist import Decision, Reason
from orchestrator.store.notices import load_notices, update
from orchestrator.store.worklist_file import load_worklist
from tests.engine.test_order import OTHER
from tests.engine.test_reviewed import LANES, change, connections, reviewed_and_saved, world_of
from tests.fakes import LANE

DAY = 86_400
TARGETS = tuple(Target(account_id=lane.account_id, regions=(lane.region,)) for lane in LANES)
NOTICED = Plan(name="x", targets=TARGETS, selections=(Selection(conditions=Conditions(names=("*",)), notice_seconds=DAY),))


def test_only_giving_notice_writes_and_a_run_of_less_gives_it_all_the_same(tmp_path: Path) -> None:
    """A review that nobody acts on leaves no trace; what is left out of one run keeps its notice."""
    world = world_of([0, 0, 0, 1, 1, 1])
    state = api.StateDir(tmp_path / "state", simulated=False)
    review = api.survey(NOTICED, connections(world), state=state)
    assert not state.root.exists()
    found = api.give_notice(review.narrowed(["a"], []), state)
    since = load_notices(state.notices("x"))
    assert since == {each.line.id: each.since for each in found}
    assert len(since) == 6
    update(state.notices("x"), lambda given: {line: at - DAY for line, at in given.items()})
    kept = state.notices("x").read_bytes()
    assert len(api.survey(NOTICED, connections(world), state=state).worklist.of(Decision.TERMINATE)) == 6
    assert state.notices("x").read_bytes() == kept


def test_what_is_no_plan_with_a_notice_gives_none(tmp_path: Path) -> None:
    """A saved worklist selects nothing anew, and without After there is nothing to keep."""
    world = world_of([0] * 6)
    state = api.StateDir(tmp_path / "state", simulated=False)
    rechecked = api.recheck(reviewed_and_saved(NOTICED, world), connections(world), state=state)
    plain = api.survey(Plan(name="x", entries=(Entry(product_id="pp-a"),)), connections(world), state=state)
    assert api.give_notice(rechecked, state) == api.give_notice(plain, state) == ()
    assert not state.root.exists()


def test_a_worklist_shows_what_of_it_would_still_be_done() -> None:
    """Without what is gone, what has drifted, and what cannot be read."""
    world = world_of([0, 0, 0, 0, 1, 1])
    entries = tuple(Entry(product_id=f"pp-{name}") for name in "abcde")
    saved = reviewed_and_saved(Plan(name="x", targets=TARGETS, entries=entries), world)
    change(world, "a", "gone")
    change(world, "b", "protected")
    there = connections(world)
    left = replace(there, identities={LANE: there.identities[LANE]}, unreachable={OTHER: "no way in"})
    review = api.recheck(saved, left)
    told = {line.name: (line.decision, line.reason) for line in review.effective_worklist.lines}
    assert told == {
        "a": (Decision.SKIP, Reason.ALREADY_GONE),
        "b": (Decision.REFUSE, Reason.DRIFTED),
        "c": (Decision.TERMINATE, Reason.PLANNED),
        "d": (Decision.TERMINATE, Reason.PLANNED),
        "e": (Decision.REFUSE, Reason.LANE_INCOMPLETE),
    }
    assert {each.lane: each.problem for each in review.coverage} == {LANE: None, OTHER: "no way in"}
    assert [caller.lane for caller in review.callers] == [LANE]


def test_a_notice_that_begins_anew_is_told_whether_its_lane_could_be_read_or_not(tmp_path: Path) -> None:
    """As a run would end with it: its line has drifted."""
    world = world_of([0, 0, 0, 1, 1, 1])
    state = api.StateDir(tmp_path / "state", simulated=False)
    api.give_notice(api.survey(NOTICED, connections(world), state=state), state)
    world.clock.time += 2 * DAY
    made = api.survey(NOTICED, connections(world), state=state)
    api.save_worklist(made, tmp_path / "w.json", Path("p.yaml"))
    saved = load_worklist(tmp_path / "w.json")
    update(state.notices("x"), lambda _: {})
    there = connections(world)
    left = replace(there, identities={LANE: there.identities[LANE]}, unreachable={OTHER: "no way in"})
    review = api.recheck(saved, left, state=state)
    assert {line.reason for line in review.effective_worklist.lines} == {Reason.DRIFTED}
    assert "all 6 products to terminate have drifted since the review; review the plan again" in review.refusals
