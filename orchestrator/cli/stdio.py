"""
The two streams: data goes to stdout, everything else to stderr.

Nobody has to read stderr: a pipe whose reader has stalled must not keep a run from its deadline, nor from its locks' end.
"""

from __future__ import annotations

import io
import os
import select
import sys
from contextlib import suppress

import click

from orchestrator.engine.signals import is_taken
from orchestrator.errors import OutputLost
from orchestrator.report.text import plain

PIECE = select.PIPE_BUF
"""Bytes that a pipe which takes any takes at once (POSIX)."""

READER_PATIENCE_S = 5.0
"""Seconds that a reader of stderr is waited for; what one that takes longer does not take is dropped."""


class Patient(io.RawIOBase):
    """
    A raw stream that waits for its reader for a while, and then for nobody any more until the reader is back.

    Args:

        descriptor: Where it is written to.
        patience: Seconds.
    """

    def __init__(self, descriptor: int, patience: float = READER_PATIENCE_S) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._patience = patience
        self._dropped = 0

    def writable(self) -> bool:
        """Whether it can be written to: always."""
        return True

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Whether a terminal is behind it."""
        return os.isatty(self._descriptor)

    def write(self, data: object) -> int:
        """Write what the reader takes; all of it counts as written."""
        view = memoryview(data).cast("B")  # type: ignore[arg-type]
        with suppress(OSError):
            # A full disk or a reader that has left is no reason to stop either.
            self._write(view)
        return view.nbytes

    def _write(self, view: memoryview) -> None:
        while view.nbytes:
            if not self._ready():
                self._dropped += view.nbytes
                return
            if self._dropped:
                note, self._dropped = f"\n... {self._dropped:,} bytes were not read in time ...\n", 0
                os.write(self._descriptor, note.encode())
            else:
                view = view[os.write(self._descriptor, view[:PIECE]) :]

    def _ready(self) -> bool:
        return is_taken(self._descriptor, 0.0 if self._dropped else self._patience)


def wait_for_no_reader() -> None:
    """Let stderr be written to without waiting for a reader that has stalled."""
    try:
        descriptor = sys.stderr.fileno()
    except (OSError, ValueError):
        return
    raw = io.BufferedWriter(Patient(descriptor), buffer_size=1)
    sys.stderr = io.TextIOWrapper(raw, sys.stderr.encoding, "backslashreplace", line_buffering=True, write_through=True)


def write_stderr(text: str = "") -> None:
    """Say something to the person: on stderr, and never a reason to stop."""
    try:
        # Whether there is colour has been decided where the text was made.
        click.echo(text, err=True, color=True)
    except OSError:
        return


def write_error(error: Exception) -> None:
    """Say what went wrong; its words may be somebody else's."""
    write_stderr("Error: " + "\n".join(map(plain, str(error).split("\n"))))


class LostOutput:
    """Why stdout cannot be written any more, None while it can."""

    why: str | None = None


def write_stdout(text: str) -> None:
    """
    Write data to stdout; a reader that has left is no reason to stop.

    Raises:

        OutputLost: It cannot be written for another reason.
    """
    if LostOutput.why is not None:
        raise OutputLost(LostOutput.why)
    try:
        click.echo(text.encode(errors="replace").decode(), color=True)
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - lives as long as the process
    except OSError as error:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        LostOutput.why = f"stdout cannot be written: {error.strerror}"
        raise OutputLost(LostOutput.why) from error
