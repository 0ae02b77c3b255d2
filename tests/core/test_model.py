"""Drives a run with any replies in any order, doubled, late and contradictory, with crashes between any two steps."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.core.inventory.calls import (
    Answer,
    Denied,
    DescribeProduct,
    DescribeRecord,
    NotFound,
    NotSent,
    Operation,
    Outcome,
    Page,
    ReadHistory,
    RecordPage,
    Rejected,
    Throttled,
    Unanswered,
    Unauthenticated,
)
from orchestrator.core.inventory.model import Observation, Record
from orchestrator.core.plan.model import Limits, Options, Plan, Retry, Tolerance
from orchestrator.core.review.order import in_waves
from orchestrator.core.review.worklist import Worklist
from orchestrator.core.run import events as e
from orchestrator.core.run.commands import Command, ListPage, LookUp, Terminate
from orchestrator.core.run.events import Event, StartedBy
from orchestrator.core.run.machine import Run
from orchestrator.core.run.observations import Listed
from orchestrator.core.run.replies import Interrupt, Reply, Tick
from orchestrator.core.run.schedule import event_for
from orchestrator.core.run.transitions import GONE, UNDER_WAY, State
from orchestrator.store.codec import decode, encode
from orchestrator.store.formats import EVENTS
from tests.fakes import LANE, START
from tests.makers import plan, product, record, worklist

IDS = ("pp-a", "pp-b", "pp-c")
STATUSES = st.sampled_from(["AVAILABLE", "TAINTED", "ERROR", "UNDER_CHANGE", "PLAN_IN_PROGRESS", "NEW_STATUS"])
RECORD_STATUSES = st.sampled_from(["CREATED", "IN_PROGRESS", "IN_PROGRESS_IN_ERROR", "SUCCEEDED", "FAILED", "ODD"])
RECORD_IDS = st.sampled_from([None, "rec-of-pp-a", "rec-of-pp-b", "rec-1", "rec-2", "rec-3"])
TAGS = st.sampled_from([(), (), (("sc-orchestrator:protect", "true"),), None])
GONE_SAID_BY = (Operation.TERMINATE, Operation.PRODUCT)
RECORD_TYPES = st.sampled_from(["TERMINATE_PROVISIONED_PRODUCT", "UPDATE_PROVISIONED_PRODUCT", ""])
PROBLEMS: st.SearchStrategy[Outcome] = st.sampled_from(
    [
        Throttled("ThrottlingException"),
        NotFound("gone"),
        Denied("AccessDeniedException", "no"),
        Rejected("ValidationException", "no"),
        Unauthenticated("ExpiredTokenException", "expired"),
        NotSent("refused"),
        Unanswered("reset"),
    ]
)


MOVES = ["ask", "ask", "reply", "reply", "reply", "repeat", "wait", "crash", "power loss", "interrupt"]


@st.composite
def outcomes(draw: st.DrawFn, command: Command, now: float) -> Outcome:
    """Anything that may come back for a command: sensible, odd, or a problem."""
    if draw(st.integers(0, 3)) == 0:
        return draw(PROBLEMS)
    ids = st.sampled_from(IDS)
    match command:
        case Terminate() | LookUp(lookup=DescribeRecord()):
            wanted = draw(st.sampled_from(["rec-1", "rec-2", "rec-3"]))
            if isinstance(command, LookUp) and isinstance(command.lookup, DescribeRecord):
                wanted = command.lookup.record_id
            about = command.product_id if draw(st.integers(0, 9)) else draw(ids)
            return Answer(one_record(draw, wanted, about, now))
        case LookUp(lookup=ReadHistory()):
            found = [one_record(draw, f"rec-{n}", command.product_id, now) for n in range(draw(st.integers(0, 2)))]
            more = draw(st.sampled_from([None, None, None, "more"]))
            return Answer(RecordPage(records=tuple(found), next_token=more))
        case LookUp():
            return Answer(product(command.product_id, status=draw(STATUSES), last_record_id=draw(RECORD_IDS)))
        case ListPage():
            shown = [
                product(id_, status=draw(STATUSES), last_record_id=draw(RECORD_IDS), tags=draw(TAGS))
                for id_ in draw(st.sets(ids))
            ]
            return Answer(Page(products=tuple(shown), next_token=draw(st.sampled_from([None, None, "more", "most"]))))


def one_record(draw: st.DrawFn, record_id: str, product_id: str, now: float) -> Record:
    """A record, of now or of long ago."""
    return record(
        record_id,
        product_id=product_id,
        record_type=draw(RECORD_TYPES),
        status=draw(RECORD_STATUSES),
        created_at=draw(st.sampled_from([now, now - 100_000, None])),
    )


class World:
    """A run, its journal, and the calls in flight."""

    def __init__(self, wanted: Plan, made: Worklist, first: int | None) -> None:
        self.plan, self.worklist = wanted, made
        self.now = START
        self.journal: list[Event] = []
        self.in_flight: list[Command] = []
        self.answered: list[Reply] = []
        self.tokens: dict[tuple[str, int], str] = {}
        self.listed: Listed | None = None
        self.failed_at: dict[str, float] = {}
        self.synced = 0
        self.failures = 0
        self.succeeded: set[tuple[str | None, str]] = set()
        self.failed: set[tuple[str | None, str]] = set()
        self.missed: set[str] = set()
        self.refused: set[str] = set()
        self.held = {line.id for line in list(in_waves(made.lines))[first:]} if first is not None else set()
        self.run = Run(run_id="run-1", plan=wanted, worklist=made)
        shown = {id_: Observation(at=self.now, status="AVAILABLE", record_id=f"rec-of-{id_}") for id_ in IDS}
        self.commit(self.run.begin(self.now, StartedBy.RUN, None, first))
        self.commit([Listed(at=self.now, lane=LANE, started_at=self.now, observed=shown)])

    def commit(self, events: list[Event]) -> None:
        for event in events:
            self.check(event)
            self.run.apply(event)
            if event.durable:
                # Through the codec, as the journal would have it.
                kind = event.kind
                self.journal.append(decode(EVENTS[kind], encode(event)))

    def hear(self, reply: Reply) -> None:
        """Note what a reply is evidence of, and give it to the run."""
        product_id = None if isinstance(reply.command, ListPage) else reply.command.line.rpartition("/")[2]
        if product_id and isinstance(reply.outcome, NotFound) and reply.command.operation in GONE_SAID_BY:
            self.missed.add(product_id)
        if product_id and isinstance(reply.outcome, Denied | Rejected | NotFound) and isinstance(reply.command, Terminate):
            self.refused.add(product_id)
        value = reply.outcome.value if isinstance(reply.outcome, Answer) else None
        for found in value.records if isinstance(value, RecordPage) else (value,):
            if isinstance(found, Record) and found.product_id == product_id:
                said = {"SUCCEEDED": self.succeeded, "FAILED": self.failed}.get(found.status, set())
                said.add((found.product_id, found.record_id))
        self.commit(self.run.receive(reply))

    def check(self, event: Event) -> None:
        """No verdict without evidence: what a record or a lookup said, and not what somebody concluded from nothing."""
        product_id = event.line.rpartition("/")[2] if isinstance(event, e.LineEvent) else ""
        if isinstance(event, e.Terminated):
            t = next(t for t in self.run.terminations if t.line.id == event.line)
            record_id = event.record_id or t.record_id
            assert record_id is not None
            assert (product_id, record_id) in self.succeeded or product_id in self.missed
            assert "SUCCEEDED" in event.evidence or "not found" in event.evidence
        if isinstance(event, e.AlreadyGone):
            assert product_id in self.missed
        if isinstance(event, e.AttemptFailed):
            assert any(about == product_id for about, _ in self.failed)
        if isinstance(event, e.Failed):
            assert any(about == product_id for about, _ in self.failed) or product_id in self.refused
        if isinstance(event, e.Failed | e.TimedOut):
            self.failures += 1
        if isinstance(event, e.Draining | e.Finished):
            assert event.at == self.now
        if isinstance(event, Listed):
            self.listed = event
        if isinstance(event, e.AttemptFailed):
            self.failed_at[event.line] = event.at

    def ask(self, room: int) -> None:
        """Issue what the run proposes."""
        for command in [c for c, _ in zip(self.run.next(self.now), range(room), strict=False)]:
            if isinstance(command, Terminate):
                self.check_send(command)
            self.commit([event_for(command, self.now)])
            self.in_flight.append(command)
            if isinstance(command, Terminate):
                self.synced = len(self.journal)

    def check_send(self, command: Terminate) -> None:
        """One token per attempt; nothing is sent that is closed, under way or protected; limits hold."""
        assert self.listed is not None
        assert command.line not in self.listed.drift_reasons
        assert self.failed_at.get(command.line, 0.0) <= self.listed.started_at
        assert self.now - self.listed.at <= 600
        assert self.tokens.setdefault((command.product_id, command.attempt), command.token) == command.token
        state = self.run.state_table.states[command.line]
        assert state in (State.PENDING, State.IN_DOUBT)
        line = next(line for line in self.worklist.lines if line.id == command.line)
        t = next(t for t in self.run.terminations if t.line.id == command.line)
        if state is State.PENDING:
            assert all(self.run.state_table.states[before] in GONE for before in line.after_lines)
            assert line.id not in self.held
            assert self.failures <= self.plan.limits.failure_tolerance.allowed(len(IDS))
        assert self.run.drained_by is None
        assert t.failed_attempts < self.plan.retry.attempts
        assert command.send <= 5 or state is State.PENDING
        if state is State.PENDING:
            # What is left in doubt until the end keeps nobody waiting.
            going = [
                t for t in self.run.terminations if self.run.state_table.states[t.line.id] in UNDER_WAY and not t.is_parked
            ]
            assert len(going) < self.plan.limits.in_flight

    def crash(self, kept: int | None = None) -> None:
        """Forget everything but the journal, or as much of it as a power loss leaves, and go on."""
        del self.journal[len(self.journal) if kept is None else kept :]
        self.run = Run(run_id="run-1", plan=self.plan, worklist=self.worklist)
        for event in self.journal:
            self.run.apply(event)
        self.in_flight.clear()
        self.held = set()
        self.listed = None
        self.failures = 0
        self.commit(self.run.begin(self.now, StartedBy.RESUME))

    def tick(self) -> None:
        self.commit(self.run.receive(Tick(at=self.now)))


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_order_of_replies_breaks_the_rules(data: st.DataObject) -> None:
    """Never an illegal transition, a second token, a verdict without evidence; replay equals memory; the run can end."""
    wanted = plan(
        *IDS,
        options=Options(termination_timeout_seconds=data.draw(st.sampled_from([5, 600]))),
        limits=Limits(
            in_flight=data.draw(st.integers(1, 3)), failure_tolerance=Tolerance(count=data.draw(st.integers(0, 2)))
        ),
        retry=Retry(attempts=data.draw(st.integers(1, 3)), backoff_seconds=2),
        after={"pp-b": data.draw(st.sets(st.just("pp-a"))), "pp-c": data.draw(st.sets(st.sampled_from(["pp-a", "pp-b"])))},
    )
    types = st.sampled_from(["CFN_STACK", "CFN_STACK", "CONTROL_TOWER_ACCOUNT"])
    made = worklist(wanted, [product(id_, type=data.draw(types)) for id_ in IDS])
    world = World(wanted, made, data.draw(st.sampled_from([None, None, 1, 2])))
    for _ in range(data.draw(st.integers(1, 60))):
        match data.draw(st.sampled_from(MOVES)):
            case "ask":
                world.tick()
                world.ask(data.draw(st.integers(1, 4)))
            case "reply" if world.in_flight:
                command = world.in_flight.pop(data.draw(st.integers(0, len(world.in_flight) - 1)))
                reply = Reply(at=world.now, command=command, outcome=data.draw(outcomes(command, world.now)))
                world.answered.append(reply)
                world.hear(reply)
            case "repeat" if world.answered:
                world.hear(data.draw(st.sampled_from(world.answered)))
            case "wait":
                world.now = round(world.now + data.draw(st.sampled_from([0.2, 1.0, 7.0, 61.0, 700.0])), 6)
                world.tick()
            case "crash":
                world.crash()
            case "power loss":
                world.crash(data.draw(st.integers(world.synced, len(world.journal))))
            case "interrupt" if data.draw(st.integers(0, 9)) == 0:
                world.commit(world.run.receive(Interrupt(at=world.now, signal="SIGINT")))
            case _:
                continue
    ends(world)


def ends(world: World) -> None:
    """From any situation, a resume in a sane world comes to rest, and replay tells the same story."""
    states = dict(world.run.state_table.states)
    world.crash()
    replayed = {line: State.IN_DOUBT if state is State.REQUESTED else state for line, state in states.items()}
    assert world.run.state_table.states == replayed
    for _ in range(3_000):
        world.tick()
        world.ask(8)
        while world.in_flight:
            command = world.in_flight.pop()
            world.hear(Reply(at=world.now, command=command, outcome=sane(command)))
        if world.run.is_idle(world.now):
            break
        world.now = round(min(max(world.run.wake_at(world.now), world.now + 0.05), world.now + 60), 6)
    else:
        message = f"no rest: {world.run.state_table.states}"
        raise AssertionError(message)
    tally = world.run.tally()
    assert sum(tally.counts.values()) == len(IDS)


def sane(command: Command) -> Outcome:
    """What a quiet world says: everything is gone, and every record of ours SUCCEEDED."""
    match command:
        case Terminate() | LookUp(lookup=DescribeProduct()):
            return NotFound("gone")
        case LookUp(lookup=DescribeRecord(record_id), product_id=product_id):
            return Answer(record(record_id, product_id=product_id, status="SUCCEEDED"))
        case LookUp():
            return Answer(RecordPage(records=()))
        case ListPage():
            return Answer(Page(products=()))
