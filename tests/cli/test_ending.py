"""What is said when work is broken off, and the exit code of that."""

from __future__ import annotations

import signal

import pytest

from orchestrator.cli.ending import broken_off
from orchestrator.engine.signals import SignalReceived
from orchestrator.errors import Bug, GuardRefused, Interrupted, JournalError


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (GuardRefused("too many"), 4),
        (JournalError("full"), 7),
        (Bug("oh"), 70),
        (Interrupted(signal.SIGTERM), 143),
        (SignalReceived(signal.SIGHUP), 129),
        (KeyboardInterrupt(), 130),
    ],
)
def test_what_breaks_the_work_off_has_an_exit_code_that_does_not_deny_it(error: BaseException, code: int) -> None:
    """3, 5 and 6 would say that nothing was terminated."""
    assert broken_off(error) == code
