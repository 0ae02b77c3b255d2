"""Asking a run to stop that goes on elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from orchestrator.core.pasteable import pasteable
from orchestrator.errors import InvalidInput
from orchestrator.store import journal, stop_file
from orchestrator.store.locks import holder_of

PATIENCE = 15.0
"""Seconds within which a run that is well has seen the wish."""

EVERY = 0.2


def is_going_on(path: Path) -> str | None:
    """Say who writes to a journal; None if nobody does."""
    return holder_of(path)


def stop(path: Path, *, sleep: Callable[[float], None] = time.sleep) -> bool:
    """
    Ask the run of a journal to stop: it starts nothing new, follows what is under way for its grace, and can be resumed.

    Args:

        path: The journal.
        sleep: Waits for the run to take note, in seconds.

    Returns:

        Whether the run has taken note; one that has not after 15 seconds may be in trouble, and will when it can.

    Raises:

        InvalidInput: There is no such journal, or no run of it is going on.
        JournalError: The journal cannot be read, or the wish cannot be put beside it.
    """
    story = journal.load(path)
    if story.is_finished:
        message = f"{path}: the run is finished; there is nothing to stop"
        raise InvalidInput(message)
    if is_going_on(path) is None:
        message = f"{path}: nobody is working on this run; go on with: orchestrator resume {pasteable(path)}"
        raise InvalidInput(message)
    stop_file.request(path)
    for _ in range(round(PATIENCE / EVERY)):
        if not stop_file.is_requested(path):
            return True
        sleep(EVERY)
    return False
