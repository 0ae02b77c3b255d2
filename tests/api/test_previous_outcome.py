"""How it all ends, after what has become of earlier runs."""

from __future__ import annotations

from orchestrator.api.previous_outcome import PreviousOutcome, max_severity
from orchestrator.errors import ExitCode
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
    before = PreviousOutcome().then(PreviousOutcome(left={A: ExitCode.LEFT_TO_DO, BEE: ExitCode.SOME_NOT_DONE}))
    named = product("pp-b", name="bee")
    met = worklist(plan("pp-a", "pp-b"), [product("pp-a"), named])
    assert before.exit_code(0, met) == 0
    assert before.exit_code(0, worklist(plan("pp-b"), [named])) == 4
    assert before.exit_code(0, worklist(plan("pp-a"), [product("pp-a")])) == 1
    assert before.exit_code(0) == 4


def test_two_runs_that_left_the_same_line_left_the_worse() -> None:
    """Whichever was first."""
    one, other = (PreviousOutcome(left={A: code}) for code in (ExitCode.LEFT_TO_DO, ExitCode.SOME_NOT_DONE))
    assert one.then(other).left == other.then(one).left == {A: 4}
