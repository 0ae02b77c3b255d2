"""What no single look decides: refused repetitions, stale lookups, late records, deaths with a send on its way."""

from __future__ import annotations

import pytest

from orchestrator.core.inventory.calls import Operation
from orchestrator.core.inventory.model import FAILED, SUCCEEDED, TERMINATION
from orchestrator.core.run.transitions import State
from tests.scripted import Deed, Script, Stage
from tests.service_model import UPDATE, Lags, Send

STALE = Lags(lookup=3.0)


def played(script: Script) -> Stage:
    """A run that has come to rest."""
    stage = Stage(script)
    stage.play()
    return stage


@pytest.mark.parametrize("tokens", ["remembered", "forgotten", "refused"])
@pytest.mark.parametrize("duration", [0.5, 5.0, 40.0])
def test_a_refused_repetition_says_nothing_about_the_first_send(tokens: str, duration: float) -> None:
    """Gone already, under change, its token used: the first was carried out, and what comes after it goes."""
    stage = played(Script(lags=STALE, sends=[Send("lost after")], tokens=tokens, durations=[duration], is_ordered=True))
    assert [stage.state(id_) for id_ in ("pp-a", "pp-b")] == [State.TERMINATED, State.TERMINATED]
    assert not stage.line("pp-a").by_another


@pytest.mark.parametrize("second", [Send("refused"), Send("throttled"), Send("lost before")])
def test_a_send_that_is_carried_out_late_is_ours(second: Send) -> None:
    """Half a minute after its answer was lost; whatever became of its repetition."""
    stage = played(Script(sends=[Send("late", 30.0), Send(), second, Send("refused")]))
    assert stage.state("pp-a") is State.TERMINATED
    assert not stage.line("pp-a").by_another


def test_a_refusal_beside_anothers_termination_is_followed() -> None:
    """It began a moment before our send, and the lookups do not show it yet."""
    other = Deed(0.0, "pp-a", TERMINATION, 10.0, SUCCEEDED)
    stage = played(Script(lags=STALE, deeds=[other], is_ordered=True))
    assert stage.state("pp-a") is State.TERMINATED
    assert stage.line("pp-a").by_another
    assert stage.state("pp-b") is State.TERMINATED


def test_a_termination_of_anothers_that_began_later_and_failed_leaves_what_was_not_reviewed() -> None:
    """It is followed, and then left alone."""
    other = Deed(0.0, "pp-a", TERMINATION, 10.0, FAILED)
    stage = played(Script(lags=STALE, deeds=[other]))
    assert stage.state("pp-a") is State.DRIFTED
    assert "another's termination that began after the review came to nothing" in stage.line("pp-a").evidence


def test_a_definite_refusal_is_a_failure_once_looks_have_agreed() -> None:
    """And not before."""
    stage = played(Script(sends=[Send("refused"), Send("refused")]))
    assert [stage.state(id_) for id_ in ("pp-a", "pp-b")] == [State.FAILED, State.FAILED]
    assert stage.line("pp-a").evidence == "rejected OddException: odd"
    [failed] = [event.at for event in stage.journal if type(event).__name__ == "Failed" and event.line.endswith("pp-a")]  # type: ignore[attr-defined]
    [sent] = [event.at for event in stage.journal if type(event).__name__ == "Intended" and event.line.endswith("pp-a")]  # type: ignore[attr-defined]
    assert failed - sent >= 30


def test_a_send_on_its_way_is_looked_at_until_it_is_settled_whatever_the_plan_says_now() -> None:
    """The process died, the plan was changed, and the product goes seconds later: terminated, not drifted."""
    script = Script(sends=[Send("late", 10.0), Send("late", 10.0)], deaths=[(0.5, "the plan was changed since")])
    stage = played(script)
    assert [stage.state(id_) for id_ in ("pp-a", "pp-b")] == [State.TERMINATED, State.TERMINATED]


def test_what_came_of_nothing_ends_as_what_forbade_to_send_it_again() -> None:
    """After the settling time, and it is said."""
    stage = played(Script(sends=[Send("lost before"), Send("lost before")], deaths=[(0.05, "the plan was changed since")]))
    assert stage.state("pp-a") is State.DRIFTED
    assert stage.line("pp-a").evidence == "the plan was changed since; one send stayed unanswered, and nothing came of it"
    assert stage.now - stage.journal[0].at > 60


def test_a_record_that_is_forty_seconds_late_is_still_found() -> None:
    """The product is gone at once, its history knows of it later."""
    stage = played(
        Script(lags=Lags(history=40.0, record=40.0), sends=[Send("lost after"), Send("lost after")], durations=[0.5])
    )
    assert [stage.state(id_) for id_ in ("pp-a", "pp-b")] == [State.TERMINATED, State.TERMINATED]


@pytest.mark.parametrize("denied", [{Operation.RECORD}, {Operation.RECORD, Operation.HISTORY}])
def test_where_records_may_not_be_read_lookups_decide(denied: set[Operation]) -> None:
    """Gone after an accepted send is terminated; at rest with our record as the last, the attempt has failed."""
    stage = played(Script(denies=frozenset(denied)))
    assert stage.state("pp-a") is State.TERMINATED
    failed = played(Script(denies=frozenset(denied), outcomes=[FAILED, SUCCEEDED], attempts=2))
    assert [failed.state(id_) for id_ in ("pp-a", "pp-b")] == [State.TERMINATED, State.TERMINATED]
    assert len(set(failed.tokens.values())) == 4
    never = played(Script(denies=frozenset(denied), outcomes=[FAILED]))
    assert never.state("pp-a") is State.FAILED


def test_an_owners_update_after_an_unanswered_send_is_waited_out_and_not_destroyed() -> None:
    """Nothing is sent again, and what it has become is said."""
    stage = played(Script(sends=[Send("lost before"), Send()], deeds=[Deed(0.5, "pp-a", UPDATE, 10.0, SUCCEEDED)]))
    assert stage.state("pp-a") is State.DRIFTED
    assert stage.service.things["pp-a"].now is not None


def test_a_first_send_that_is_carried_out_after_its_repetition_has_failed_is_not_passed_over() -> None:
    """The attempt has FAILED by its record; the audit waits until nothing can come of it any more, and finds it gone."""
    stage = played(Script(sends=[Send("late", 3.0)], outcomes=[FAILED, SUCCEEDED], durations=[0.5]))
    assert stage.state("pp-a") is State.TERMINATED
    kinds = [type(event).__name__ for event in stage.journal if getattr(event, "line", "").endswith("pp-a")]
    assert kinds[-2:] == ["AttemptFailed", "Terminated"]


def test_a_late_send_that_is_still_in_progress_at_the_audit_is_followed_to_its_end() -> None:
    """What failed before was another's termination, which nobody can tell from ours."""
    sends = [Send("lost before"), Send(), *[Send("lost before")] * 2, Send("late", 30.0), Send("lost before")]
    other = Deed(20.0, "pp-a", TERMINATION, 1.0, FAILED)
    stage = played(Script(sends=sends, durations=[40.0], deeds=[other]))
    assert stage.state("pp-a") is State.TERMINATED
    kinds = [type(event).__name__ for event in stage.journal if getattr(event, "line", "").endswith("pp-a")]
    assert kinds[-3:] == ["AttemptFailed", "RecordFound", "Terminated"]
    assert stage.run.tally().exit_code == 0


def test_a_second_send_of_an_attempt_that_failed_by_the_first_is_ours_as_well() -> None:
    """The repetition began a termination of its own; its record is not another's."""
    sends = [Send("lost after"), Send(), Send("lost after")]
    stage = played(Script(lags=STALE, sends=sends, outcomes=[FAILED, SUCCEEDED], durations=[0.5], attempts=2))
    assert [stage.state(id_) for id_ in ("pp-a", "pp-b")] == [State.TERMINATED, State.TERMINATED]
    late = played(
        Script(
            lags=Lags(lookup=3.0, record=20.0, history=40.0),
            sends=sends,
            outcomes=[FAILED, SUCCEEDED],
            durations=[0.5],
            attempts=2,
        )
    )
    assert [late.state(id_) for id_ in ("pp-a", "pp-b")] == [State.TERMINATED, State.TERMINATED]


def test_a_later_record_of_an_unanswered_send_is_ours_where_the_first_cannot_be_read() -> None:
    """Its history tells that the one that was followed has FAILED, and that another has SUCCEEDED."""
    script = Script(
        lags=Lags(history=20.0),
        sends=[Send("late", 20.0)],
        outcomes=[FAILED, SUCCEEDED],
        durations=[0.5],
        denies=frozenset({Operation.RECORD}),
    )
    stage = played(script)
    assert stage.state("pp-a") is State.TERMINATED
    assert not stage.line("pp-a").by_another


def test_an_owners_update_after_a_failed_attempt_with_a_loose_send_is_looked_at_until_it_settles() -> None:
    """Then it has drifted, and is not sent again."""
    sends = [Send("lost after"), Send(), Send("throttled")]
    stage = played(
        Script(
            sends=sends, outcomes=[FAILED], durations=[0.5], attempts=2, deeds=[Deed(2.0, "pp-a", UPDATE, 1.0, SUCCEEDED)]
        )
    )
    assert stage.state("pp-a") in (State.DRIFTED, State.FAILED)
    assert stage.service.things["pp-a"].now is not None


def test_an_audit_that_meets_a_termination_as_it_ends_believes_its_record() -> None:
    """The listing does not show the product any more, a stale lookup still does."""
    script = Script(lags=STALE, sends=[Send("late", 30.0)], outcomes=[FAILED, SUCCEEDED], durations=[0.5, 30.0])
    stage = played(script)
    assert stage.state("pp-a") is State.TERMINATED


def test_what_another_has_terminated_after_we_had_failed_is_said_and_stays_a_failure() -> None:
    """It is gone, and it was not our doing."""
    other = Deed(45.0, "pp-a", TERMINATION, 10.0, SUCCEEDED)
    stage = played(Script(sends=[Send("refused")], durations=[100.0], deeds=[other]))
    assert stage.state("pp-a") is State.FAILED
    assert stage.line("pp-a").evidence == "rejected OddException: odd; it is gone now, by another, record rec-3"
    assert stage.run.tally().exit_code == 1


def test_no_other_token_leaves_while_a_send_of_the_failed_attempt_may_still_be_carried_out() -> None:
    """Its first send FAILED, its second is still out: attempt 2 waits a minute, and the late record is not its own."""
    script = Script(
        sends=[Send("lost after"), Send("lost before")], outcomes=[FAILED, SUCCEEDED], durations=[0.5], attempts=2
    )
    stage = played(script)
    events = [event for event in stage.journal if getattr(event, "line", "").endswith("pp-a")]
    again = [event.at for event in events if type(event).__name__ == "Intended" and event.attempt == 2]  # type: ignore[attr-defined]
    unanswered = [event.at for event in events if type(event).__name__ == "Unanswered"]
    assert stage.state("pp-a") is State.TERMINATED
    assert all(at >= max(unanswered[:1]) + 60 for at in again)
    assert again


def test_a_last_attempt_that_failed_ends_as_failed_once_nothing_more_can_come_of_it() -> None:
    """After the settling time, with its errors and its record."""
    stage = played(Script(sends=[Send("lost after")], outcomes=[FAILED], durations=[0.5]))
    assert stage.state("pp-a") is State.FAILED
    line = stage.line("pp-a")
    assert line.evidence == "its last attempt FAILED; no attempt is left"
    assert line.record_id is not None
    assert stage.now - stage.journal[0].at > 60


@pytest.mark.parametrize(
    ("seconds", "lookup", "expected"),
    [
        (40.0, 0.0, ["Drifted", "RecordFound", "Terminated"]),
        (0.05, 0.0, ["Unanswered", "Drifted", "Terminated"]),
        (0.5, 2.0, ["Unanswered", "Drifted", "Terminated"]),
    ],
)
def test_what_is_carried_out_after_a_verdict_is_found_by_the_audit(
    seconds: float, lookup: float, expected: list[str]
) -> None:
    """More than a minute late, between the last look and the final listing: it ends as what became of it."""
    ends = []
    for late in (61.0, 61.1, 61.2, 61.3):
        script = Script(
            lags=Lags(lookup=lookup),
            sends=[Send("late", late)] * 2,
            durations=[seconds],
            deaths=[(0.05, "the plan was changed since")],
        )
        stage = played(script)
        ends.append([type(event).__name__ for event in stage.journal if getattr(event, "line", "").endswith("pp-a")][-3:])
    assert expected in ends
