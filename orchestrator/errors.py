"""
What can go wrong, by whose fault it is, and the exit code that says so.

Only callers' mistakes, the environment and our own bugs are exceptions. What AWS may answer is expected, and travels as a
value (`orchestrator.core.inventory.calls`).
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """How the program ended, for whoever called it. An unknown code is a failure."""

    DONE = 0
    SOME_NOT_DONE = 1
    INVALID = 2
    GUARD_REFUSED = 3
    LEFT_TO_DO = 4
    NO_ACCESS = 5
    LOCKED = 6
    JOURNAL = 7
    SOMETHING_TO_DO = 10
    BUG = 70
    HANGUP = 129
    INTERRUPTED = 130
    TERMINATED = 143


class OrchestratorError(Exception):
    """
    The root of every error that this package raises on purpose.

    Its text is written for the person at the terminal: what happened and what to do.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.SOME_NOT_DONE


class InvalidInput(OrchestratorError):
    """A plan, a world file or an argument is wrong. Nothing was called."""

    exit_code = ExitCode.INVALID


class GuardRefused(OrchestratorError):
    """A guard stopped the run before its first termination."""

    exit_code = ExitCode.GUARD_REFUSED


class RunUnfinished(OrchestratorError):
    """An earlier run of the plan is not finished; it has to be resumed or abandoned first."""

    exit_code = ExitCode.LEFT_TO_DO


class NoAccess(OrchestratorError):
    """No credentials, no region, no right or no endpoint: in no lane could the run begin."""

    exit_code = ExitCode.NO_ACCESS


class LockHeld(OrchestratorError):
    """Another run holds the plan's name or one of the lanes."""

    exit_code = ExitCode.LOCKED


class JournalError(OrchestratorError):
    """The journal cannot be trusted (corrupt, of another run) or cannot be written."""

    exit_code = ExitCode.JOURNAL


class Interrupted(OrchestratorError):
    """A signal came before the run was begun. `number` is the signal's."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__("interrupted; no new run was begun")

    def __reduce__(self) -> tuple[type[Interrupted], tuple[int]]:
        return type(self), (self.number,)


class OutputLost(OrchestratorError):
    """What was asked for could not be written to stdout."""


class JournalCorrupt(JournalError):
    """A journal's content is not as it was written."""


class Bug(OrchestratorError):
    """Something in this program went wrong that it is not made for. What was asked is on disk."""

    exit_code = ExitCode.BUG


class IllegalTransition(OrchestratorError):
    """An event met a state that it cannot happen in: a bug in this program, or a journal that was tampered with."""

    exit_code = ExitCode.JOURNAL
