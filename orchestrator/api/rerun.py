"""A second run of an earlier run's plan."""

from __future__ import annotations

from pathlib import Path

from orchestrator.api.frame import replay
from orchestrator.core.plan.model import Plan
from orchestrator.core.run.rerun import lines_to_retry
from orchestrator.core.values.shell import pasteable
from orchestrator.errors import InvalidInput, RunUnfinished
from orchestrator.store import journal


def load_again(path: Path, *, only_failed: bool, simulated: bool) -> tuple[Plan, frozenset[str]]:
    """
    Read what a second run of an earlier run's plan is for.

    Args:

        path: The earlier run's journal.
        only_failed: Whether only those are that were not terminated.
        simulated: Whether it is for a rehearsal; the earlier run has to have been the same.

    Returns:

        The earlier run's plan, and the lines of the earlier run to retry, see `Review.restrict_to`.

    Raises:

        InvalidInput: There is no such journal, or one is a rehearsal and the other is not.
        RunUnfinished: The earlier run is not finished.
        JournalError: The journal cannot be trusted.
    """
    loaded = journal.load_journal(path)
    if loaded.header.origin.simulated != simulated:
        message = f"{path}: the earlier run was {'a' if not simulated else 'no'} rehearsal, and this is the other way round"
        raise InvalidInput(message)
    if not loaded.is_finished:
        message = f"{path}: the run is unfinished; finish it with: orchestrator resume {pasteable(path)}"
        raise RunUnfinished(message)
    machine = replay(loaded)
    birth = loaded.header
    ids = lines_to_retry(birth.worklist, machine.state_table.states, only_failed=only_failed)
    return birth.plan, ids
