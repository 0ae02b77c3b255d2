"""Order between products: what waits for what, what never has its turn, what an operator leaves out."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.core.inventory.model import Product
from orchestrator.core.plan.model import Entry, Plan
from orchestrator.core.review.decide import decide
from orchestrator.core.review.filter import narrow
from orchestrator.core.review.order import describe_prerequisites, in_waves
from orchestrator.core.review.worklist import Decision, Line, Reason, Worklist
from orchestrator.core.run.prerequisites import Prerequisites
from orchestrator.core.run.transitions import State, StateTable, first_state
from orchestrator.core.values.lane import Lane
from tests.fakes import LANE
from tests.makers import inventory, product, record

OTHER = Lane("444455556666", "eu-west-1")


def decided(products: list[Product], *entries: Entry, elsewhere: list[Product] | None = None) -> Worklist:
    """What is decided on entries."""
    inventories = [inventory(*products)]
    if elsewhere is not None:
        inventories.append(replace(inventory(*elsewhere), lane=OTHER))
    return decide(Plan(name="x", entries=entries), inventories)


def by_name(made: Worklist) -> dict[str, Line]:
    """The lines by their names."""
    return {line.name: line for line in made.lines}


def named(*names: str, **changes: object) -> list[Product]:
    """Products with these names."""
    return [product(f"pp-{name}", name=name, **changes) for name in names]


def test_a_line_comes_after_ids_names_keys_and_globs() -> None:
    """In its lane and in others; never after itself."""
    made = decided(
        named("net", "team-1", "team-2", "team-net"),
        Entry(name="team-1"),
        Entry(name="team-2"),
        Entry(name="team-net", depends_on=("team-*", "hub")),
        Entry(name="net", depends_on=("pp-far", "team-net")),
        Entry(product_id="pp-far"),
        Entry(name="hub-1", key="hub"),
        elsewhere=named("far", "hub-1"),
    )
    found = by_name(made)
    assert found["team-net"].after_lines == (f"{LANE}/pp-team-1", f"{LANE}/pp-team-2", f"{OTHER}/pp-hub-1")
    assert found["net"].after_lines == (f"{OTHER}/pp-far", f"{LANE}/pp-team-net")
    assert made.dependencies.waves()[found["net"].id] == 3
    assert [line.name for line in in_waves(made.lines)][-2:] == ["team-net", "net"]
    assert (
        describe_prerequisites(found["team-net"], {line.id: line for line in made.lines}) == "after team-1, team-2, hub-1"
    )
    assert describe_prerequisites(found["team-1"], {}) == ""
    assert made.warnings == ()


def test_many_prerequisites_are_named_in_part() -> None:
    """A line is to be read by a person."""
    names = [f"team-{n}" for n in range(9)]
    dependents = (Entry(name="net", depends_on=("team-*",)), Entry(name="dns", depends_on=("team-*",)))
    made = decided(named("net", "dns", *names), *(Entry(name=n) for n in names), *dependents)
    assert by_name(made)["dns"].after_lines == by_name(made)["net"].after_lines
    assert describe_prerequisites(by_name(made)["net"], {line.id: line for line in made.lines}).endswith(" and 6 more")


def test_what_matches_nothing_or_was_not_found_is_warned_about() -> None:
    """It keeps nothing waiting."""
    made = decided(
        named("net"),
        Entry(name="net", depends_on=("x-*", "gone")),
        Entry(name="gone"),
        Entry(name="y", depends_on=("net",)),
    )
    assert by_name(made)["net"].decision is Decision.TERMINATE
    assert by_name(made)["net"].after_lines == ()
    assert made.warnings == (
        f"net (pp-net) depends on `x-*`, which matches nothing in {LANE}",
        "net (pp-net) depends on `gone`, which was not found and so keeps nothing waiting",
    )


def test_what_is_missing_blocks_where_missing_is_refused() -> None:
    """As --strict has it."""
    entries = (Entry(name="net", depends_on=("gone",)), Entry(name="gone"))
    made = decide(Plan(name="x", entries=entries), [inventory(*named("net"))], strict=True)
    assert [line.reason for line in made.lines] == [Reason.BLOCKED, Reason.NOT_FOUND]


def test_a_product_that_matches_and_is_not_in_the_plan_keeps_its_dependents() -> None:
    """It would be there still when they go."""
    made = decided(named("net", "team-1"), Entry(name="net", depends_on=("team-*",)))
    line = by_name(made)["net"]
    assert (line.decision, line.reason) == (Decision.REFUSE, Reason.BLOCKED)
    assert line.detail == "blocked: team-1 (pp-team-1) matches `team-*` and is not in the plan"
    assert first_state(line) is State.BLOCKED


def test_a_prerequisite_that_stays_blocks_whoever_made_the_worklist() -> None:
    """Also where nobody has looked before."""
    made = decided(named("a", "b"), Entry(name="a"), Entry(name="b", depends_on=("a",)))
    refused = replace(made.lines[0], decision=Decision.REFUSE)
    worklist = replace(made, lines=(refused, made.lines[1]))
    waiting = Prerequisites(worklist, StateTable(worklist))
    assert waiting.permanent_blocker(made.lines[1].id) == "its prerequisite a (pp-a) is refused"


def test_what_is_refused_blocks_what_comes_after_it() -> None:
    """All the way."""
    made = decided(
        [*named("odd", type="ODD"), *named("a", "b")],
        Entry(name="b", depends_on=("a",)),
        Entry(name="a", depends_on=("odd",)),
        Entry(name="odd"),
    )
    found = by_name(made)
    assert found["a"].detail == "blocked: odd (pp-odd) stays (its type ODD is not known)"
    assert found["b"].detail == "blocked: a (pp-a) stays (odd (pp-odd) stays (its type ODD is not known))"


def test_a_termination_that_is_under_way_keeps_what_it_comes_after() -> None:
    """Should it fail, ours has to wait as any other."""
    busy = product("pp-busy", name="busy", status="UNDER_CHANGE", last_record_id="rec-1")
    shown = inventory(busy, *named("a"), records={"pp-busy": (record("rec-1", product_id="pp-busy"),)})
    entries = (Entry(name="busy", depends_on=("a",)), Entry(name="a"))
    line = decide(Plan(name="x", entries=entries), [shown]).lines[0]
    assert (line.decision, line.reason, line.after_lines) == (Decision.TERMINATE, Reason.ADOPT, (f"{LANE}/pp-a",))


def test_a_long_circle_is_named_in_part() -> None:
    """And costs no more than its length."""
    names = [f"n{number:03d}" for number in range(300)]
    ring = [Entry(name=name, depends_on=(f"{names[number - 1]}*",)) for number, name in enumerate(names)]
    made = decided(named(*names), *ring)
    assert {line.reason for line in made.lines} == {Reason.CYCLE}
    assert made.lines[0].detail.count("→") == 10
    assert "..." in made.lines[0].detail


def test_globs_that_lead_in_a_circle_are_refused_with_the_places() -> None:
    """Words that do are found by `validate`; globs only here."""
    made = decided(
        named("a-1", "b-1", "c"),
        Entry(name="a-1", depends_on=("b-*",), location="p.yaml:4"),
        Entry(name="b-1", depends_on=("a-*",), location="p.yaml:7"),
        Entry(name="c", depends_on=("a-1",)),
    )
    found = by_name(made)
    assert found["a-1"].reason is found["b-1"].reason is Reason.CYCLE
    said = "products wait for one another: a-1 (p.yaml:4) → b-1 (p.yaml:7) → a-1 (p.yaml:4)"
    assert found["a-1"].detail == found["b-1"].detail == said
    assert found["c"].reason is Reason.BLOCKED


def test_narrowing_leaves_out_and_adds_nothing() -> None:
    """By id, by name, by line; what comes after something that is left out is blocked."""
    made = decided(
        [*named("a", "b", "net"), *named("odd", type="ODD")],
        Entry(name="a"),
        Entry(name="b"),
        Entry(name="net", depends_on=("a",)),
        Entry(name="odd"),
    )
    only, idle = narrow(made, only=["pp-b", "ne?"])
    assert idle == []
    assert {line.name: (line.decision, line.reason) for line in only.lines} == {
        "a": (Decision.SKIP, Reason.LEFT_OUT),
        "b": (Decision.TERMINATE, Reason.PLANNED),
        "net": (Decision.REFUSE, Reason.BLOCKED),
        "odd": (Decision.REFUSE, Reason.UNKNOWN_TYPE),
    }
    without, idle = narrow(made, exclude=["net", "typo*"])
    assert idle == ["typo*"]
    assert by_name(without)["net"].detail == "left out by --exclude"
    assert by_name(narrow(made, only=[f"{LANE}/pp-a"])[0])["a"].decision is Decision.TERMINATE
    assert narrow(made) == (made, [])
