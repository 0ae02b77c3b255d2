"""Closing a run that nobody will finish, or whose journal nobody can read."""

from __future__ import annotations

from pathlib import Path

from orchestrator.api.frame import lanes_of, locks_of, replay
from orchestrator.core.events import Abandoned
from orchestrator.core.run import Run
from orchestrator.engine.clock import SystemClock
from orchestrator.errors import InvalidInput, JournalError
from orchestrator.store import journal
from orchestrator.store.codec import format_moment
from orchestrator.store.locks import Locks
from orchestrator.store.state_dir import StateDir


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
    header = story.birth.header
    state = StateDir(Path(header.state_dir), simulated=header.simulated)
    now = SystemClock().now()
    with locks_of(header.plan_name, lanes_of(story), story.path, state, now, header.run_id):
        story = journal.load(story.path)
        if story.is_finished:
            message = f"{story.path}: the run has been finished meanwhile; there is nothing to abandon"
            raise InvalidInput(message)
        machine = replay(story)
        file = journal.reopen(story)
        file.append([Abandoned(at=now, reason=reason, summary=machine.tally().line(header.run_id))])
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
    aside = path.with_name(path.name + ".corrupt")
    with Locks(
        path.absolute().parent, purpose="setting a journal aside", since=format_moment(SystemClock().now())
    ) as locks:
        locks.journal(path)
        try:
            path.rename(aside)
            aside.with_name(aside.name + ".reason").write_text(reason + "\n", errors="replace")
        except OSError as error:
            message = f"{path}: cannot be renamed: {error.strerror}"
            raise JournalError(message) from error
    return aside
