"""Estimates, rights, shares: small arithmetic that people rely on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.core.inventory.calls import ALIAS_ACTION, REVIEW_ACTIONS, TERMINATE_ACTION
from orchestrator.core.plan.model import Limits, Plan
from orchestrator.core.plan.rules import validate
from orchestrator.core.review.decide import decide
from orchestrator.core.review.estimate import ASSUMED_DURATION, ASSUMED_RATE, estimate
from orchestrator.core.review.limits import too_large_shares
from orchestrator.core.values.lane import Lane
from orchestrator.report.iam_policy import policy, trust
from tests.fakes import LANE
from tests.makers import inventory, plan, product, worklist

IDS = [f"pp-{n}" for n in range(10)]


@pytest.mark.parametrize(
    ("limits", "after", "seconds"),
    [
        (Limits(), {}, 10 / ASSUMED_RATE + ASSUMED_DURATION),
        (Limits(rate_per_second=0.1), {}, 100 + ASSUMED_DURATION),
        (Limits(rate_per_second=100), {}, 10 / ASSUMED_RATE + ASSUMED_DURATION),
        (Limits(in_flight=2), {}, 4 * ASSUMED_DURATION + ASSUMED_DURATION),
        (Limits(), {"pp-1": {"pp-0"}, "pp-2": {"pp-1"}}, 10 / ASSUMED_RATE + 3 * ASSUMED_DURATION),
    ],
)
def test_an_estimate_is_the_time_to_send_and_the_longest_chain(
    limits: Limits, after: dict[str, set[str]], seconds: float
) -> None:
    """Within the caps of the plan."""
    wanted = plan(*IDS, limits=limits, after=after)
    found = estimate(wanted, worklist(wanted, [product(id_) for id_ in IDS]))
    assert found is not None
    assert found.seconds == pytest.approx(seconds)
    assert found.capped is (limits.in_flight == 2)


def test_nothing_to_do_has_no_estimate() -> None:
    """It takes no time."""
    assert estimate(plan(), worklist(plan(), [])) is None


def test_a_share_that_is_too_large_refuses_a_lane() -> None:
    """Exactly the share is not too large; lanes with nothing to terminate are not asked."""
    wanted = replace(plan("pp-0", "pp-1", "pp-2"), limits=Limits(max_percent=50))
    held = [product(id_) for id_ in IDS[:6]]
    made = decide(wanted, [inventory(*held), replace(inventory(), lane=Lane("444455556666", "eu-west-1"))])
    assert too_large_shares(wanted, made, {LANE: 6, Lane("444455556666", "eu-west-1"): 0}) == []
    assert too_large_shares(wanted, made, {LANE: 5}) == [
        f"3 of the 5 products of {LANE} would be terminated, and the plan's MaxPercent allows 50 %; "
        "raise it under Limits if that is meant"
    ]
    [finding] = validate(Plan(name="x", limits=Limits(max_percent=101)))
    assert finding.path == ("Limits", "MaxPercent")


def test_a_policy_gives_what_is_asked_for_and_no_more() -> None:
    """At account level where Service Catalog knows it."""
    [catalog, aliases] = policy([*REVIEW_ACTIONS, TERMINATE_ACTION, ALIAS_ACTION])["Statement"]
    assert catalog["Action"] == [*REVIEW_ACTIONS, TERMINATE_ACTION]
    assert catalog["Condition"] == {"StringEquals": {"servicecatalog:accountLevel": "self"}}
    assert aliases["Action"] == [ALIAS_ACTION]
    assert len(policy([TERMINATE_ACTION])["Statement"]) == 1
    assert [statement["Action"] for statement in policy([ALIAS_ACTION])["Statement"]] == [[ALIAS_ACTION]]
    assert "Condition" not in trust("arn:x")["Statement"][0]
    assert trust("arn:x", "magic")["Statement"][0]["Condition"] == {"StringEquals": {"sts:ExternalId": "magic"}}
