"""How it all ends, after what has become of earlier runs."""

from __future__ import annotations

import signal

import pytest

from orchestrator.cli.before import RunsBefore, broken_off, max_severity
from orchestrator.cli.signals import SignalReceived
from orchestrator.errors import Bug, ExitCode, GuardRefused, Interrupted, JournalError
from tests.fakes import LANE
from tests.makers import plan, product, worklist

A, BEE = f"{LANE}/pp-a", f"{LANE}/name:bee"


def test_the_worst_of_all_exit_codes_is_kept() -> None:
    """7, then a signal, then 4, 1, 0; whatever came first."""
    order = [7, 143, 4, 1, 0]
    for place, code in enumerate(order):
        for later in order[place:]:
            assert max_severity(code, later) == max_severity(later, code) == code


def test_what_is_met_again_is_not_left_behind() -> None:
    """By its id; or by its name, where that stood for no product then."""
    before = RunsBefore().then(RunsBefore(left={A: ExitCode.LEFT_TO_DO, BEE: ExitCode.SOME_NOT_DONE}))
    named = product("pp-b", name="bee")
    met = worklist(plan("pp-a", "pp-b"), [product("pp-a"), named])
    assert before.ending(0, met) == 0
    assert before.ending(0, worklist(plan("pp-b"), [named])) == 4
    assert before.ending(0, worklist(plan("pp-a"), [product("pp-a")])) == 1
    assert before.ending(0) == 4


def test_two_runs_that_left_the_same_line_left_the_worse() -> None:
    """Whichever was first."""
    one, other = (RunsBefore(left={A: code}) for code in (ExitCode.LEFT_TO_DO, ExitCode.SOME_NOT_DONE))
    assert one.then(other).left == other.then(one).left == {A: 4}


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
