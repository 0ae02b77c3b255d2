"""
Locks that keep two runs apart: one on the plan's name, one on each lane.

The kernel's own (flock), so that they vanish with their process. Who holds one since when is written beside it, for the
person who is turned away.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from orchestrator.core.values.lane import Lane
from orchestrator.errors import JournalError, LockHeld
from orchestrator.store.files import make_private, write_whole

LOCK_PATIENCE_S = 0.25
"""Seconds that a lock is waited for: longer than it takes somebody to look whether it is held."""


class Locks:
    """
    The locks of one run, or of one journal; a context manager that lets go of all of them.

    Args:

        directories: Where plans and lanes are locked.
        purpose: What they are held for, for whoever is turned away.
        since: When that began, for people.
    """

    def __init__(self, directories: Sequence[Path] = (), *, purpose: str, since: str) -> None:
        self._directories = directories
        self._note = {"purpose": purpose, "since": since, "pid": os.getpid(), "host": socket.gethostname()}
        self._held = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()

    def release(self) -> None:
        """Let go of all locks."""
        self._held.close()

    def plan(self, name: str) -> None:
        """
        Lock a plan's name.

        Raises:

            LockHeld: Another run of the plan is going on.
        """
        for directory in self._directories:
            self._take(directory, f"plan-{name}", f"the plan `{name}`")

    def lane(self, lane: Lane) -> None:
        """
        Lock a lane.

        Raises:

            LockHeld: Another run works in it.
        """
        for directory in self._directories:
            self._take(directory, f"lane-{lane.account_id}-{lane.region}", f"the lane {lane}")

    def journal(self, path: Path) -> None:
        """
        Lock a journal, wherever it is.

        Raises:

            LockHeld: Somebody writes to it.
        """
        real = path.resolve()
        self._take(real.parent, real.name, f"the journal {path}")

    def _take(self, directory: Path, name: str, what: str) -> None:
        path = directory / f"{name}.lock"
        holder = directory / f"{name}.holder"
        lock = FileLock(path, mode=0o600)
        try:
            make_private(directory)
            lock.acquire(timeout=LOCK_PATIENCE_S, poll_interval=LOCK_PATIENCE_S / 5)
        except Timeout:
            message = (
                f"{what} is in use by {read_holder(holder)}; nothing was begun\n"
                "wait until it has ended, or ask it to stop with `orchestrator stop`"
            )
            raise LockHeld(message) from None
        except OSError as error:
            message = f"{path}: cannot be locked: {error.strerror}"
            raise JournalError(message) from error
        self._held.callback(lock.release)
        # Who holds it is a courtesy; the lock holds without.
        with suppress(OSError):
            write_holder(holder, self._note)


def holder_of(journal: Path) -> str | None:
    """Say who writes to a journal, None if nobody does. Takes no lock for longer than it takes to look."""
    real = journal.resolve()
    try:
        descriptor = os.open(real.with_name(f"{real.name}.lock"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return read_holder(real.with_name(f"{real.name}.holder"))
    finally:
        os.close(descriptor)
    return None


def write_holder(path: Path, note: dict[str, object]) -> None:
    """Say who holds a lock."""
    write_whole(path, json.dumps(note), mode=0o600)


def read_holder(path: Path) -> str:
    """Say in words who holds a lock."""
    try:
        note = json.loads(path.read_text())
        return f"{note['purpose']} since {note['since']} (process {note['pid']} on {note['host']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another run"
