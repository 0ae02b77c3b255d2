"""
The program, dying by SIGKILL the nth time that it comes to a chosen point: `python -m tests.processes.dying POINT N ...`.

Nothing of the program is replaced: the interpreter's profiler tells where it is.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from orchestrator.cli.main import main
from orchestrator.core.run.commands import Terminate

Moment = Callable[[str, FrameType, Any], bool]


def python(event: str, file: str, function: str) -> Moment:
    """When a function of a file is called, or returns."""
    return lambda seen, frame, _: (
        seen == event and frame.f_code.co_name == function and frame.f_code.co_filename.endswith(file)
    )


def native(event: str, function: str) -> Moment:
    """When a function of the interpreter is called (`c_call`), or has returned (`c_return`)."""
    return lambda seen, _, called: seen == event and getattr(called, "__name__", "") == function


def terminating(moment: Moment) -> Moment:
    """Only in a worker that is about a termination."""

    def within(event: str, frame: FrameType, called: Any) -> bool:
        if not moment(event, frame, called):
            return False
        outer: FrameType | None = frame
        while outer is not None:
            if outer.f_code.co_name == "perform" and isinstance(outer.f_locals.get("command"), Terminate):
                return True
            outer = outer.f_back
        return False

    return within


POINTS: dict[str, Moment] = {
    "the journal is born": native("c_return", "link"),
    "an intent is synced and not sent": terminating(python("call", "engine/worker.py", "ask")),
    "it is sent and not answered": terminating(python("call", "http/client.py", "getresponse")),
    "it is answered and not written down": terminating(python("return", "engine/worker.py", "perform")),
    "a write is made": python("return", "journal/writer.py", "write_all"),
    "a sync begins": native("c_call", "fdatasync"),
    "a sync has ended": native("c_return", "fdatasync"),
    "an event is applied": python("call", "run/machine.py", "apply"),
}


def die_at(point: str, nth: int) -> None:
    """Let this process die there."""
    moment = POINTS[point]
    count = itertools.count(1)

    def profile(frame: FrameType, event: str, called: Any) -> None:
        if moment(event, frame, called) and next(count) == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(profile)
    sys.setprofile(profile)


if __name__ == "__main__":
    die_at(sys.argv[1], int(sys.argv[2]))
    sys.argv[1:] = sys.argv[3:]
    main()
