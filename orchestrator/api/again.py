"""A second go at the products of an earlier run."""

from __future__ import annotations

from pathlib import Path

from orchestrator.api.frame import replay
from orchestrator.core.again import meant, pinned
from orchestrator.core.pasteable import pasteable
from orchestrator.core.plan import Plan
from orchestrator.errors import InvalidInput, RunUnfinished
from orchestrator.store import journal


def load_again(path: Path, *, only_failed: bool, simulated: bool) -> tuple[Plan, frozenset[str]]:
    """
    Read what a second go at an earlier run's products is about.

    Args:

        path: The earlier run's journal.
        only_failed: Whether only those are meant that did not go.
        simulated: Whether it is for a rehearsal; the earlier run has to have been the same.

    Returns:

        The earlier run's plan, its products pinned to their ids; and the lines of it that are meant, see `Review.confined`.

    Raises:

        InvalidInput: There is no such journal, or one is a rehearsal and the other is not.
        RunUnfinished: The earlier run is not finished.
        JournalError: The journal cannot be trusted.
    """
    story = journal.load(path)
    if story.birth.header.simulated != simulated:
        message = f"{path}: the earlier run was {'a' if not simulated else 'no'} rehearsal, and this is the other way round"
        raise InvalidInput(message)
    if not story.is_finished:
        message = f"{path}: the run is unfinished; finish it with: orchestrator resume {pasteable(path)}"
        raise RunUnfinished(message)
    machine = replay(story)
    birth = story.birth
    ids = meant(birth.worklist, machine.board.states, only_failed=only_failed)
    return pinned(birth.plan, birth.worklist), ids
