"""What `doctor` makes of the answers to calls that change nothing."""

from __future__ import annotations

import pytest

from orchestrator.core.inventory.calls import (
    REVIEW_ACTIONS,
    TERMINATE_ACTION,
    Denied,
    NotFound,
    NotSent,
    Operation,
    Throttled,
    Unanswered,
)
from orchestrator.engine.executors import InlineExecutor
from orchestrator.engine.permission_probe import NOBODY, TRIES, PermissionStatus, examine
from orchestrator.engine.survey import Surveyor
from tests.engine.test_runner import says
from tests.fakes import LANE, FakeCatalog, FakeClock
from tests.makers import fake


def standings(catalog: FakeCatalog, clock: FakeClock, *, probe: bool = False) -> dict[str, PermissionStatus]:
    """How each right stands."""
    surveyor = Surveyor(clock=clock, sleep=clock.sleep, executor=InlineExecutor())
    found = examine(surveyor, LANE, catalog, probe=probe)
    assert found.alias == (None if found.unreachable else "sandbox")
    assert found.missing == tuple(each.action for each in found.rights if each.standing is PermissionStatus.MISSING)
    return {each.action: each.standing for each in found.rights}


@pytest.mark.parametrize("count", [0, 2])
def test_every_right_is_tried_by_reads_and_that_to_terminate_not_at_all(count: int) -> None:
    """With a product there is, or with one that there is not."""
    clock = FakeClock()
    catalog = FakeCatalog(clock, [fake(f"pp-{n}") for n in range(count)])
    assert standings(catalog, clock) == dict.fromkeys(REVIEW_ACTIONS, PermissionStatus.OK) | {
        TERMINATE_ACTION: PermissionStatus.NOT_TRIED
    }
    assert catalog.sent == []
    looked_up = dict(catalog.calls)[Operation.PRODUCT]
    assert looked_up == ("pp-0" if count else NOBODY)


@pytest.mark.parametrize(
    ("trouble", "standing"),
    [
        (NotFound("No stack"), PermissionStatus.OK),
        (Denied("AccessDenied", "no"), PermissionStatus.MISSING),
        (Unanswered("reset"), PermissionStatus.UNKNOWN),
        (Throttled("SlowDown"), PermissionStatus.UNKNOWN),
        (NotSent("no connection"), PermissionStatus.UNREACHABLE),
    ],
)
def test_a_right_is_missing_only_where_aws_says_so(trouble: object, standing: PermissionStatus) -> None:
    """Silence and throttling, after asking again, say nothing about it."""
    clock = FakeClock()
    catalog = FakeCatalog(clock, [fake("pp-a")])
    for operation in (Operation.TERMINATE, Operation.RECORD):
        catalog.trouble[operation].extend([says(trouble)] * 10)
    found = standings(catalog, clock, probe=True)
    assert found[TERMINATE_ACTION] is found["servicecatalog:DescribeRecord"] is standing
    assert {command.product_id for command in catalog.sent} == {NOBODY}


def test_a_scan_that_is_denied_leaves_the_others_to_be_tried() -> None:
    """With products that do not exist."""
    clock = FakeClock()
    catalog = FakeCatalog(clock, [fake("pp-a")])
    catalog.trouble[Operation.SCAN].append(says(Denied("AccessDenied", "no")))
    found = standings(catalog, clock)
    assert [action for action, standing in found.items() if standing is PermissionStatus.MISSING] == [REVIEW_ACTIONS[0]]
    assert found[REVIEW_ACTIONS[2]] is PermissionStatus.OK


def test_an_endpoint_that_cannot_be_reached_is_asked_once() -> None:
    """Every other call would wait as long for the same connection."""
    clock = FakeClock()
    catalog = FakeCatalog(clock, [fake("pp-a")])
    catalog.trouble[Operation.SCAN].extend([says(NotSent("no connection"))] * 10)
    found = standings(catalog, clock, probe=True)
    assert found == {REVIEW_ACTIONS[0]: PermissionStatus.UNREACHABLE} | dict.fromkeys(
        [*REVIEW_ACTIONS[1:], TERMINATE_ACTION], PermissionStatus.NOT_TRIED
    )
    assert [operation for operation, _ in catalog.calls] == [Operation.SCAN] * TRIES
    assert catalog.sent == []
