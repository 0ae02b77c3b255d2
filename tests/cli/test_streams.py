"""stderr, for readers who stall and come back."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from orchestrator.cli.stdio import PIECE, Patient


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe: where it is read, where it is written."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def drained(reader: int) -> bytes:
    """Read what is there now."""
    os.set_blocking(reader, False)
    found = b""
    while True:
        try:
            found += os.read(reader, 1 << 20)
        except BlockingIOError:
            return found


def test_what_a_reader_takes_is_written_as_it_is(pipe: tuple[int, int]) -> None:
    """Also what is longer than a pipe takes at once."""
    reader, writer = pipe
    data = os.urandom(3 * PIECE + 17)
    assert Patient(writer, 0.01).write(data) == len(data)
    assert drained(reader) == data


def test_what_nobody_reads_in_time_is_dropped_and_counted(pipe: tuple[int, int]) -> None:
    """Nothing waits for ever; a reader who comes back is told what is missing."""
    reader, writer = pipe
    stream = Patient(writer, 0.01)
    for _ in range(200):
        assert stream.write(b"x" * 1_000) == 1_000
    held = len(drained(reader))
    assert 0 < held < 200_000
    stream.write(b"the last line\n")
    assert drained(reader).decode() == f"\n... {200_000 - held:,} bytes were not read in time ...\nthe last line\n"


def test_it_is_what_it_writes_to(pipe: tuple[int, int]) -> None:
    """Terminals are recognised by their descriptor."""
    stream = Patient(pipe[1])
    assert (stream.fileno(), stream.isatty(), stream.writable()) == (pipe[1], False, True)


def test_a_full_disk_behind_it_is_no_reason_to_stop() -> None:
    """Nor a reader that has left."""
    with open("/dev/full", "wb") as full:
        assert Patient(full.fileno()).write(b"x") == 1
    reader, writer = os.pipe()
    os.close(reader)
    assert Patient(writer).write(b"x") == 1
    os.close(writer)
