"""
One execution of a worklist, as a machine without hands: it says what to ask, takes what came back, and remembers.

`next` and `receive` are reads; `apply` is the only mutation, live and on replay. Whoever drives it writes durable events
down between applying them and acting on them:

    for command in islice(run.next(now), room):     # wishes
        event = event_for(command, now)                # become history
        run.apply(event); journal.append([event])   # synced, if an intent is among them
        ...call AWS...
    for event in run.receive(reply):                # what an answer means
        run.apply(event); journal.append([event])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType

from orchestrator.core.inventory.calls import Operation
from orchestrator.core.inventory.model import Inventory
from orchestrator.core.plan.model import Plan
from orchestrator.core.review.worklist import Worklist
from orchestrator.core.run import events as e
from orchestrator.core.run import observations as o
from orchestrator.core.run import timers
from orchestrator.core.run.apply import apply
from orchestrator.core.run.commands import Command
from orchestrator.core.run.interpret import interpret
from orchestrator.core.run.product_state import Termination
from orchestrator.core.run.replies import Interrupt, Reply, Stop, Tick
from orchestrator.core.run.schedule import propose
from orchestrator.core.run.state import RateLimits, RunState
from orchestrator.core.run.summary import Tally, tally
from orchestrator.core.run.transitions import State, StateTable
from orchestrator.core.values.lane import Lane
from orchestrator.errors import IllegalTransition

WORKERS = 32

NO_PACES: RateLimits = MappingProxyType({})


class Run:
    """
    A run of a worklist.

    Args:

        run_id: Random, minted once per run; tokens derive from it.
        plan: The plan that the worklist was made from.
        worklist: What to do.
        grace: Seconds that terminations under way are followed after a stop was asked for.
        workers: Calls that may be in flight at once; the lanes share them.
        rate_limits: Rate limiters that the survey has used, by lane and operation.
    """

    def __init__(
        self,
        *,
        run_id: str,
        plan: Plan,
        worklist: Worklist,
        grace: float = 20.0,
        workers: int = WORKERS,
        rate_limits: RateLimits = NO_PACES,
    ) -> None:
        self.run_id = run_id
        self.plan = plan
        self.worklist = worklist
        self.grace = grace
        self._state = RunState(plan, worklist, workers, rate_limits)

    def next(self, now: float) -> Iterator[Command]:
        """
        Propose what should be asked of the world.

        Args:

            now: Seconds since the epoch.

        Yields:

            Commands, the most urgent first; take as many as there is room for. The run must not be changed meanwhile.
        """
        return propose(self._state, self.run_id, now)

    def receive(self, reply: Reply | Tick | Interrupt | Stop) -> list[e.Event]:
        """
        Say what came of an answer, of the passing of time, or of a wish to stop.

        Args:

            reply: Whatever came back: late, doubled or wrong ones mean nothing.

        Returns:

            Events that may be applied now, in order.
        """
        match reply:
            case Tick():
                return list(timers.on_tick(self._state, reply.at, self.grace))
            case Interrupt():
                detail = f"{reply.signal} was received"
                until = round(reply.at + self.grace, 6)
                return [e.Draining(at=reply.at, why=e.Drain.INTERRUPTED, detail=detail, until=until)]
            case Stop():
                until = round(reply.at + self.grace, 6)
                return [e.Draining(at=reply.at, why=e.Drain.STOPPED, detail="`stop` was asked for", until=until)]
            case _:
                return list(interpret(self._state, reply))

    def apply(self, event: e.Event) -> None:
        """
        Let an event have happened.

        Raises:

            IllegalTransition: It cannot happen now: a bug, or a journal that was tampered with. Nothing has changed.
        """
        apply(self._state, event)

    def replay(self, history: Iterable[e.Event]) -> None:
        """
        Let all that a journal tells of have happened.

        Raises:

            IllegalTransition: It cannot have.
        """
        # Nothing is proposed meanwhile, so where each line's next step is to be looked for need only be known at the end.
        self._state.replaying = True
        event: e.Event | None = None
        for event in history:
            try:
                self.apply(event)
            except (LookupError, AssertionError) as error:
                message = f"{type(event).__name__} cannot have happened: there is no {error}"
                raise IllegalTransition(message) from error
        self._state.replaying = False
        if event is not None:
            self._state.reschedule_all(event.at)

    def begin(
        self,
        at: float,
        how: e.StartedBy,
        send_ban: str | None = None,
        first: int | None = None,
        service_at: float | None = None,
    ) -> list[e.Event]:
        """
        Say how an execution begins.

        Args:

            at: Now, seconds since the epoch.
            how: Whether it is the first one.
            send_ban: Why nothing is sent any more and only what was sent is followed, None if it is.
            first: How many lines are started at most, in the order of their turns; None for all.
            service_at: Now by the service's clock, None if that is not known.

        Returns:

            Events to apply: what an earlier execution left without an answer is in doubt.
        """
        reason = "the program ended before an answer was written down"
        unanswered = [
            e.Unanswered(at=at, line=t.line.id, reason=reason)
            for t in self._state.lines.values()
            if self._state.state(t) is State.REQUESTED
        ]
        return [e.Started(at=at, how=how, send_ban=send_ban, first=first, service_at=service_at), *unanswered]

    def survey_events(self, inventories: Iterable[Inventory]) -> list[e.Event]:
        """
        Turn what a survey knows of the lanes into events to begin with: their listings, and what may not be read there.

        Args:

            inventories: What the lanes hold; those that were not read completely say nothing.

        Returns:

            Events to apply right after those of `begin`.
        """
        found: list[e.Event] = []
        for inventory in inventories:
            if not inventory.complete or inventory.lane not in self._state.lanes:
                continue
            at = inventory.started_at if inventory.ended_at is None else inventory.ended_at
            found.append(self._state.listed(inventory, at))
            found += [
                o.RecordsDenied(at=at, lane=inventory.lane, operation=Operation(operation), words=words)
                for operation, words in inventory.denied.items()
            ]
        return found

    def finish(self, at: float) -> list[e.Event]:
        """Return the event that ends the run for good, if nothing is left to do."""
        if self.is_unfinished or self._state.ended:
            return []
        return [e.Finished(at=at, exit_code=int(self.tally().exit_code), summary=self.final_line)]

    def is_idle(self, now: float) -> bool:
        """Whether this execution has nothing left to ask. Answers to calls in flight still have to be awaited."""
        return timers.is_idle(self._state, now)

    def wake_at(self, now: float) -> float:
        """Return the next moment (seconds since the epoch) at which `next` or a `Tick` may have something new."""
        return timers.wake_at(self._state, now)

    @property
    def is_unfinished(self) -> bool:
        """Whether a line is open, or verdicts wait for their audit."""
        return not self._state.ended and timers.has_work(self._state)

    @property
    def drained_by(self) -> e.Draining | None:
        """Why nothing new is started, None while it is."""
        return self._state.drain

    @property
    def held_back(self) -> int:
        """How many lines this execution was told to leave for later, and has left."""
        return sum(self._state.state_table.states[line] is State.PENDING for line in self._state.held_back)

    @property
    def passed_tolerance(self) -> str | None:
        """Why the failure tolerance stops this run, None if it does not. A resume that only follows does not lift it."""
        return self._state.tolerance or self._state.over_tolerance

    @property
    def lost_lanes(self) -> dict[Lane, str]:
        """The lanes that this execution has given up, and why."""
        return {lane.lane: lane.unreachable for lane in self._state.lanes.values() if lane.unreachable}

    @property
    def terminations(self) -> tuple[Termination, ...]:
        """The lines that were to be terminated, with all that is known of them. Not to be changed."""
        return tuple(self._state.lines.values())

    @property
    def state_table(self) -> StateTable:
        """The state of every line. Not to be changed."""
        return self._state.state_table

    @property
    def final_line(self) -> str:
        """The stable line that a run ends with, as it stands now."""
        return self.tally().line(self.run_id, self.plan.name)

    def tally(self) -> Tally:
        """Return the counts that the final line is made of."""
        unmet = sum(t.options_unmet for t in self._state.lines.values())
        unseen = self.worklist.nothing_was_ever_seen
        return tally(self._state.state_table, options_unmet=unmet, audit_owed=self._state.owes_audit, nothing_seen=unseen)
