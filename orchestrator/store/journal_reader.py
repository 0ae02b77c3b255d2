"""
Reads a journal back, checking every line. Only its last line may be torn; anything else that is not as it was written is
refused, with its number.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

from orchestrator.core.events import Abandoned, Event, Finished
from orchestrator.core.lane import Lane
from orchestrator.core.plan import Plan
from orchestrator.core.worklist import Line, Worklist
from orchestrator.errors import InvalidInput, JournalCorrupt, JournalError
from orchestrator.store.codec import EVENTS, Malformed, decode, digest, parse_moment, unframe
from orchestrator.store.journal_birth import FORMAT, Birth, Header

ENDINGS = frozenset({"finished", "abandoned"})
BEGINNING = b'{"seq":1,'
TAIL = 64 * 1024


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


def load(path: Path) -> Story:
    """
    Read a journal, checking every line.

    Args:

        path: The journal.

    Raises:

        InvalidInput: There is no such file.
        JournalCorrupt: It is corrupt before its last line.
        JournalError: It cannot be read, or is of a format that this version does not know.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """
    What the first and the last line of a journal say. `ending` is `finished` or `abandoned`, None if the run is unfinished.
    """

    run_id: str
    started_at: float
    ending: str | None
    ended_at: float | None


def glance(path: Path) -> Glance:
    """
    Look at the first and the last line of a journal.

    Raises:

        JournalError: They cannot be read.
    """
    try:
        with path.open("rb") as file:
            _, kind, header = unframe(file.readline())
            if kind != "header":
                message = f"{path}: it does not begin with a header"
                raise JournalError(message)
            last = last_line(file)
            run_id, started_at = str(header["run_id"]), parse_moment(str(header["started_at"]))
            _, kind, value = unframe(last) if is_whole(last) else (0, "", {})
            ended_at = parse_moment(str(value["at"])) if kind in ENDINGS else None
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise JournalError(message) from error
    except (Malformed, ValueError, KeyError) as error:
        message = f"{path}: {error}"
        raise JournalError(message) from error
    return Glance(run_id=run_id, started_at=started_at, ending=kind if ended_at is not None else None, ended_at=ended_at)


def last_line(file: IO[bytes]) -> bytes:
    """Return the last line of a file, empty if there is none."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL))
    return next(iter(file.read().splitlines(keepends=True)[-1:]), b"")


def looks_like_one(path: Path) -> bool:
    """Whether a file begins as a journal does, or is named as one; it may still be broken."""
    try:
        with path.open("rb") as file:
            return path.is_file() and (path.suffix == ".jsonl" or file.read(len(BEGINNING)) == BEGINNING)
    except OSError:
        return path.suffix == ".jsonl"


def is_finished(path: Path) -> bool:
    """
    Whether a journal's last line ends its run; tells a finished one from others without reading it all.

    Raises:

        JournalError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            last = last_line(file)
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise JournalError(message) from error
    return is_whole(last) and unframe(last)[1] in ENDINGS


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
        try:
            return self._read_birth(lines)
        except (KeyError, TypeError, ValueError) as error:
            self._refuse(f"{type(error).__name__}: {error}", error)

    def _read_birth(self, lines: Iterator[tuple[str, dict[str, object]]]) -> Birth:
        header = self._expect(lines, "header")
        if header.pop("format", None) != FORMAT:
            self._refuse(f"its format is not {FORMAT}, the one that this version reads", kind=JournalError)
        header["started_at"] = parse_moment(str(header["started_at"]))
        plan = self._expect(lines, "plan")
        head = self._expect(lines, "worklist")
        rows = [self._expect(lines, "line") for _ in range(int(str(head["count"])))]
        decoded = decode(Header, header)
        birth = Birth(
            header=decoded,
            plan=decode(Plan, plan["plan"]),
            worklist=Worklist(
                lines=tuple(decode(Line, row) for row in rows),
                made_at=parse_moment(str(head["made_at"])),
                lanes=decode(tuple[tuple[Lane, str | None], ...], head["lanes"]),
                warnings=decode(tuple[str, ...], head["warnings"]),
            ),
        )
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
            self._refuse(f"its kind `{kind}` is not known to this version", kind=JournalError)
        try:
            return decode(EVENTS[kind], value)
        except Malformed as error:
            self._refuse(str(error), error)

    def _refuse(self, why: str, error: Exception | None = None, *, kind: type[JournalError] = JournalCorrupt) -> NoReturn:
        message = f"{self._path}:{self._seq + 1}: the journal cannot be trusted: {why}"
        if looks_like_one(self._path):
            message += f"\nto put it out of the way: orchestrator abandon {self._path} --reason TEXT"
        raise kind(message) from error


def is_whole(line: bytes) -> bool:
    """Whether *line* is a line as it is written."""
    try:
        unframe(line)
    except (Malformed, ValueError):
        return False
    return True
