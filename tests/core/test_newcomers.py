"""What a line comes after and nobody has reviewed, in this lane and in others."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.core.plan.model import Entry, Limits, Plan
from orchestrator.core.review.decide import decide
from orchestrator.core.review.drift import blocked_by_unread, drifted_lines
from orchestrator.core.review.limits import too_many_named
from orchestrator.core.review.unreviewed import UnreviewedProducts
from orchestrator.core.review.worklist import Worklist
from orchestrator.core.run import events as e
from orchestrator.core.run.machine import Run
from orchestrator.core.run.transitions import State
from orchestrator.core.values.lane import Lane
from orchestrator.errors import ExitCode
from tests.engine.test_order import lanes, sent
from tests.fakes import LANE
from tests.makers import fake, inventory, plan, product

OTHER = Lane("444455556666", "eu-west-1")
NET = Plan(name="x", entries=(Entry(name="db"), Entry(name="net", depends_on=("db",))))


def reviewed() -> Worklist:
    """`net` comes after `db`, which neither of two lanes holds."""
    return decide(NET, [inventory(product("pp-net", name="net")), replace(inventory(), lane=OTHER)])


def test_a_name_that_was_not_found_and_is_there_now_is_a_drift_wherever_it_is() -> None:
    """It may be in any lane that the entry could be in."""
    made = reviewed()
    line = made.of(made.lines[1].decision)[0]
    assert line.after_entries == (0,)
    assert UnreviewedProducts(NET, made).lanes_of(line) == (OTHER,)
    there = replace(inventory(product("pp-db", name="db")), lane=OTHER)
    found = drifted_lines(NET, made, [inventory(product("pp-net", name="net")), there])
    assert found == {f"{LANE}/pp-net": "it comes after `db`, and db (pp-db) is there now"}


def test_a_lane_that_cannot_be_listed_blocks_what_comes_after_anything_that_could_be_in_it() -> None:
    """In other lanes; its own lines are refused anyway."""
    made = reviewed()
    assert blocked_by_unread(NET, made, {OTHER: "no such role"}) == {
        f"{LANE}/pp-net": f"what it comes after may be in {OTHER}, which cannot be listed: no such role"
    }
    assert blocked_by_unread(NET, made, {LANE: "no such role"}) == {}
    assert blocked_by_unread(NET, made, {}) == {}


def test_a_lane_that_is_lost_leaves_what_may_come_after_something_in_it_for_later() -> None:
    """Nothing is sent on half a view; the run can be resumed."""
    world = lanes([fake("pp-net", name="net")], [fake("pp-x", name="x")])
    run = world.review(NET)
    lost = e.LaneUnreachable(at=world.clock.now(), lane=OTHER, reason="its credentials are no longer accepted")
    world.drive(run, [lost])
    assert sent(world) == []
    assert run.state_table.states[f"{LANE}/pp-net"] is State.PENDING
    assert run.tally().exit_code is ExitCode.LEFT_TO_DO
    world.drive(run, how=e.StartedBy.RESUME)
    assert sent(world) == ["pp-net"]


def test_more_products_than_may_be_terminated_are_known_before_any_call() -> None:
    """From the plan alone."""
    assert too_many_named(plan("pp-a", "pp-b", limits=Limits(max_terminations=2))) is None
    said = too_many_named(plan("pp-a", "pp-b", limits=Limits(max_terminations=1)))
    assert said == "the plan names 2 products, which exceeds Limits.MaxTerminations (1); raise it if that is intended"


def test_a_run_knows_its_lanes_only() -> None:
    """A listing of another lane says nothing."""
    run = Run(run_id="run-1", plan=NET, worklist=reviewed())
    assert (
        run.survey_events([replace(inventory(), lane=Lane("999999999999", "eu-west-1")), inventory(complete=False)]) == []
    )
