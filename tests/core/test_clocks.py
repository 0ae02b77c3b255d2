"""Whose clock counts: other hosts, clocks that jump, and headers that nobody believes."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.core.inventory.calls import Operation
from orchestrator.core.inventory.evidence import Intent
from orchestrator.core.inventory.model import moments_of
from orchestrator.core.plan.model import Conditions, Limits, Options, Plan, Protection, Selection
from orchestrator.core.review.protect import protection
from orchestrator.core.review.select import select
from orchestrator.core.run.transitions import State
from orchestrator.core.values.policy import POLICY
from orchestrator.core.values.timestamps import age_between, believed, by_service, carried_over
from tests.driving import evidence_of, state_of
from tests.engine.test_runner import stage
from tests.fakes import LANE, START, lost
from tests.makers import fake, inventory, plan, product, record


def test_a_difference_of_more_than_a_quarter_of_an_hour_is_not_believed() -> None:
    """AWS would not accept such signatures: the header is wrong."""
    assert believed(None) is None
    most = POLICY.max_clock_difference_s
    assert [believed(each) for each in (0.0, -most, most + 1)] == [0.0, -most, None]
    assert by_service(START, None) is None
    assert by_service(START, -2.5) == START - 2.5


def test_moments_of_an_earlier_execution_are_carried_over_by_the_services_clock() -> None:
    """Ours was set back an hour, or another host's is an hour ahead; without the service's time none is in the future."""
    then = (START, START + 10)
    assert carried_over(START + 5, then, (START - 3_600 + 60, START + 70)) == START - 3_600 + 5
    assert carried_over(START + 5, then, (START + 3_600 + 60, START + 70)) == START + 3_600 + 5
    assert carried_over(START + 5, then, (START - 3_600, None)) == START - 3_600
    assert carried_over(START + 5, (START, None), (START + 60, START + 60)) == START + 5


def test_an_age_is_by_the_services_clock_unless_that_says_it_is_still_to_come() -> None:
    """A wrong header, then or now, makes no run expire that has just begun."""
    assert age_between((START, START), (START - 3_600, START + 9)) == 9
    assert age_between((START, START + 600), (START + 9, START + 9)) == 9
    assert age_between((START, None), (START + 9, START + 9)) == age_between((START, START), (START + 9, None)) == 9
    assert age_between((START, START), (START - 3_600, START - 60)) == -60


def test_what_time_permits_has_to_be_permitted_by_both_clocks() -> None:
    """And what protects by one of them protects."""
    old = Selection(conditions=Conditions(older_than_seconds=86_400))
    wanted = Plan(name="x", selections=(old,))
    found = product("pp-a", created_at=START - 86_000)
    for ahead, selected in ((None, 0), (800.0, 0), (-800.0, 0)):
        held = inventory(found, clock_ahead=ahead)
        assert len(list(select(wanted, [held]))) == selected
    assert len(list(select(wanted, [inventory(product("pp-a", created_at=START - 87_300), clock_ahead=-800.0)]))) == 1
    young = Plan(name="x", protections=(Protection(conditions=Conditions(younger_than_seconds=86_400)),))
    just = product("pp-a", created_at=START - 86_800, catalog_id="c", catalog_name="c", user_arn="u")
    assert protection(young, just, LANE, moments_of(START, None)) is None
    assert protection(young, just, LANE, moments_of(START, -800.0)) is not None


def test_a_record_is_ours_by_the_services_own_times() -> None:
    """After the record before it, whatever our clock says; not more than five minutes before the intent."""
    intent = Intent(at=START, record_before="rec-0")
    before = record("rec-0", created_at=START - 10)
    assert intent.caused(record("rec-1", created_at=START - 5), [before])
    assert not intent.caused(record("rec-1", created_at=START - 11), [before])
    assert not intent.caused(record("rec-1", created_at=START - 301))


def test_our_own_record_is_ours_although_the_clocks_differ_by_ten_minutes() -> None:
    """Whichever is wrong, ours, the service's or its header: nobody else is said to have terminated it."""
    for ahead, skew in ((600.0, 600.0), (-600.0, -600.0), (600.0, 0.0), (-600.0, 0.0)):
        world = stage(fake("pp-a", duration=30))
        world.catalog.ahead, world.catalog.skew = ahead, skew
        world.catalog.trouble[Operation.TERMINATE].append(lost)
        run = world.run(plan("pp-a"))
        assert state_of(run, "pp-a") is State.TERMINATED
        assert evidence_of(run, "pp-a").endswith("SUCCEEDED")
        assert not run.terminations[0].by_another
        assert len(world.catalog.sent) == 1


def test_a_clock_that_jumps_between_two_executions_times_nothing_out_and_nothing_in() -> None:
    """Ten minutes forward or back after the crash; its TerminationTimeout of five minutes goes by the service's time."""
    for jump, more, expected in ((600.0, 50.0, State.TERMINATED), (-600.0, 1e9, State.TIMED_OUT)):
        world = stage(fake("pp-a", duration=1e9))
        world.catalog.ahead = 0.0
        wanted = plan("pp-a", options=Options(termination_timeout_seconds=300), limits=Limits(deadline_seconds=10))
        run = world.run(wanted)
        assert state_of(run, "pp-a") is State.IN_PROGRESS
        began = world.clock.now()
        world.clock.time += jump
        world.catalog.ahead = -jump
        world.catalog.products["pp-a"].ends_at = world.clock.now() + more
        patient = replace(wanted, limits=Limits())
        resumed = world.resume(patient, run.worklist, world.journal.lines)
        assert state_of(resumed, "pp-a") is expected
        assert world.clock.now() - (began + jump) < 400


def test_a_line_that_timed_out_with_a_send_still_out_is_audited_after_that_has_settled() -> None:
    """The execution died with the send unanswered, and what came of it is overdue when the next one begins."""
    world = stage(fake("pp-a", duration=1e9))
    wanted = plan("pp-a", options=Options(termination_timeout_seconds=300))
    world.catalog.trouble[Operation.TERMINATE].append(lost)
    run = world.run(replace(wanted, limits=Limits(deadline_seconds=1)))
    world.clock.time += 400
    began = world.clock.now()
    # The journal as a kill leaves it: begun, the intent, no answer.
    resumed = world.resume(wanted, run.worklist, world.journal.lines[:2])
    assert state_of(resumed, "pp-a") is State.TIMED_OUT
    assert world.clock.now() - began >= 60
