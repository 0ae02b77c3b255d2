"""
How a run is asked to stop from another terminal: a file beside its journal, which the run takes away when it has seen it.

A file, and no signal: it reaches a run in a container or on another machine that shares the folder, and never a process
that only happens to have the number of one that has ended.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from orchestrator.errors import JournalError


def path_of(journal: Path) -> Path:
    """Return where the file is for a journal, wherever a link to it is followed from."""
    real = journal.resolve()
    return real.with_name(real.name + ".stop")


def request(journal: Path) -> None:
    """
    Ask the run of a journal to stop.

    Raises:

        JournalError: The file cannot be put there.
    """
    path = path_of(journal)
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror}"
        raise JournalError(message) from error


def is_requested(journal: Path) -> bool:
    """Whether a wish to stop waits to be seen."""
    return path_of(journal).exists()


def take(journal: Path) -> bool:
    """Return whether somebody wants the run to stop, and take the wish away."""
    path = path_of(journal)
    if not path.exists():
        return False
    # If it cannot be taken away it has been seen all the same.
    with suppress(OSError):
        path.unlink()
    return True


def clear(journal: Path) -> None:
    """Take a wish away that was meant for an earlier execution."""
    take(journal)
