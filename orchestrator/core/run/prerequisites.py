"""Which lines wait for others, kept up to date as those others end."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.core.review.worklist import Worklist
from orchestrator.core.run.transitions import GONE, OPEN, State, StateTable


class Prerequisites:
    """
    Of each line to terminate, how many of those that it comes after are still to go, and which one stays for good.

    Args:

        worklist: All lines.
        states: The states that they begin in.
    """

    def __init__(self, worklist: Worklist, states: StateTable) -> None:
        graph = worklist.dependencies
        gone = {line.id for line in worklist.lines if line.is_gone}
        self._labels = {line.id: line.label for line in worklist.lines}
        self._dependents = graph.dependents
        self._open = {id_: len(set(before) - gone) for id_, before in graph.edges.items() if before}
        self._stays: dict[str, str] = {}
        for id_, after in graph.edges.items():
            staying = (before for before in after if before not in gone and states.states[before] not in OPEN)
            if (before := next(staying, None)) is not None:
                self._stays[id_] = self._reason(before, states.states[before])

    def moved(self, line: str, before: State, after: State) -> Sequence[str]:
        """
        Take note that a line has moved.

        Returns:

            The lines for which that makes a difference.
        """
        dependents = self._dependents.get(line, ())
        if not dependents or after in OPEN:
            return ()
        for dependent in dependents:
            if after in GONE:
                self._open[dependent] -= 1
            else:
                # One that was gone and is found again stays, too.
                self._open[dependent] += before in GONE
                self._stays.setdefault(dependent, self._reason(line, after))
        return dependents

    def wait(self, line: str) -> bool:
        """Whether something that *line* comes after has still to go."""
        return self._open.get(line, 0) > 0

    def permanent_blocker(self, line: str) -> str | None:
        """Say what keeps *line* from ever having its turn; None if nothing does."""
        return self._stays.get(line)

    def _reason(self, before: str, state: State) -> str:
        return f"its prerequisite {self._labels[before]} is {state.value.replace('_', ' ')}"
