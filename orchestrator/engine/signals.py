"""
Signals. While a run goes on, the first asks to stop, the second leaves at once.

The handler only takes a note and wakes the loop; the loop decides. Old handlers are put back at the end. Outside a run
SIGTERM and SIGHUP do what Ctrl-C does: they break off what is being done, and the exit code says by which signal.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
BREAKING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class StopSignal:
    """
    Whether somebody wants the run to stop.

    `wake` ends the loop's wait; the loop sets it. `exit_message` is what a second signal says on stderr.
    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self.exit_message = b""
        self.wake: Callable[[], None] = lambda: None

    def handle(self, number: int, _frame: FrameType | None = None) -> None:
        """Take note of a signal; leave the process at once if it is the second."""
        if self.signal is not None:
            # Everything that matters is on disk already; no clean-up may delay this.
            with suppress(OSError):
                if is_taken(2):
                    os.write(2, self.exit_message[: select.PIPE_BUF])
            os._exit(128 + number)
        self.signal = signal.Signals(number)
        self.wake()


def is_taken(descriptor: int, patience: float = 0.0) -> bool:
    """Whether somebody takes what is written, at the latest after *patience* seconds; a reader may have stalled."""
    poller = select.poll()
    poller.register(descriptor, select.POLLOUT)
    return bool(poller.poll(patience * 1_000))


@contextmanager
def listening(interruption: StopSignal) -> Iterator[StopSignal]:
    """
    Listen to the signals while the block runs.

    Args:

        interruption: What takes note of them.
    """
    old = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in old.items():
        # A process started with a signal ignored (nohup) wants it ignored.
        if handler is not signal.SIG_IGN:
            signal.signal(number, interruption.handle)
    try:
        yield interruption
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


class SignalReceived(KeyboardInterrupt):
    """A signal came. `number` is its number."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def break_off(number: int, _frame: FrameType | None = None) -> NoReturn:
    """Break off what is being done, as Ctrl-C does."""
    raise SignalReceived(number)


def break_off_on_signals() -> None:
    """Let the signals break off what is being done; one that the parent wants ignored (nohup) stays ignored."""
    for number in BREAKING:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, break_off)


def exit_code_of(error: BaseException) -> int:
    """Return the exit code for what a signal has broken off; click wraps it on its way."""
    for each in (error, error.__cause__, error.__context__):
        if isinstance(each, SignalReceived):
            return 128 + each.number
    return 128 + signal.SIGINT
