"""Rarer situations, each of which was once a defect: what is not known, refused, late, or changed by others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from orchestrator.core.inventory.calls import (
    Answer,
    Denied,
    DescribeProduct,
    DescribeRecord,
    Lookup,
    NotFound,
    Operation,
    Page,
    ReadHistory,
    RecordPage,
    Rejected,
    Throttled,
    Unanswered,
)
from orchestrator.core.inventory.model import FAILED, SUCCEEDED, TERMINATION, Observation, Record
from orchestrator.core.plan.model import Limits, Options, Retry, Tolerance
from orchestrator.core.run import events as e
from orchestrator.core.run import observations as o
from orchestrator.core.run.commands import Command, ListPage, LookUp, Terminate
from orchestrator.core.run.machine import Run
from orchestrator.core.run.polling import after_miss
from orchestrator.core.run.replies import Reply, Tick
from orchestrator.core.run.schedule import event_for
from orchestrator.core.run.transitions import State, StateTable
from orchestrator.errors import ExitCode, IllegalTransition
from tests.driving import Stage, evidence_of, replayed, state_of
from tests.engine.test_runner import says, stage
from tests.fakes import LANE, START, lost, unsent
from tests.makers import fake, plan, product, record, worklist


def through(carry_out: Callable[[], object]) -> object:
    """No trouble."""
    return carry_out()


class Hand:
    """A run driven by hand, one reply at a time."""

    def __init__(self, **limits: object) -> None:
        self.now = START
        self.plan = plan("pp-a", limits=Limits(**limits), retry=Retry(backoff_seconds=10))  # type: ignore[arg-type]
        self.worklist = worklist(self.plan, [product("pp-a")])
        self.run = Run(run_id="run-1", plan=self.plan, worklist=self.worklist)
        self.history: list[e.Event] = []
        self.commit(self.run.begin(self.now, e.StartedBy.RUN))
        self.show("rec-of-pp-a")

    def commit(self, events: list[e.Event]) -> None:
        for event in events:
            self.run.apply(event)
            if event.durable:
                self.history.append(event)

    def show(self, record_id: str, started_at: float | None = None, seen_at: float | None = None) -> None:
        """A complete listing shows the product."""
        observation = Observation(at=seen_at or self.now, status="AVAILABLE", record_id=record_id)
        started_at = started_at or self.now
        self.commit([o.Listed(at=self.now, lane=LANE, started_at=started_at, observed={"pp-a": observation})])

    def tick(self, seconds: float = 0.0) -> list[Command]:
        """Let time pass, and issue what is proposed."""
        self.now = round(self.now + seconds, 6)
        self.commit(self.run.receive(Tick(at=self.now)))
        commands = list(self.run.next(self.now))
        for command in commands:
            self.commit([event_for(command, self.now)])
        return commands

    def reply(self, command: Command, outcome: object) -> None:
        """An answer comes."""
        self.commit(self.run.receive(Reply(at=self.now, command=command, outcome=outcome)))  # type: ignore[arg-type]

    def state(self) -> State:
        return state_of(self.run, "pp-a")

    def settle(self, answers: Callable[[Command], object], seconds: int = 120) -> float:
        """Answer whatever is asked until the line's state changes or time is over; returns how long that took."""
        began, state = self.now, self.state()
        for _ in range(seconds):
            for command in self.tick(1.0):
                self.reply(command, answers(command))
            if self.state() is not state:
                break
        return self.now - began


def lookup_of(command: Command) -> Lookup | None:
    """The lookup that a command makes, if it makes one."""
    return command.lookup if isinstance(command, LookUp) else None


def shows(**values: object) -> Callable[[Command], object]:
    """Answers by which a product stays as it is, with this history."""
    records = cast("dict[str, Record]", values.pop("records", {}))

    def answer(command: Command) -> object:
        match command:
            case LookUp(lookup=DescribeProduct()):
                return Answer(product("pp-a", **values))
            case LookUp(lookup=DescribeRecord(record_id)) if record_id in records:
                return Answer(records[record_id])
            case LookUp(lookup=ReadHistory()):
                return Answer(RecordPage(records=tuple(records.values())))
            case ListPage():
                return Answer(Page(products=(product("pp-a", tags=(), **values),)))
            case _:
                return NotFound("no such thing")

    return answer


def test_an_older_page_of_a_listing_does_not_overwrite_a_newer_look() -> None:
    """The owner's update, seen by the lookup, keeps the second attempt from being sent."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Answer(record("rec-1", status="CREATED")))
    [look] = hand.tick(2)
    hand.reply(look, Answer(record("rec-1", status=FAILED)))
    failed_at = hand.now
    [look] = hand.tick(11)
    hand.reply(look, Answer(product("pp-a", last_record_id="rec-owner")))
    hand.show("rec-1", started_at=failed_at + 1, seen_at=hand.now - 5)
    [look] = hand.tick()
    assert lookup_of(look) == DescribeRecord("rec-owner")


def test_a_listing_that_shows_a_change_keeps_a_repeated_send_from_leaving() -> None:
    """A line in doubt rests on the newest look, too; the answer to the change decides."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Unanswered("reset"))
    [look] = hand.tick(2)
    assert isinstance(lookup_of(look), DescribeProduct)
    hand.reply(look, Answer(product("pp-a")))
    hand.now += 1
    hand.show("rec-owner")
    [look] = hand.tick()
    assert isinstance(lookup_of(look), DescribeRecord)
    update = record("rec-owner", record_type="UPDATE_PROVISIONED_PRODUCT", status=SUCCEEDED, created_at=hand.now)
    hand.reply(look, Answer(update))
    assert hand.settle(shows(last_record_id="rec-owner", records={"rec-owner": update})) > 50
    assert hand.state() is State.DRIFTED


def test_a_listing_begun_before_the_doubt_settles_nothing() -> None:
    """It shows the product as it was."""
    hand = Hand()
    [send] = hand.tick()
    hand.now += 5
    hand.reply(send, Unanswered("reset"))
    hand.now += 5
    hand.show("rec-of-pp-a", started_at=START + 1, seen_at=START + 1)
    [look] = hand.tick()
    assert isinstance(lookup_of(look), DescribeProduct)


def test_a_repeated_send_rests_on_a_fresh_look() -> None:
    """What was seen ten minutes ago is looked at again."""
    hand = Hand(rate_per_second=0.01)
    [send] = hand.tick()
    hand.reply(send, Unanswered("reset"))
    [look] = hand.tick(2)
    hand.reply(look, Answer(product("pp-a")))
    hand.now = START + 700
    hand.show("rec-of-pp-a", started_at=START + 1, seen_at=START + 1.5)
    [look] = hand.tick()
    assert isinstance(lookup_of(look), DescribeProduct)
    hand.reply(look, Unanswered("slow"))
    assert hand.tick(0.5) == []
    [look] = hand.tick(2)
    hand.reply(look, Answer(product("pp-a")))
    [again] = hand.tick()
    assert isinstance(again, Terminate)
    assert isinstance(send, Terminate)
    assert (again.send, again.token) == (2, send.token)


def test_a_late_acceptance_counts_and_late_refusals_do_not() -> None:
    """The record of the first send arrives after its time-out; a doubled answer to it means nothing more."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Unanswered("time-out"))
    hand.reply(send, Throttled("SlowDown"))
    assert hand.state() is State.IN_DOUBT
    hand.reply(send, Answer(record("rec-of-another", product_id="pp-z")))
    assert hand.state() is State.IN_DOUBT
    hand.reply(send, Answer(record("rec-1", status="CREATED")))
    assert hand.state() is State.IN_PROGRESS
    hand.reply(send, Answer(record("rec-1", status="CREATED")))
    hand.reply(
        LookUp(lane=LANE, line=f"{LANE}/pp-a", product_id="pp-a", lookup=DescribeRecord("rec-0")),
        Answer(record("rec-0", status=FAILED)),
    )
    assert hand.state() is State.IN_PROGRESS


def test_an_answer_with_another_products_record_is_no_answer() -> None:
    """It is in doubt, and settled by looking."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Answer(record("rec-1", product_id="pp-z")))
    assert hand.state() is State.IN_DOUBT


@pytest.mark.parametrize("asked", [DescribeRecord, ReadHistory])
def test_another_products_record_settles_no_doubt(asked: type[Lookup]) -> None:
    """Wherever it was found, and although it SUCCEEDED."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Unanswered("the connection was closed"))
    elsewhere = record("rec-2", product_id="pp-z", status=SUCCEEDED, created_at=hand.now + 1)
    seen = False
    for _ in range(10):
        for command in hand.tick(1.0):
            if isinstance(lookup_of(command), DescribeProduct):
                there = Answer(product("pp-a", status="UNDER_CHANGE", last_record_id="rec-2"))
                hand.reply(command, there if asked is DescribeRecord else NotFound("gone"))
            elif isinstance(lookup_of(command), DescribeRecord):
                hand.reply(command, Answer(elsewhere))
            elif isinstance(lookup_of(command), ReadHistory):
                hand.reply(command, Answer((elsewhere,)))
            seen = seen or isinstance(lookup_of(command), asked)
    assert seen
    assert not any("rec-2" in str(event) for event in hand.history)


def test_throttled_after_an_unanswered_send_is_still_in_doubt() -> None:
    """The earlier send may have been carried out."""
    world = stage(fake("pp-a"))
    world.catalog.trouble[Operation.TERMINATE].extend([unsent, says(Throttled("SlowDown"))])
    run = world.run(plan("pp-a"))
    assert "still_in_doubt" in world.journal.kinds()
    assert state_of(run, "pp-a") is State.TERMINATED


def test_a_definitely_refused_request_does_not_claim_anothers_termination() -> None:
    """Somebody else's began just before: it is adopted, and what we wanted retained is said to be unknown."""
    world = stage(fake("pp-a"))

    def other_was_faster(_: Callable[[], object]) -> object:
        world.catalog.add_record("pp-a", TERMINATION, "IN_PROGRESS")
        world.catalog.products["pp-a"].product = replace(world.catalog.products["pp-a"].product, status="UNDER_CHANGE")
        world.catalog.products["pp-a"].ends_at = world.clock.now() + 30
        return Rejected("ValidationException", "under change")

    world.catalog.trouble[Operation.TERMINATE].append(other_was_faster)
    run = world.run(plan("pp-a", options=Options(retain_physical_resources=True)))
    assert state_of(run, "pp-a") is State.TERMINATED
    assert run.terminations[0].by_another
    assert run.tally().exit_code is ExitCode.SOME_NOT_DONE


def test_an_adopted_termination_that_ends_before_the_first_look_is_still_anothers() -> None:
    """It was seen under way at the review."""
    world = stage(fake("pp-a"))
    world.catalog.products["pp-a"].product = product("pp-a", status="UNDER_CHANGE")
    world.catalog.add_record("pp-a", TERMINATION, "IN_PROGRESS")

    def ended() -> None:
        world.catalog.products["pp-a"].ends_at = world.clock.now()

    world.after_survey = ended
    run = world.run(plan("pp-a"))
    assert run.terminations[0].by_another
    assert state_of(run, "pp-a") is State.TERMINATED


def test_an_adopted_termination_that_fails_costs_no_attempt() -> None:
    """Our own attempt follows, with the next attempt's token."""
    world = stage(fake("pp-a", FAILED, SUCCEEDED))
    world.catalog.products["pp-a"].product = product("pp-a", status="UNDER_CHANGE")
    world.catalog.add_record("pp-a", TERMINATION, "IN_PROGRESS")
    world.catalog.products["pp-a"].ends_at = world.clock.now() + 10
    run = world.run(plan("pp-a", retry=Retry(attempts=1, backoff_seconds=1)))
    assert state_of(run, "pp-a") is State.TERMINATED
    assert [command.attempt for command in world.catalog.sent] == [2]


def test_the_timeout_counts_from_the_acceptance_and_not_from_a_throttled_send() -> None:
    """Two hours of throttling are no reason to call a product stuck that was accepted a second ago."""
    hand = Hand()
    for _ in range(20):
        for command in hand.tick(400):
            shown = Answer(Page(products=(product("pp-a"),)))
            hand.reply(command, shown if isinstance(command, ListPage) else Throttled("SlowDown"))
    for _ in range(2):
        for command in hand.tick(10):
            hand.reply(command, Answer(record("rec-1")) if isinstance(command, Terminate) else shown)
    assert hand.state() is State.IN_PROGRESS
    [look] = hand.tick(2)
    hand.reply(look, Answer(record("rec-1")))
    assert hand.state() is State.IN_PROGRESS


def test_a_record_that_is_withheld_for_a_moment_is_asked_for_again() -> None:
    """It may be younger than the index that is asked."""
    world = stage(fake("pp-a", duration=30))
    world.catalog.trouble[Operation.RECORD].extend([says(NotFound("no such record"))] * 3)
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.TERMINATED
    assert "record_unreadable" not in world.journal.kinds()


@pytest.mark.parametrize("why", [Denied("AccessDeniedException", "no"), Rejected("ValidationException", "no")])
def test_a_record_that_is_withheld_for_good_is_replaced_by_looking_at_the_product(why: object) -> None:
    """Gone after it was seen under way is terminated; the evidence says which."""
    world = stage(fake("pp-a", duration=30))
    world.catalog.trouble[Operation.RECORD].extend([says(why)] * 1_000)
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.TERMINATED
    assert world.clock.now() < START + 300


def test_a_followed_product_that_vanishes_without_a_readable_record_was_terminated() -> None:
    """It was shown by our listing and its termination was seen under way: that is evidence, too."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Answer(record("rec-1")))
    hand.commit([e.RecordUnreadable(at=hand.now, line=f"{LANE}/pp-a", reason="x")])
    for outcome in (product("pp-a", status="UNDER_CHANGE", last_record_id="rec-1"), None, RecordPage(records=())):
        [look] = hand.tick(10)
        hand.reply(look, NotFound("gone") if outcome is None else Answer(outcome))
    hand.tick()
    assert hand.state() is State.TERMINATED
    assert evidence_of(hand.run, "pp-a") == "not found any more, after its termination rec-1 was seen in progress"


def test_a_followed_product_that_stays_under_change_without_a_readable_record_is_stuck() -> None:
    """Past its timeout, by a fresh look at the product itself."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Answer(record("rec-1")))
    hand.commit([e.RecordUnreadable(at=hand.now, line=f"{LANE}/pp-a", reason="x")])
    for seconds in (10, 3_700):
        [look] = hand.tick(seconds)
        hand.reply(look, Answer(product("pp-a", status="UNDER_CHANGE", last_record_id="rec-1")))
    hand.tick()
    assert hand.state() is State.TIMED_OUT
    assert "rec-1" in evidence_of(hand.run, "pp-a")


def test_an_adopted_termination_lost_from_sight_stays_anothers() -> None:
    """Found again by the same record, or gone: it was never ours, and what we wanted retained is not known to be."""
    world = stage(fake("pp-a", duration=1e9))
    world.catalog.products["pp-a"].product = product("pp-a", status="UNDER_CHANGE")
    world.catalog.add_record("pp-a", TERMINATION, "IN_PROGRESS")

    def lose() -> None:
        world.catalog.trouble[Operation.RECORD].extend([says(Denied("AccessDeniedException", "no"))] * 999)
        world.catalog.products["pp-a"].ends_at = world.clock.now() + 60

    world.after_survey = lose
    run = world.run(plan("pp-a", options=Options(retain_physical_resources=True)))
    assert state_of(run, "pp-a") is State.TERMINATED
    assert run.terminations[0].by_another
    assert run.tally().exit_code is ExitCode.SOME_NOT_DONE


def test_a_last_record_that_may_not_be_read_is_nobodys_and_nothing_is_sent_on_a_guess() -> None:
    """It is looked at until that has settled; then it has drifted, and the audit looks whether it is gone."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Unanswered("reset"))
    [look] = hand.tick(2)
    hand.reply(look, Answer(product("pp-a", status="UNDER_CHANGE", last_record_id="rec-9")))

    listed: list[Command] = []

    def denies(command: Command) -> object:
        listed.extend([command] if isinstance(command, ListPage) else [])
        if isinstance(lookup_of(command), DescribeProduct):
            return Answer(product("pp-a", status="UNDER_CHANGE", last_record_id="rec-9"))
        return Denied("AccessDeniedException", "no")

    assert hand.settle(denies) > 50
    assert hand.state() is State.DRIFTED
    assert evidence_of(hand.run, "pp-a") == "its last record rec-9 is new, and may not be read"
    assert listed


def test_a_plain_moment_of_waiting_is_no_verdict() -> None:
    """A drain looks at every line again; one whose next look is due after its timeout is not judged before it."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Answer(record("rec-1")))
    hand.commit([e.RecordUnreadable(at=hand.now, line=f"{LANE}/pp-a", reason="x")])
    [look] = hand.tick(3_598)
    hand.reply(look, Answer(product("pp-a", status="UNDER_CHANGE", last_record_id="rec-1")))
    hand.commit([e.Draining(at=hand.now, why=e.Drain.TOLERANCE, detail="x")])
    hand.tick()
    assert hand.state() is State.IN_PROGRESS
    assert hand.run.passed_tolerance == "x"


def test_an_answer_stamped_later_than_the_tick_is_judged_by_the_next_one() -> None:
    """Workers read the clock, too."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Answer(record("rec-1")))
    hand.commit([e.RecordUnreadable(at=hand.now, line=f"{LANE}/pp-a", reason="x")])
    [look] = hand.tick(3_599)
    seen = Answer(product("pp-a", status="UNDER_CHANGE", last_record_id="rec-1"))
    hand.commit(hand.run.receive(Reply(at=hand.now + 2, command=look, outcome=seen)))
    hand.tick()
    assert hand.state() is State.IN_PROGRESS
    hand.tick(2)
    assert hand.state() is State.TIMED_OUT


def test_a_look_that_keeps_failing_is_no_ground_for_stuck() -> None:
    """What was seen an hour ago says nothing about now."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Answer(record("rec-1")))
    hand.commit([e.RecordUnreadable(at=hand.now, line=f"{LANE}/pp-a", reason="x")])
    [look] = hand.tick(5)
    hand.reply(look, Answer(product("pp-a", status="UNDER_CHANGE", last_record_id="rec-1")))
    for _ in range(12):
        for command in hand.tick(400):
            hand.reply(command, Denied("AccessDeniedException", "no"))
    hand.tick()
    assert hand.state() is State.IN_PROGRESS
    assert "lookups in a row failed" in evidence_of(hand.run, "pp-a")


def test_an_accepted_request_that_was_lost_from_sight_is_never_anothers() -> None:
    """A stale look shows the product at rest: it is not sent again, and our own record is still ours."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Answer(record("rec-1")))
    hand.commit([e.RecordUnreadable(at=hand.now, line=f"{LANE}/pp-a", reason="x")])
    [look] = hand.tick(2)
    hand.reply(look, Answer(product("pp-a")))
    assert hand.tick() == []
    [look] = hand.tick(5)
    hand.reply(look, NotFound("gone"))
    [look] = hand.tick()
    hand.reply(look, Answer(RecordPage(records=(record("rec-1", status=SUCCEEDED, created_at=START + 1),))))
    hand.tick()
    assert hand.state() is State.TERMINATED
    assert not hand.run.terminations[0].by_another


def test_anothers_success_after_our_failure_is_anothers() -> None:
    """Lost from sight, ours FAILED, the product went by a later record."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Answer(record("rec-1")))
    hand.commit([e.RecordUnreadable(at=hand.now, line=f"{LANE}/pp-a", reason="x")])
    [look] = hand.tick(2)
    hand.reply(look, NotFound("gone"))
    [look] = hand.tick()
    before = record("rec-0", status=SUCCEEDED, created_at=START - 9_000)
    hand.reply(look, Answer(RecordPage(records=(record("rec-1", status=FAILED, created_at=START + 1), before))))
    hand.tick()
    assert hand.state() is State.ALREADY_GONE


def test_a_product_that_does_not_tell_its_record_is_not_sent_after_its_owners_update() -> None:
    """A new look asks for the history anew."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Unanswered("reset"))
    old = record("rec-of-pp-a", record_type="PROVISION_PRODUCT", status=SUCCEEDED, created_at=START - 9_000)
    update = record("rec-own", record_type="UPDATE_PROVISIONED_PRODUCT", status=SUCCEEDED, created_at=START + 300)
    silent = product("pp-a", status="ERROR", last_record_id=None)
    answers: list[object] = [silent, RecordPage(records=(old,)), silent, RecordPage(records=(update, old))]
    for number, outcome in enumerate(answers):
        if number == 2:
            hand.now += 650
            hand.show("rec-of-pp-a", started_at=START + 1, seen_at=START + 1.5)
        [look] = hand.tick(6)
        hand.reply(look, Answer(outcome))
    hand.settle(shows(status="ERROR", last_record_id=None, records={"rec-own": update, "rec-of-pp-a": old}))
    assert hand.state() is State.DRIFTED


def test_a_resume_that_only_follows_does_not_lift_the_failure_tolerance() -> None:
    """Nor does a signal that came in the same moment hide that it was passed."""
    world = stage(fake("pp-a", FAILED, duration=1), fake("pp-b", duration=50), fake("pp-c"))
    limits = Limits(failure_tolerance=Tolerance(count=0), rate_per_second=1.0)
    wanted = plan("pp-a", "pp-b", "pp-c", limits=limits, retry=Retry(attempts=1))
    run = world.run(wanted)
    assert run.passed_tolerance
    again = replayed(wanted, run.worklist, world.journal.lines)
    for event in again.begin(world.clock.now(), e.StartedBy.RESUME, "only follow"):
        again.apply(event)
    assert again.passed_tolerance
    hand = Hand(failure_tolerance=Tolerance(count=0))
    hand.commit([e.Refused(at=hand.now, line=f"{LANE}/pp-a", reason="x")])
    assert hand.run.passed_tolerance is None
    drained = Hand(failure_tolerance=Tolerance(count=0))
    [send] = drained.tick()
    drained.commit([e.Draining(at=drained.now, why=e.Drain.INTERRUPTED, detail="x", until=drained.now + 60)])
    drained.reply(send, Rejected("Odd", "no"))
    assert drained.settle(shows()) >= 30
    assert drained.state() is State.FAILED
    assert drained.run.passed_tolerance == "1 failures, and the plan's FailureTolerance allows 0"


def test_what_failed_before_a_resume_that_only_follows_has_failed() -> None:
    """It has not drifted."""
    world = stage(fake("pp-a", FAILED, duration=1))
    wanted = plan("pp-a", limits=Limits(deadline_seconds=3), retry=Retry(backoff_seconds=1_000))
    run = world.run(wanted)
    assert state_of(run, "pp-a") is State.PENDING
    resumed = world.resume(wanted, run.worklist, world.journal.lines, send_ban="too old")
    assert state_of(resumed, "pp-a") is State.FAILED
    assert [str(error) for error in resumed.terminations[0].errors] == ["400: Stack cannot be deleted"]


def test_a_stuck_control_tower_account_keeps_the_next_one_waiting() -> None:
    """It is still under way, and unmanaging is done one at a time."""
    world = stage(*(fake(id_, type="CONTROL_TOWER_ACCOUNT", duration=1e9) for id_ in ("pp-a", "pp-b")))
    run = world.run(plan("pp-a", "pp-b", options=Options(termination_timeout_seconds=60)))
    assert [state_of(run, id_) for id_ in ("pp-a", "pp-b")] == [State.TIMED_OUT, State.PENDING]
    assert len(world.catalog.sent) == 1


def test_a_lookup_that_fails_a_thousand_times_still_has_a_next_one() -> None:
    """No overflow."""
    assert after_miss(0.0, 5_000) == 30.0


def test_records_that_stay_unanswered_past_the_timeout_lose_sight_of_the_product() -> None:
    """The lane is well otherwise; the line is settled by other means, or is stuck by its history."""
    world = stage(fake("pp-a", duration=1e9), fake("pp-b", duration=400))

    def only_b(carry_out: Callable[[], object]) -> object:
        about = world.catalog.calls[-1][1]
        return carry_out() if about == "rec-0000000000002" else Unanswered("slow")

    world.catalog.trouble[Operation.RECORD].extend([only_b] * 10_000)
    run = world.run(plan("pp-a", "pp-b", options=Options(termination_timeout_seconds=60)))
    assert state_of(run, "pp-a") in (State.TIMED_OUT, State.IN_DOUBT)
    assert run.tally().exit_code is ExitCode.LEFT_TO_DO
    assert world.clock.now() < START + 3_000


@pytest.mark.parametrize(
    ("operation", "state", "said"),
    [
        (Operation.PRODUCT, State.IN_DOUBT, "lookups in a row failed"),
        (Operation.HISTORY, State.ALREADY_GONE, "not found after it was sent, and no record tells who terminated it"),
    ],
)
def test_one_missing_read_permission_is_no_storm_and_no_invented_verdict(
    operation: Operation, state: State, said: str
) -> None:
    """What may not be looked up is left in doubt; what is gone is gone, whoever did it."""
    world = stage(fake("pp-a", duration=0), fake("pp-b", duration=60))
    world.after_survey = lambda: world.catalog.trouble[operation].extend(
        [says(Denied("AccessDeniedException", "no"))] * 9_999
    )
    world.catalog.trouble[Operation.TERMINATE].append(lost)
    run = world.run(plan("pp-a", "pp-b"))
    assert state_of(run, "pp-a") is state
    assert state_of(run, "pp-b") is State.TERMINATED
    assert len(world.catalog.calls) < 100
    assert said in evidence_of(run, "pp-a")


def test_an_audit_that_cannot_look_ends_and_says_so() -> None:
    """The listing still shows it, looking fails: it is not claimed to be gone."""
    world = stage(fake("pp-a"))

    def back(carry_out: Callable[[], object]) -> object:
        world.catalog.products["pp-a"].gone = False
        return carry_out()

    world.after_survey = lambda: world.catalog.trouble[Operation.PRODUCT].extend(
        [says(Denied("AccessDenied", "no"))] * 9_999
    )
    world.catalog.trouble[Operation.SCAN].extend([through, back])
    run = world.run(plan("pp-a"))
    assert state_of(run, "pp-a") is State.CONTRADICTED
    assert "cannot be looked up" in evidence_of(run, "pp-a")
    assert len(world.catalog.calls) < 100


def test_lines_resting_in_doubt_do_not_hold_the_others_back() -> None:
    """They keep no slot of InFlight."""
    world = stage(fake("pp-a"), fake("pp-b"), fake("pp-c"))
    world.catalog.trouble[Operation.TERMINATE].extend([unsent] * 5)
    run = world.run(plan("pp-a", "pp-b", "pp-c", limits=Limits(in_flight=1)))
    assert [state_of(run, id_) for id_ in ("pp-a", "pp-b", "pp-c")] == [State.IN_DOUBT, State.TERMINATED, State.TERMINATED]
    assert world.clock.now() < START + 600


def test_a_control_tower_account_resting_in_doubt_keeps_the_next_one_waiting() -> None:
    """It may still be under way; the run ends resumable and does not wait for ever."""
    world = stage(*(fake(id_, type="CONTROL_TOWER_ACCOUNT") for id_ in ("pp-a", "pp-b")))
    world.catalog.trouble[Operation.TERMINATE].extend([unsent] * 5)
    run = world.run(plan("pp-a", "pp-b"))
    assert [state_of(run, id_) for id_ in ("pp-a", "pp-b")] == [State.IN_DOUBT, State.PENDING]
    assert world.clock.now() < START + 600


def test_the_deadline_holds_after_the_failure_tolerance_was_passed() -> None:
    """What is under way is followed to its end, but not past the deadline."""
    world = stage(fake("pp-a", FAILED, duration=1), fake("pp-b", duration=1e9))
    limits = Limits(failure_tolerance=Tolerance(count=0), deadline_seconds=100)
    run = world.run(plan("pp-a", "pp-b", limits=limits, retry=Retry(attempts=1)))
    assert state_of(run, "pp-b") is State.IN_PROGRESS
    assert run.passed_tolerance is not None
    assert world.clock.now() < START + 200


def test_a_clock_that_was_set_back_does_not_keep_the_audit_from_ending() -> None:
    """Verdicts from the future count as verdicts of now."""
    world = stage(fake("pp-a"), fake("pp-b", duration=1e9))
    wanted = plan("pp-a", "pp-b", options=Options(termination_timeout_seconds=60), limits=Limits(deadline_seconds=30))
    run = world.run(wanted)
    assert run.is_unfinished
    world.clock.time = START - 50_000
    resumed = world.resume(replace(wanted, limits=Limits()), run.worklist, world.journal.lines)
    assert "verified" in world.journal.kinds()
    assert state_of(resumed, "pp-a") is State.TERMINATED


def test_a_listing_that_fails_for_a_while_is_begun_again() -> None:
    """Five unanswered pages in a row are no reason to give the lane up."""
    world = stage(*(fake(f"pp-{n:02d}") for n in range(25)))
    world.after_survey = lambda: world.catalog.trouble[Operation.SCAN].extend([says(Unanswered("HTTP 500"))] * 7)
    run = world.run(plan(*(f"pp-{n:02d}" for n in range(25))))
    assert run.tally().exit_code is ExitCode.DONE
    assert not run.lost_lanes


@pytest.mark.parametrize(
    "trouble",
    [Denied("AccessDeniedException", "no"), Unanswered("HTTP 500"), Answer(Page(products=(), next_token="again"))],
)
def test_a_listing_that_never_completes_leaves_the_audit_owed(trouble: object) -> None:
    """The verdicts stand, the run is not finished, and a resume audits."""
    world = stage(fake("pp-a"))
    world.after_survey = lambda: world.catalog.trouble[Operation.SCAN].extend([says(trouble)] * 99_999)
    wanted = plan("pp-a")
    run = world.run(wanted)
    assert state_of(run, "pp-a") is State.TERMINATED
    assert run.is_unfinished
    assert run.tally().exit_code is ExitCode.LEFT_TO_DO
    assert world.clock.now() < START + 2_000
    world.catalog.trouble[Operation.SCAN].clear()
    assert world.resume(wanted, run.worklist, world.journal.lines).tally().exit_code is ExitCode.DONE


def test_lookups_that_fail_leave_a_pending_line_pending() -> None:
    """Nothing is known to have changed, so it has not drifted."""
    world = stage(fake("pp-a", FAILED, SUCCEEDED), fake("pp-b", duration=900))
    world.catalog.trouble[Operation.PRODUCT].extend([says(Rejected("Odd", "no"))] * 99)
    run = world.run(plan("pp-a", "pp-b"))
    assert state_of(run, "pp-a") is State.PENDING
    assert run.tally().exit_code is ExitCode.LEFT_TO_DO


def test_what_a_lookup_shows_and_the_listing_does_not_waits_for_the_next_ones_and_is_not_sent() -> None:
    """The two differ, and nobody knows which one is right; after three listings it has drifted."""
    hand = Hand()
    hand.now += 700
    hand.commit([o.Listed(at=hand.now, lane=LANE, started_at=hand.now, observed={})])
    listings = 0

    def answer(command: Command) -> object:
        nonlocal listings
        assert not isinstance(command, Terminate)
        listings += isinstance(command, ListPage) and command.operation is Operation.SCAN
        return Answer(Page(products=())) if isinstance(command, ListPage) else Answer(product("pp-a"))

    hand.settle(answer)
    assert hand.state() is State.DRIFTED
    assert listings == 2
    assert evidence_of(hand.run, "pp-a") == "a lookup shows it, and the complete listing does not"


def test_in_a_closed_lane_what_was_never_carried_out_is_refused() -> None:
    """Also a line that was in doubt."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Unanswered("reset"))
    hand.commit([e.LaneClosed(at=hand.now, lane=LANE, reason="no right")])
    assert hand.settle(shows()) >= 60
    assert hand.state() is State.REFUSED
    assert evidence_of(hand.run, "pp-a") == "no right; one send stayed unanswered, and nothing came of it"


def test_a_reply_about_nothing_means_nothing() -> None:
    """Unknown lines, old listings, and records nobody asked for."""
    hand = Hand()
    line = f"{LANE}/pp-z"
    hand.reply(ListPage(lane=LANE, listing=9, page=0, page_token=None), Answer(Page(products=())))
    stray = ListPage(lane=LANE, listing=9, page=0, page_token=None)
    hand.reply(stray, Answer(Page(products=())))
    [send] = hand.tick()
    hand.reply(send, Unanswered("reset"))
    [look] = hand.tick(2)
    hand.reply(look, Answer(product("pp-z")))
    assert hand.state() is State.IN_DOUBT
    assert line not in hand.run.state_table.states
    hand.commit(hand.run.receive(Reply(at=hand.now, command=look, outcome=NotFound("x")))[:1])
    unknown = LookUp(lane=LANE, line=line, product_id="pp-z", lookup=DescribeProduct())
    assert hand.run.receive(Reply(at=hand.now, command=unknown, outcome=NotFound("x")))[1:] == []
    hand.reply(
        LookUp(lane=LANE, line=f"{LANE}/pp-a", product_id="pp-a", lookup=ReadHistory()), Denied("AccessDenied", "no")
    )
    hand.reply(LookUp(lane=LANE, line=f"{LANE}/pp-a", product_id="pp-a", lookup=ReadHistory()), NotFound("none"))
    assert hand.run.terminations[0].lookups.history == ()


def test_answers_that_come_after_the_verdict_change_nothing() -> None:
    """A record, a product or a history of a line that is closed already; a throttled lookup of one that is open."""
    hand = Hand()
    line = f"{LANE}/pp-a"
    hand.commit([e.Drifted(at=hand.now, line=line, reason="x")])
    hand.reply(LookUp(lane=LANE, line=line, product_id="pp-a", lookup=DescribeRecord("rec-1")), Answer(record("rec-1")))
    hand.reply(LookUp(lane=LANE, line=line, product_id="pp-a", lookup=DescribeProduct()), Answer(product("pp-a")))
    hand.reply(LookUp(lane=LANE, line=line, product_id="pp-a", lookup=ReadHistory()), Answer(()))
    assert hand.state() is State.DRIFTED
    doubtful = Hand()
    [send] = doubtful.tick()
    doubtful.reply(send, Unanswered("reset"))
    doubtful.reply(LookUp(lane=LANE, line=line, product_id="pp-a", lookup=DescribeRecord("rec-1")), Throttled("SlowDown"))
    assert doubtful.run.terminations[0].lookups.records == {}


def test_a_run_whose_lane_has_a_conclusion_due_is_not_at_rest() -> None:
    """The next tick writes it down."""
    hand = Hand()
    hand.commit([e.LaneClosed(at=hand.now, lane=LANE, reason="no right")])
    assert not hand.run.is_idle(hand.now)
    assert hand.run.wake_at(hand.now) == hand.now
    hand.tick()
    assert hand.run.is_idle(hand.now)


def test_what_cannot_happen_raises_and_changes_nothing() -> None:
    """The table is the only way."""
    board = StateTable(worklist(plan("pp-a"), [product("pp-a")]))
    before = dict(board.states)
    with pytest.raises(IllegalTransition, match=r"Accepted cannot happen to .*/pp-a, which is pending"):
        board.move(e.Accepted(at=START, line=f"{LANE}/pp-a", record_id="x", record_status="CREATED"))
    with pytest.raises(IllegalTransition, match="not in the worklist"):
        board.move(e.Drifted(at=START, line="nobody", reason="x"))
    assert board.states == before


def test_blocked_and_other_closings_are_remembered_with_their_reason() -> None:
    """Whoever says it."""
    hand = Hand()
    hand.commit([o.Heartbeat(at=hand.now), e.Blocked(at=hand.now, line=f"{LANE}/pp-a", reason="a prerequisite failed")])
    assert hand.state() is State.BLOCKED
    assert evidence_of(hand.run, "pp-a") == "a prerequisite failed"
    assert hand.run.tally().exit_code is ExitCode.SOME_NOT_DONE
    [finished] = hand.run.finish(hand.now)
    hand.commit([finished])
    assert hand.run.finish(hand.now) == []
    again = Run(run_id="run-1", plan=hand.plan, worklist=hand.worklist)
    for event in hand.history:
        again.apply(event)
    assert again.state_table.states == hand.run.state_table.states


def test_the_worst_order_of_stops_keeps_the_shortest_grace() -> None:
    """A signal after the deadline does not lengthen it."""
    world = stage(fake("pp-a", duration=1e9))
    run = world.run(plan("pp-a", limits=Limits(deadline_seconds=10)))
    until = run.drained_by.until if run.drained_by else None
    run.apply(e.Draining(at=START + 20, why=e.Drain.INTERRUPTED, detail="x", until=START + 99))
    assert run.drained_by is not None
    assert run.drained_by.until == until


def test_nothing_is_sent_by_a_resume_that_only_follows() -> None:
    """Not even a second attempt after a failure."""
    world = stage(fake("pp-a", FAILED, SUCCEEDED, duration=100))
    wanted = plan("pp-a", limits=Limits(deadline_seconds=5))
    run = world.run(wanted)
    assert state_of(run, "pp-a") is State.IN_PROGRESS
    resumed = world.resume(replace(wanted, limits=Limits()), run.worklist, world.journal.lines, send_ban="too old")
    assert state_of(resumed, "pp-a") is State.FAILED
    assert len(world.catalog.sent) == 1
    assert replayed(wanted, run.worklist, world.journal.lines).tally().exit_code is ExitCode.SOME_NOT_DONE


def test_a_record_found_past_its_timeout_and_not_final_is_stuck() -> None:
    """Its clock begins with the send, not when the record is found."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Unanswered("reset"))
    hand.now += 3_700
    ours = record("rec-1", created_at=START + 1)
    hand.settle(shows(status="UNDER_CHANGE", last_record_id="rec-1", records={"rec-1": ours}))
    assert hand.state() is State.TIMED_OUT


def test_records_found_by_looking_are_verdicts_by_themselves() -> None:
    """SUCCEEDED and FAILED need no second look."""
    for status, expected in ((SUCCEEDED, State.TERMINATED), (FAILED, State.PENDING)):
        hand = Hand()
        [send] = hand.tick()
        hand.reply(send, Unanswered("reset"))
        [look] = hand.tick(2)
        hand.reply(look, Answer(product("pp-a", status="TAINTED", last_record_id="rec-1")))
        [look] = hand.tick()
        hand.reply(look, Answer(record("rec-1", status=status, created_at=hand.now)))
        hand.tick()
        assert hand.state() is expected


def test_looks_at_stale_products_keep_the_pace_of_looks() -> None:
    """A thousand products that were seen too long ago are not looked up in one breath."""
    ids = [f"pp-{n:03d}" for n in range(100)]
    wanted = plan(*ids)
    run = Run(run_id="run-1", plan=wanted, worklist=worklist(wanted, [product(id_) for id_ in ids]))
    for event in run.begin(START, e.StartedBy.RUN):
        run.apply(event)
    old = {id_: Observation(at=START - 900, status="AVAILABLE", record_id=f"rec-of-{id_}") for id_ in ids}
    run.apply(o.Listed(at=START, lane=LANE, started_at=START, observed=old))
    commands = list(run.next(START))
    assert len(commands) == 1
    assert isinstance(commands[0], LookUp)
    assert commands[0].lookup == DescribeProduct()
    assert run.wake_at(START) <= START
    run.apply(e.LaneUnreachable(at=START, lane=LANE, reason="silent"))
    assert run.wake_at(START) == START + wanted.limits.deadline_seconds


def test_a_stage_has_no_trouble_of_its_own() -> None:
    """The fakes do not pass by accident."""
    world = stage(fake("pp-a"))
    assert isinstance(world, Stage)
    world.run(plan("pp-a"))
    assert len(world.catalog.sent) == 1


def test_one_old_look_does_not_contradict_a_verdict() -> None:
    """The audit saw it once, then could not look for a while, then it is gone: it was terminated."""
    world = stage(fake("pp-a"))

    def back(carry_out: Callable[[], object]) -> object:
        world.catalog.products["pp-a"].gone = False
        return carry_out()

    def still_there_and_then_gone(carry_out: Callable[[], object]) -> object:
        answer = carry_out()
        world.catalog.products["pp-a"].gone = True
        return answer

    world.catalog.trouble[Operation.SCAN].extend([through, back])
    throttled = [says(Throttled("SlowDown"))] * 18
    world.after_survey = lambda: world.catalog.trouble[Operation.PRODUCT].extend([still_there_and_then_gone, *throttled])
    run = world.run(plan("pp-a"))
    assert world.clock.now() > START + 60
    assert state_of(run, "pp-a") is State.TERMINATED
    assert run.tally().exit_code is ExitCode.DONE


def test_a_lane_that_accepted_before_a_resume_is_not_closed_by_three_denials() -> None:
    """The right is there; something else is wrong with those three."""
    ids = [f"pp-{n}" for n in range(8)]
    world = stage(*map(fake, ids))
    tolerant = Limits(failure_tolerance=Tolerance(count=8))
    wanted = plan(*ids, limits=replace(tolerant, deadline_seconds=3, rate_per_second=1.0))
    run = world.run(wanted)
    assert 0 < run.state_table.counts[State.TERMINATED] < 5
    world.catalog.trouble[Operation.TERMINATE].extend([says(Denied("AccessDeniedException", "no"))] * 3)
    resumed = world.resume(replace(wanted, limits=tolerant), run.worklist, world.journal.lines)
    assert resumed.state_table.counts[State.FAILED] == 3
    assert resumed.state_table.counts[State.REFUSED] == 0
    assert resumed.state_table.counts[State.TERMINATED] == 5
