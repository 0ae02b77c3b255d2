"""
SIGTERM and SIGHUP outside a run, as Ctrl-C is: what is being done is broken off, and the exit code says by which signal.

While a run goes on the engine listens itself, since then there is something to follow.
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn

BREAKING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


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
