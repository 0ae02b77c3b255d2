"""What the first and the last line of a journal say, without reading what is between them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import JournalError
from orchestrator.store.codec import Malformed, parse_moment, unframe
from orchestrator.store.journal_lines import is_whole, last_line

ENDINGS = frozenset({"finished", "abandoned"})


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
