"""The executors that a run may use. Any `concurrent.futures.Executor` will do."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from types import TracebackType
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


class Threads(ThreadPoolExecutor):
    """Threads whose calls are waited for at the end of a block, unless a person broke it off: a call may take a minute."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        broken_off = kind is not None and issubclass(kind, KeyboardInterrupt)
        self.shutdown(wait=not broken_off, cancel_futures=broken_off)


def threads(workers: int) -> ThreadPoolExecutor:
    """Return a pool of *workers* threads."""
    return Threads(max_workers=workers, thread_name_prefix="call")
