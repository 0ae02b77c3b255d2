"""Which lines wait for others, kept up to date as those others end."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.core.review.worklist import Decision, Line
from orchestrator.core.run.transitions import GONE, OPEN, State, StateTable


class Prerequisites:
    """
    Of each line to terminate, how many of those that it comes after are still to go, and which one stays for good.

    Args:

        lines: The whole worklist.
        board: The states that its lines begin in.
    """

    def __init__(self, lines: Iterable[Line], board: StateTable) -> None:
        self._labels = {line.id: line.label for line in lines}
        self._dependents: dict[str, list[str]] = {}
        self._open: dict[str, int] = {}
        self._stays: dict[str, str] = {}
        gone = {line.id for line in lines if line.is_gone}
        for line in lines:
            if line.decision is not Decision.TERMINATE or not line.after_lines:
                continue
            waited_for = [before for before in line.after_lines if before not in gone]
            self._open[line.id] = len(waited_for)
            for before in waited_for:
                self._dependents.setdefault(before, []).append(line.id)
                if board.states[before] not in OPEN:
                    self._stays.setdefault(line.id, self._reason(before, board.states[before]))

    def moved(self, line: str, before: State, after: State) -> list[str]:
        """
        Take note that a line has moved.

        Returns:

            The lines for which that makes a difference.
        """
        dependents = self._dependents.get(line, [])
        if not dependents or after in OPEN:
            return []
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
