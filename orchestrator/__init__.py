"""
Takes back AWS Service Catalog provisioned products in bulk: reviewed, paced, journaled, resumable.

The names in `__all__` are the public API; everything else may change. They are imported when they are first used, since
most of them bring boto3 or pydantic along.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.api import (
        Connections,
        PreviousOutcome,
        PreviousRuns,
        PreviousRunsReporter,
        Review,
        RunResult,
        RunSettings,
        StateDir,
        abandon,
        default_state_dir,
        enter,
        give_notice,
        load_plan,
        recheck,
        rehearse,
        resume,
        run,
        save_worklist,
        stop,
        survey,
    )
    from orchestrator.core.plan.model import Entry, Limits, Options, Plan, Retry, Target, Tolerance
    from orchestrator.core.review.worklist import Decision, Line, Worklist
    from orchestrator.core.values.lane import Lane
    from orchestrator.errors import (
        ExitCode,
        GuardRefused,
        InvalidInput,
        JournalError,
        LockHeld,
        NoAccess,
        OrchestratorError,
        RunUnfinished,
    )
    from orchestrator.store.journal import LoadedJournal, load_journal
    from orchestrator.store.worklist_file import SavedWorklist, load_worklist
    from orchestrator.version import VERSION

__all__ = [
    "VERSION",
    "Connections",
    "Decision",
    "Entry",
    "ExitCode",
    "GuardRefused",
    "InvalidInput",
    "JournalError",
    "Lane",
    "Limits",
    "Line",
    "LoadedJournal",
    "LockHeld",
    "NoAccess",
    "Options",
    "OrchestratorError",
    "Plan",
    "PreviousOutcome",
    "PreviousRuns",
    "PreviousRunsReporter",
    "Retry",
    "Review",
    "RunResult",
    "RunSettings",
    "RunUnfinished",
    "SavedWorklist",
    "StateDir",
    "Target",
    "Tolerance",
    "Worklist",
    "abandon",
    "default_state_dir",
    "enter",
    "give_notice",
    "load_journal",
    "load_plan",
    "load_worklist",
    "recheck",
    "rehearse",
    "resume",
    "run",
    "save_worklist",
    "stop",
    "survey",
]

HOMES = {
    "orchestrator.core.values.lane": ("Lane",),
    "orchestrator.core.plan.model": ("Entry", "Limits", "Options", "Plan", "Retry", "Target", "Tolerance"),
    "orchestrator.core.review.worklist": ("Decision", "Line", "Worklist"),
    "orchestrator.errors": (
        "ExitCode",
        "GuardRefused",
        "InvalidInput",
        "JournalError",
        "LockHeld",
        "NoAccess",
        "OrchestratorError",
        "RunUnfinished",
    ),
    "orchestrator.store.journal": ("LoadedJournal", "load_journal"),
    "orchestrator.store.worklist_file": ("SavedWorklist", "load_worklist"),
    "orchestrator.version": ("VERSION",),
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    home = next((module for module, names in HOMES.items() if name in names), "orchestrator.api")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
