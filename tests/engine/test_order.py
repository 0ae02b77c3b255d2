"""Many lanes, order between products, canaries, stops: whole runs over the fakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import pytest

from orchestrator.core.inventory.calls import Denied, NotSent, Operation, Rejected, Throttled, Unanswered
from orchestrator.core.inventory.model import FAILED, SUCCEEDED, TERMINATION, Inventory
from orchestrator.core.plan.model import Limits, Options, Plan, Retry, Tolerance
from orchestrator.core.review.decide import decide
from orchestrator.core.run.commands import Terminate
from orchestrator.core.run.events import Drain, Drifted, Event, LaneClosed, LaneUnreachable, StartedBy
from orchestrator.core.run.machine import Run
from orchestrator.core.run.replies import Reply
from orchestrator.core.run.schedule import event_for
from orchestrator.core.run.transitions import State
from orchestrator.core.values.lane import Lane
from orchestrator.engine.executors import InlineExecutor
from orchestrator.engine.runner import Observers, Runner, RunnerDependencies
from orchestrator.engine.survey import Surveyor
from orchestrator.errors import ExitCode
from tests.driving import Stage, evidence_of, listed_from, state_of
from tests.engine.test_runner import says, stage
from tests.fakes import LANE, FakeCatalog, FakeClock, FakeInbox, FakeLanes, FakeProduct, MemoryJournal
from tests.makers import fake, plan

OTHER = Lane("444455556666", "eu-west-1")


@dataclass(slots=True)
class Lanes:
    """A fake world of several lanes."""

    clock: FakeClock
    connect: FakeLanes
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    stop_requested: Callable[[], bool] = lambda: False
    workers: int = 8

    def review(self, wanted: Plan) -> Run:
        """Survey and decide."""
        surveyor = Surveyor(clock=self.clock, sleep=self.clock.sleep, executor=InlineExecutor())
        inventories = [surveyor.listing(lane, self.connect(lane)) for lane in self.connect.catalogs]
        return Run(run_id="run-1", plan=wanted, worklist=decide(wanted, inventories), workers=self.workers)

    def drive(
        self,
        run: Run,
        first: Sequence[Event] = (),
        *,
        how: StartedBy = StartedBy.RUN,
        most: int | None = None,
        inventories: Sequence[Inventory] | None = None,
    ) -> Run:
        """Drive a run to its rest, beginning with what there is or with what was surveyed."""
        around = RunnerDependencies(
            connect=self.connect,
            executor=InlineExecutor(),
            workers=self.workers,
            clock=self.clock,
            inbox=FakeInbox(),
            journal=self.journal,
            observers=Observers((), lambda _observer, _error: None),
            interruption=Stage(self.clock, self.connect(LANE)).interruption,
            stop_requested=self.stop_requested,
        )
        listings: Sequence[Event] = [
            listed_from(catalog, lane, self.clock.now()) for lane, catalog in self.connect.catalogs.items()
        ]
        if inventories is not None:
            listings = run.survey_events(inventories)
        Runner(run, around).drive(how, first=[*listings, *first], most=most)
        return run


def lanes(here: Sequence[FakeProduct], there: Sequence[FakeProduct]) -> Lanes:
    """Two lanes with products."""
    clock = FakeClock()
    catalogs = {LANE: FakeCatalog(clock, here), OTHER: FakeCatalog(clock, there, OTHER.account_id)}
    return Lanes(clock, FakeLanes(catalogs))


def sent(world: Lanes) -> list[str]:
    """The products that terminations were sent for, in order of time."""
    return [command.product_id for command in world.connect.sent]


def state(run: Run, product_id: str) -> State:
    """The state of a product, wherever it is."""
    return next(run.state_table.states[line.id] for line in run.worklist.lines if line.product_id == product_id)


def test_a_dependent_is_sent_only_after_all_it_comes_after_is_gone() -> None:
    """In its lane and in others, through a retry, and over many minutes."""
    world = lanes([fake("pp-net", duration=3.0)], [fake("pp-a", FAILED, SUCCEEDED), fake("pp-b", duration=900.0)])
    wanted = plan("pp-net", "pp-a", "pp-b", after={"pp-net": ["pp-a", "pp-b"]})
    run = world.drive(world.review(wanted))
    assert sent(world) == ["pp-a", "pp-b", "pp-a", "pp-net"]
    assert run.tally().exit_code is ExitCode.DONE
    assert {state(run, id_) for id_ in ("pp-net", "pp-a", "pp-b")} == {State.TERMINATED}


def test_what_comes_after_a_product_that_did_not_go_is_blocked() -> None:
    """All the way down; what comes after nothing goes on."""
    world = stage(fake("pp-a", FAILED), fake("pp-b"), fake("pp-c"), fake("pp-free"))
    wanted = plan(
        "pp-a",
        "pp-b",
        "pp-c",
        "pp-free",
        after={"pp-b": ["pp-a"], "pp-c": ["pp-b"]},
        retry=Retry(attempts=1, backoff_seconds=1),
    )
    run = world.run(wanted)
    assert [state_of(run, id_) for id_ in ("pp-a", "pp-b", "pp-c", "pp-free")] == [
        State.FAILED,
        State.BLOCKED,
        State.BLOCKED,
        State.TERMINATED,
    ]
    assert evidence_of(run, "pp-b") == "its prerequisite name-of-pp-a (pp-a) is failed"
    assert evidence_of(run, "pp-c") == "its prerequisite name-of-pp-b (pp-b) is blocked"
    assert run.tally().exit_code is ExitCode.SOME_NOT_DONE
    assert not run.is_unfinished


def test_what_comes_after_a_stuck_product_is_blocked() -> None:
    """The run ends, with 4 for the stuck one."""
    world = stage(fake("pp-a", "NEVER"), fake("pp-b"))
    run = world.run(plan("pp-a", "pp-b", after={"pp-b": ["pp-a"]}, options=Options(termination_timeout_seconds=60)))
    assert [state_of(run, id_) for id_ in ("pp-a", "pp-b")] == [State.TIMED_OUT, State.BLOCKED]
    assert run.tally().exit_code is ExitCode.LEFT_TO_DO


def test_what_comes_after_a_product_in_doubt_waits_for_a_resume() -> None:
    """Neither sent nor blocked: nobody knows yet."""
    world = stage(fake("pp-a"), fake("pp-b"))
    world.catalog.trouble[Operation.TERMINATE].extend([says(Unanswered("reset"))] * 5)
    wanted = plan("pp-a", "pp-b", after={"pp-b": ["pp-a"]})
    run = world.run(wanted)
    assert [state_of(run, id_) for id_ in ("pp-a", "pp-b")] == [State.IN_DOUBT, State.PENDING]
    again = world.resume(wanted, run.worklist, world.journal.lines)
    assert [state_of(again, id_) for id_ in ("pp-a", "pp-b")] == [State.TERMINATED, State.TERMINATED]


def test_what_comes_after_a_product_that_is_gone_already_does_not_wait() -> None:
    """Gone is gone, whoever did it, before the review or after."""
    world = stage(fake("pp-a"), fake("pp-b"))
    world.after_survey = lambda: setattr(world.catalog.products["pp-a"], "gone", True)
    run = world.run(plan("pp-a", "pp-b", "pp-never", after={"pp-b": ["pp-a", "pp-never"]}))
    assert [state_of(run, id_) for id_ in ("pp-a", "pp-b")] == [State.ALREADY_GONE, State.TERMINATED]


def test_dependents_of_what_failed_are_blocked_while_the_run_drains() -> None:
    """The failure tolerance stops the rest, which is left to a resume."""
    world = stage(fake("pp-a", FAILED), fake("pp-b"), fake("pp-c"))
    wanted = plan(
        *("pp-a", "pp-b", "pp-c"),
        after={"pp-b": ["pp-a"], "pp-c": ["pp-b"]},
        limits=Limits(failure_tolerance=Tolerance(count=0)),
        retry=Retry(attempts=1, backoff_seconds=1),
    )
    run = world.run(wanted)
    assert [state_of(run, id_) for id_ in ("pp-b", "pp-c")] == [State.BLOCKED, State.BLOCKED]
    assert run.tally().exit_code is ExitCode.SOME_NOT_DONE


def test_a_product_that_comes_back_blocks_what_still_waits_for_others() -> None:
    """Contradicted by the audit before its dependent had its turn."""
    world = lanes([fake("pp-a")], [fake("pp-slow", duration=300.0), fake("pp-c")])
    run = world.review(plan("pp-a", "pp-slow", "pp-c", after={"pp-c": ["pp-a", "pp-slow"]}))
    here = world.connect.catalogs[LANE]

    def comes_back(carry_out: Callable[[], object]) -> object:
        here.products["pp-a"].gone = False
        here.products["pp-a"].product = replace(here.products["pp-a"].product, status="TAINTED")
        return carry_out()

    here.trouble[Operation.SCAN].extend([comes_back])
    world.drive(run)
    assert state(run, "pp-a") is State.CONTRADICTED
    assert state(run, "pp-c") is State.BLOCKED
    assert "pp-c" not in sent(world)


def test_after_somebody_elses_failed_termination_ours_waits_its_turn() -> None:
    """The termination that was adopted failed because of what should have gone first."""
    world = stage(fake("pp-net", FAILED, SUCCEEDED, duration=5.0), fake("pp-a", duration=300.0))
    world.catalog.add_record("pp-net", TERMINATION, "IN_PROGRESS")
    net = world.catalog.products["pp-net"]
    net.product, net.ends_at = replace(net.product, status="UNDER_CHANGE"), world.clock.now() + 5
    run = world.run(plan("pp-net", "pp-a", after={"pp-net": ["pp-a"]}, retry=Retry(backoff_seconds=1)))
    assert [command.product_id for command in world.catalog.sent] == ["pp-a", "pp-net"]
    assert [state_of(run, id_) for id_ in ("pp-net", "pp-a")] == [State.TERMINATED, State.TERMINATED]


def test_rejections_count_against_the_tolerance_also_beside_a_missing_right() -> None:
    """One denial does not switch it off."""
    world = stage(*(fake(f"pp-{n}") for n in range(30)))
    world.catalog.trouble[Operation.TERMINATE].append(says(Denied("AccessDenied", "no")))
    world.catalog.trouble[Operation.TERMINATE].extend([says(Rejected("ValidationException", "no"))] * 29)
    run = world.run(plan(*(f"pp-{n}" for n in range(30)), limits=Limits(failure_tolerance=Tolerance(count=2))))
    assert run.drained_by is not None
    assert run.drained_by.why is Drain.TOLERANCE
    assert len(world.catalog.sent) < 10


def test_a_canary_does_the_first_and_leaves_the_rest_to_the_next_execution() -> None:
    """The first in the order of turns; the rest is pending, and goes when it is asked for."""
    world = stage(*(fake(f"pp-{n}") for n in range(5)))
    wanted = plan(*(f"pp-{n}" for n in range(5)), after={"pp-0": ["pp-4"]})
    lined = lanes([fake(f"pp-{n}") for n in range(5)], [])
    run = lined.drive(lined.review(wanted), most=2)
    assert sorted(sent(lined)) == ["pp-1", "pp-2"]
    assert run.held_back == 3
    assert run.is_unfinished
    assert run.tally().exit_code is ExitCode.LEFT_TO_DO
    lined.drive(run, how=StartedBy.RESUME)
    assert run.held_back == 0
    assert sent(lined)[-1] == "pp-0"
    assert run.tally().exit_code is ExitCode.DONE
    assert world.catalog.sent == []


def test_a_wish_to_stop_from_elsewhere_drains_the_run() -> None:
    """Nothing new is started, what is under way is followed for the grace, and the run can be resumed."""
    world = lanes([fake(f"pp-{n}", duration=10.0) for n in range(3)], [])
    wanted = plan("pp-0", "pp-1", "pp-2", limits=Limits(in_flight=1))
    world.stop_requested = lambda: world.clock.now() > 1_700_000_005
    run = world.drive(world.review(wanted))
    assert run.drained_by is not None
    assert run.drained_by.why is Drain.STOPPED
    assert sent(world) == ["pp-0"]
    assert state(run, "pp-0") is State.TERMINATED
    assert run.tally().exit_code is ExitCode.LEFT_TO_DO


def test_a_run_may_begin_with_what_has_drifted_and_with_closed_lanes() -> None:
    """As the run of a saved worklist does; nothing of it is sent."""
    world = lanes([fake("pp-a"), fake("pp-b")], [fake("pp-c")])
    run = world.review(plan("pp-a", "pp-b", "pp-c"))
    now = world.clock.now()
    opening = [
        LaneClosed(at=now, lane=OTHER, reason="it cannot be read now"),
        Drifted(at=now, line=f"{LANE}/pp-a", reason="changed"),
    ]
    world.drive(run, opening)
    assert sent(world) == ["pp-b"]
    assert [state(run, id_) for id_ in ("pp-a", "pp-b", "pp-c")] == [State.DRIFTED, State.TERMINATED, State.REFUSED]


def test_a_lane_that_cannot_be_entered_on_resume_leaves_its_lines_open() -> None:
    """The others go on, and the run is unfinished."""
    world = lanes([fake("pp-a")], [fake("pp-c")])
    run = world.review(plan("pp-a", "pp-c"))
    world.drive(run, [LaneUnreachable(at=world.clock.now(), lane=OTHER, reason="no such role")])
    assert [state(run, id_) for id_ in ("pp-a", "pp-c")] == [State.TERMINATED, State.PENDING]
    assert run.lost_lanes == {OTHER: "no such role"}
    assert run.tally().exit_code is ExitCode.LEFT_TO_DO


@pytest.mark.parametrize("answer", [NotSent("refused"), Unanswered("HTTP 503"), Denied("AccessDenied", "no")])
def test_a_lane_that_fails_does_not_hold_the_others_back(answer: object) -> None:
    """Whatever it says, the other lane's products go in their time."""
    world = lanes([fake(f"pp-{n}") for n in range(10)], [fake(f"pp-x{n}") for n in range(10)])
    world.connect.catalogs[OTHER].trouble[Operation.TERMINATE].extend([says(answer)] * 10_000)
    wanted = plan(*(f"pp-{n}" for n in range(10)), *(f"pp-x{n}" for n in range(10)), limits=Limits(deadline_seconds=3_600))
    began = world.clock.now()
    run = world.drive(world.review(wanted))
    assert {state(run, f"pp-{n}") for n in range(10)} == {State.TERMINATED}
    last = max(fake_.product.last_record_id or "" for fake_ in world.connect.catalogs[LANE].products.values())
    assert world.connect.catalogs[LANE].records[last].created_at is not None
    assert float(world.connect.catalogs[LANE].records[last].created_at or 0) - began < 10
    assert run.tally().exit_code is not ExitCode.DONE


def test_a_silent_lane_gets_few_of_the_workers() -> None:
    """Its calls never come back; the others have what they need."""
    clock = FakeClock()
    many = {Lane(f"{n:012d}", "eu-west-1"): FakeCatalog(clock, [fake(f"pp-{n}-{m}") for m in range(20)]) for n in range(4)}
    world = Lanes(clock, FakeLanes({LANE: FakeCatalog(clock, [])} | many), workers=8)
    run = world.review(plan(*(f"pp-{n}-{m}" for n in range(4) for m in range(20))))
    for event in [*run.begin(clock.now(), StartedBy.RUN), *(listed_from(c, lane, clock.now()) for lane, c in many.items())]:
        run.apply(event)
    asked = [command for command, _ in zip(run.next(clock.now()), range(100), strict=False)]
    assert all(isinstance(command, Terminate) for command in asked)
    assert {lane: sum(command.lane == lane for command in asked) for lane in many} == dict.fromkeys(many, 1)
    for command in asked:
        run.apply(event_for(command, clock.now()))
    heard, silent = asked[:3], asked[3]
    later = clock.now() + 8
    for command in heard:
        for event in run.receive(Reply(at=later, command=command, outcome=Throttled("SlowDown"))):
            run.apply(event)
    again = list(run.next(later + 5))
    assert silent.lane not in {command.lane for command in again[:3]}
    assert {command.lane for command in heard} <= {command.lane for command in again}
