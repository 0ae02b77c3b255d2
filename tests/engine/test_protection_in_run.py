"""Protections hold at the moment of sending, too: by what a complete listing of the last ten minutes shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from orchestrator.core.inventory.calls import Denied, Operation, Throttled, Unanswered
from orchestrator.core.inventory.model import FAILED, SUCCEEDED
from orchestrator.core.plan.model import Conditions, Limits, Plan, Protection, Retry, Selection, Tolerance
from orchestrator.core.run.transitions import State
from orchestrator.engine.permission_probe import of_nobody
from orchestrator.errors import ExitCode
from tests.driving import Stage, evidence_of, state_of
from tests.engine.test_runner import says, stage
from tests.fakes import LANE, START, lost, unsent
from tests.makers import fake, plan

TOLERANT = Limits(failure_tolerance=Tolerance(count=9))
IDS = [f"pp-{n:02d}" for n in range(20)]
SLOWLY = Limits(rate_per_second=0.02)
"""So that the last ones wait for longer than a listing is good for."""


def protect(world: Stage, product_id: str) -> None:
    """Let its owner tag a product."""
    world.catalog.tags[product_id] = {"sc-orchestrator:protect": "true"}


def test_what_is_protected_while_the_run_goes_on_is_not_sent() -> None:
    """It has drifted, and the rest goes; the listing that says so is the scan and the search."""
    world = stage(*(fake(id_) for id_ in IDS))
    world.after_survey = lambda: protect(world, IDS[-1])
    run = world.run(plan(*IDS, limits=SLOWLY))
    assert state_of(run, IDS[-1]) is State.DRIFTED
    assert evidence_of(run, IDS[-1]) == "it is protected by its tag sc-orchestrator:protect=true"
    assert run.state_table.counts[State.TERMINATED] == len(IDS) - 1
    assert IDS[-1] not in [command.product_id for command in world.catalog.sent]
    assert Operation.SEARCH in [operation for operation, _ in world.catalog.calls]
    assert run.tally().exit_code is ExitCode.SOME_NOT_DONE


def test_what_the_search_does_not_show_any_more_is_not_sent() -> None:
    """Its tags might protect it."""
    world = stage(*(fake(id_) for id_ in IDS))
    world.after_survey = lambda: world.catalog.unsearched.add(IDS[-1])
    run = world.run(plan(*IDS, limits=SLOWLY))
    assert state_of(run, IDS[-1]) is State.DRIFTED
    assert "so its tags cannot be read" in evidence_of(run, IDS[-1])


def test_what_its_selection_does_not_fit_any_more_is_not_sent() -> None:
    """Somebody uses it for something else now."""
    world = stage(*(fake(id_) for id_ in IDS))
    world.catalog.tags = {id_: {"Use": "workshop"} for id_ in IDS}
    conditions = Conditions(tags=(("Use", ("workshop",)),))
    wanted = Plan(name="x", selections=(Selection(conditions=conditions, location="p.yaml:5"),), limits=SLOWLY)
    world.after_survey = lambda: world.catalog.tags.update({IDS[-1]: {"Use": "production"}})
    run = world.run(wanted)
    assert evidence_of(run, IDS[-1]) == "its selection at p.yaml:5 does not fit it any more (Tags)"
    assert run.state_table.counts[State.TERMINATED] == len(IDS) - 1


@pytest.mark.parametrize("duration", [5, 700])
def test_an_attempt_that_failed_is_not_repeated_on_what_is_protected_meanwhile(duration: float) -> None:
    """Whatever the listing said that the first one was sent upon; what is not protected gets its second attempt."""
    world = stage(fake("pp-a", FAILED, SUCCEEDED, duration=duration), fake("pp-b", FAILED, SUCCEEDED, duration=duration))
    world.after_survey = lambda: protect(world, "pp-a")
    run = world.run(plan("pp-a", "pp-b", limits=TOLERANT))
    assert state_of(run, "pp-b") is State.TERMINATED
    assert state_of(run, "pp-a") is State.FAILED
    assert evidence_of(run, "pp-a") == ("its last attempt FAILED; it is protected by its tag sc-orchestrator:protect=true")
    assert [command.product_id for command in world.catalog.sent] == ["pp-a", "pp-b", "pp-b"]


def test_what_its_own_failure_brings_under_a_protection_is_not_sent_again() -> None:
    """The plan protects what is TAINTED, for somebody to look at."""
    world = stage(fake("pp-a", FAILED, SUCCEEDED))
    tainted = Protection(conditions=Conditions(statuses=("TAINTED",)), location="p.yaml:9")
    run = world.run(replace(plan("pp-a"), protections=(tainted,)))
    assert evidence_of(run, "pp-a") == "its last attempt FAILED; it is protected by Protect at p.yaml:9"
    assert len(world.catalog.sent) == 1


def test_what_was_adopted_and_failed_is_not_sent_if_it_is_protected_meanwhile() -> None:
    """Nothing of ours was sent for it before."""
    world = stage(fake("pp-a", FAILED, SUCCEEDED, duration=30))
    world.catalog.terminate(replace(of_nobody(LANE), product_id="pp-a"))
    world.after_survey = lambda: protect(world, "pp-a")
    world.catalog.sent.clear()
    run = world.run(plan("pp-a"))
    assert world.catalog.sent == []
    assert state_of(run, "pp-a") is State.FAILED
    assert "it is protected by its tag" in evidence_of(run, "pp-a")


def test_a_send_in_doubt_is_not_repeated_on_what_is_protected_meanwhile() -> None:
    """The product is there and at rest, so nothing was carried out: it has drifted."""
    world = stage(*(fake(id_) for id_ in IDS))
    lookups = world.catalog.trouble[Operation.PRODUCT]

    def busy(carry_out: Callable[[], object]) -> object:
        if world.clock.now() > START + 700:
            return carry_out()
        lookups.append(busy)
        return Throttled("SlowDown")

    world.catalog.trouble[Operation.TERMINATE].append(unsent)
    lookups.append(busy)
    world.after_survey = lambda: protect(world, IDS[0])
    run = world.run(plan(*IDS, limits=SLOWLY))
    assert state_of(run, IDS[0]) is State.DRIFTED
    assert [command.product_id for command in world.catalog.sent].count(IDS[0]) == 1
    assert run.state_table.counts[State.TERMINATED] == len(IDS) - 1


def test_what_was_carried_out_before_it_was_protected_is_followed() -> None:
    """A protection comes too late for it; what is true is said."""
    world = stage(fake("pp-a", duration=900))
    world.catalog.trouble[Operation.TERMINATE].append(lost)
    world.after_survey = lambda: protect(world, "pp-a")
    run = world.run(plan("pp-a", limits=SLOWLY))
    assert state_of(run, "pp-a") is State.TERMINATED


def test_a_resumed_run_heeds_protections_before_it_sends_anything() -> None:
    """Nothing is sent upon the listing of another execution."""
    world = stage(*(fake(id_) for id_ in IDS))
    first = world.run(plan(*IDS, limits=replace(SLOWLY, deadline_seconds=60)))
    assert first.state_table.counts[State.PENDING] > 10
    sent = len(world.catalog.sent)
    for id_ in IDS:
        protect(world, id_)
    again = world.resume(first.plan, first.worklist, world.journal.lines)
    assert len(world.catalog.sent) == sent
    assert again.state_table.counts[State.DRIFTED] == first.state_table.counts[State.PENDING]


@pytest.mark.parametrize("trouble", [Denied("AccessDenied", "no"), Unanswered("reset")])
def test_a_search_that_fails_is_a_listing_that_fails(trouble: object) -> None:
    """Nothing is sent without it, and the lane is given up in the end."""
    world = stage(*(fake(id_) for id_ in IDS))

    def die() -> None:
        world.catalog.trouble[Operation.SEARCH].extend([says(trouble)] * 10_000)

    world.after_survey = die
    run = world.run(plan(*IDS, limits=SLOWLY, retry=Retry(attempts=1)))
    assert run.tally().exit_code is ExitCode.LEFT_TO_DO
    assert run.lost_lanes
    assert 10 < len(world.catalog.sent) < len(IDS)


@pytest.mark.parametrize(("statuses", "sent"), [(("AVAILABLE",), 0), (("AVAILABLE", "TAINTED"), 1), ((), 1)])
def test_what_was_adopted_and_failed_is_sent_only_if_its_status_is_one_that_was_selected(
    statuses: tuple[str, ...], sent: int
) -> None:
    """It was UNDER_CHANGE at review and is TAINTED now; the termination before was somebody else's."""
    world = stage(fake("pp-a", FAILED, SUCCEEDED, duration=30))
    world.catalog.terminate(replace(of_nobody(LANE), product_id="pp-a"))
    world.catalog.sent.clear()
    selection = Selection(conditions=Conditions(names=("*",), statuses=statuses), location="p.yaml:5")
    run = world.run(Plan(name="x", selections=(selection,)))
    assert len(world.catalog.sent) == sent
    assert state_of(run, "pp-a") is (State.TERMINATED if sent else State.FAILED)
    if not sent:
        assert "its selection at p.yaml:5 does not fit it any more (Status)" in evidence_of(run, "pp-a")
