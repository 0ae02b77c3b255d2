"""Settling doubt: what the facts mean, case by case."""

from __future__ import annotations

import pytest

from orchestrator.core.inventory.calls import DescribeProduct, DescribeRecord, ReadHistory
from orchestrator.core.inventory.evidence import (
    Adopt,
    AtRest,
    Changed,
    Conclusion,
    Evidence,
    Follow,
    Gone,
    Intent,
    NewRecord,
    Undetermined,
    settle,
)
from orchestrator.core.inventory.model import Observation, Record
from orchestrator.core.values.policy import POLICY
from tests.fakes import START
from tests.makers import record

INTENT = Intent(at=START, record_before="rec-0", consumed=frozenset({"rec-1"}))
KNOWN = frozenset({"rec-0", "rec-1"})
OURS = record("rec-2", created_at=START + 1)
EARLY = record("rec-2", created_at=START - POLICY.clock_skew_s - 1)
UPDATE = record("rec-2", record_type="UPDATE_PROVISIONED_PRODUCT", created_at=START + 1)


def seen(status: str | None, record_id: str | None = None, *records: Record, **more: object) -> Evidence:
    """Facts with one look at the product."""
    observation = Observation(at=START + 2, status=status, record_id=record_id)
    return Evidence(observation=observation, records={each.record_id: each for each in records}, **more)  # type: ignore[arg-type]


def test_nothing_known_asks_for_the_product() -> None:
    """First of all."""
    assert settle(Evidence(), intent=INTENT, known=KNOWN) == DescribeProduct()


@pytest.mark.parametrize(
    ("facts", "with_intent", "without"),
    [
        # At rest with a record that is no news: nothing was carried out.
        (seen("AVAILABLE", "rec-0"), AtRest("rec-0"), AtRest("rec-0")),
        (seen("TAINTED", "rec-1"), AtRest("rec-1"), AtRest("rec-1")),
        # A new record has to be looked up.
        (seen("AVAILABLE", "rec-2"), DescribeRecord("rec-2"), DescribeRecord("rec-2")),
        (seen("UNDER_CHANGE", "rec-2"), DescribeRecord("rec-2"), DescribeRecord("rec-2")),
        # It is ours, somebody's termination, or a change.
        (seen("UNDER_CHANGE", "rec-2", OURS), Follow(OURS), Adopt(OURS)),
        (seen("UNDER_CHANGE", "rec-2", EARLY), Adopt(EARLY), Adopt(EARLY)),
        (seen("TAINTED", "rec-2", OURS), Follow(OURS), Changed(f"it has a newer record, {OURS}")),
        (seen("TAINTED", "rec-2", EARLY), *[Changed(f"it has a newer record, {EARLY}")] * 2),
        (seen("UNDER_CHANGE", "rec-2", UPDATE), *[Changed(f"another operation is in progress: {UPDATE}")] * 2),
        (seen("AVAILABLE", "rec-2", UPDATE), *[Changed(f"it has a newer record, {UPDATE}")] * 2),
        # A status that nobody knows is a change, unless something of ours may be behind it.
        (seen("NEW", "rec-2", UPDATE), Undetermined("its status is NEW"), Changed("its status is NEW")),
        (seen("NEW", "rec-2", OURS), Follow(OURS), Changed("its status is NEW")),
        # The last record is kept from us.
        (seen("UNDER_CHANGE", "rec-2", hidden={"rec-2": 1}), DescribeRecord("rec-2"), DescribeRecord("rec-2")),
        (
            seen("UNDER_CHANGE", "rec-2", hidden={"rec-2": POLICY.max_looks}),
            *[NewRecord("rec-2", denied=False)] * 2,
        ),
    ],
)
def test_a_product_that_is_there(facts: Evidence, with_intent: Conclusion, without: Conclusion) -> None:
    """After a send that may have been carried out, and before any."""
    assert settle(facts, intent=INTENT, known=KNOWN) == with_intent
    assert settle(facts, intent=None, known=KNOWN) == without


@pytest.mark.parametrize("old", [record("rec-1"), record("rec-7", status="FAILED", created_at=START - 9_999)])
def test_under_change_with_an_old_record_is_looked_at_again(old: Record) -> None:
    """The status is ahead of the record: an old FAILED record is neither ours nor a termination to adopt."""
    facts = seen("UNDER_CHANGE", old.record_id, old)
    assert settle(facts, intent=INTENT, known=KNOWN) == DescribeProduct()
    often = seen("UNDER_CHANGE", old.record_id, old, looks=POLICY.max_looks)
    assert isinstance(settle(often, intent=INTENT, known=KNOWN), Undetermined)


def test_a_product_that_is_gone_by_our_record_was_terminated_by_us() -> None:
    """Its history says so."""
    done = record("rec-2", status="SUCCEEDED", created_at=START + 1)
    assert settle(seen(None), intent=INTENT, known=KNOWN) == ReadHistory()
    assert settle(seen(None, history=(done,)), intent=INTENT, known=KNOWN) == Gone(done, ours=True)
    assert settle(seen(None, history=(OURS,)), intent=INTENT, known=KNOWN) == Follow(OURS)


def test_a_product_that_is_gone_by_another_record_was_not() -> None:
    """A termination from before our request; a failed one of ours; none at all."""
    other = record("rec-9", status="SUCCEEDED", created_at=START - 9_999)
    failed = record("rec-2", status="FAILED", created_at=START + 1)
    assert settle(seen(None, history=(other,)), intent=INTENT, known=KNOWN) == Gone(other, ours=False)
    assert settle(seen(None, history=(other, failed)), intent=INTENT, known=KNOWN) == Gone(other, ours=False)
    assert settle(seen(None, history=()), intent=None, known=KNOWN) == Gone(None, ours=False)


def test_a_product_that_does_not_tell_its_last_record_is_settled_by_its_history() -> None:
    """What was there at the review is no news; a newer record is."""
    old = record("rec-5", record_type="PROVISION_PRODUCT", status="SUCCEEDED", created_at=START - 500)
    cases: list[tuple[Evidence, Conclusion]] = [
        (seen("ERROR"), ReadHistory()),
        (seen("ERROR", history=()), AtRest(None)),
        (seen("ERROR", history=(old,)), AtRest("rec-5")),
        (seen("ERROR", history=(record("rec-1"),)), AtRest("rec-1")),
        (seen("ERROR", history=(old, UPDATE)), Changed(f"it has a newer record, {UPDATE}")),
        (seen("ERROR", history=(old, OURS)), Follow(OURS)),
        (seen("UNDER_CHANGE", history=()), Undetermined("it is under change, and no record of it can be read")),
        (seen("UNDER_CHANGE", history=(old, OURS)), Follow(OURS)),
        (seen("UNDER_CHANGE", history=(old,)), DescribeProduct()),
    ]
    for facts, expected in cases:
        assert settle(facts, intent=INTENT, known=KNOWN, reviewed_at=START) == expected


@pytest.mark.parametrize(
    "other",
    [
        record("rec-0", created_at=START + 1),
        record("rec-1", created_at=START + 1),
        record("rec-2", created_at=None),
        EARLY,
        UPDATE,
    ],
)
def test_a_record_settles_an_intent_only_if_nothing_else_can_have_made_it(other: Record) -> None:
    """Not the last one before, not a consumed one, not one without a time, not an older one, not an update's."""
    assert not INTENT.caused(other)
    assert INTENT.caused(OURS)
