"""
The lines of a journal: those that it begins with, opened to be read, told whole from torn, turned into events, refused by
their number; and what its first and its last line say.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

from orchestrator.core.plan.model import Plan
from orchestrator.core.review.worklist import Worklist
from orchestrator.core.run.events import Event
from orchestrator.core.values.shell import pasteable
from orchestrator.errors import InvalidInput, JournalCorrupt, JournalError
from orchestrator.store.codec import Malformed, decode, encode, format_time, frame, parse_time, unframe
from orchestrator.store.files import LOCKS
from orchestrator.store.formats import EVENTS
from orchestrator.store.provenance import RunOrigin

SUFFIX = ".jsonl"
FIRST_BYTES = b'{"seq":1,'
TAIL_BYTES = 64 * 1024


ENDINGS = frozenset({"finished", "abandoned"})

JOURNAL_FORMAT = 1


@contextmanager
def readable(path: Path) -> Iterator[IO[bytes]]:
    """
    Open a journal to read it.

    Raises:

        InvalidInput: There is no such file.
        JournalError: It cannot be read.
    """
    try:
        if path.exists() and not path.is_file():
            message = f"{path}: this is no file that could be a journal"
            raise InvalidInput(message)
        with path.open("rb") as file:
            yield file
    except FileNotFoundError as error:
        message = f"{path}: no such journal"
        raise InvalidInput(message) from error
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise JournalError(message) from error


def last_line(file: IO[bytes]) -> bytes:
    """Return the last line of a file that has come to its end, empty if there is none; what follows was torn off."""
    size = file.seek(0, os.SEEK_END)
    length = TAIL_BYTES
    while True:
        file.seek(max(0, size - length))
        *lines, _torn = file.read().split(b"\n")
        if len(lines) > 1 or length >= size:
            return lines[-1] + b"\n" if lines else b""
        length *= 16


def looks_like_one(path: Path) -> bool:
    """Whether a file begins as a journal does, or lies and is named as one; it may still be broken."""
    is_kept = path.suffix == SUFFIX and (path.absolute().parent.parent / LOCKS).is_dir()
    try:
        with path.open("rb") as file:
            return path.is_file() and (is_kept or file.read(len(FIRST_BYTES)) == FIRST_BYTES)
    except OSError:
        return is_kept


def event_in(line: bytes, path: Path, number: int) -> Event:
    """Read the event of a line, the *number*-th of a journal."""
    try:
        _, kind, value = unframe(line)
        if kind not in EVENTS:
            refuse_line(path, number, f"its kind `{kind}` is not known to this version", kind=JournalError)
        return decode(EVENTS[kind], value)
    except (ValueError, RecursionError) as error:
        refuse_line(path, number, str(error), error)


def refuse_line(
    path: Path, line: int, why: str, error: Exception | None = None, *, kind: type[JournalError] = JournalCorrupt
) -> NoReturn:
    """Refuse a journal for one of its lines."""
    message = f"{path}:{line}: the journal cannot be trusted: {why}"
    if looks_like_one(path):
        message += f"\nto put it out of the way: orchestrator abandon {pasteable(path)} --reason TEXT"
    raise kind(message) from error


def is_whole(line: bytes) -> bool:
    """Whether *line* is a line as it is written."""
    try:
        unframe(line)
    except (Malformed, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalInfo:
    """
    What the first and the last line of a journal say. `ending` is `finished` or `abandoned`, None if the run is unfinished.
    """

    run_id: str
    started_at: float
    ending: str | None
    ended_at: float | None


def journal_info(path: Path) -> JournalInfo:
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
            run_id, started_at = str(header["run_id"]), parse_time(str(header["started_at"]))
            _, kind, value = unframe(last) if is_whole(last) else (0, "", {})
            ended_at = parse_time(str(value["at"])) if kind in ENDINGS else None
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise JournalError(message) from error
    except (Malformed, ValueError, KeyError) as error:
        message = f"{path}: {error}"
        raise JournalError(message) from error
    return JournalInfo(
        run_id=run_id, started_at=started_at, ending=kind if ended_at is not None else None, ended_at=ended_at
    )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalHeader:
    """What a journal begins with."""

    origin: RunOrigin
    plan: Plan
    worklist: Worklist


def header_lines(header: JournalHeader) -> Iterator[bytes]:
    """Yield the lines that a journal begins with: header, plan, worklist, its lines."""
    yield frame(1, "header", {"format": JOURNAL_FORMAT, **encode(header.origin)})
    yield frame(2, "plan", {"plan": encode(header.plan)})
    worklist = header.worklist
    head = {
        "made_at": format_time(worklist.made_at),
        "lanes": encode(worklist.lanes),
        "warnings": encode(worklist.warnings),
        "count": len(worklist.lines),
    }
    yield frame(3, "worklist", head)
    for seq, line in enumerate(worklist.lines, start=4):
        yield frame(seq, "line", encode(line))
