"""
Since when products have been selected by a plan, for its notices.

One JSON file beside the plan's journals, replaced whole under a lock of its own, so that notice may be given at any
time. Only `run` and `notify` write it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from orchestrator.errors import JournalCorrupt, JournalError, LockHeld
from orchestrator.store.codec import format_time, parse_time
from orchestrator.store.files import make_private, write_whole

NOTICES_FORMAT = "orchestrator-notices/1"
NOTICES_PATIENCE_S = 30.0
"""Seconds that another process is waited for; it holds the lock for as long as it takes to write a file."""


def load_notices(path: Path) -> dict[str, float] | None:
    """
    Read the notices of a plan.

    Args:

        path: Their file; there need not be one yet.

    Returns:

        Moments (seconds since the epoch) by the ids of lines; None if there is no file, so that nothing is known.

    Raises:

        JournalCorrupt: It is not what was written. Without it, every notice would begin anew.
        JournalError: It cannot be read.
    """
    try:
        content = json.loads(path.read_bytes())
        if content["format"] != NOTICES_FORMAT:
            message = f"its format is not {NOTICES_FORMAT}"
            raise ValueError(message)
        return {str(line): parse_time(since) for line, since in content["selected_since"].items()}
    except FileNotFoundError:
        return None
    except OSError as error:
        message = f"{path}: the notices cannot be read: {error.strerror}"
        raise JournalError(message) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{path}: the notices cannot be trusted: {error}; delete the file to begin all of them anew"
        raise JournalCorrupt(message) from error


def update(
    path: Path, change: Callable[[Mapping[str, float]], Mapping[str, float]], patience: float = NOTICES_PATIENCE_S
) -> Mapping[str, float]:
    """
    Change the notices of a plan, nobody else changing them meanwhile.

    Args:

        path: Their file.
        change: Is given what is there, and returns what is to be there.
        patience: Seconds that somebody else who changes them is waited for.

    Returns:

        What is there now.

    Raises:

        LockHeld: Another process holds them, and does not let go.
        JournalError: They cannot be read or written.
    """
    with held(path, patience):
        changed = change(load_notices(path) or {})
        write(path, changed)
    return changed


def renew(path: Path, patience: float = NOTICES_PATIENCE_S) -> Path:
    """
    Begin all notices of a plan anew, because what was kept of them cannot be trusted.

    Args:

        path: Their file. It is never missing meanwhile: a worklist would take that for a plan that never gave notice.
        patience: Seconds that somebody else who changes them is waited for.

    Returns:

        Where what was there is kept.

    Raises:

        LockHeld: Another process holds them, and does not let go.
        JournalError: They cannot be written.
    """
    aside = path.with_name(f"{path.name}.corrupt")
    with held(path, patience):
        aside.unlink(missing_ok=True)
        os.link(path, aside)
        write(path, {})
    return aside


@contextmanager
def held(path: Path, patience: float) -> Iterator[None]:
    """Keep the notices of a plan to oneself, and say in words what goes wrong with their file."""
    lock = FileLock(path.with_name(f"{path.name}.lock"), mode=0o600)
    try:
        make_private(path.parent)
        with lock.acquire(timeout=patience):
            yield
    except Timeout:
        message = f"{path}: the notices are in use by another run or notify"
        raise LockHeld(message) from None
    except OSError as error:
        message = f"{path}: the notices cannot be written: {error.strerror}"
        raise JournalError(message) from error


def write(path: Path, notices: Mapping[str, float]) -> None:
    """Write the notices of a plan, for nobody else to read."""
    content = {"format": NOTICES_FORMAT, "selected_since": {line: format_time(at) for line, at in sorted(notices.items())}}
    write_whole(path, json.dumps(content, indent=1), mode=0o600, lasting=True)
