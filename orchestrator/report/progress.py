"""
A run as it goes on: a live display on a terminal, log lines elsewhere. Both fold the events that they hear.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from orchestrator.core.review.worklist import Line, Worklist
from orchestrator.core.run import events as e
from orchestrator.core.run.summary import PLACES
from orchestrator.core.run.transitions import UNDER_WAY, State, StateTable
from orchestrator.core.values.durations import format_duration
from orchestrator.core.values.lane import Lane
from orchestrator.report.text import plain, plural

HEARTBEAT = 60.0

ENDED = frozenset(State) - UNDER_WAY - {State.PENDING}

FOLLOWED = frozenset({State.REQUESTED, State.IN_PROGRESS})

MOMENTARY = tuple(
    place
    for name, states in PLACES
    for place in (
        (("under way", FOLLOWED), ("in doubt", frozenset({State.IN_DOUBT}))) if states >= FOLLOWED else ((name, states),)
    )
)
"""The places of the final line, for a run that goes on."""

LOG_LEVELS: dict[type[e.Event], str] = {
    e.Unanswered: "warning",
    e.Rejected: "warning",
    e.RecordUnreadable: "warning",
    e.AttemptFailed: "warning",
    e.Drifted: "warning",
    e.Refused: "warning",
    e.Draining: "warning",
    e.LaneClosed: "error",
    e.LaneUnreachable: "error",
    e.Parked: "error",
    e.Failed: "error",
    e.TimedOut: "error",
    e.Contradicted: "error",
    e.Throttled: "debug",
    e.NotSent: "info",
    e.Intended: "debug",
}


EVERY_S = 30.0
"""Seconds after which it is said how far the survey is, if nothing else was."""


class Projection:
    """
    What displays know: the board, and each line's name. Fed with the same events as the run.

    Args:

        worklist: The run's.
        board: How its lines stand already; None if nothing has happened to them.
    """

    def __init__(self, worklist: Worklist, board: StateTable | None = None) -> None:
        self.state_table = board.copy() if board is not None else StateTable(worklist)
        self.lines: dict[str, Line] = {line.id: line for line in worklist.lines}
        self.by_lane: dict[Lane, Counter[State]] = {}
        for line in worklist.lines:
            if line.lane is not None:
                self.by_lane.setdefault(line.lane, Counter())[self.state_table.states[line.id]] += 1

    def on_event(self, event: e.Event) -> None:
        """Move the line that an event is about."""
        if not (event.durable and isinstance(event, e.LineEvent)):
            return
        before = self.state_table.states[event.line]
        after = self.state_table.move(event)
        lane = self.lines[event.line].lane
        if lane is not None:
            self.by_lane[lane][before] -= 1
            self.by_lane[lane][after] += 1

    def counts(self) -> str:
        """Return the counts that are not zero, in words; an unanswered request is in progress while it is settled."""
        found = [(name, sum(self.state_table.counts[state] for state in states)) for name, states in MOMENTARY]
        return ", ".join(f"{count:,} {name}" for name, count in found if count)


def details(event: e.Event) -> dict[str, Any]:
    """Return what an event says, for a log line."""
    skipped = {"at", "service_at", "line", "errors", "lane", "retry_at", "started_at", "summary", "exit_code", "until"}
    names = [name for kind in type(event).__mro__ for name in getattr(kind, "__slots__", ())]
    found = {name: getattr(event, name) for name in names if name not in skipped}
    errors = getattr(event, "errors", ())
    if errors:
        found["errors"] = "; ".join(map(str, errors))
    if isinstance(event, e.AttemptFailed):
        found["again_in"] = format_duration(event.retry_at - event.at)
    lane = getattr(event, "lane", None)
    if lane is not None:
        found["lane"] = str(lane)
    return {
        name: plain(value) if isinstance(value, str) else value
        for name, value in found.items()
        if value not in (None, False)
    }


class LogProgress:
    """
    An observer that writes log lines, and a heartbeat at least every 60 seconds.

    Args:

        fold: What is known so far.
        log: Called with level, event name and details.
    """

    def __init__(self, fold: Projection, log: Callable[..., None]) -> None:
        self._fold = fold
        self._log = log
        self._beat_at: float | None = None

    def __call__(self, event: e.Event) -> None:
        """Hear *event*."""
        self._fold.on_event(event)
        if event.durable:
            self._log(LOG_LEVELS.get(type(event), "info"), event.kind, **self._about(event), **details(event))
        if self._beat_at is None or event.at - self._beat_at >= HEARTBEAT:
            if self._beat_at is not None:
                self._log("info", "heartbeat", counts=self._fold.counts())
            self._beat_at = event.at

    def _about(self, event: e.Event) -> dict[str, str]:
        if not isinstance(event, e.LineEvent):
            return {}
        return {"product": event.line, "name": plain(self._fold.lines[event.line].name)}


def name_of(event: e.Event) -> str:
    """Return what an event is called, in words: `attempt failed`."""
    return event.kind.replace("_", " ")


@dataclass(slots=True)
class SurveyProgress:
    """
    Says how a survey goes. May be called from many threads.

    `say` puts out a line, `clock` returns seconds of a steady clock, `lanes` is how many there are to read.
    """

    say: Callable[[str], None]
    clock: Callable[[], float]
    lanes: int
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _began_at: dict[Lane, float] = field(default_factory=dict)
    _read: dict[Lane, tuple[int, int]] = field(default_factory=dict)
    _done: set[Lane] = field(default_factory=set)
    _said_at: float | None = None

    def on_page(self, lane: Lane, pages: int, products: int, *, is_over: bool, problem: str | None) -> None:
        """
        Hear of a page.

        Args:

            lane: Where it was read.
            pages: How many were read there so far.
            products: How many products were shown there so far.
            is_over: Whether it was the last one.
            problem: Why the listing was given up, None if it was not.
        """
        with self._lock:
            now = self.clock()
            began_at = self._began_at.setdefault(lane, now)
            self._said_at = now if self._said_at is None else self._said_at
            self._read[lane] = (pages, products)
            if is_over:
                self._done.add(lane)
                self._put(now, self._line_of(lane, now - began_at, problem))
            elif now - self._said_at >= EVERY_S:
                self._put(now, self._overall())

    def _put(self, now: float, text: str) -> None:
        self._said_at = now
        self.say(text)

    def _line_of(self, lane: Lane, seconds: float, problem: str | None) -> str:
        pages, products = self._read[lane]
        count = f"{plural(products, 'product')} on {plural(pages, 'page')}, {seconds:.0f} s"
        if problem is not None:
            return f"Listing {lane} is incomplete after {count}: {plain(problem)}"
        return f"Listed {lane}: {count}"

    def _overall(self) -> str:
        pages = sum(each[0] for each in self._read.values())
        products = sum(each[1] for each in self._read.values())
        of = f"{len(self._done)} of {plural(self.lanes, 'account/region', 'accounts/regions')}"
        return f"Listing: {of} done, {plural(products, 'product')} on {plural(pages, 'page')} so far"
