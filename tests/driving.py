"""Drives whole runs over the fakes, in one thread and without waiting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

from orchestrator.core.inventory.model import Inventory, Observation
from orchestrator.core.plan.model import Plan
from orchestrator.core.review.decide import decide
from orchestrator.core.review.lookups import questions
from orchestrator.core.review.worklist import Worklist, line_id
from orchestrator.core.run.events import Event, StartedBy
from orchestrator.core.run.machine import Run
from orchestrator.core.run.observations import Listed
from orchestrator.core.run.transitions import State
from orchestrator.core.values.lane import Lane
from orchestrator.engine.executors import InlineExecutor
from orchestrator.engine.runner import Observers, Runner, RunnerDependencies
from orchestrator.engine.signals import StopSignal
from orchestrator.engine.survey import Surveyor
from orchestrator.ports import Journal, Observer
from orchestrator.store.codec import decode, unframe
from orchestrator.store.formats import EVENTS
from tests.fakes import LANE, FakeCatalog, FakeClock, FakeInbox, MemoryJournal


@dataclass(slots=True)
class Stage:
    """A fake world, and everything a run needs in it."""

    clock: FakeClock
    catalog: FakeCatalog
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    interruption: StopSignal = field(default_factory=StopSignal)
    observers: Sequence[Observer] = ()
    executor: Executor = field(default_factory=InlineExecutor)
    grace: float = 20.0
    after_survey: Callable[[], None] = lambda: None

    def survey(self, plan: Plan) -> Inventory:
        """Read the lane."""
        surveyor = Surveyor(clock=self.clock, sleep=self.clock.sleep, executor=self.executor)
        return stock_of(surveyor, self.catalog, plan)

    def run(self, plan: Plan) -> Run:
        """Survey, decide and execute."""
        inventory = self.survey(plan)
        worklist = decide(plan, [inventory])
        self.catalog.calls.clear()
        self.after_survey()
        run = Run(run_id="run-1", plan=plan, worklist=worklist, grace=self.grace)
        self.drive(run, StartedBy.RUN, run.survey_events([inventory]))
        return run

    def resume(self, plan: Plan, worklist: Worklist, lines: Sequence[bytes], send_ban: str | None = None) -> Run:
        """Replay what a journal holds, and go on."""
        run = replayed(plan, worklist, lines, self.grace)
        self.journal = MemoryJournal()
        self.journal.lines = list(lines)
        self.drive(run, StartedBy.RESUME, [], send_ban)
        return run

    def drive(
        self,
        run: Run,
        how: StartedBy,
        first: Sequence[Event],
        send_ban: str | None = None,
        journal: Journal | None = None,
    ) -> None:
        """Drive a run to its rest, with another journal than the stage's own if one is given."""
        around = RunnerDependencies(
            connect=self.catalog,
            executor=self.executor,
            workers=8,
            clock=self.clock,
            inbox=FakeInbox(),
            journal=journal or self.journal,
            observers=Observers(self.observers, lambda _observer, _error: None),
            interruption=self.interruption,
            clock_ahead=self.catalog.clock_ahead,
        )
        Runner(run, around).drive(how, first=first, send_ban=send_ban)


def stock_of(surveyor: Surveyor, catalog: FakeCatalog, plan: Plan) -> Inventory:
    """Read what the one lane holds, and the records that a plan needs."""
    inventory = surveyor.listing(LANE, catalog)
    asked = questions(plan, [inventory])
    return surveyor.fetch_records(inventory, catalog, asked[LANE]) if LANE in asked else inventory


def listed_from(catalog: FakeCatalog, lane: Lane, at: float) -> Listed:
    """The complete listing of a fake lane."""
    shown = {
        id_: Observation(at=at, status=each.product.status, record_id=each.product.last_record_id)
        for id_, each in catalog.products.items()
        if not each.gone
    }
    return Listed(at=at, lane=lane, started_at=at, observed=shown)


def replayed(plan: Plan, worklist: Worklist, lines: Sequence[bytes], grace: float = 20.0) -> Run:
    """Return the run that journal lines tell of."""
    run = Run(run_id="run-1", plan=plan, worklist=worklist, grace=grace)
    for line in lines:
        _, kind, value = unframe(line)
        run.apply(decode(EVENTS[kind], value))
    return run


def state_of(run: Run, product_id: str) -> State:
    """Return the state of a product's line."""
    return run.state_table.states[line_id(LANE, product_id)]


def evidence_of(run: Run, product_id: str) -> str:
    """Return what a product's verdict rests on."""
    return next(t.evidence for t in run.terminations if t.line.product_id == product_id)
