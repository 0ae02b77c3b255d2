"""Whole runs over the fakes: the rules of one product in one lane, from the first send to the verdict."""

from __future__ import annotations

import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future

import pytest

from orchestrator.core.inventory.calls import (
    Answer,
    Denied,
    NotFound,
    NotSent,
    Operation,
    RecordPage,
    Rejected,
    Throttled,
    Unanswered,
    Unauthenticated,
)
from orchestrator.core.inventory.model import FAILED, SUCCEEDED, TERMINATION
from orchestrator.core.plan.model import Limits, Options, Retry, Tolerance
from orchestrator.core.run.events import LaneUnreachable
from orchestrator.core.run.transitions import State
from orchestrator.core.values.lane import Lane
from orchestrator.engine.executors import InlineExecutor
from orchestrator.errors import ExitCode, IllegalTransition, JournalError
from orchestrator.report.summary import orphans
from tests.driving import Stage, evidence_of, state_of
from tests.fakes import FakeCatalog, FakeClock, FakeProduct, FullDisk, RecordingObserver, lost, unsent
from tests.makers import fake, plan, product


def stage(*products: FakeProduct) -> Stage:
    """A world with these products."""
    clock = FakeClock()
    return Stage(clock, FakeCatalog(clock, products))


def says(outcome: object) -> Callable[[Callable[[], object]], object]:
    """Trouble that answers without carrying the request out."""
    return lambda _: outcome


def test_products_that_go_are_terminated_on_the_evidence_of_their_records() -> None:
    """Each product is sent once, and its SUCCEEDED record is the verdict."""
    world = stage(fake("pp-a"), fake("pp-b"), fake("pp-other"))
    run = world.run(plan("pp-a", "pp-b"))
    assert [state_of(run, id_) for id_ in ("pp-a", "pp-b")] == [State.TERMINATED, State.TERMINATED]
    assert [command.product_id for command in world.catalog.sent] == ["pp-a", "pp-b"]
    assert evidence_of(run, "pp-a") == "record rec-0000000000001 SUCCEEDED"
    assert not world.catalog.products["pp-other"].gone
    assert run.tally().exit_code is ExitCode.DONE
    assert not run.is_unfinished


def test_every_intent_is_synced_before_its_request_leaves() -> None:
    """When a termination arrives at AWS, its intent is among the synced lines of the journal."""
    world = stage(fake("pp-a"), fake("pp-b", FAILED, SUCCEEDED))
    seen: list[bool] = []

    def check(carry_out: Callable[[], object]) -> object:
        token = world.catalog.sent[-1].token
        seen.append(any(token.encode() in line for line in world.journal.lines[: world.journal.synced]))
        return carry_out()

    world.catalog.trouble[Operation.TERMINATE].extend([check] * 3)
    world.run(plan("pp-a", "pp-b"))
    assert seen == [True, True, True]


def test_a_throttled_send_is_repeated_with_its_token_and_costs_no_attempt() -> None:
    """Throttling is not a failure."""
    world = stage(fake("pp-a"))
    world.catalog.trouble[Operation.TERMINATE].extend([says(Throttled("ThrottlingException"))] * 7)
    run = world.run(plan("pp-a", retry=Retry(attempts=1)))
    assert state_of(run, "pp-a") is State.TERMINATED
    assert len(world.catalog.sent) == 8
    assert len({command.token for command in world.catalog.sent}) == 1


def test_a_lost_answer_is_settled_by_the_record_that_the_product_shows() -> None:
    """The request was carried out; it is followed and not sent again."""
    world = stage(fake("pp-a", duration=30))
    world.catalog.trouble[Operation.TERMINATE].append(lost)
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.TERMINATED
    assert len(world.catalog.sent) == 1


def test_a_lost_answer_of_a_quick_termination_is_settled_by_its_history() -> None:
    """The product is gone before anybody looks; its record says that it was us."""
    world = stage(fake("pp-a", duration=0))
    world.catalog.trouble[Operation.TERMINATE].append(lost)
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.TERMINATED
    assert "SUCCEEDED" in evidence_of(run, "pp-a")
    assert len(world.catalog.sent) == 1


def test_a_lost_request_is_sent_again_with_the_same_token() -> None:
    """The product is there and quiet, so nothing was carried out."""
    world = stage(fake("pp-a"))
    world.catalog.trouble[Operation.TERMINATE].extend([unsent, unsent])
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.TERMINATED
    assert len({command.token for command in world.catalog.sent}) == 1
    assert [command.send for command in world.catalog.sent] == [1, 2, 3]


def test_after_five_unanswered_sends_a_line_rests_in_doubt() -> None:
    """Nothing loops for ever; what is not known is said to be not known."""
    world = stage(fake("pp-a"), fake("pp-b"))
    world.catalog.trouble[Operation.TERMINATE].extend([unsent] * 20)
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.IN_DOUBT
    assert len(world.catalog.sent) == 5
    assert run.tally().exit_code is ExitCode.LEFT_TO_DO
    assert run.is_unfinished


def test_an_old_failed_record_never_settles_a_new_intent() -> None:
    """Last night's FAILED termination is not the answer to tonight's lost request."""
    world = stage(fake("pp-a", status="TAINTED"))
    world.catalog.add_record("pp-a", TERMINATION, FAILED)
    world.clock.time += 3_600
    world.catalog.trouble[Operation.TERMINATE].append(unsent)
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.TERMINATED
    assert len(world.catalog.sent) == 2


def test_a_failed_record_leads_to_another_attempt_with_another_token() -> None:
    """The product is TAINTED and can be terminated again."""
    world = stage(fake("pp-a", FAILED, SUCCEEDED))
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.TERMINATED
    assert [command.attempt for command in world.catalog.sent] == [1, 2]
    assert len({command.token for command in world.catalog.sent}) == 2


def test_when_no_attempt_is_left_the_line_failed_with_its_errors_word_for_word() -> None:
    """A failure rests on its record."""
    world = stage(fake("pp-a", FAILED))
    run = world.run(plan("pp-a", retry=Retry(attempts=3, backoff_seconds=1)))
    assert state_of(run, "pp-a") is State.FAILED
    assert len(world.catalog.sent) == 3
    assert [str(error) for t in run.terminations for error in t.errors] == ["400: Stack cannot be deleted"]
    assert run.tally().exit_code is ExitCode.SOME_NOT_DONE


def test_before_another_attempt_the_product_is_looked_at_again() -> None:
    """Somebody updated the product after our attempt failed: it is not what was reviewed any more."""
    world = stage(fake("pp-a", FAILED, SUCCEEDED))

    def updated(carry_out: Callable[[], object]) -> object:
        world.catalog.add_record("pp-a", "UPDATE_PROVISIONED_PRODUCT", SUCCEEDED)
        return carry_out()

    world.catalog.trouble[Operation.PRODUCT].append(updated)
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.DRIFTED
    assert len(world.catalog.sent) == 1


def test_a_product_that_vanished_before_its_send_is_already_gone() -> None:
    """Another's termination is not counted as ours."""
    world = stage(fake("pp-a"))

    def vanished(_: Callable[[], object]) -> object:
        world.catalog.products["pp-a"].gone = True
        world.catalog.add_record("pp-a", TERMINATION, SUCCEEDED)
        return NotFound("No stack named pp-a exists.")

    world.catalog.trouble[Operation.TERMINATE].append(vanished)
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.ALREADY_GONE
    assert len(world.catalog.sent) == 1


def test_a_rejected_request_fails_with_the_words_of_aws_and_is_not_repeated() -> None:
    """The product is there and quiet, so the refusal is definite."""
    world = stage(fake("pp-a"))
    world.catalog.trouble[Operation.TERMINATE].append(says(Rejected("InvalidParametersException", "no such path")))
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.FAILED
    assert evidence_of(run, "pp-a") == "rejected InvalidParametersException: no such path"
    assert len(world.catalog.sent) == 1


def test_a_termination_that_was_under_way_is_followed_and_not_sent() -> None:
    """Adoption consumes no attempt and ends as terminated by another."""
    world = stage(fake("pp-a", duration=40))
    world.catalog.products["pp-a"].product = product("pp-a", status="UNDER_CHANGE")
    world.catalog.add_record("pp-a", TERMINATION, "IN_PROGRESS")
    world.catalog.products["pp-a"].ends_at = world.clock.now() + 40
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.TERMINATED
    assert world.catalog.sent == []
    assert run.terminations[0].by_another
    assert run.tally().exit_code is ExitCode.DONE


def test_an_adopted_termination_cannot_have_kept_what_we_wanted_kept() -> None:
    """It is said, and the exit code is 1."""
    world = stage(fake("pp-a"))
    world.catalog.products["pp-a"].product = product("pp-a", status="UNDER_CHANGE")
    world.catalog.add_record("pp-a", TERMINATION, "IN_PROGRESS")
    world.catalog.products["pp-a"].ends_at = world.clock.now() + 10
    run = world.run(plan("pp-a", options=Options(retain_physical_resources=True)))
    assert run.tally().exit_code is ExitCode.SOME_NOT_DONE


def test_an_owners_update_is_never_waited_out_and_then_destroyed() -> None:
    """A product that an update has changed since the review drifts."""
    world = stage(fake("pp-a"))

    def under_update(_: Callable[[], object]) -> object:
        record = world.catalog.add_record("pp-a", "UPDATE_PROVISIONED_PRODUCT", "IN_PROGRESS")
        world.catalog.products["pp-a"].product = product("pp-a", status="UNDER_CHANGE", last_record_id=record.record_id)
        return Rejected("ValidationException", "under change")

    world.catalog.trouble[Operation.TERMINATE].append(under_update)
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.DRIFTED
    assert len(world.catalog.sent) == 1


def test_a_stuck_product_is_closed_by_the_clock_and_the_others_go_on() -> None:
    """One stuck product of many leaves the rest done and exit code 4."""
    world = stage(fake("pp-a", duration=1e9), fake("pp-b"))
    run = world.run(plan("pp-a", "pp-b", options=Options(termination_timeout_seconds=120)))
    assert [state_of(run, id_) for id_ in ("pp-a", "pp-b")] == [State.TIMED_OUT, State.TERMINATED]
    assert world.clock.now() < 1_700_000_000 + 200
    assert run.tally().exit_code is ExitCode.LEFT_TO_DO
    assert not run.is_unfinished


def test_three_denials_close_the_lane_and_name_the_missing_right() -> None:
    """Unsent lines are refused; nothing is sent to find out what is known."""
    ids = [f"pp-{n:02d}" for n in range(30)]
    world = stage(*map(fake, ids))
    denied = says(Denied("AccessDeniedException", "not authorized"))
    world.catalog.trouble[Operation.TERMINATE].extend([denied] * 30)
    run = world.run(plan(*ids))
    assert run.state_table.counts[State.FAILED] == len(world.catalog.sent) < 10
    assert run.state_table.counts[State.REFUSED] == 30 - len(world.catalog.sent)
    refused = next(t for t in run.terminations if run.state_table.states[t.line.id] is State.REFUSED)
    assert "servicecatalog:TerminateProvisionedProduct" in refused.evidence


def test_expired_credentials_end_the_run_resumable_and_nothing_counts_as_failed() -> None:
    """The lane is given up, the lines stay pending."""
    world = stage(fake("pp-a"))
    world.catalog.trouble[Operation.TERMINATE].append(says(Unauthenticated("ExpiredTokenException", "expired")))
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.PENDING
    assert run.tally().exit_code is ExitCode.LEFT_TO_DO
    assert "expired" in next(iter(run.lost_lanes.values()))


@pytest.mark.parametrize("trouble", [NotSent("connection refused"), Unanswered("reset"), Throttled("SlowDown")])
def test_an_endpoint_that_dies_in_mid_run_ends_it_in_bounded_time(trouble: object) -> None:
    """After ten minutes without one good answer the lane is given up; exit code 4."""
    world = stage(*(fake(f"pp-{n}", duration=60) for n in range(5)))

    def die() -> None:
        for operation, count in {Operation.RECORD: 2, Operation.TERMINATE: 3}.items():
            world.catalog.trouble[operation].extend([lambda carry_out: carry_out()] * count)
        for operation in Operation:
            world.catalog.trouble[operation].extend([says(trouble)] * 10_000)

    world.after_survey = die
    run = world.run(plan(*(f"pp-{n}" for n in range(5))))
    assert world.clock.now() < 1_700_000_000 + 1_000
    assert run.tally().exit_code is ExitCode.LEFT_TO_DO
    assert run.lost_lanes
    assert run.is_unfinished


def test_passing_the_failure_tolerance_starts_nothing_new() -> None:
    """What is under way is followed to its end; the rest stays pending and resumable."""
    ids = [f"pp-{n:03d}" for n in range(100)]
    world = stage(*(fake(id_, FAILED, duration=1) for id_ in ids))
    limits = Limits(failure_tolerance=Tolerance(count=2), rate_per_second=2.0)
    run = world.run(plan(*ids, limits=limits, retry=Retry(attempts=1)))
    assert 3 <= run.state_table.counts[State.FAILED] < 12
    assert run.state_table.counts[State.PENDING] == 100 - run.state_table.counts[State.FAILED]
    assert run.tally().exit_code is ExitCode.LEFT_TO_DO
    assert run.drained_by is not None


def test_the_deadline_stops_starting_and_follows_for_the_grace() -> None:
    """A cron job ends in time."""
    ids = [f"pp-{n:03d}" for n in range(100)]
    world = stage(*(fake(id_, duration=500) for id_ in ids))
    run = world.run(plan(*ids, limits=Limits(deadline_seconds=30, rate_per_second=1.0)))
    assert world.clock.now() < 1_700_000_000 + 30 + 20 + 2
    assert run.state_table.counts[State.IN_PROGRESS] > 10
    assert run.state_table.counts[State.PENDING] > 50
    assert run.is_unfinished


def test_a_run_whose_last_products_go_within_the_grace_is_audited_and_done() -> None:
    """What the deadline cuts short is the starting; a final listing that finishes the run is not left to a resume."""
    world = stage(fake("pp-a", duration=35), fake("pp-b", duration=35))
    run = world.run(plan("pp-a", "pp-b", limits=Limits(deadline_seconds=30)))
    assert run.drained_by is not None
    assert run.tally().exit_code is ExitCode.DONE
    assert not run.is_unfinished


def test_an_execution_that_leaves_lines_behind_leaves_the_audit_to_the_resume() -> None:
    """Whoever pressed Ctrl-C does not wait for a listing that somebody has to make again."""
    world = stage(fake("pp-a", duration=1), fake("pp-b", duration=500))
    run = world.run(plan("pp-a", "pp-b", limits=Limits(deadline_seconds=30)))
    assert Operation.SCAN not in [operation for operation, _ in world.catalog.calls]
    assert run.state_table.counts[State.TERMINATED] == 1
    assert run.is_unfinished


def test_a_signal_starts_nothing_new_and_leaves_a_resumable_journal() -> None:
    """The first Ctrl-C; a resume ends with the same result."""
    ids = [f"pp-{n:03d}" for n in range(20)]
    world = stage(*(fake(id_, duration=60) for id_ in ids))
    observer = RecordingObserver()

    def interrupt(event: object) -> None:
        if len(world.catalog.sent) == 5:
            world.interruption.signal = signal.SIGINT

    world.observers = [interrupt, observer]
    wanted = plan(*ids, limits=Limits(rate_per_second=2.0))
    run = world.run(wanted)
    assert len(world.catalog.sent) < 8
    assert run.is_unfinished
    world.observers = []
    world.interruption.signal = None
    resumed = world.resume(wanted, run.worklist, world.journal.lines)
    assert resumed.state_table.counts[State.TERMINATED] == 20
    assert len(world.catalog.sent) == 20


def test_a_listing_older_than_ten_minutes_is_read_again_before_anything_is_sent() -> None:
    """Lines that changed meanwhile drift, lines that vanished are already gone."""
    ids = [f"pp-{n:03d}" for n in range(30)]
    world = stage(*map(fake, ids))

    def later(carry_out: Callable[[], object]) -> object:
        if len(world.catalog.sent) == 5:
            world.catalog.add_record("pp-029", "UPDATE_PROVISIONED_PRODUCT", SUCCEEDED)
            world.catalog.products["pp-028"].gone = True
        return carry_out()

    world.catalog.trouble[Operation.TERMINATE].extend([later] * 50)
    run = world.run(plan(*ids, limits=Limits(rate_per_second=0.02)))
    assert state_of(run, "pp-029") is State.DRIFTED
    assert state_of(run, "pp-028") is State.ALREADY_GONE
    assert run.state_table.counts[State.TERMINATED] == 28
    assert {"pp-028", "pp-029"}.isdisjoint(command.product_id for command in world.catalog.sent)


def test_no_more_than_the_limit_is_under_way() -> None:
    """InFlight caps what AWS works on at once."""
    ids = [f"pp-{n:03d}" for n in range(12)]
    world = stage(*(fake(id_, duration=20) for id_ in ids))
    most = 0

    def count(carry_out: Callable[[], object]) -> object:
        nonlocal most
        answer = carry_out()
        most = max(most, sum(each.ends_at is not None for each in world.catalog.products.values()))
        return answer

    world.catalog.trouble[Operation.TERMINATE].extend([count] * 20)
    run = world.run(plan(*ids, limits=Limits(in_flight=3)))
    assert most == 3
    assert run.state_table.counts[State.TERMINATED] == 12


def test_control_tower_accounts_go_one_at_a_time() -> None:
    """Unmanaging must be done one account at a time; other products do not wait for it."""
    world = stage(*(fake(f"pp-{n}", duration=20, type="CONTROL_TOWER_ACCOUNT") for n in range(3)), fake("pp-z"))
    most = 0

    def count(carry_out: Callable[[], object]) -> object:
        nonlocal most
        answer = carry_out()
        going = [f for f in world.catalog.products.values() if f.ends_at and f.product.type == "CONTROL_TOWER_ACCOUNT"]
        most = max(most, len(going))
        return answer

    world.catalog.trouble[Operation.TERMINATE].extend([count] * 9)
    run = world.run(plan("pp-0", "pp-1", "pp-2", "pp-z"))
    assert most == 1
    assert run.state_table.counts[State.TERMINATED] == 4


def test_the_rate_limit_is_never_exceeded() -> None:
    """RatePerSecond is a hard cap."""
    ids = [f"pp-{n:03d}" for n in range(40)]
    world = stage(*map(fake, ids))
    times: list[float] = []

    def note(carry_out: Callable[[], object]) -> object:
        times.append(world.clock.now())
        return carry_out()

    world.catalog.trouble[Operation.TERMINATE].extend([note] * 40)
    world.run(plan(*ids, limits=Limits(rate_per_second=2.0)))
    assert all(later - earlier >= 9.8 / 2 for earlier, later in zip(times, times[10:], strict=False))


def test_a_product_that_the_final_listing_still_shows_is_contradicted() -> None:
    """The record said SUCCEEDED, the product is there a minute later: it was not terminated."""
    world = stage(fake("pp-a"), fake("pp-b"))

    def back(carry_out: Callable[[], object]) -> object:
        world.catalog.products["pp-a"].gone = False
        return carry_out()

    world.catalog.trouble[Operation.SCAN].extend([lambda carry_out: carry_out(), back])
    run = world.run(plan("pp-a", "pp-b"))
    assert [state_of(run, id_) for id_ in ("pp-a", "pp-b")] == [State.CONTRADICTED, State.TERMINATED]
    assert run.tally().exit_code is ExitCode.SOME_NOT_DONE
    assert "1 terminated, 1 failed" in run.final_line


def test_a_product_that_was_called_gone_and_that_the_final_listing_shows_is_contradicted() -> None:
    """Lookups that are wrong for a minute: what was said to be gone already is held against the listing, too."""
    world = stage(fake("pp-a"), fake("pp-b"))
    world.catalog.trouble[Operation.TERMINATE].append(unsent)
    lookups = world.catalog.trouble[Operation.PRODUCT]

    def wrong(carry_out: Callable[[], object]) -> object:
        if "already_gone" in world.journal.kinds():
            return carry_out()
        lookups.append(wrong)
        return NotFound("No stack named pp-a exists.")

    lookups.append(wrong)
    run = world.run(plan("pp-a", "pp-b"))
    assert state_of(run, "pp-a") is State.CONTRADICTED
    assert "it is still there (AVAILABLE)" in evidence_of(run, "pp-a")
    assert run.tally().exit_code is ExitCode.SOME_NOT_DONE


def test_what_was_sent_and_is_gone_without_a_record_may_have_left_its_stack() -> None:
    """Whoever terminated it: that the stack may be there still must not be lost."""
    world = stage(fake("pp-a", duration=0))
    world.catalog.trouble[Operation.TERMINATE].append(lost)
    world.catalog.trouble[Operation.HISTORY].extend([says(Answer(RecordPage(records=())))] * 30)
    run = world.run(plan("pp-a", options=Options(retain_physical_resources=True)))
    assert state_of(run, "pp-a") is State.ALREADY_GONE
    assert evidence_of(run, "pp-a") == "not found after it was sent, and no record tells who terminated it"
    [title, stack] = orphans(run)
    assert "1 stack left behind" in title
    assert stack.endswith("(retained, if it was ours)")


def test_a_mistake_of_ours_ends_a_run_with_what_is_known_of_it() -> None:
    """Whatever the history of a journal holds, it is refused by name, not by a traceback."""
    world = stage(fake("pp-a"))
    run = world.run(plan("pp-a"))
    elsewhere = LaneUnreachable(at=1.0, lane=Lane("999999999999", "eu-west-1"), reason="nobody knows it")
    with pytest.raises(IllegalTransition, match="LaneUnreachable cannot have happened"):
        run.replay([elsewhere])


def test_a_listing_that_only_lags_contradicts_nothing() -> None:
    """The audit looks again for a minute before it contradicts."""
    world = stage(fake("pp-a"))

    def lagging(carry_out: Callable[[], object]) -> object:
        world.catalog.products["pp-a"].gone = False
        answer = carry_out()
        world.catalog.products["pp-a"].gone = True
        return answer

    world.catalog.trouble[Operation.SCAN].extend([lambda carry_out: carry_out(), lagging])
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.TERMINATED
    assert run.tally().exit_code is ExitCode.DONE


def test_a_full_disk_stops_the_run_before_the_request_leaves() -> None:
    """An intent that cannot be written is not sent."""
    world = stage(*(fake(f"pp-{n}") for n in range(9)))
    world.journal = FullDisk(room=4)
    with pytest.raises(JournalError):
        world.run(plan(*(f"pp-{n}" for n in range(9))))
    intended = [line for line in world.journal.lines if b'"kind":"intended"' in line]
    assert len(world.catalog.sent) <= len(intended)


def test_an_observer_that_raises_is_switched_off_and_the_run_goes_on() -> None:
    """Displays do not decide."""
    world = stage(fake("pp-a"))
    calls: list[object] = []

    def broken(event: object) -> None:
        calls.append(event)
        message = "broken display"
        raise RuntimeError(message)

    world.observers = [broken]
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.TERMINATED
    assert len(calls) == 1


class Reluctant(Executor):
    """Begins nothing, as a pool does whose threads are all busy."""

    def __init__(self) -> None:
        self.futures: list[Future[object]] = []

    def submit(self, *_: object, **__: object) -> Future[object]:  # type: ignore[override]
        self.futures.append(Future())
        return self.futures[-1]


def test_a_call_that_is_cancelled_before_it_began_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """At the end of a grace; its intent is in the journal, and a resume finds out by looking."""
    world = stage(fake("pp-a"))
    reluctant = Reluctant()

    def interrupt() -> None:
        world.executor = reluctant
        world.interruption.signal = None

    def once_asked(event: object) -> None:
        world.interruption.signal = signal.SIGTERM if reluctant.futures else None

    world.after_survey, world.observers = interrupt, [once_asked]
    run = world.run(plan("pp-a"))
    assert all(future.cancel() for future in reluctant.futures)
    assert state_of(run, "pp-a") is State.REQUESTED
    assert caplog.records == []
    world.executor, world.observers, world.interruption.signal = InlineExecutor(), [], None
    resumed = world.resume(plan("pp-a"), run.worklist, world.journal.lines)
    assert state_of(resumed, "pp-a") is State.TERMINATED


def test_an_empty_plan_is_finished_at_once() -> None:
    """Nothing to do is done."""
    world = stage(fake("pp-a"))
    run = world.run(plan())
    assert world.catalog.calls == []
    assert world.journal.kinds() == ["started", "finished"]
    assert run.tally().exit_code is ExitCode.DONE
