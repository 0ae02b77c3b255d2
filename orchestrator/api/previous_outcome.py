"""What has become of the previous runs of a plan, and the exit code of a new one after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.core.review.worklist import Worklist
from orchestrator.core.run.machine import Run
from orchestrator.core.run.transitions import DONE, State
from orchestrator.errors import ExitCode, Interrupted, OrchestratorError

SEVERITY = (ExitCode.DONE, ExitCode.SOME_NOT_DONE, ExitCode.LEFT_TO_DO)
"""Exit codes of finished work, the worst last."""


@dataclass(frozen=True, slots=True)
class PreviousOutcome:
    """
    What has become of the previous runs.

    `is_clear` says that nothing of them keeps the new run from beginning, which must not end better than `code`: 0 where
    all were finished, 4 where one is to be closed with something unknown, 7 where a journal had to be set aside. Where it
    is not clear, `code` is how this ends. `left` are the lines of finished runs that did not go, each with the exit code of
    such an end; `stale` the journals to be closed; `any` says that there was a previous run at all.
    """

    code: ExitCode = ExitCode.DONE
    is_clear: bool = True
    left: Mapping[str, ExitCode] = field(default_factory=dict)
    stale: tuple[Path, ...] = ()
    any: bool = False

    def then(self, later: PreviousOutcome) -> PreviousOutcome:
        """Return what has become of these and of another one."""
        both = self.left.keys() & later.left.keys()
        left = {**self.left, **later.left} | {line: max_severity(self.left[line], later.left[line]) for line in both}
        code = max_severity(self.code, later.code)
        return PreviousOutcome(code, later.is_clear, left, (*self.stale, *later.stale), any=True)

    def exit_code(self, code: int, worklist: Worklist | None = None) -> ExitCode:
        """
        Return the exit code of all of it.

        Args:

            code: How the new run ended.
            worklist: What it was about, None if it did not get that far. What a previous run left behind and it does not
                meet again is still not done.
        """
        lines = worklist.lines if worklist is not None else ()
        # What was named, and was not found then, may be found by now.
        met = {line.id for line in lines} | {f"{line.lane}/name:{line.name}" for line in lines}
        found = max_severity(self.code, code)
        for line, left in self.left.items():
            if line not in met:
                found = max_severity(found, left)
        return found


def max_severity(one: int, other: int) -> ExitCode:
    """Return the worse of two exit codes: 7, then a signal's or another's that is none of finished work, then 4, 1, 0."""
    if ExitCode.JOURNAL in (one, other):
        return ExitCode.JOURNAL
    for code in (other, one):
        if code not in SEVERITY:
            return ExitCode(code)
    return max(ExitCode(one), ExitCode(other), key=SEVERITY.index)


def exit_code_after_work(error: OrchestratorError) -> ExitCode:
    """Return the exit code for an error after something was done: 3, 5 and 6 would say that nothing was terminated."""
    if isinstance(error, Interrupted):
        return ExitCode(128 + error.number)
    return error.exit_code if error.exit_code in (ExitCode.JOURNAL, ExitCode.BUG) else ExitCode.LEFT_TO_DO


def left_by(run: Run) -> dict[str, ExitCode]:
    """Return the lines of a finished run that did not end as they should, each with its exit code."""
    return {
        line: ExitCode.LEFT_TO_DO if state is State.TIMED_OUT else ExitCode.SOME_NOT_DONE
        for line, state in run.state_table.states.items()
        if state not in DONE
    }
