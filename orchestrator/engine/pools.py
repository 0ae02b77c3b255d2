"""The executors that a run may use. Any `concurrent.futures.Executor` will do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


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


def threads(workers: int) -> ThreadPoolExecutor:
    """Return a pool of *workers* threads."""
    return ThreadPoolExecutor(max_workers=workers, thread_name_prefix="call")
