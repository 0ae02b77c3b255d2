"""What was reviewed is what is terminated, if nothing changes; and never more, if something does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator import api
from orchestrator.core.plan.model import Conditions, Entry, Options, Plan, Protection, Selection, Target
from orchestrator.core.review.worklist import Decision
from orchestrator.core.run.machine import Run
from orchestrator.core.values.durations import format_duration
from orchestrator.errors import GuardRefused, InvalidInput
from orchestrator.ports import Identity
from orchestrator.store import worklist_file
from tests.engine.test_order import OTHER, Lanes, lanes
from tests.fakes import LANE, FakeProduct
from tests.makers import fake

NAMES = ("a", "b", "c", "d", "e", "f")
LANES = (LANE, OTHER)


def connections(world: Lanes) -> api.Connections:
    """The way into a fake world."""
    return api.Connections(
        connect=world.connect,
        identities={lane: Identity(account_id=lane.account_id, arn="arn:aws:iam::x") for lane in LANES},
        endpoints=dict.fromkeys(LANES, "memory://"),
        simulated=False,
        workers=2,
        clock=world.clock,
        sleep=world.clock.sleep,
    )


IN_LAB = Conditions(tags=(("Use", ("lab",)),))
SELECTED = st.sampled_from(
    [IN_LAB, Conditions(names=("[a-d]",)), Conditions(statuses=("AVAILABLE",), older_than_seconds=60)]
)
OPTIONS = st.builds(Options, retain_physical_resources=st.sampled_from([False, False, True]))
WAITING = st.sampled_from([(), (), ("[ab]",)])
PROTECTED = st.sampled_from([Conditions(names=("c",)), Conditions(tags=(("Use", ("sh*",)),)), Conditions(names=("z",))])


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Products of both lanes by id, name, both, or as they are; some in an order, some unknown, some protected."""
    entries: list[Entry] = []
    for name in draw(st.lists(st.sampled_from((*NAMES, "none")), unique=True)):
        how = draw(st.sampled_from(["id", "name", "both"]))
        before = [entry.key for entry in entries if entry.key and draw(st.integers(0, 3)) == 0]
        words = [*before, *draw(st.sampled_from([[], [], ["[ab]"]]))]
        entries.append(
            Entry(
                product_id=f"pp-{name}" if how != "name" else None,
                name=name if how != "id" else None,
                key=f"key-{name}",
                depends_on=tuple(words),
                options=Options(retain_physical_resources=draw(st.booleans())),
            )
        )
    targets = tuple(Target(account_id=lane.account_id, regions=(lane.region,)) for lane in LANES)
    selections = draw(st.lists(st.builds(Selection, conditions=SELECTED, options=OPTIONS, depends_on=WAITING), max_size=2))
    protections = draw(st.lists(st.builds(Protection, conditions=PROTECTED), max_size=1))
    return Plan(
        name="x",
        targets=targets,
        entries=tuple(entries),
        selections=tuple(selections),
        protections=tuple(protections),
    )


def world_of(where: list[int]) -> Lanes:
    """Six products, each in one of two lanes; every other one is used in a lab."""
    found: list[list[FakeProduct]] = [[], []]
    for name, place in zip(NAMES, where, strict=True):
        found[place].append(fake(f"pp-{name}", name=name, duration=1.0))
    made = lanes(*found)
    for catalog in made.connect.catalogs.values():
        catalog.tags = {f"pp-{name}": {"Use": "lab" if n % 2 else "shop"} for n, name in enumerate(NAMES)}
    return made


def reviewed_and_saved(wanted: Plan, world: Lanes) -> worklist_file.SavedWorklist:
    """Review a plan, save the worklist, and read it back."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "w.json"
        api.save_worklist(api.survey(wanted, connections(world)), path, Path("p.yaml"))
        return worklist_file.load_worklist(path)


def execute(reviewed: worklist_file.SavedWorklist, world: Lanes) -> Run | None:
    """Run a saved worklist; None if a guard refuses it."""
    try:
        review = api.recheck(reviewed, connections(world))
        api.enforce_limits(review)
    except GuardRefused:
        return None
    run = Run(run_id="run-2", plan=review.plan, worklist=review.worklist)
    return world.drive(run, review.opening, inventories=review.inventories)


def change(world: Lanes, name: str, how: str) -> bool:
    """Let something happen to a product; returns whether that is to keep it from being terminated."""
    catalog = next(c for c in world.connect.catalogs.values() if f"pp-{name}" in c.products)
    found = catalog.products[f"pp-{name}"]
    match how:
        case "updated":
            catalog.add_record(f"pp-{name}", "UPDATE_PROVISIONED_PRODUCT", "SUCCEEDED")
        case "under change":
            record = catalog.add_record(f"pp-{name}", "UPDATE_PROVISIONED_PRODUCT", "IN_PROGRESS")
            found.product = replace(found.product, status="UNDER_CHANGE", last_record_id=record.record_id)
        case "gone":
            found.gone = True
        case "gone, and another bears its name":
            found.gone = True
            catalog.products[f"pp-new-{name}"] = fake(f"pp-new-{name}", name=name)
        case "protected":
            catalog.tags[f"pp-{name}"] = {"sc-orchestrator:protect-until": "2099-01-01"}
        case "not shown by the search":
            catalog.unsearched.add(f"pp-{name}")
        case "used elsewhere":
            # Whether that keeps it depends on what was asked for it by.
            catalog.tags[f"pp-{name}"] = {"Use": "home"}
            return False
        case "a namesake elsewhere":
            other = next(c for c in world.connect.catalogs.values() if c is not catalog)
            other.products[f"pp-new-{name}"] = fake(f"pp-new-{name}", name=name)
            return False
        case _:
            return False
    return True


CHANGES = st.sampled_from(
    [
        "none",
        "updated",
        "under change",
        "gone",
        "gone, and another bears its name",
        "a namesake elsewhere",
        "protected",
        "not shown by the search",
        "used elsewhere",
    ]
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(plans(), st.lists(st.integers(0, 1), min_size=6, max_size=6), st.data())
def test_what_was_reviewed_is_what_is_terminated_and_never_more(
    wanted: Plan, where: list[int], data: st.DataObject
) -> None:
    """By the calls that the world has seen, with the options that were reviewed, each after what it comes after."""
    world = world_of(where)
    try:
        reviewed = reviewed_and_saved(wanted, world)
    except InvalidInput:
        return
    lines = {line.product_id: line for line in reviewed.worklist.of(Decision.TERMINATE)}
    happened = {name: data.draw(CHANGES) for name in NAMES}
    changed = {name for name, how in happened.items() if change(world, name, how)}
    kept = {id_ for id_ in lines if str(id_).removeprefix("pp-") not in changed}
    run = execute(reviewed, world)
    sent = [(command.product_id, command.lane, command.options) for command in world.connect.sent]
    assert {id_ for id_, _, _ in sent} <= kept
    for index, selection in enumerate(wanted.selections):
        moved = {f"pp-{name}" for name, how in happened.items() if how == "used elsewhere"}
        by_use = {id_ for id_, line in lines.items() if index in line.selected_by and selection.conditions == IN_LAB}
        assert moved.isdisjoint(by_use & {id_ for id_, _, _ in sent})
    assert all((lines[id_].lane, lines[id_].options) == (lane, options) for id_, lane, options in sent)
    if run is None:
        assert not sent
        assert all(lines[id_].after_globs or lines[id_].after_entries or lines[id_].selected_by for id_ in kept)
        return
    order = [id_ for id_, _, _ in sent]
    for id_, line in lines.items():
        if id_ in order:
            before = [b.rpartition("/")[2] for b in line.after_lines]
            assert all(b not in order or order.index(b) < order.index(str(id_)) for b in before)
    # A namesake elsewhere may be what a word of DependsOn means, and so be in the way of what comes after it.
    words = any(line.after_globs or line.after_entries or line.after_selections for line in lines.values())
    in_the_way = "a namesake elsewhere" in happened.values() and words
    in_the_way = in_the_way or "used elsewhere" in happened.values()
    if not changed and not in_the_way:
        assert set(order) == set(lines)
        assert sum(run.tally().counts.values()) == len(reviewed.worklist.lines)


def test_a_worklist_expires_and_is_for_its_lanes() -> None:
    """One from the future is not believed either."""
    world = world_of([0] * 6)
    targets = tuple(Target(account_id=lane.account_id, regions=(lane.region,)) for lane in LANES)
    wanted = Plan(name="x", targets=targets, entries=(Entry(product_id="pp-a"),))
    reviewed = reviewed_and_saved(wanted, world)
    with pytest.raises(GuardRefused, match="the worklist is for 444455556666/eu-west-1"):
        api.recheck(reviewed, replace(connections(world), identities={LANE: connections(world).identities[LANE]}))
    with pytest.raises(GuardRefused, match="the worklist was made at memory://, and this is https://elsewhere"):
        api.recheck(reviewed, replace(connections(world), endpoints=dict.fromkeys(LANES, "https://elsewhere")))
    world.clock.time += api.WORKLIST_MAX_AGE + 1
    age = format_duration(api.WORKLIST_MAX_AGE + 1)
    with pytest.raises(GuardRefused, match=f"the worklist is {age} old, and may be 7d; review the plan again"):
        api.recheck(reviewed, connections(world))
    assert api.recheck(reviewed, connections(world), max_age=api.WORKLIST_MAX_AGE + 2).reviewed == reviewed.digest
    world.clock.time -= 2 * api.WORKLIST_MAX_AGE
    with pytest.raises(GuardRefused, match="made in the future"):
        api.recheck(reviewed, connections(world))


def test_a_lane_that_cannot_be_read_any_more_refuses_its_lines_only() -> None:
    """And the whole run if there is no other."""
    world = world_of([0, 1, 0, 1, 0, 1])
    targets = tuple(Target(account_id=lane.account_id, regions=(lane.region,)) for lane in LANES)
    wanted = Plan(name="x", targets=targets, entries=(Entry(product_id="pp-a"), Entry(product_id="pp-b")))
    reviewed = reviewed_and_saved(wanted, world)
    way = connections(world)
    barred = replace(way, identities={LANE: way.identities[LANE]}, unreachable={OTHER: "no such role"})
    review = api.recheck(reviewed, barred)
    run = world.drive(
        Run(run_id="run-2", plan=review.plan, worklist=review.worklist), review.opening, inventories=review.inventories
    )
    assert [command.product_id for command in world.connect.sent] == ["pp-a"]
    assert "1 terminated" in run.final_line
    assert "1 refused" in run.final_line
