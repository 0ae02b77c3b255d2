"""The board: the state of every line, for whoever folds the events."""

from __future__ import annotations

from orchestrator.core.review.worklist import line_id
from orchestrator.core.run.events import Drifted, FoundGone
from orchestrator.core.run.transitions import DONE, ENDED_OTHERWISE, GONE, OPEN, TRANSITIONS, UNDER_WAY, State, StateTable
from tests.fakes import LANE, START
from tests.makers import plan, product, worklist

PP_A = line_id(LANE, "pp-a")


def test_a_copy_of_a_board_moves_by_itself() -> None:
    """A display that begins in the middle of a run must not change the run's own."""
    board = StateTable(worklist(plan("pp-a", "pp-b"), [product("pp-a"), product("pp-b")]))
    twin = board.copy()
    assert (twin.states, twin.counts) == (board.states, board.counts)
    twin.move(Drifted(at=START, line=PP_A, reason="it changed"))
    assert (twin.states[PP_A], board.states[PP_A]) == (State.DRIFTED, State.PENDING)
    assert (twin.counts[State.PENDING], board.counts[State.PENDING]) == (1, 2)


def test_what_is_done_is_neither_open_nor_under_way() -> None:
    """And what is gone is done."""
    assert GONE < DONE
    assert not DONE & (OPEN | UNDER_WAY)


def test_only_the_final_listing_may_say_that_a_verdict_was_wrong() -> None:
    """What is gone may be there; what ended otherwise may be gone, terminated or not."""
    for state in set(State) - OPEN:
        correction = {State.CONTRADICTED} if state in GONE else {State.TERMINATED, State.IN_PROGRESS, state}
        assert set(TRANSITIONS.get(state, {}).values()) <= correction
    assert all(TRANSITIONS[state][FoundGone] is state for state in ENDED_OTHERWISE)
