"""Names like one that was not found: suggested, and in the way of what depends on the missing one."""

from __future__ import annotations

from orchestrator.core.plan.model import Entry, Plan
from orchestrator.core.review.decide import decide
from orchestrator.core.review.name_index import MOST_SUGGESTED, CloseNames
from orchestrator.core.review.worklist import Decision, Reason
from tests.fakes import LANE
from tests.makers import inventory, product

HELD = inventory(product("pp-1", name="shared-network"), product("pp-2", name="app"), product("pp-3", name="other"))


def test_a_close_name_is_suggested() -> None:
    """What is named by its id has none."""
    wanted = Plan(name="x", entries=(Entry(name="shared-netwrok"), Entry(product_id="pp-9"), Entry(name="nothing")))
    lines = decide(wanted, [HELD]).lines
    assert lines[0].detail == f"not found in {LANE}; did you mean `shared-network` (pp-1)?"
    assert [line.similar_ids for line in lines] == [("pp-1",), (), ()]
    assert [line.reason for line in lines] == [Reason.NOT_FOUND] * 3


def test_a_close_name_refuses_what_depends_on_the_missing_one() -> None:
    """Until the plan is put right; a name that is like none keeps nothing waiting."""
    wanted = Plan(
        name="x",
        entries=(
            Entry(name="shared-netwrok"),
            Entry(name="nothing"),
            Entry(name="app", depends_on=("shared-netwrok",)),
            Entry(name="other", depends_on=("nothing",)),
        ),
    )
    made = decide(wanted, [HELD])
    app, other = made.lines[2:]
    assert (app.decision, app.reason) == (Decision.REFUSE, Reason.UNCLEAR)
    assert app.detail == "blocked: `shared-netwrok` was not found, and pp-1 has a name like it; put the plan right"
    assert other.decision is Decision.TERMINATE
    assert "depends on `nothing`, which was not found and so keeps nothing waiting" in " ".join(made.warnings)


def test_a_close_name_that_is_waited_for_anyway_changes_nothing() -> None:
    """By its own name, or by a glob that it fits."""
    for word in ("shared-network", "shared-*"):
        wanted = Plan(
            name="x",
            entries=(
                Entry(name="shared-netwrok"),
                Entry(name="shared-network"),
                Entry(name="app", depends_on=("shared-netwrok", word)),
            ),
        )
        assert decide(wanted, [HELD]).lines[2].decision is Decision.TERMINATE


def test_suggestions_are_made_for_what_is_depended_on_and_for_some_others() -> None:
    """Each costs a walk over all names."""
    entries = [Entry(name=f"shared-networ{n}") for n in range(MOST_SUGGESTED + 2)]
    needed = Entry(name="shared-netwrok")
    wanted = Plan(name="x", entries=(*entries, needed, Entry(name="app", depends_on=("shared-netwrok",))))
    close = CloseNames(wanted, [HELD])
    assert [bool(close.of(entry, [HELD])) for entry in entries] == [True] * MOST_SUGGESTED + [False] * 2
    assert close.of(needed, [HELD]) == {"pp-1": "shared-network"}
