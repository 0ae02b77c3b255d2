"""Saved worklists: what has changed since, what cannot be one of ours, and a second go at what failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from orchestrator.core.inventory.model import Inventory
from orchestrator.core.plan.model import Entry, Plan, Target
from orchestrator.core.review.decide import decide
from orchestrator.core.review.drift import drifted_lines
from orchestrator.core.review.limits import refusals
from orchestrator.core.review.verify import inconsistencies
from orchestrator.core.review.worklist import Decision, Line, Reason, Worklist
from orchestrator.core.run.rerun import lines_to_retry, restrict_to
from orchestrator.core.run.transitions import State, first_state
from orchestrator.core.values.lane import Lane
from tests.fakes import LANE
from tests.makers import inventory, plan, product, record

ALICE = Plan(name="x", entries=(Entry(name="alice"),))


def drift(now: Inventory, made_from: Inventory | None = None) -> str | None:
    """How a line that was reviewed as Alice's product has drifted."""
    made = decide(ALICE, [made_from or inventory(product("pp-a", name="alice"))])
    assert made.of(Decision.TERMINATE)
    return next(iter(drifted_lines(ALICE, made, [now]).values()), None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({"status": "TAINTED"}, None),
        # What is in progress is followed or not by what its record says, once that is read.
        ({"status": "UNDER_CHANGE", "last_record_id": "rec-2"}, None),
        ({"status": "UNDER_CHANGE", "last_record_id": None}, None),
        ({"last_record_id": None}, "its last record is not shown now, so something was done to it since the review"),
        ({"status": "PLAN_IN_PROGRESS"}, "its status is PLAN_IN_PROGRESS now"),
        (
            {"last_record_id": "rec-2"},
            "its last record is rec-2 now, so something was done to it since the review",
        ),
        ({"type": "EXTERNAL"}, "it is alice of type EXTERNAL now, and was alice of type CFN_STACK at the review"),
    ],
)
def test_a_product_that_is_not_what_was_reviewed_has_drifted(changes: dict[str, object], said: str | None) -> None:
    """With the reason."""
    assert drift(inventory(product("pp-a", name="alice", **changes))) == said


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        ("TERMINATE_PROVISIONED_PRODUCT", "IN_PROGRESS", None),
        (
            "UPDATE_PROVISIONED_PRODUCT",
            "IN_PROGRESS",
            "another operation is in progress: rec-2 (UPDATE_PROVISIONED_PRODUCT, IN_PROGRESS)",
        ),
    ],
)
def test_another_termination_is_followed_and_any_other_operation_is_a_drift(
    kind: str, status: str, said: str | None
) -> None:
    """As it is by a run that meets it later."""
    change = record("rec-2", record_type=kind, status=status)
    busy = product("pp-a", name="alice", status="UNDER_CHANGE", last_record_id="rec-2")
    assert drift(inventory(busy, records={"pp-a": (change,)})) == said


def test_a_product_that_is_gone_has_not_drifted_unless_another_bears_its_name() -> None:
    """The namesake is never touched either way."""
    assert drift(inventory()) is None
    said = drift(inventory(product("pp-b", name="alice")))
    assert said == "another product, pp-b, has its name now"


def test_nothing_is_concluded_from_a_lane_that_cannot_be_read() -> None:
    """Its lines are refused elsewhere."""
    assert drift(inventory(complete=False)) is None


def test_a_termination_that_was_under_way_is_still_that_one_or_has_drifted() -> None:
    """By its record."""
    busy = product("pp-a", name="alice", status="UNDER_CHANGE", last_record_id="rec-1")
    reviewed = inventory(busy, records={"pp-a": (record("rec-1"),)})
    assert drift(inventory(busy), reviewed) is None
    other = replace(busy, last_record_id="rec-2")
    update = record("rec-2", record_type="UPDATE_PROVISIONED_PRODUCT")
    assert drift(inventory(other, records={"pp-a": (update,)}), reviewed) is not None
    assert drift(inventory(replace(other, status="TAINTED")), reviewed) is not None


def test_drift_of_every_line_refuses_the_run() -> None:
    """Of some it does not."""
    wanted = plan("pp-a", "pp-b")
    made = decide(wanted, [inventory(product("pp-a"), product("pp-b"))])
    assert refusals(wanted, made, drifted=1) == []
    [refusal] = refusals(wanted, made, drifted=2)
    assert refusal == "all 2 products to terminate have drifted since the review; review the plan again"
    many = [(Lane(f"{n:012d}", "eu-west-1"), "down") for n in range(7)]
    [refusal] = refusals(wanted, Worklist(lines=(), made_at=0.0, lanes=tuple(many)))
    assert "; and 2 more; try again" in refusal


def changed(line: Line, **changes: object) -> Line:
    """A line that was tampered with."""
    return replace(line, **changes)  # type: ignore[arg-type]


def replaced_by_another(line: Line) -> Line:
    """A line of a product that the plan does not name."""
    return changed(line, id=f"{LANE}/pp-z", product_id="pp-z", product=product("pp-z"))


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (lambda w: replace(w, lines=(*w.lines, w.lines[0])), "a line stands in it twice"),
        (lambda w: replace(w, lanes=(*w.lanes, w.lanes[0])), "a lane stands in it twice"),
        (lambda w: replace(w, lanes=((Lane("000000000000", "x"), None),)), "none of the plan's targets"),
        (
            lambda w: replace(w, lines=(replaced_by_another(w.lines[0]), w.lines[1])),
            "is nothing that its plan asks for",
        ),
        (lambda w: replace(w, lanes=((LANE, "down"),)), "is in a lane that could not be read"),
        (
            lambda w: replace(w, lines=(changed(w.lines[0], after_lines=("?",)),)),
            "comes after a line that it does not have",
        ),
        (lambda w: replace(w, lines=(changed(w.lines[0], product=None),)), "does not say of what it consists"),
        (lambda w: replace(w, lines=(changed(w.lines[0], product_id="pp-z"),)), "does not say of what it consists"),
        (
            lambda w: replace(w, lines=(changed(w.lines[0], after_lines=(w.lines[0].id,)),)),
            "its lines wait for one another",
        ),
        (
            lambda w: replace(
                w, lines=(changed(w.lines[0], after_lines=(w.lines[1].id,)), changed(w.lines[1], decision=Decision.REFUSE))
            ),
            "it would terminate something that comes after a product which stays",
        ),
        (
            lambda w: replace(w, lines=(changed(w.lines[0], after_entries=(7,)), w.lines[1])),
            "names an entry or a selection that its plan does not have",
        ),
        (
            lambda w: replace(w, lines=(changed(w.lines[0], after_selections=(0,)), w.lines[1])),
            "names an entry or a selection that its plan does not have",
        ),
    ],
)
def test_a_worklist_that_cannot_be_ours_is_refused(tamper: Callable[[Worklist], Worklist], said: str) -> None:
    """Whatever its digest says."""
    target = Target(account_id=LANE.account_id, regions=(LANE.region,))
    wanted = replace(plan("pp-a", "pp-b"), targets=(target,))
    made = decide(wanted, [inventory(product("pp-a"), product("pp-b"))])
    assert list(inconsistencies(wanted, made)) == []
    assert said in " ".join(inconsistencies(wanted, tamper(made)))
    assert made.usable_lanes == (LANE,)


def test_a_second_go_names_what_did_not_go_by_id_lane_and_name() -> None:
    """What is gone already is no prerequisite any more."""
    wanted = Plan(
        name="x",
        entries=(
            Entry(name="a"),
            Entry(name="b", key="bee", depends_on=("a",)),
            Entry(name="c", depends_on=("bee", "a")),
            Entry(name="gone"),
        ),
    )
    made = decide(wanted, [inventory(*(product(f"pp-{name}", name=name) for name in "abc"))])
    ids = [line.id for line in made.lines]
    ended = (State.TERMINATED, State.FAILED, State.BLOCKED, State.SKIPPED)
    states = dict(zip(ids, ended, strict=True))
    chosen = lines_to_retry(made, states, only_failed=True)
    assert chosen == {f"{LANE}/pp-b", f"{LANE}/pp-c"}
    assert len(lines_to_retry(made, states, only_failed=False)) == 3
    gone = record("rec-1", product_id="pp-a", status="SUCCEEDED")
    left = inventory(*(product(f"pp-{name}", name=name) for name in "bc"), records={"pp-a": (gone,)})
    second = restrict_to(decide(wanted, [left]), chosen)
    assert {line.name: line.decision for line in second.lines} == {
        "a": Decision.SKIP,
        "b": Decision.TERMINATE,
        "c": Decision.TERMINATE,
        "gone": Decision.SKIP,
    }


@pytest.mark.parametrize("word", ["team-a", "team-*"])
def test_a_second_go_does_not_forget_what_comes_first(word: str) -> None:
    """What is left out and still there blocks, whether it was refused, or never was in the plan."""
    entries = [Entry(product_id="pp-net", depends_on=(word,))]
    if word == "team-a":
        entries.append(Entry(name="team-a"))
    wanted = Plan(name="x", entries=tuple(entries))
    busy = product("pp-a", name="team-a", status="UNDER_CHANGE")
    now = inventory(product("pp-net", name="net"), busy)
    made = decide(wanted, [now])
    assert made.lines[0].reason is Reason.BLOCKED
    ids = lines_to_retry(made, {line.id: first_state(line) for line in made.lines}, only_failed=True)
    assert f"{LANE}/pp-net" in ids
    for later in (now, inventory(product("pp-net", name="net"), replace(busy, status="AVAILABLE"))):
        assert not restrict_to(decide(wanted, [later]), ids).of(Decision.TERMINATE)


def test_entries_that_share_a_line_do_not_shift_the_others() -> None:
    """Each line goes with the entry that it was made for."""
    wanted = Plan(name="x", entries=(Entry(product_id="pp-a"), Entry(name="b"), Entry(name="a"), Entry(product_id="pp-c")))
    shown = inventory(*(product(f"pp-{name}", name=name) for name in "abc"))
    made = decide(wanted, [shown])
    assert list(inconsistencies(wanted, made)) == []


def test_a_stranger_that_fits_a_glob_now_is_a_drift() -> None:
    """It would be there still when the line goes; so would one that only the search shows."""
    wanted = Plan(name="x", entries=(Entry(name="net", depends_on=("team-*",)), Entry(name="team-1")))
    known = [product("pp-net", name="net"), product("pp-1", name="team-1")]
    made = decide(wanted, [inventory(*known)])
    late = product("pp-2", name="team-2")
    assert drifted_lines(wanted, made, [inventory(*known)]) == {}
    said = "it comes after `team-*`, and team-2 (pp-2) is there now"
    assert drifted_lines(wanted, made, [inventory(*known, late)]) == {f"{LANE}/pp-net": said}
    assert drifted_lines(wanted, made, [inventory(*known, only_searched={"pp-2": late})]) == {f"{LANE}/pp-net": said}
