"""
The loop: one thread that owns the run, and workers that wait for nothing but the network.

For each event, in this order: apply (may it happen?), journal (is it on disk?), observers (tell the world). All intents of
one turn are synced together before any of their requests leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial
from itertools import islice

from orchestrator.core.run.commands import Command
from orchestrator.core.run.events import Event, Intended, StartedBy
from orchestrator.core.run.machine import Run
from orchestrator.core.run.observations import Heartbeat
from orchestrator.core.run.replies import Interrupt, Reply, Stop, Tick
from orchestrator.core.run.schedule import event_for
from orchestrator.core.values.timestamps import by_service
from orchestrator.engine.signals import StopSignal
from orchestrator.engine.worker import Performed, perform
from orchestrator.ports import Clock, Connect, Inbox, Journal, Observer

SYNC_EVERY = 1.0
"""Seconds that an answer may stay unsynced."""

LOOK_EVERY = 1.0
"""Seconds after which is looked again whether somebody wants the run to stop."""

LONGEST_LOOP_WAIT_S = 1.0
"""Seconds between two turns at most, so that displays can breathe and answers are synced."""

SHORTEST_WAIT = 0.05
"""Seconds to wait when something is due that cannot be asked yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerDependencies:
    """
    What a run is driven with. `workers` is how many calls may be in flight; `stop_requested` says whether somebody in
    another terminal wants the run to stop; `clock_ahead` says how many seconds the service's clock is ahead of ours.
    """

    connect: Connect
    executor: Executor
    workers: int
    clock: Clock
    inbox: Inbox
    journal: Journal
    observers: Observers
    interruption: StopSignal
    stop_requested: Callable[[], bool] = lambda: False
    clock_ahead: Callable[[], float | None] = lambda: None


class Runner:
    """Drives one run to its rest. `in_flight` counts the calls whose replies have not been taken."""

    def __init__(self, run: Run, around: RunnerDependencies) -> None:
        self._run = run
        self._around = around
        self.in_flight = 0
        self._synced_at = around.clock.now()
        self._interrupted = False
        self._stopped = False
        self._looked_at = float("-inf")
        self._bug: BaseException | None = None

    def drive(
        self,
        how: StartedBy,
        *,
        first: Sequence[Event] = (),
        send_ban: str | None = None,
        most: int | None = None,
    ) -> None:
        """
        Begin an execution and follow it until it has nothing left to ask.

        Args:

            how: Whether it is the first one.
            first: What is known already: the listings of the survey.
            send_ban: Why nothing is sent any more, None if it is.
            most: How many lines are started at most, None for all.

        Raises:

            JournalError: Something could not be written down. Nothing further is asked; what was sent is settled on resume.
        """
        around = self._around
        around.interruption.wake = around.inbox.wake
        now = around.clock.now()
        self._commit(self._run.begin(now, how, send_ban, most, by_service(now, around.clock_ahead())))
        self._commit(first)
        while True:
            now = around.clock.now()
            self._turn(now)
            if self.in_flight == 0 and self._run.is_idle(around.clock.now()):
                break
            if self._cut_off(around.clock.now()):
                break
            around.clock.wait(around.inbox, self._pause())
        self._commit(self._run.finish(around.clock.now()))
        around.journal.sync()

    def _turn(self, now: float) -> None:
        for reply in self._around.inbox.take():
            self.in_flight -= 1
            self._commit(self._run.receive(reply))
        if self._bug is not None:
            raise self._bug
        signal = self._around.interruption.signal
        if signal is not None and not self._interrupted:
            self._interrupted = True
            self._commit(self._run.receive(Interrupt(at=now, signal=signal.name)))
        if now - self._looked_at >= LOOK_EVERY:
            self._looked_at = now
            if not self._stopped and self._around.stop_requested():
                self._stopped = True
                self._commit(self._run.receive(Stop(at=now)))
        self._commit(self._run.receive(Tick(at=now)))
        self._issue(now)
        if now - self._synced_at >= SYNC_EVERY:
            self._sync(now)
        self._around.observers.notify(Heartbeat(at=now))

    def _issue(self, now: float) -> None:
        room = self._around.workers - self.in_flight
        commands = list(islice(self._run.next(now), max(0, room)))
        events = [event_for(command, now) for command in commands]
        self._commit(events)
        if any(isinstance(event, Intended) for event in events):
            self._sync(now)
        for command in commands:
            self._submit(command)

    def _submit(self, command: Command) -> None:
        self.in_flight += 1
        future = self._around.executor.submit(perform, self._around.connect, command)
        future.add_done_callback(partial(self._done, command))

    def _done(self, command: Command, future: Future[Performed]) -> None:
        """Runs in a worker's thread."""
        if future.cancelled():
            # Never begun, and left at the end of a grace: nothing was sent, which a resume finds out by looking.
            return
        error = future.exception()
        if error is not None:
            self._bug = error
            self._around.inbox.wake()
            return
        result = future.result()
        now = self._around.clock.now()
        self._around.inbox.put(Reply(at=now, command=command, outcome=result.outcome, clock_ahead=result.clock_ahead))

    def _commit(self, events: Sequence[Event]) -> None:
        if not events:
            return
        for event in events:
            self._run.apply(event)
        self._around.journal.append([event for event in events if event.durable])
        for event in events:
            self._around.observers.notify(event)

    def _sync(self, now: float) -> None:
        self._around.journal.sync()
        self._synced_at = now

    def _pause(self) -> float:
        now = self._around.clock.now()
        return min(max(self._run.wake_at(now) - now, SHORTEST_WAIT), LONGEST_LOOP_WAIT_S)

    def _cut_off(self, now: float) -> bool:
        """Whether the grace is over: calls still in flight are left, their answers are settled on resume."""
        drain = self._run.drained_by
        return drain is not None and drain.until is not None and now >= drain.until


class Observers:
    """
    The observers of a run.

    Args:

        observers: Who wants to hear.
        complain: Told about an observer that raised, once each.
    """

    def __init__(self, observers: Iterable[Observer], complain: Callable[[Observer, Exception], None]) -> None:
        self._observers = list(observers)
        self._complain = complain

    def notify(self, event: Event) -> None:
        """Tell all observers about *event*."""
        for observer in tuple(self._observers):
            try:
                observer(event)
            except Exception as error:  # noqa: BLE001 - whatever a display does wrong must not stop a run
                self._observers.remove(observer)
                self._complain(observer, error)
