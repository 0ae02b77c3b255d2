"""
The journal: the append-only file of a run, its worklist and every event.

Durability is where it matters: a run exists once its header and worklist are on disk under its final name; an intent is
synced before its request leaves; a crash of the machine can lose answers only, and lost answers are settled by looking.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from orchestrator.core.run.events import Event
from orchestrator.errors import JournalError
from orchestrator.store.codec import encode, frame
from orchestrator.store.files import make_private, partial_of, sync_folder
from orchestrator.store.journal.lines import JournalHeader, header_lines
from orchestrator.store.journal.reader import LoadedJournal

NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_APPEND | os.O_CLOEXEC
SPACE_PER_LINE = 4_096
SPACE_AT_LEAST = 4 * 1024 * 1024


class JournalFile:
    """A journal that is open for appending. One writer only; whoever opens it holds the run's locks."""

    def __init__(self, path: Path, descriptor: int, good: int, lines: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._good = good
        self._lines = lines
        self._dirty = False
        self._broken = False

    def append(self, events: Sequence[Event]) -> None:
        """
        Write durable events down; volatile ones are passed over.

        Raises:

            JournalError: They could not be written; the file is as it was before.
        """
        durable = [event for event in events if event.durable]
        if not durable:
            return
        if self._broken:
            message = f"{self.path}: an earlier write failed"
            raise JournalError(message)
        first = self._lines + 1
        data = b"".join(frame(seq, event.kind, encode(event)) for seq, event in enumerate(durable, start=first))
        try:
            write_all(self._descriptor, data)
        except OSError as error:
            self._roll_back(error)
        self._good += len(data)
        self._lines += len(durable)
        self._dirty = True

    def sync(self) -> None:
        """
        Make everything appended so far survive a crash.

        Raises:

            JournalError: The disk refused.
        """
        if not self._dirty:
            return
        self._refuse_if_lost()
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            # After a failed sync nobody knows what is on the disk; a second one might lie.
            self._broken = True
            message = f"{self.path}: cannot be synced: {error.strerror}"
            raise JournalError(message) from error
        self._dirty = False

    def _refuse_if_lost(self) -> None:
        """A file that is not where it was begun is none that anybody will find again."""
        try:
            there = os.path.samestat(self.path.stat(), os.fstat(self._descriptor))
        except OSError:
            there = False
        if not there:
            self._broken = True
            message = f"{self.path}: the journal was deleted or replaced while the run was going on"
            raise JournalError(message)

    def close(self) -> None:
        """Close the file. What was not synced may be lost in a crash of the machine."""
        os.close(self._descriptor)

    def _roll_back(self, error: OSError) -> None:
        self._broken = True
        message = f"{self.path}: cannot be written: {error.strerror}"
        try:
            os.ftruncate(self._descriptor, self._good)
        except OSError as worse:
            message = f"{message}; its last line may be torn ({worse.strerror})"
            raise JournalError(message) from error
        message = f"{message}; it is as it was before"
        raise JournalError(message) from error


def write_all(descriptor: int, data: bytes) -> None:
    """Write until nothing is left: a full disk shows as a short count first, without an exception."""
    view = memoryview(data)
    while view:
        written = os.write(descriptor, view)
        view = view[written:]


def create(path: Path, header: JournalHeader) -> JournalFile:
    """
    Bring a journal into the world, whole or not at all.

    Args:

        path: Its final name; must not exist.
        header: What it begins with.

    Raises:

        JournalError: It cannot be written, or there is too little space for what is to come.
    """
    data = b"".join(header_lines(header))
    lines = data.count(b"\n")
    partial = partial_of(path)
    make_room(path, len(header.worklist.lines))
    try:
        if path.exists():
            message = f"{path}: exists already; a journal belongs to one run"
            raise JournalError(message)
        descriptor = os.open(partial, NEW, 0o600)
        write_all(descriptor, data)
        os.fsync(descriptor)
        # A link, unlike a rename, never replaces what somebody else has put there.
        path.hardlink_to(partial)
        sync_folder(path.parent)
    except OSError as error:
        message = f"{path}: a journal cannot be begun here: {error.strerror}"
        raise JournalError(message) from error
    finally:
        partial.unlink(missing_ok=True)
    return JournalFile(path, descriptor, len(data), lines)


def make_room(path: Path, lines: int) -> None:
    """
    Make the folder of a journal, and refuse to begin where the run's history would not fit.

    Args:

        path: The journal.
        lines: How many lines its worklist has.

    Raises:

        JournalError: There is too little space, or no such folder can be.
    """
    directory = path.parent
    try:
        make_private(directory)
        status = os.statvfs(directory)
    except OSError as error:
        message = f"{path}: a journal cannot be begun here: {error.strerror}"
        raise JournalError(message) from error
    free, needed = status.f_bavail * status.f_frsize, SPACE_AT_LEAST + lines * SPACE_PER_LINE
    if free < needed:
        message = f"{directory}: {free // 1024} KiB free, and the journal may need {needed // 1024} KiB; make room first"
        raise JournalError(message)


def reopen(loaded: LoadedJournal) -> JournalFile:
    """
    Open a journal to go on with it; a torn last line is cut off first.

    Raises:

        JournalError: It cannot be opened, or has grown since it was read.
    """
    try:
        descriptor = os.open(loaded.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        if loaded.torn:
            os.ftruncate(descriptor, loaded.good)
            os.fsync(descriptor)
        elif os.fstat(descriptor).st_size != loaded.good:
            os.close(descriptor)
            message = f"{loaded.path}: somebody else has written to it"
            raise JournalError(message)
    except OSError as error:
        message = f"{loaded.path}: cannot be opened: {error.strerror}"
        raise JournalError(message) from error
    return JournalFile(loaded.path, descriptor, loaded.good, loaded.lines)
