"""A run against the model of the service, in virtual time, by a script of what goes wrong; with checks on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from orchestrator.core.inventory.calls import Operation
from orchestrator.core.inventory.model import SUCCEEDED
from orchestrator.core.plan.model import Limits, Options, Plan, Retry, Tolerance
from orchestrator.core.review.worklist import Worklist
from orchestrator.core.run import events as e
from orchestrator.core.run.commands import Command, Terminate
from orchestrator.core.run.machine import Run
from orchestrator.core.run.product_state import Termination
from orchestrator.core.run.replies import Reply, Tick
from orchestrator.core.run.schedule import event_for
from orchestrator.core.run.transitions import State
from orchestrator.store.codec import decode, encode
from orchestrator.store.formats import EVENTS
from tests.fakes import START
from tests.makers import inventory, plan, product, worklist
from tests.service_model import Lags, Send, Service

IDS = ["pp-a", "pp-b"]
LONGEST = 6_000


@dataclass(frozen=True)
class Deed:
    """What somebody else does to a product, and when."""

    at: float
    id_: str
    kind: str
    seconds: float
    outcome: str


@dataclass(frozen=True)
class Script:
    """What happens in an example."""

    lags: Lags = field(default_factory=Lags)
    sends: list[Send] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=lambda: [SUCCEEDED])
    durations: list[float] = field(default_factory=lambda: [5.0])
    denies: frozenset[Operation] = frozenset()
    tokens: str = "remembered"
    deeds: list[Deed] = field(default_factory=list)
    deaths: list[tuple[float, str | None]] = field(default_factory=list)
    attempts: int = 1
    is_ordered: bool = False


class Stage:
    """A run against the model, and what is checked while it goes on."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.now = START
        self.service = Service(IDS, self.now, script.lags, denies=script.denies, tokens=script.tokens)
        for thing in self.service.things.values():
            thing.outcomes, thing.durations = list(script.outcomes), list(script.durations)
        for deed in script.deeds:
            self.service.later(START + deed.at, partial(self.do, deed))
        self.sends = list(script.sends)
        self.journal: list[e.Event] = []
        self.tokens: dict[tuple[str, int], str] = {}
        self.out: list[tuple[float, Reply]] = []
        self.plan: Plan = plan(
            *IDS,
            options=Options(termination_timeout_seconds=600),
            limits=Limits(failure_tolerance=Tolerance(count=9), deadline_seconds=86_400),
            retry=Retry(attempts=script.attempts, backoff_seconds=2),
            after={"pp-b": ["pp-a"]} if script.is_ordered else {},
        )
        shown = [product(id_, created_at=START - 90_000) for id_ in IDS]
        self.worklist: Worklist = worklist(self.plan, shown)
        self.run = self.new_run()
        self.commit(self.run.begin(self.now, e.StartedBy.RUN, service_at=self.service_now))
        self.commit(self.run.survey_events([inventory(*shown, started_at=self.now, clock_ahead=script.lags.clock)]))

    def do(self, deed: Deed) -> None:
        self.service.somebody(deed.id_, deed.kind, deed.seconds, deed.outcome)

    @property
    def service_now(self) -> float:
        return self.now + self.script.lags.clock

    def new_run(self) -> Run:
        return Run(run_id="run-1", plan=self.plan, worklist=self.worklist)

    def commit(self, events: list[e.Event]) -> None:
        for event in events:
            self.run.apply(event)
            if event.durable:
                self.journal.append(decode(EVENTS[event.kind], encode(event)))

    def turn(self) -> None:
        """Answers come, time passes, calls leave."""
        self.service.advance(self.now)
        due = [each for each in self.out if each[0] <= self.now]
        self.out = [each for each in self.out if each not in due]
        for _, reply in due:
            self.commit(self.run.receive(reply))
        self.commit(self.run.receive(Tick(at=self.now)))
        for command in list(islice(self.run.next(self.now), 8)):
            self.commit([event_for(command, self.now)])
            self.call(command)

    def call(self, command: Command) -> None:
        """Make a call: it arrives at once, and its answer comes a little later."""
        send = Send()
        if isinstance(command, Terminate):
            send = self.sends.pop(0) if self.sends else send
            self.check_send(command)
        outcome = self.service.answer(command, send)
        reply = Reply(at=round(self.now + 0.1, 6), command=command, outcome=outcome, clock_ahead=self.script.lags.clock)
        self.out.append((reply.at, reply))

    def check_send(self, command: Terminate) -> None:
        """One token for each attempt, none whose record FAILED, and nothing before what it comes after has gone."""
        assert self.tokens.setdefault((command.product_id, command.attempt), command.token) == command.token
        t = self.line(command.product_id)
        assert not {record for record, token in self.service.ours.items() if token == command.token} & t.own_records
        if self.script.is_ordered and command.product_id == "pp-b":
            assert self.service.things["pp-a"].now is None

    def state(self, product_id: str) -> State:
        return self.run.state_table.states[self.line(product_id).line.id]

    def line(self, product_id: str) -> Termination:
        return next(t for t in self.run.terminations if t.product_id == product_id)

    def die(self, send_ban: str | None) -> None:
        """The process ends, and another one goes on with what is on disk."""
        self.out.clear()
        self.now = round(self.now + 1.0, 6)
        self.run = self.new_run()
        self.run.replay(self.journal)
        self.commit(self.run.begin(self.now, e.StartedBy.RESUME, send_ban, service_at=self.service_now))

    def play(self) -> None:
        """Until the run has come to rest."""
        deaths = [(START + at, why) for at, why in sorted(self.script.deaths, key=lambda each: each[0])]
        for _ in range(LONGEST):
            self.turn()
            if deaths and self.now >= deaths[0][0]:
                self.die(deaths.pop(0)[1])
                continue
            if not self.out and self.run.is_idle(self.now):
                break
            wake = min([self.run.wake_at(self.now), *(moment for moment, _ in self.out)])
            self.now = round(min(max(wake, self.now + 0.05), self.now + 5.0), 6)
        else:
            message = f"no rest: {self.run.state_table.states}"
            raise AssertionError(message)
        # What was sent may still be carried out; the truth is what comes of it all.
        self.service.advance(self.now + 200)
