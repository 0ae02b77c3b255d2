"""
Reads a journal back, checking every line. Only its last line may be torn; anything else that is not as it was written is
refused, with its number.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NoReturn

from orchestrator.core.plan.model import Plan
from orchestrator.core.review.worklist import Line, Worklist
from orchestrator.core.run.events import Abandoned, Event, Finished
from orchestrator.core.values.lane import Lane
from orchestrator.errors import JournalCorrupt, JournalError
from orchestrator.store.codec import Malformed, canonical, decode, parse_time, sequence_number, unframe
from orchestrator.store.journal.lines import JOURNAL_FORMAT, JournalHeader, event_in, is_whole, readable, refuse_line
from orchestrator.store.provenance import RunOrigin

FILE_NAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """
    The events of a journal, read from it each time that they are gone through: a long one would not fit into memory.

    `begin` and `end` are the offsets of the first event and behind the last one, `line` is how many lines come before.
    """

    path: Path
    begin: int
    end: int
    line: int

    def __iter__(self) -> Iterator[Event]:
        """
        Yield the events, oldest first.

        Raises:

            JournalError: One of them is not what it should be, or of a kind that this version does not know.
        """
        with readable(self.path) as file:
            place = file.seek(self.begin)
            for number, line in enumerate(file, start=self.line + 1):
                place += len(line)
                if place > self.end:
                    return
                yield event_in(line, self.path, number)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedJournal:
    """
    A journal, read back. `last` is its newest event; `good` is the offset behind its last good line, and `torn` says that
    something followed it.
    """

    path: Path
    header: JournalHeader
    events: History
    last: Event | None
    good: int
    lines: int
    torn: bool

    @property
    def is_finished(self) -> bool:
        """Whether the run came to its end, or was closed for good."""
        return isinstance(self.last, Finished | Abandoned)


def load_journal(path: Path) -> LoadedJournal:
    """
    Read a journal, checking every line.

    Args:

        path: The journal.

    Raises:

        InvalidInput: There is no such file.
        JournalCorrupt: It is corrupt before its last line.
        JournalError: It cannot be read, or is of a format that this version does not know.
    """
    with readable(path) as file:
        return Loader(path).load(file)


class WorklistDigest:
    """The digest of a worklist, made of its lines as they are read: to encode a long one anew takes as long as the rest."""

    def __init__(self, head: dict[str, object]) -> None:
        self._head = head
        self._sha = hashlib.sha256(b'{"lanes":' + canonical(head["lanes"]) + b',"lines":[')
        self._comma = b""

    def add(self, row: dict[str, object]) -> dict[str, object]:
        """Take the next line, and give it back."""
        self._sha.update(self._comma + canonical(row))
        self._comma = b","
        return row

    def hexdigest(self) -> str:
        """Return the digest of all of it."""
        made_at, warnings = canonical(self._head["made_at"]), canonical(self._head["warnings"])
        self._sha.update(b'],"made_at":' + made_at + b',"warnings":' + warnings + b"}")
        return self._sha.hexdigest()


class Loader:
    """Reads one journal: what it begins with, and of its events, that each of their lines is as it was written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seq = 0
        self._good = 0
        self._torn = False
        self._last = b""

    def load(self, file: IO[bytes]) -> LoadedJournal:
        """Read it all."""
        lines = self._lines(file)
        header = self._header(lines)
        begin, before = self._good, self._seq
        self._last = b""
        for _ in lines:
            continue
        events = History(path=self._path, begin=begin, end=self._good, line=before)
        last = event_in(self._last, self._path, self._seq) if self._last else None
        return LoadedJournal(
            path=self._path,
            header=header,
            events=events,
            last=last,
            good=self._good,
            lines=self._seq,
            torn=self._torn,
        )

    def _lines(self, file: IO[bytes]) -> Iterator[bytes]:
        for line in file:
            if not line.endswith(b"\n"):
                # Only the last write can be torn, and a line's text holds no newline.
                if is_whole(line[:-1] + b"\n"):
                    self._refuse("its last byte is not the newline that it was")
                self._torn = True
                return
            try:
                seq = sequence_number(line)
            except Malformed as error:
                self._refuse(str(error), error)
            if seq != self._seq + 1:
                self._refuse(f"it has number {seq} where {self._seq + 1} is due")
            self._seq = seq
            self._good += len(line)
            self._last = line
            yield line

    def _header(self, lines: Iterator[bytes]) -> JournalHeader:
        try:
            return self._read_header_lines(lines)
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            self._refuse(f"{type(error).__name__}: {error}", error)

    def _read_header_lines(self, lines: Iterator[bytes]) -> JournalHeader:
        origin = self._expect(lines, "header")
        if origin.pop("format", None) != JOURNAL_FORMAT:
            self._refuse(f"its format is not {JOURNAL_FORMAT}, the one that this version reads", kind=JournalError)
        plan = self._expect(lines, "plan")["plan"]
        head = self._expect(lines, "worklist")
        seen = WorklistDigest(head)
        rows = (seen.add(self._expect(lines, "line")) for _ in range(int(str(head["count"]))))
        decoded = decode(RunOrigin, origin)
        if not (FILE_NAME_PATTERN.fullmatch(decoded.run_id) and FILE_NAME_PATTERN.fullmatch(decoded.plan_name)):
            # They name files, and are shown.
            self._refuse("the names in its header are not such as a run has")
        header = JournalHeader(
            origin=decoded,
            plan=decode(Plan, plan),
            worklist=Worklist(
                lines=tuple(decode(Line, row) for row in rows),
                made_at=parse_time(str(head["made_at"])),
                lanes=decode(tuple[tuple[Lane, str | None], ...], head["lanes"]),
                warnings=decode(tuple[str, ...], head["warnings"]),
            ),
        )
        plan_digest = hashlib.sha256(canonical(plan)).hexdigest()
        if (seen.hexdigest(), plan_digest) != (decoded.worklist_digest, decoded.plan_digest):
            self._refuse("its plan or worklist is not the one that its header names")
        if not decoded.callers:
            self._refuse("its header does not say who began it")
        return header

    def _expect(self, lines: Iterator[bytes], kind: str) -> dict[str, object]:
        line = next(lines, None)
        found = unframe(line) if line is not None else None
        if found is None or found[1] != kind:
            self._refuse(f"a {kind} is due here")
        return found[2]

    def _refuse(self, why: str, error: Exception | None = None, *, kind: type[JournalError] = JournalCorrupt) -> NoReturn:
        refuse_line(self._path, self._seq + 1, why, error, kind=kind)
