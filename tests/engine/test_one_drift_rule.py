"""Whatever changes between a review and a send, every way of running agrees with one oracle on what may be sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator import api
from orchestrator.core.inventory.model import TERMINATION
from orchestrator.core.plan.model import Conditions, Entry, Limits, Plan, Retry, Selection, Target
from orchestrator.core.review.worklist import Decision, Line
from orchestrator.core.run.events import Event, StartedBy
from orchestrator.core.run.machine import Run
from orchestrator.core.values.lane import Lane
from orchestrator.errors import GuardRefused
from orchestrator.store.codec import decode, unframe
from orchestrator.store.formats import EVENTS
from tests.engine.test_order import OTHER, Lanes, lanes
from tests.engine.test_reviewed import connections, reviewed_and_saved
from tests.fakes import LANE, FakeProduct
from tests.makers import fake

LANES = (LANE, OTHER)
NAMES = ("team-1", "team-2", "app-1", "app-2", "net-1", "net-2")
MISSING = ("team-9", "net-9")
SHORT, LONG = 5.0, 700.0
AFTER_THE_REVIEW = 100.0


@dataclass
class Scene:
    """What was reviewed, and what happens to it afterwards."""

    plan: Plan
    where: list[int]
    happens: list[tuple[str, str]] = field(default_factory=list)

    def world(self, zero: float) -> Lanes:
        """The products, each in one of two lanes, and `zero`, which all of them come after and which takes so long."""
        found: list[list[FakeProduct]] = [[fake("pp-zero", name="zero", duration=zero)], []]
        for name, place in zip(NAMES, self.where, strict=True):
            found[place].append(fake(f"pp-{name}", name=name, duration=SHORT))
        made = lanes(*found)
        for catalog in made.connect.catalogs.values():
            catalog.tags = {f"pp-{name}": {"Use": "lab"} for name in NAMES}
        return made

    def change(self, world: Lanes) -> None:
        """Let happen what happens."""
        for name, how in self.happens:
            happen(world, self.lane_of(name), name, how)

    def lane_of(self, name: str) -> Lane:
        """The lane of a product; that of one that is missing is the first."""
        return LANES[self.where[NAMES.index(name)]] if name in NAMES else LANE


def happen(world: Lanes, lane: Lane, name: str, how: str) -> None:  # noqa: C901 - one case for each thing
    """Let one thing happen to a product, or to the lane that it is in."""
    catalog = world.connect.catalogs[lane]
    id_ = f"pp-{name}"
    found = catalog.products.get(id_)
    match how:
        case "updated" if found:
            catalog.add_record(id_, "UPDATE_PROVISIONED_PRODUCT", "SUCCEEDED")
        case "being updated" if found:
            catalog.add_record(id_, "UPDATE_PROVISIONED_PRODUCT", "IN_PROGRESS")
            found.product = replace(found.product, status="UNDER_CHANGE")
        case "being terminated by another" if found:
            catalog.add_record(id_, TERMINATION, "IN_PROGRESS")
            found.product = replace(found.product, status="UNDER_CHANGE")
            found.ends_at = world.clock.now() + 30
        case "gone" if found:
            found.gone = True
        case "provisioned again":
            if found:
                found.gone = True
            catalog.products[f"pp-new-{name}"] = fake(f"pp-new-{name}", name=name)
            catalog.tags[f"pp-new-{name}"] = {"Use": "lab"}
        case "a newcomer":
            catalog.products[f"pp-new-{name}"] = fake(f"pp-new-{name}", name=f"{name}-new")
            catalog.tags[f"pp-new-{name}"] = {"Use": "lab"}
        case "protected" if found:
            catalog.tags[id_] = {"Use": "lab", "sc-orchestrator:protect": "true"}
        case "not selected any more" if found:
            catalog.tags[id_] = {"Use": "home"}
        case "not shown by the search" if found:
            catalog.unsearched.add(id_)
        case "renamed" if found:
            found.product = replace(found.product, name=f"was-{name}")
        case "of another type" if found:
            found.product = replace(found.product, type="EXTERNAL")


HAPPENINGS = (
    "updated",
    "being updated",
    "being terminated by another",
    "gone",
    "provisioned again",
    "a newcomer",
    "protected",
    "not selected any more",
    "not shown by the search",
    "renamed",
    "of another type",
)

LAB = Conditions(tags=(("Use", ("lab",)),), names=("app-*",))


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Some products by id or by name, some selected, some missing; each after `zero` and after some of the others."""
    names = draw(st.lists(st.sampled_from((*NAMES, *MISSING)), min_size=2, max_size=6, unique=True))
    selects = draw(st.booleans())
    entries: list[Entry] = [Entry(product_id="pp-zero", key="zero")]
    words: list[str] = ["team-*", "net-?"] + (["apps"] if selects else [])
    for name in names:
        if selects and name.startswith("app"):
            continue
        by_name = draw(st.booleans()) or name in MISSING
        after = (
            [] if name.startswith("team") else draw(st.lists(st.sampled_from(words), min_size=1, max_size=2, unique=True))
        )
        # What fits a glob is not to wait for itself, nor for what waits for it.
        after = [word for word in after if not fnmatchcase(name, word)]
        entries.append(
            Entry(
                product_id=None if by_name else f"pp-{name}",
                name=name if by_name else None,
                key=f"key-{name}",
                depends_on=("zero", *after),
            )
        )
        words.append(f"key-{name}")
    selections = (Selection(conditions=LAB, key="apps", depends_on=("zero",)),) if selects else ()
    targets = tuple(Target(account_id=lane.account_id, regions=(lane.region,)) for lane in LANES)
    plan = Plan(
        name="x",
        targets=targets,
        entries=tuple(entries),
        selections=selections,
        limits=Limits(deadline_seconds=86_400),
        retry=Retry(attempts=1, backoff_seconds=1),
    )
    where = draw(st.lists(st.integers(0, 1), min_size=len(NAMES), max_size=len(NAMES)))
    things = st.tuples(st.sampled_from((*NAMES, *MISSING)), st.sampled_from(HAPPENINGS))
    happens = draw(st.lists(things, min_size=1, max_size=2, unique_by=lambda each: each[0]))
    return Scene(plan, where, happens)


def oracle(scene: Scene, reviewed: Sequence[Line]) -> set[str]:  # noqa: C901 - as long as the rule that it tells
    """
    Say what may be sent after what has happened, as the design says it: written from its text and from nothing else.

    A line is sent if its product is what was reviewed and what it comes after has gone: every line that it waits for, and
    nothing is there that has a name or an id of its `DependsOn`, fits a glob of it in its lane, or is selected by its Key.
    """
    world = scene.world(SHORT)
    scene.change(world)
    held = {
        (lane, fake.product.product_id): (fake.product, catalog.tags.get(fake.product.product_id, {}))
        for lane, catalog in world.connect.catalogs.items()
        for fake in catalog.products.values()
        if not fake.gone
    }
    how = {f"pp-{name}": what for name, what in scene.happens}
    lines = {str(line.product_id): line for line in reviewed if line.decision is Decision.TERMINATE}
    spoiled = {"updated", "being updated", "protected", "not shown by the search", "renamed", "of another type"}

    def is_meant(word: str, lane: Lane, where: Lane, id_: str) -> bool:
        product, tags = held[where, id_]
        if word == "apps":
            return bool(fnmatchcase(product.name, "app-*") and (tags.get("Use") == "lab" or how.get(id_) == UNSEEN))
        if "*" in word or "?" in word:
            return where == lane and fnmatchcase(product.name, word)
        entry = next(entry for entry in scene.plan.entries if word in entry.handles)
        return id_ == entry.product_id or product.name == entry.name

    def words_of(line: Line) -> tuple[str, ...]:
        if line.selected_by:
            return scene.plan.selections[0].depends_on
        return next(
            entry.depends_on
            for entry in scene.plan.entries
            if entry.product_id == line.product_id or (line.product and entry.name == line.product.name)
        )

    fates: dict[str, str] = {}

    def fate(id_: str) -> str:
        """Return `sent`, `gone` (somebody else's doing) or `stays`."""
        if id_ not in fates:
            fates[id_] = fate_of(lines[id_])
        return fates[id_]

    def fate_of(line: Line) -> str:
        id_, lane = str(line.product_id), line.lane
        assert lane is not None
        namesake = line.requested_name and any(
            where == lane and other != id_ and product.name == line.requested_name
            for (where, other), (product, _) in held.items()
        )
        if namesake:
            return "stays"
        if (lane, id_) not in held:
            return "gone"
        if how.get(id_) in spoiled or (how.get(id_) == "not selected any more" and line.selected_by):
            return "stays"
        after = [before.rpartition("/")[2] for before in line.after_lines]
        if any(fate(before) == "stays" for before in after):
            return "stays"
        for word in words_of(line):
            for where, other in held:
                if other not in (id_, *after) and is_meant(word, lane, where, other):
                    return "stays"
        return "gone" if how.get(id_) == "being terminated by another" else "sent"

    return {id_ for id_ in lines if fate(id_) == "sent"} - {"pp-zero"}


UNSEEN = "not shown by the search"


def by_worklist(scene: Scene) -> set[str]:
    """Save what was reviewed, and run it later."""
    world = scene.world(SHORT)
    reviewed = reviewed_and_saved(scene.plan, world)
    scene.change(world)
    try:
        review = api.recheck(reviewed, connections(world))
        api.enforce_limits(review)
    except GuardRefused:
        return set()
    run = Run(run_id="run-2", plan=review.plan, worklist=review.worklist)
    world.drive(run, review.opening, inventories=review.inventories)
    return sent_by(world)


def by_canary(scene: Scene) -> set[str]:
    """Begin with the first line, and do the rest later."""
    world = scene.world(SHORT)
    review = api.survey(scene.plan, connections(world))
    run = Run(run_id="run-1", plan=review.plan, worklist=review.worklist)
    world.drive(run, most=1, inventories=review.inventories)
    scene.change(world)
    world.drive(run, how=StartedBy.RESUME, inventories=())
    return sent_by(world)


def by_resume_after_a_kill(scene: Scene) -> set[str]:
    """Die as soon as the first line has ended; resume what the journal tells."""
    world = scene.world(SHORT)
    review = api.survey(scene.plan, connections(world))
    world.drive(Run(run_id="run-1", plan=review.plan, worklist=review.worklist), most=1, inventories=review.inventories)
    scene.change(world)
    run = Run(run_id="run-1", plan=review.plan, worklist=review.worklist)
    run.replay(history(world))
    world.drive(run, how=StartedBy.RESUME, inventories=())
    return sent_by(world)


def by_reviewed_canary(scene: Scene) -> set[str]:
    """Run a saved worklist, its first line first, and the rest later."""
    world = scene.world(SHORT)
    review = api.recheck(reviewed_and_saved(scene.plan, world), connections(world))
    run = Run(run_id="run-2", plan=review.plan, worklist=review.worklist)
    world.drive(run, review.opening, most=1, inventories=review.inventories)
    scene.change(world)
    world.drive(run, how=StartedBy.RESUME, inventories=())
    return sent_by(world)


def by_one_long_run(scene: Scene) -> set[str]:
    """Let it happen while the first line takes its time: the run's own next listing shows it."""
    world = scene.world(LONG)
    review = api.survey(scene.plan, connections(world))
    first = next(iter(world.connect.catalogs.values()))
    first.later.append((world.clock.now() + AFTER_THE_REVIEW, lambda: scene.change(world)))
    run = Run(run_id="run-1", plan=review.plan, worklist=review.worklist)
    world.drive(run, inventories=review.inventories)
    return sent_by(world)


def history(world: Lanes) -> list[Event]:
    """What the journal tells."""
    lines = [unframe(line) for line in world.journal.lines]
    return [decode(EVENTS[kind], value) for _, kind, value in lines]


def sent_by(world: Lanes) -> set[str]:
    """What was sent, but for the line that all others come after."""
    return {command.product_id for command in world.connect.sent} - {"pp-zero"}


WAYS = (by_worklist, by_canary, by_resume_after_a_kill, by_reviewed_canary, by_one_long_run)


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenes())
def test_every_way_of_running_sends_what_the_oracle_says(way: Callable[[Scene], set[str]], scene: Scene) -> None:
    """Neither more (a wrong termination) nor less (a product that is left for no reason)."""
    reviewed = api.survey(scene.plan, connections(scene.world(SHORT))).worklist.lines
    order = [
        (line.label, line.after_lines, line.after_globs, line.after_entries, line.after_selections) for line in reviewed
    ]
    assert way(scene) == oracle(scene, reviewed), (scene.happens, order)
