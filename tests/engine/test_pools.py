"""Questions that are asked side by side, and what becomes of those that nothing ever answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import pytest

from orchestrator.engine.executors import InactivityTimer, Threads, calls_are_left, run_concurrently, threads

SOON = 0.05


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What hangs waits for it; opened at the end."""
    found = threading.Event()
    yield found
    found.set()


def ask(gate: threading.Event, item: str) -> str:
    """Answer, or hang."""
    if item == "hangs":
        gate.wait()
    return f"{item}: answered"


def late(item: str) -> str:
    """What is said of what did not answer."""
    return f"{item}: late"


class Scripted(InactivityTimer):
    """Silent after so many beats."""

    def __init__(self, beats: int) -> None:
        super().__init__()
        self._left = beats

    def touch(self) -> None:
        """Count."""
        self._left -= 1

    @property
    def left(self) -> float:
        """Seconds until one looks again."""
        return SOON if self._left > 0 else 0.0


def test_everything_that_answers_is_told(gate: threading.Event) -> None:
    """And the threads are waited for."""
    with threads(2) as pool:
        said = run_concurrently((pool,), partial(ask, gate), ["a", "b", "c"], timer=InactivityTimer(), late=late)
    assert said == {item: f"{item}: answered" for item in "abc"}
    assert not pool.given_up


def test_what_never_answers_is_given_up_after_a_silence(gate: threading.Event) -> None:
    """Nobody waits for its threads, at the end of the block or of the program."""
    # A beat for the beginning, and one for what answers.
    timer = Scripted(2)
    with Threads(1) as others, threads(2) as pool:
        said = run_concurrently((pool, others), partial(ask, gate), ["a", "hangs"], timer=timer, late=late)
        assert (pool.given_up, others.given_up) == (True, True)
    assert said == {"a": "a: answered", "hangs": "hangs: late"}
    assert calls_are_left()


def test_a_silence_is_ten_minutes_since_something_was_heard() -> None:
    """A page takes a minute at most, and is asked for again for three."""
    assert 590 < InactivityTimer().left <= 600
    assert InactivityTimer(patience=-1).left == 0
    timer = InactivityTimer(patience=1_000)
    before = timer.left
    timer.touch()
    assert timer.left > before - 1


def test_what_breaks_is_raised() -> None:
    """As it would be by the call itself."""
    with threads(1) as pool, pytest.raises(ZeroDivisionError):
        run_concurrently((pool,), lambda item: item / 0, [1], timer=InactivityTimer(), late=lambda item: item)
