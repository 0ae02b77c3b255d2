"""A second go at what an earlier run left behind: the same products in the same order, and never more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.core.inventory.model import Inventory, Product
from orchestrator.core.plan.model import Conditions, Entry, Options, Plan, Protection, Selection, Target
from orchestrator.core.plan.rules import validate
from orchestrator.core.review.decide import decide
from orchestrator.core.review.drift import drifted_lines
from orchestrator.core.review.verify import inconsistencies
from orchestrator.core.review.worklist import Decision, Line, Reason, Worklist
from orchestrator.core.run.rerun import lines_to_retry, restrict_to
from orchestrator.core.run.transitions import State, first_state
from orchestrator.core.values.lane import Lane
from orchestrator.store.codec import decode, encode
from tests.fakes import LANE, START
from tests.makers import inventory, plan, product, record

OTHER = Lane("444455556666", "eu-west-1")
LANES = (LANE, OTHER)
TARGETS = tuple(Target(account_id=lane.account_id, regions=(lane.region,)) for lane in LANES)
NAMES = ("net-a", "net-b", "app-a", "app-b", "top")
GLOBS = ("net-*", "app-*", "*-a")
NOTICES = {f"{LANE}/pp-{name}-0": START - 90_000 for name in NAMES}


def select(name: str, *, statuses: tuple[str, ...] = (), **keys: Any) -> Selection:
    """A selection by name."""
    return Selection(conditions=Conditions(names=(name,), statuses=statuses), **keys)


def failed(made: Worklist) -> dict[str, State]:
    """How a run ended in which everything that was tried failed."""
    return {line.id: first_state(line) if line.decision is not Decision.TERMINATE else State.FAILED for line in made.lines}


def second(plan: Plan, made: Worklist, *inventories: Inventory) -> Worklist:
    """What a second run of the same plan would do after a first one in which everything failed."""
    again = decide(plan, inventories, notices=NOTICES)
    return restrict_to(again, lines_to_retry(made, failed(made), only_failed=True))


def order(made: Worklist) -> dict[str, tuple[str, ...]]:
    """What each line to terminate comes after, by names."""
    names = {line.id: line.name for line in made.lines}
    return {line.name: tuple(names[id_] for id_ in line.after_lines) for line in made.of(Decision.TERMINATE)}


def held(*names: str, **keys: Any) -> list[Product]:
    """Products that are called so."""
    return [product(f"pp-{name}", name=name, **keys) for name in names]


def test_what_an_entry_takes_from_a_selection_still_comes_first() -> None:
    """The entry has options of its own; what depends on the selection waits for it then and now."""
    wanted = Plan(
        name="x",
        entries=(
            Entry(product_id="pp-net-a", options=Options(termination_timeout_seconds=7200)),
            Entry(product_id="pp-app-a", depends_on=("nets",)),
        ),
        selections=(select("net-*", key="nets"),),
    )
    here = inventory(*held("net-a", "app-a"))
    made = decide(wanted, [here])
    assert order(made) == order(second(wanted, made, here)) == {"net-a": (), "app-a": ("net-a",)}
    guarded = replace(wanted, protections=(Protection(conditions=Conditions(names=("net-*",))),))
    made = decide(guarded, [here])
    assert order(made) == order(second(guarded, made, here)) == {}


def test_what_could_not_be_read_holds_back_what_comes_after_it_and_nothing_else() -> None:
    """The earlier run could not say what is there; the rest goes on, whatever names what."""
    wanted = Plan(
        name="x",
        targets=TARGETS,
        selections=(
            select("net-*", key="nets"),
            Selection(conditions=Conditions(names=("app-*",), regions=("eu-west-1",)), key="apps", depends_on=("nets",)),
            select("top", depends_on=("apps",)),
            select("free"),
        ),
    )
    here = inventory(*held("app-a", "top", "free"))
    unread = replace(inventory(complete=False), lane=OTHER, problem="no")
    made = decide(wanted, [here, unread])
    assert order(made) == order(second(wanted, made, here, unread)) == {"free": ()}
    read = replace(inventory(*held("net-b")), lane=OTHER)
    later = second(wanted, made, here, read)
    assert order(later) == {"free": ()}
    blocked = next(line for line in later.lines if line.name == "app-a")
    assert blocked.detail == "blocked: net-b (pp-net-b) stays (left out by --from: the earlier run is done with it)"


def test_products_that_wait_for_one_another_do_not_keep_the_others_from_a_second_go() -> None:
    """A review refuses only them, and so does the next one."""
    wanted = Plan(
        name="x",
        selections=(select("a*", depends_on=("b*",)), select("b*", depends_on=("a*",)), select("free")),
    )
    here = inventory(*held("a1", "b1", "free"))
    made = decide(wanted, [here])
    assert order(made) == order(second(wanted, made, here)) == {"free": ()}


def test_an_id_that_was_looked_for_in_one_lane_and_selected_in_another_is_no_contradiction() -> None:
    """The entry finds nothing, then and now; the selection's product is meant."""
    wanted = Plan(
        name="x",
        targets=TARGETS,
        entries=(Entry(product_id="pp-a", account_id=LANE.account_id),),
        selections=(select("a"),),
    )
    lanes = [inventory(), replace(inventory(*held("a")), lane=OTHER)]
    made = decide(wanted, lanes)
    assert order(made) == order(second(wanted, made, *lanes)) == {"a": ()}


def test_what_was_blocked_by_what_was_not_found_is_not_meant() -> None:
    """With --strict what is not found is refused; the second go, without, would take it for gone."""
    wanted = Plan(
        name="x",
        entries=(
            Entry(name="missing"),
            Entry(name="net-a", depends_on=("missing",)),
            Entry(name="app-a", depends_on=("net-a",)),
            Entry(name="free"),
        ),
    )
    here = inventory(*held("net-a", "app-a", "free"))
    made = decide(wanted, [here], strict=True)
    assert order(made) == order(second(wanted, made, here)) == {"free": ()}


def test_entries_that_mean_one_product_do_not_lose_the_others_their_lines() -> None:
    """The first one's place is the line's, also where there is an order."""
    entries = (
        Entry(name="net-a", location="p:1"),
        Entry(name="app-a"),
        Entry(product_id="pp-net-a", location="p:3"),
        Entry(name="app-b", depends_on=("app-a",)),
    )
    wanted = Plan(name="x", entries=entries)
    here = inventory(*held("net-a", "app-a", "app-b"))
    made = decide(wanted, [here])
    assert [line.location for line in made.lines] == ["p:1", None, None]
    assert list(inconsistencies(wanted, made)) == []
    assert order(made) == order(second(wanted, made, here)) == {"app-a": (), "app-b": ("app-a",)}


def test_a_status_that_selects_nothing_is_no_drift_behind_a_key() -> None:
    """What is AVAILABLE was not selected at review, and is not selected now; what is under change may be."""
    wanted = Plan(
        name="x",
        selections=(select("net-*", key="broken", statuses=("ERROR",)), select("app-*", depends_on=("broken",))),
    )
    shown = [*held("net-a", status="ERROR"), *held("net-b", "app-a")]
    made = decide(wanted, [inventory(*shown)])
    assert drifted_lines(wanted, made, [inventory(*shown)]) == {}
    for new in ("ERROR", "UNDER_CHANGE"):
        [said] = drifted_lines(wanted, made, [inventory(*shown, *held("net-c", status=new))]).values()
        assert said == "it comes after all that broken selects, and net-c (pp-net-c) is there now"
    hidden = replace(inventory(*shown), only_searched={"pp-net-c": held("net-c", status="ERROR")[0]})
    assert len(drifted_lines(wanted, made, [hidden])) == 1


def test_what_is_gone_has_not_drifted_whatever_is_new_beside_it() -> None:
    """There is nothing left that would have to wait."""
    wanted = Plan(name="x", entries=(Entry(name="top", depends_on=("net-*",)), Entry(name="net-a")))
    made = decide(wanted, [inventory(*held("top", "net-a"))])
    assert drifted_lines(wanted, made, [inventory(*held("net-a", "net-b"))]) == {}


def test_an_id_that_is_the_name_of_another_product_claims_nothing() -> None:
    """At review and when the worklist is run."""
    wanted = Plan(name="x", entries=(Entry(product_id="sbx"),), selections=(select("sbx"),))
    made = decide(wanted, [inventory(*held("sbx"))])
    assert order(made) == {"sbx": ()}
    assert list(inconsistencies(wanted, made)) == []


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Entries and selections that name and hold up one another in whatever way."""
    handles: list[str] = []
    entries = []
    for number in range(draw(st.integers(0, 3))):
        name, lane = draw(st.sampled_from(NAMES)), draw(st.sampled_from([None, *LANES]))
        by_id = draw(st.booleans())
        entry = Entry(
            product_id=f"pp-{name}-{draw(st.integers(0, 1))}" if by_id else None,
            name=None if by_id else name,
            account_id=lane.account_id if lane else None,
            key=f"e{number}",
            options=Options(ignore_errors=draw(st.booleans())),
            depends_on=tuple(draw(st.lists(st.sampled_from([*handles, *GLOBS]), unique=True, max_size=2))),
            location=f"p:{number}",
        )
        entries.append(entry)
        handles.append(f"e{number}")
    selections = []
    for number in range(draw(st.integers(0, 3))):
        statuses = draw(st.sampled_from([("AVAILABLE", "ERROR", "TAINTED"), ("ERROR",), ("UNDER_CHANGE",), ()]))
        words = draw(st.lists(st.sampled_from([*handles, *GLOBS]), unique=True, max_size=2))
        selection = select(
            draw(st.sampled_from((*GLOBS, "*"))), statuses=statuses, key=f"s{number}", depends_on=tuple(words),
            location=f"s:{number}", notice_seconds=draw(st.sampled_from([None, None, 0, 86_400])),
        )  # fmt: skip
        selections.append(selection)
        handles.append(f"s{number}")
    # The selections are known from here on, so that entries may wait for them, too.
    entries = [
        replace(each, depends_on=each.depends_on or tuple(draw(st.lists(st.sampled_from(handles), max_size=1))))
        for each in entries
    ]
    protections = draw(st.sampled_from([(), (Protection(conditions=Conditions(names=("net-b",))),)]))
    return Plan(
        name="x", targets=TARGETS, entries=tuple(entries), selections=tuple(selections), protections=protections
    )  # fmt: skip


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Inventory, ...]:
    """Two lanes, each of which may be unread, with products in whatever state."""
    made = []
    for number, lane in enumerate(LANES):
        shown, records = [], {}
        for name in draw(st.lists(st.sampled_from(NAMES), unique=True)):
            id_ = f"pp-{name}-{number}"
            status = draw(st.sampled_from(["AVAILABLE", "AVAILABLE", "TAINTED", "ERROR", "UNDER_CHANGE", "WEIRD"]))
            tags = draw(st.sampled_from([(), (), (), None]))
            shown.append(product(id_, name=name, status=status, tags=tags, last_record_id=f"rec-{id_}"))
            kind = draw(st.sampled_from(["TERMINATE_PROVISIONED_PRODUCT", "UPDATE_PROVISIONED_PRODUCT"]))
            records[id_] = (record(f"rec-{id_}", product_id=id_, record_type=kind, status="IN_PROGRESS"),)
        complete = draw(st.sampled_from([True, True, True, False]))
        made.append(
            replace(inventory(*shown, complete=complete, records=records), lane=lane, problem=None if complete else "no")
        )
    return tuple(made)


@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(plans(), worlds(), st.booleans())
def test_where_nothing_changes_a_second_go_is_the_first_one(
    wanted: Plan, world: tuple[Inventory, ...], strict: bool
) -> None:
    """A saved worklist is believed and has not drifted; what failed is tried again in the order it had, and no more."""
    if validate(wanted):
        return
    made = decide(wanted, world, strict=strict, notices=NOTICES)
    assert decode(tuple[Line, ...], encode(made.lines)) == made.lines
    started_at = {each.lane: each.started_at for each in world}
    assert list(inconsistencies(wanted, made, started_at)) == []
    assert drifted_lines(wanted, made, world) == {}
    again = second(wanted, made, *world)
    assert {line.id for line in again.of(Decision.TERMINATE)} == {line.id for line in made.of(Decision.TERMINATE)}
    later = {line.id: line for line in again.lines}
    for line in made.of(Decision.TERMINATE):
        assert set(line.after_lines) <= set(later[line.id].after_lines)
        assert line.options == later[line.id].options
    third = second(wanted, again, *world)
    assert order(third) == order(again)


def test_only_what_was_refused_for_it_counts_as_missing() -> None:
    """Without --strict it is skipped, and keeps nothing waiting in either go."""
    wanted = Plan(name="x", entries=(Entry(name="missing"), Entry(name="a", depends_on=("missing",))))
    made = decide(wanted, [inventory(*held("a"))])
    assert made.lines[0].reason is Reason.NOT_FOUND
    assert order(made) == order(second(wanted, made, inventory(*held("a")))) == {"a": ()}


def test_after_abandon_only_failed_takes_all_that_is_not_known_to_have_gone() -> None:
    """Failed, contradicted, timed out, blocked, in doubt, in progress and pending: none of it is done with."""
    ids = [f"pp-{state.value}" for state in State]
    wanted = plan(*ids)
    made = decide(wanted, [inventory(*(product(id_) for id_ in ids))])
    states = {line.id: State(str(line.product_id).removeprefix("pp-")) for line in made.lines}
    again = {states[id_] for id_ in lines_to_retry(made, states, only_failed=True)}
    assert again == {
        State.FAILED,
        State.CONTRADICTED,
        State.TIMED_OUT,
        State.BLOCKED,
        State.IN_DOUBT,
        State.REQUESTED,
        State.IN_PROGRESS,
        State.PENDING,
    }
