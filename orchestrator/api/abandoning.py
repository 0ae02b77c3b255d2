"""Closing a run that nobody will finish, or whose journal nobody can read."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from orchestrator.api.frame import replay
from orchestrator.core.events import Abandoned
from orchestrator.core.run import Run
from orchestrator.engine.clock import SystemClock
from orchestrator.errors import InvalidInput, JournalError, LockHeld
from orchestrator.store import journal
from orchestrator.store.codec import format_moment
from orchestrator.store.locks import Locks, holder_of


def abandon(story: journal.Story, reason: str) -> Run:
    """
    Close an unfinished run for good; what is unknown of its lines stays unknown.

    Args:

        story: Its journal, read back.
        reason: Why, for whoever reads the journal.

    Returns:

        The run as it was left.

    Raises:

        InvalidInput: The run is finished.
        LockHeld: The run is going on.
        JournalError: The journal cannot be written.
    """
    if story.is_finished:
        message = f"{story.path}: the run is finished; there is nothing to abandon"
        raise InvalidInput(message)
    now = SystemClock().now()
    # Whoever works on the run holds its journal. It calls nothing, so nobody else has to be kept out of its lanes.
    with Locks(purpose=f"closing run {story.birth.header.run_id}", since=format_moment(now)) as locks:
        locks.journal(story.path)
        story = journal.load(story.path)
        if story.is_finished:
            message = f"{story.path}: the run has been finished meanwhile; there is nothing to abandon"
            raise InvalidInput(message)
        machine = replay(story)
        file = journal.reopen(story)
        file.append([Abandoned(at=now, reason=reason, summary=machine.final_line)])
        file.sync()
        file.close()
    return machine


def set_aside(path: Path, reason: str) -> Path:
    """
    Put a journal that cannot be read out of the way, so that its plan can be run again.

    Args:

        path: The journal.
        reason: Why, for whoever finds it.

    Returns:

        Its new name; what it says of its products is as unknown as before.

    Raises:

        LockHeld: Somebody writes to it.
        JournalError: It cannot be renamed.
    """
    since = format_moment(SystemClock().now())
    with Locks(purpose="setting a journal aside", since=since) as locks:
        if not path.is_symlink():
            locks.journal(path)
        elif holder := holder_of(path):
            # Where the journal itself is, nothing may be left to write.
            message = f"the journal {path} is in use by {holder}"
            raise LockHeld(message)
        return renamed(path, reason)


def renamed(path: Path, reason: str) -> Path:
    """Rename a journal, or the link to one, and note why beside it."""
    aside = path.with_name(path.name + ".corrupt")
    try:
        path.rename(aside)
    except OSError as error:
        message = f"{path}: cannot be renamed: {error.strerror}"
        raise JournalError(message) from error
    # It is aside, whether there is room for the reason or not.
    with suppress(OSError):
        aside.with_name(aside.name + ".reason").write_text(reason + "\n", errors="replace")
    return aside
