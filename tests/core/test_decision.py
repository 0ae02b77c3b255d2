"""Decisions: every line gets one, with its reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.core.plan.model import Options
from orchestrator.core.review.decide import decide
from orchestrator.core.review.worklist import Decision, Line, Reason, Worklist
from orchestrator.core.run.summary import review_line
from orchestrator.core.run.transitions import State, StateTable
from orchestrator.core.values.lane import Lane
from tests.fakes import LANE, START
from tests.makers import inventory, plan, product, record

OTHER = Lane("111122223333", "us-east-1")


def line_for(**changes: object) -> Line:
    """The line of one product that the listing shows."""
    records = changes.pop("records", ())
    shown = product("pp-a", **changes)
    return decide(plan("pp-a"), [inventory(shown, records={"pp-a": records})]).lines[0]


@pytest.mark.parametrize("status", ["AVAILABLE", "TAINTED", "ERROR"])
def test_a_product_at_rest_is_terminated(status: str) -> None:
    """Documented and seen to be terminable."""
    line = line_for(status=status)
    assert (line.decision, line.reason, line.id) == (Decision.TERMINATE, Reason.PLANNED, f"{LANE}/pp-a")


def test_a_termination_under_way_is_adopted() -> None:
    """Its record is not final."""
    line = line_for(status="UNDER_CHANGE", last_record_id="rec-1", records=(record("rec-1"),))
    assert (line.decision, line.reason, line.record_id) == (Decision.TERMINATE, Reason.ADOPT, "rec-1")


@pytest.mark.parametrize(
    "records",
    [
        (),
        (record("rec-1", record_type="UPDATE_PROVISIONED_PRODUCT"),),
        (record("rec-1", status="FAILED"),),
        (record("rec-1", status="SUCCEEDED"),),
        (record("rec-2"),),
    ],
)
def test_any_other_change_is_refused(records: object) -> None:
    """An update, a record that is over, one that cannot be read."""
    line = line_for(status="UNDER_CHANGE", last_record_id="rec-1", records=records)
    assert (line.decision, line.reason) == (Decision.REFUSE, Reason.UNDER_CHANGE)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "PLAN_IN_PROGRESS"}, Reason.PLAN_IN_PROGRESS),
        ({"status": "NEW_STATUS"}, Reason.UNKNOWN_STATUS),
        ({"status": ""}, Reason.UNKNOWN_STATUS),
        ({"type": "NEW_TYPE"}, Reason.UNKNOWN_TYPE),
        ({"type": ""}, Reason.UNKNOWN_TYPE),
    ],
)
def test_what_is_not_known_is_refused_and_never_guessed(changes: dict[str, object], reason: Reason) -> None:
    """With the reason."""
    line = line_for(**changes)
    assert (line.decision, line.reason) == (Decision.REFUSE, reason)


def test_a_product_that_was_terminated_before_is_already_gone() -> None:
    """By its newest terminate record."""
    done = record("rec-9", status="SUCCEEDED")
    line = decide(plan("pp-a"), [inventory(records={"pp-a": (done,)})]).lines[0]
    assert (line.decision, line.reason, line.record_id) == (Decision.SKIP, Reason.ALREADY_GONE, "rec-9")
    assert StateTable(Worklist(lines=(line,), made_at=START, lanes=((LANE, None),))).counts[State.ALREADY_GONE] == 1


def test_a_product_that_is_not_found_is_skipped_or_in_strict_mode_refused() -> None:
    """Never silently dropped; a record of it tells that it was seen once."""
    empty = [inventory()]
    assert decide(plan("pp-a"), empty).lines[0].decision is Decision.SKIP
    assert decide(plan("pp-a"), empty, strict=True).lines[0].decision is Decision.REFUSE
    assert decide(plan("pp-a"), empty).nothing_was_ever_seen
    failed = record("rec-9", status="FAILED")
    seen = decide(plan("pp-a"), [inventory(records={"pp-a": (failed,)})])
    assert seen.lines[0].reason is Reason.NOT_FOUND
    assert not seen.nothing_was_ever_seen
    assert decide(plan(), empty).nothing_was_ever_seen is False


def test_what_only_the_search_shows_is_refused() -> None:
    """The two listings differ, and nobody knows which one is right."""
    line = decide(plan("pp-a"), [inventory(only_searched={"pp-a": product("pp-a")})]).lines[0]
    assert (line.decision, line.reason) == (Decision.REFUSE, Reason.LISTINGS_DIFFER)


def test_nothing_is_concluded_from_an_incomplete_listing() -> None:
    """Neither that a product is there nor that it is not."""
    partial = inventory(product("pp-a"), complete=False, problem="page 3 stayed unanswered")
    made = decide(plan("pp-a", "pp-b"), [partial])
    assert [line.reason for line in made.lines] == [Reason.LANE_INCOMPLETE] * 2
    assert "page 3 stayed unanswered" in made.lines[1].detail
    unnamed = replace(partial, problem=None)
    assert decide(plan("pp-a"), [unnamed]).lanes == ((LANE, "its listing is incomplete"),)


def test_a_product_is_looked_for_in_all_lanes_and_must_be_in_exactly_one() -> None:
    """Two holders are refused with their names; one is enough."""
    here, there = inventory(product("pp-a")), replace(inventory(product("pp-b")), lane=OTHER)
    made = decide(plan("pp-a", "pp-b", "pp-c"), [here, there])
    assert [line.lane for line in made.lines] == [LANE, OTHER, None]
    assert made.lines[2].id == "?/?/pp-c"
    both = decide(plan("pp-a"), [here, replace(here, lane=OTHER)]).lines[0]
    assert (both.decision, both.reason) == (Decision.REFUSE, Reason.AMBIGUOUS)
    assert str(OTHER) in both.detail


def test_the_summary_is_stable() -> None:
    """It is a public interface."""
    made = decide(plan("pp-a", "pp-b", "pp-c"), [inventory(product("pp-a"), product("pp-b", type="?"))])
    said = "Review: 1 to terminate, 0 blocked, 0 drifted, 1 not found, 0 skipped, 1 refused, 0 already gone."
    assert review_line(made) == said
    assert made.lines[2].name == "pp-c"
    board = StateTable(made)
    assert [board.counts[state] for state in (State.PENDING, State.NOT_FOUND, State.REFUSED)] == [1, 1, 1]
    assert Options(ignore_errors=True).may_leave_resources
    assert not Options().may_leave_resources
    assert made.lines[0].name == "name-of-pp-a"
