"""
No lie under stale lookups and late execution: a run against a model of the service, in virtual time.

A send may be carried out up to half a minute after its answer was lost, lookups, records and histories are behind, clocks
differ, records may not be read, tokens are forgotten or refused, others terminate and update, and the process dies.
"""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.core.inventory.calls import Operation
from orchestrator.core.inventory.model import FAILED, SUCCEEDED, TERMINATION
from orchestrator.core.run.transitions import GONE, State
from tests.scripted import IDS, Deed, Script, Stage
from tests.service_model import UPDATE, Lags, Send

SENDS = st.one_of(
    st.just(Send()),
    st.just(Send("lost after")),
    st.just(Send("lost before")),
    st.just(Send("refused")),
    st.just(Send("throttled")),
    st.builds(Send, st.just("late"), st.sampled_from([0.5, 3.0, 10.0, 20.0, 30.0])),
)
SECONDS = st.sampled_from([0.0, 0.0, 1.0, 3.0, 5.0])
LATE = st.sampled_from([0.0, 0.0, 3.0, 20.0, 40.0])
CLOCKS = st.sampled_from([0.0, 0.0, 600.0, -600.0])


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """Whatever may happen."""
    deed = st.builds(
        Deed,
        st.sampled_from([0.0, 0.5, 2.0, 8.0, 20.0, 45.0, 100.0]),
        st.sampled_from(IDS),
        st.sampled_from([TERMINATION, TERMINATION, UPDATE]),
        st.sampled_from([1.0, 10.0, 50.0]),
        st.sampled_from([SUCCEEDED, SUCCEEDED, FAILED]),
    )
    death = st.tuples(
        st.sampled_from([0.2, 1.0, 5.0, 15.0, 40.0, 80.0]), st.sampled_from([None, "the plan was changed since"])
    )
    return Script(
        lags=Lags(draw(SECONDS), draw(LATE), draw(LATE), draw(CLOCKS)),
        sends=draw(st.lists(SENDS, max_size=6)),
        outcomes=draw(st.lists(st.sampled_from([SUCCEEDED, FAILED]), min_size=1, max_size=2)),
        durations=draw(st.lists(st.sampled_from([0.5, 5.0, 30.0, 40.0]), min_size=1, max_size=2)),
        denies=draw(
            st.sampled_from(
                [frozenset(), frozenset(), frozenset({Operation.RECORD}), frozenset({Operation.RECORD, Operation.HISTORY})]
            )
        ),
        tokens=draw(st.sampled_from(["remembered", "remembered", "forgotten", "refused"])),
        deeds=draw(st.lists(deed, max_size=2)),
        deaths=draw(st.lists(death, max_size=2)),
        attempts=draw(st.integers(1, 2)),
        is_ordered=draw(st.booleans()),
    )


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(scripts())
def test_no_verdict_is_a_lie(script: Script) -> None:
    """Whatever a line ends as is true in the end, and what is not known is not claimed."""
    stage = Stage(script)
    stage.play()
    for id_ in IDS:
        t = stage.line(id_)
        state, thing = stage.run.state_table.states[t.line.id], stage.service.things[id_]
        ours = thing.gone_by in stage.service.ours
        told = (id_, state, t.evidence, thing.gone_by, stage.service.ours)
        if state in GONE:
            assert thing.now is None, told
        if state is State.TERMINATED and not t.by_another:
            assert ours or script.deeds, told
        if state is State.ALREADY_GONE and ours:
            # Gone it is; whose doing that was cannot be told where records may not be read.
            assert Operation.HISTORY in script.denies, told
        if state in (State.FAILED, State.DRIFTED, State.REFUSED, State.BLOCKED):
            assert not ours or t.found_gone, told
        if state is State.PENDING:
            assert not ours, told
        if state is State.CONTRADICTED:
            raise AssertionError(told)
