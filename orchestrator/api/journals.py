"""Which journals are kept, and for how long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from orchestrator.api.drive import replay
from orchestrator.core.run.events import Abandoned
from orchestrator.core.run.machine import Run
from orchestrator.core.values.shell import pasteable
from orchestrator.engine.clock import SystemClock
from orchestrator.errors import InvalidInput, JournalError, LockHeld
from orchestrator.store import journal, stop_file
from orchestrator.store.codec import format_time
from orchestrator.store.journal.lines import JournalInfo, journal_info
from orchestrator.store.locks import Locks, holder_of
from orchestrator.store.state_dir import StateDir

STOP_PATIENCE_S = 15.0
"""Seconds within which a run that is well has seen the wish."""

STOP_POLL_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """A journal in the state directory. What could not be read of it is None; times are seconds since the epoch."""

    path: Path
    plan_name: str
    state: str
    run_id: str | None = None
    started_at: float | None = None
    ended_at: float | None = None


def kept_journals(state: StateDir, plan_name: str | None = None) -> list[JournalEntry]:
    """
    List the journals of a state directory.

    Args:

        state: Where to look.
        plan_name: Only those of this plan; None for all.

    Returns:

        The journals by plan and age; also those that cannot be read, which say so.

    Raises:

        JournalError: The directory cannot be read.
    """
    names = [plan_name] if plan_name is not None else state.plan_names()
    return [kept(path, name) for name in names for path in state.journals(name)]


def kept(path: Path, plan_name: str) -> JournalEntry:
    """Look at one journal."""
    try:
        seen = journal_info(path)
    except JournalError:
        return JournalEntry(path=path, plan_name=plan_name, state="unreadable")
    return JournalEntry(
        path=path,
        plan_name=plan_name,
        state=journal_state(seen, path),
        run_id=seen.run_id,
        started_at=seen.started_at,
        ended_at=seen.ended_at,
    )


def journal_state(seen: JournalInfo, path: Path) -> str:
    """Say in a word how a run stands."""
    if seen.ending is not None:
        return seen.ending
    return "going on" if is_going_on(path) else "unfinished"


def prune_journals(
    state: StateDir, older_than: float, *, plan_name: str | None = None, dry_run: bool = False
) -> list[Path]:
    """
    Delete the journals of runs that ended long ago, and the files beside them.

    Args:

        state: Where to look.
        older_than: Seconds that have to have passed since the end of the run.
        plan_name: Only those of this plan; None for all.
        dry_run: Whether to delete nothing.

    Returns:

        The journals that were, or would be, deleted.

    Raises:

        JournalError: Something cannot be read or deleted.
    """
    now = SystemClock().now()
    old = [
        each.path
        for each in kept_journals(state, plan_name)
        if each.ended_at is not None and now - each.ended_at > older_than
    ]
    return old if dry_run else list(deleted(old))


def deleted(paths: list[Path]) -> Iterator[Path]:
    """Delete journals, each under its lock; yields those that are gone."""
    since = format_time(SystemClock().now())
    for path in paths:
        try:
            with Locks(purpose="pruning journals", since=since) as locks:
                locks.journal(path)
                path.unlink()
        except LockHeld:
            continue
        except OSError as error:
            message = f"{path}: cannot be deleted: {error.strerror}"
            raise JournalError(message) from error
        for suffix in (".lock", ".holder"):
            with suppress(OSError):
                path.with_name(path.name + suffix).unlink()
        yield path


def abandon(loaded: journal.LoadedJournal, reason: str) -> Run:
    """
    Close an unfinished run for good; what is unknown of its lines stays unknown.

    Args:

        loaded: Its journal, read back.
        reason: Why, for whoever reads the journal.

    Returns:

        The run as it was left.

    Raises:

        InvalidInput: The run is finished.
        LockHeld: The run is going on.
        JournalError: The journal cannot be written.
    """
    if loaded.is_finished:
        message = f"{loaded.path}: the run is finished; there is nothing to abandon"
        raise InvalidInput(message)
    now = SystemClock().now()
    # Whoever works on the run holds its journal. It calls nothing, so nobody else has to be kept out of its lanes.
    with Locks(purpose=f"closing run {loaded.header.origin.run_id}", since=format_time(now)) as locks:
        locks.journal(loaded.path)
        loaded = journal.load_journal(loaded.path)
        if loaded.is_finished:
            message = f"{loaded.path}: the run has been finished meanwhile; there is nothing to abandon"
            raise InvalidInput(message)
        machine = replay(loaded)
        file = journal.reopen(loaded)
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
    since = format_time(SystemClock().now())
    with Locks(purpose="setting a journal aside", since=since) as locks:
        locks.journal(path)
        return renamed(path, reason)


def renamed(path: Path, reason: str) -> Path:
    """Rename a journal and note why beside it."""
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
    loaded = journal.load_journal(path)
    if loaded.is_finished:
        message = f"{path}: the run is finished; there is nothing to stop"
        raise InvalidInput(message)
    if is_going_on(path) is None:
        message = f"{path}: nobody is working on this run; go on with: orchestrator resume {pasteable(path)}"
        raise InvalidInput(message)
    stop_file.request(path)
    for _ in range(round(STOP_PATIENCE_S / STOP_POLL_S)):
        if not stop_file.is_requested(path):
            return True
        sleep(STOP_POLL_S)
    return False
