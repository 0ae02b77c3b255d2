"""
The journal: the append-only file of a run, its worklist and every event.

Durability is where it matters: a run exists once its header and worklist are on disk under its final name; an intent is
synced before its request leaves; a crash of the machine can lose answers only, and lost answers are settled by looking.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

from orchestrator.core.events import Abandoned, Event, Finished
from orchestrator.core.lane import Lane
from orchestrator.core.plan import Plan
from orchestrator.core.worklist import Line, Worklist
from orchestrator.errors import InvalidInput, JournalError
from orchestrator.store.codec import (
    EVENTS,
    Malformed,
    decode,
    digest,
    encode,
    format_moment,
    frame,
    parse_moment,
    snake,
    unframe,
)
from orchestrator.store.folders import make_private, sync_folder

FORMAT = 1
ENDINGS = frozenset({"finished", "abandoned"})
TAIL = 64 * 1024
SPACE_PER_LINE = 4_096
SPACE_AT_LEAST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Who began the run, where, and what else its journal belongs to."""

    run_id: str
    plan_name: str
    plan_digest: str
    worklist_digest: str
    tool_version: str
    started_at: float
    endpoint: str
    simulated: bool
    identities: tuple[tuple[str, str], ...]
    state_dir: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """What a journal begins with."""

    header: Header
    plan: Plan
    worklist: Worklist


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A journal, read back. `good` is the offset behind its last good line; `torn` says that something followed it."""

    path: Path
    birth: Birth
    events: tuple[Event, ...]
    good: int
    lines: int
    torn: bool

    @property
    def is_finished(self) -> bool:
        """Whether the run came to its end, or was closed for good."""
        return bool(self.events) and isinstance(self.events[-1], Finished | Abandoned)


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
        data = b"".join(
            frame(seq, snake(type(event).__name__), encode(event)) for seq, event in enumerate(durable, start=first)
        )
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
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            # After a failed sync nobody knows what is on the disk; a second one might lie.
            self._broken = True
            message = f"{self.path}: cannot be synced: {error.strerror}"
            raise JournalError(message) from error
        self._dirty = False

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


def create(path: Path, birth: Birth) -> JournalFile:
    """
    Bring a journal into the world, whole or not at all.

    Args:

        path: Its final name; must not exist.
        birth: What it begins with.

    Raises:

        JournalError: It cannot be written, or there is too little space for what is to come.
    """
    data = b"".join(birth_lines(birth))
    lines = data.count(b"\n")
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        make_private(path.parent)
        check_space(path.parent, lines)
        if path.exists():
            message = f"{path}: exists already; a journal belongs to one run"
            raise JournalError(message)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o600)
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


def check_space(directory: Path, lines: int) -> None:
    """
    Refuse to begin where the run's history would not fit.

    Raises:

        JournalError: There is too little space.
    """
    status = os.statvfs(directory)
    free, needed = status.f_bavail * status.f_frsize, SPACE_AT_LEAST + lines * SPACE_PER_LINE
    if free < needed:
        message = f"{directory}: {free // 1024} KiB free, and the journal may need {needed // 1024} KiB; make room first"
        raise JournalError(message)


def birth_lines(birth: Birth) -> Iterator[bytes]:
    """Yield the lines that a journal begins with: header, plan, worklist, its lines."""
    header = encode(birth.header) | {"started_at": format_moment(birth.header.started_at)}
    yield frame(1, "header", {"format": FORMAT, **header})
    yield frame(2, "plan", {"plan": encode(birth.plan)})
    worklist = birth.worklist
    head = {"made_at": format_moment(worklist.made_at), "lanes": encode(worklist.lanes), "count": len(worklist.lines)}
    yield frame(3, "worklist", head)
    for seq, line in enumerate(worklist.lines, start=4):
        yield frame(seq, "line", {"id": line.id, **encode(line)})


def load(path: Path) -> Story:
    """
    Read a journal, checking every line.

    Args:

        path: The journal.

    Raises:

        InvalidInput: There is no such file.
        JournalError: It cannot be read, is corrupt before its last line, or of a format that this version does not know.
    """
    try:
        with path.open("rb") as file:
            return Loader(path).load(file)
    except FileNotFoundError as error:
        message = f"{path}: no such journal"
        raise InvalidInput(message) from error
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise JournalError(message) from error


def is_finished(path: Path) -> bool:
    """
    Whether a journal's last line ends its run; tells a finished one from others without reading it all.

    Raises:

        JournalError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            last = file.read().splitlines(keepends=True)[-1:]
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise JournalError(message) from error
    return bool(last) and is_whole(last[0]) and unframe(last[0])[1] in ENDINGS


class Loader:
    """Reads one journal."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seq = 0
        self._good = 0
        self._torn = False

    def load(self, file: IO[bytes]) -> Story:
        """Read it all."""
        lines = self._lines(file)
        birth = self._birth(lines)
        events = tuple(self._event(kind, value) for kind, value in lines)
        return Story(path=self._path, birth=birth, events=events, good=self._good, lines=self._seq, torn=self._torn)

    def _lines(self, file: IO[bytes]) -> Iterator[tuple[str, dict[str, object]]]:
        for line in file:
            if not line.endswith(b"\n"):
                # Only the last write can be torn, and a line's text holds no newline.
                if is_whole(line[:-1] + b"\n"):
                    self._refuse("its last byte is not the newline that it was")
                self._torn = True
                return
            try:
                seq, kind, value = unframe(line)
            except (Malformed, ValueError) as error:
                self._refuse(str(error), error)
            if seq != self._seq + 1:
                self._refuse(f"it has number {seq} where {self._seq + 1} is due")
            self._seq = seq
            self._good += len(line)
            yield kind, value

    def _birth(self, lines: Iterator[tuple[str, dict[str, object]]]) -> Birth:
        header = self._expect(lines, "header")
        if header.pop("format", None) != FORMAT:
            self._refuse(f"its format is not {FORMAT}, the one that this version reads")
        header["started_at"] = parse_moment(str(header["started_at"]))
        plan = self._expect(lines, "plan")
        head = self._expect(lines, "worklist")
        rows = [self._expect(lines, "line") for _ in range(int(str(head["count"])))]
        try:
            decoded = decode(Header, header)
            birth = Birth(
                header=decoded,
                plan=decode(Plan, plan["plan"]),
                worklist=Worklist(
                    lines=tuple(decode(Line, {k: v for k, v in row.items() if k != "id"}) for row in rows),
                    made_at=parse_moment(str(head["made_at"])),
                    lanes=decode(tuple[tuple[Lane, str | None], ...], head["lanes"]),
                ),
            )
        except Malformed as error:
            self._refuse(str(error), error)
        if digest(birth.worklist) != decoded.worklist_digest or digest(birth.plan) != decoded.plan_digest:
            self._refuse("its plan or worklist is not the one that its header names")
        return birth

    def _expect(self, lines: Iterator[tuple[str, dict[str, object]]], kind: str) -> dict[str, object]:
        found = next(lines, None)
        if found is None or found[0] != kind:
            self._refuse(f"a {kind} is due here")
        return found[1]

    def _event(self, kind: str, value: dict[str, object]) -> Event:
        if kind not in EVENTS:
            self._refuse(f"its kind `{kind}` is not known to this version")
        try:
            return decode(EVENTS[kind], value)
        except Malformed as error:
            self._refuse(str(error), error)

    def _refuse(self, why: str, error: Exception | None = None) -> NoReturn:
        message = (
            f"{self._path}:{self._seq + 1}: the journal cannot be trusted: {why}\n"
            f"to put it out of the way: orchestrator abandon {self._path} --reason TEXT"
        )
        raise JournalError(message) from error


def is_whole(line: bytes) -> bool:
    """Whether *line* is a line as it is written."""
    try:
        unframe(line)
    except (Malformed, ValueError):
        return False
    return True


def reopen(story: Story) -> JournalFile:
    """
    Open a journal to go on with it; a torn last line is cut off first.

    Raises:

        JournalError: It cannot be opened, or has grown since it was read.
    """
    try:
        descriptor = os.open(story.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        if story.torn:
            os.ftruncate(descriptor, story.good)
            os.fsync(descriptor)
        elif os.fstat(descriptor).st_size != story.good:
            os.close(descriptor)
            message = f"{story.path}: somebody else has written to it"
            raise JournalError(message)
    except OSError as error:
        message = f"{story.path}: cannot be opened: {error.strerror}"
        raise JournalError(message) from error
    return JournalFile(story.path, descriptor, story.good, story.lines)
