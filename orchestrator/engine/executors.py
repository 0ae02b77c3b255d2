"""The executors that a run may use, any `concurrent.futures.Executor` will do; and asking many things side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
U = TypeVar("U")

THREAD_NAME = "call"

LONGEST_SILENCE = 600.0
"""Seconds without any answer after which questions that are still out are given up: no single one may take so long."""


class InlineExecutor(Executor):
    """Does the work at once, in the caller's thread: for tests, and for looking at a run in a debugger."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call *fn* and return its future, which is done."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001 - a future carries whatever was raised
            future.set_exception(error)
        return future


class Threads(ThreadPoolExecutor):
    """
    Threads whose calls are waited for at the end of a block, unless a person broke it off, since a call may take a minute,
    or they were given up, since it may take for ever.
    """

    given_up = False

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        left = self.given_up or (kind is not None and issubclass(kind, KeyboardInterrupt))
        self.shutdown(wait=not left, cancel_futures=left)


def threads(workers: int) -> Threads:
    """Return a pool of *workers* threads."""
    return Threads(max_workers=workers, thread_name_prefix=THREAD_NAME)


def calls_are_left() -> bool:
    """Whether threads of pools are alive, which the interpreter would wait for at its end."""
    return any(thread.name.startswith(f"{THREAD_NAME}_") for thread in threading.enumerate())


class InactivityTimer:
    """
    When something was last heard, from any thread.

    Args:

        patience: Seconds of silence after which nothing is waited for any more.
    """

    def __init__(self, patience: float = LONGEST_SILENCE) -> None:
        self._patience = patience
        self._at = time.monotonic()

    def touch(self) -> None:
        """Hear something."""
        self._at = time.monotonic()

    @property
    def left(self) -> float:
        """Seconds that something is still waited for, 0 if it is not."""
        return max(0.0, self._at + self._patience - time.monotonic())


def run_concurrently(
    pools: tuple[Threads, ...],
    ask: Callable[[T], U],
    items: Iterable[T],
    *,
    timer: InactivityTimer,
    late: Callable[[T], U],
) -> dict[T, U]:
    """
    Ask about several things at once.

    Args:

        pools: The threads to ask in, and others that these wait for; given up together.
        ask: Asks about one thing, and touches the timer with each answer that it gets on the way.
        items: The things.
        timer: When an answer was last heard; after too long a silence, all that are still out are given up.
        late: What is said of a thing whose question was given up.

    Returns:

        What was said of each.
    """
    asked = {item: pools[0].submit(ask, item) for item in items}
    timer.touch()
    left = set(asked.values())
    while left and (patience := timer.left) > 0:
        done, left = wait(left, timeout=patience, return_when=FIRST_COMPLETED)
        if done:
            timer.touch()
    for pool in pools:
        pool.given_up = pool.given_up or bool(left)
    return {item: late(item) if future in left else future.result() for item, future in asked.items()}
