"""
How one termination lives: the one table, and the only code that may change a state.

Rule 1: everything that moves a line from one state to another is in `TRANSITIONS`; an event that is not listed for a state
is a bug and raises. The diagram in the README is drawn from this table and a test compares them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from orchestrator.core.review.worklist import Decision, Line, Reason, Worklist
from orchestrator.core.run import events as e
from orchestrator.errors import IllegalTransition


class State(StrEnum):
    """Where a line is in its life."""

    PENDING = "pending"
    REQUESTED = "requested"
    IN_DOUBT = "in_doubt"
    IN_PROGRESS = "in_progress"
    TERMINATED = "terminated"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    NOT_FOUND = "not_found"
    SKIPPED = "skipped"
    REFUSED = "refused"
    DRIFTED = "drifted"
    ALREADY_GONE = "already_gone"
    BLOCKED = "blocked"
    CONTRADICTED = "contradicted"


S = State

TRANSITIONS: Mapping[State, Mapping[type[e.LineEvent], State]] = {
    S.PENDING: {
        e.Intended: S.REQUESTED,
        e.Adopted: S.IN_PROGRESS,
        e.AlreadyGone: S.ALREADY_GONE,
        e.Drifted: S.DRIFTED,
        e.Refused: S.REFUSED,
        e.Blocked: S.BLOCKED,
        e.Failed: S.FAILED,
        e.Parked: S.PENDING,
        # A send of an earlier attempt turns out to have been carried out as well.
        e.RecordFound: S.IN_PROGRESS,
        e.Terminated: S.TERMINATED,
        e.AttemptFailed: S.PENDING,
        e.TimedOut: S.TIMED_OUT,
    },
    S.REQUESTED: {
        e.Accepted: S.IN_PROGRESS,
        e.Throttled: S.PENDING,
        e.NotSent: S.PENDING,
        e.Unanswered: S.IN_DOUBT,
        e.StillInDoubt: S.IN_DOUBT,
        e.Rejected: S.IN_DOUBT,
    },
    S.IN_DOUBT: {
        e.Intended: S.REQUESTED,
        e.Accepted: S.IN_PROGRESS,
        e.RecordFound: S.IN_PROGRESS,
        e.Adopted: S.IN_PROGRESS,
        e.Terminated: S.TERMINATED,
        e.AttemptFailed: S.PENDING,
        e.Failed: S.FAILED,
        e.TimedOut: S.TIMED_OUT,
        e.AlreadyGone: S.ALREADY_GONE,
        e.Drifted: S.DRIFTED,
        e.Refused: S.REFUSED,
        e.Blocked: S.BLOCKED,
        e.Parked: S.IN_DOUBT,
    },
    S.IN_PROGRESS: {
        e.Terminated: S.TERMINATED,
        e.AttemptFailed: S.PENDING,
        e.Failed: S.FAILED,
        e.TimedOut: S.TIMED_OUT,
        e.AlreadyGone: S.ALREADY_GONE,
        e.Drifted: S.DRIFTED,
        e.RecordUnreadable: S.IN_PROGRESS,
        e.Parked: S.IN_PROGRESS,
    },
    S.ALREADY_GONE: {
        e.Contradicted: S.CONTRADICTED,
    },
    S.TERMINATED: {
        e.Contradicted: S.CONTRADICTED,
    },
    S.FAILED: {
        e.RecordFound: S.IN_PROGRESS,
        e.Terminated: S.TERMINATED,
        e.FoundGone: S.FAILED,
    },
    S.TIMED_OUT: {
        e.RecordFound: S.IN_PROGRESS,
        e.Terminated: S.TERMINATED,
        e.FoundGone: S.TIMED_OUT,
    },
    S.DRIFTED: {
        e.RecordFound: S.IN_PROGRESS,
        e.Terminated: S.TERMINATED,
        e.FoundGone: S.DRIFTED,
    },
    S.REFUSED: {
        e.RecordFound: S.IN_PROGRESS,
        e.Terminated: S.TERMINATED,
        e.FoundGone: S.REFUSED,
    },
    S.BLOCKED: {
        e.RecordFound: S.IN_PROGRESS,
        e.Terminated: S.TERMINATED,
        e.FoundGone: S.BLOCKED,
    },
}

OPEN = frozenset({S.PENDING, S.REQUESTED, S.IN_DOUBT, S.IN_PROGRESS})
"""States that leave a run unfinished."""

DONE = frozenset({S.TERMINATED, S.ALREADY_GONE, S.NOT_FOUND, S.SKIPPED})
"""States of lines for which nothing is left to do, by anybody."""

UNDER_WAY = frozenset({S.REQUESTED, S.IN_DOUBT, S.IN_PROGRESS})
"""States in which AWS may be working on the product because of us."""

GONE = frozenset({S.TERMINATED, S.ALREADY_GONE})

ENDED_OTHERWISE = frozenset({S.FAILED, S.TIMED_OUT, S.DRIFTED, S.REFUSED, S.BLOCKED})
"""States in which the product is not known to be gone; after a send the audit looks whether that has become untrue."""


def first_state(line: Line) -> State:
    """Return the state that a line of a worklist begins in."""
    match line.decision, line.reason:
        case Decision.TERMINATE, _:
            return State.PENDING
        case Decision.SKIP, Reason.ALREADY_GONE:
            return State.ALREADY_GONE
        case Decision.SKIP, Reason.NOT_FOUND:
            return State.NOT_FOUND
        case Decision.SKIP, _:
            return State.SKIPPED
        case _, Reason.BLOCKED | Reason.UNCLEAR:
            return State.BLOCKED
        case _, Reason.DRIFTED:
            return State.DRIFTED
        case _:
            return State.REFUSED


class StateTable:
    """
    The state of every line, and how many are in each.

    The engine, the live display and the report each fold the same events into a board of their own, so they cannot
    disagree.
    """

    def __init__(self, worklist: Worklist) -> None:
        self.states: dict[str, State] = {line.id: first_state(line) for line in worklist.lines}
        self.counts: Counter[State] = Counter(self.states.values())

    def copy(self) -> StateTable:
        """Return a board that stands as this one does, and moves by itself."""
        twin = StateTable.__new__(StateTable)
        twin.states, twin.counts = self.states.copy(), self.counts.copy()
        return twin

    def move(self, event: e.LineEvent) -> State:
        """
        Move the line that *event* is about.

        Args:

            event: A durable event of a line.

        Returns:

            The line's new state.

        Raises:

            IllegalTransition: The table does not have it. Nothing has changed.
        """
        state = self.states.get(event.line)
        target = TRANSITIONS.get(state, {}).get(type(event)) if state else None
        if state is None or target is None:
            message = f"{type(event).__name__} cannot happen to {event.line}, which is {state or 'not in the worklist'}"
            raise IllegalTransition(message)
        self.states[event.line] = target
        self.counts[state] -= 1
        self.counts[target] += 1
        return target

    def has(self, states: frozenset[State]) -> bool:
        """Whether any line is in one of *states*."""
        return any(self.counts[state] for state in states)


def diagram() -> str:
    """Return the state diagram in Mermaid's language: one arrow for each pair of states, named by its events."""
    lines = ["stateDiagram-v2", "    [*] --> pending"]
    for state, moves in TRANSITIONS.items():
        arrows: dict[str, list[str]] = {}
        for event, target in moves.items():
            arrows.setdefault(target, []).append(event.__name__)
        lines += [f"    {state} --> {target}: {', '.join(names)}" for target, names in arrows.items()]
    return "\n".join(lines) + "\n"
