"""What lookups say of a termination that is in progress and whose record cannot be read."""

from __future__ import annotations

import pytest

from orchestrator.core.inventory.calls import DescribeProduct, DescribeRecord, Operation, ReadHistory
from orchestrator.core.inventory.evidence import (
    AtRest,
    Changed,
    Conclusion,
    EndedUnread,
    Evidence,
    Follow,
    Gone,
    Intent,
    NewRecord,
    StillInProgress,
    Undetermined,
    settle,
    settle_followed,
)
from orchestrator.core.inventory.model import Observation, Record
from orchestrator.core.values.policy import POLICY
from tests.fakes import START
from tests.makers import record

OURS = "rec-2"
INTENT = Intent(at=START, record_before="rec-0", consumed=frozenset({"rec-1"}))
BOTH = frozenset({Operation.RECORD, Operation.HISTORY})
SUCCEEDED = record(OURS, status="SUCCEEDED", created_at=START + 1)
FAILED = record(OURS, status="FAILED", created_at=START + 1)
LATER = record("rec-3", status="SUCCEEDED", created_at=START + 5)
UPDATE = record("rec-9", record_type="UPDATE_PROVISIONED_PRODUCT", created_at=START + 5)


def seen(status: str | None, record_id: str | None = None, **more: object) -> Evidence:
    """One look at the product."""
    observation = Observation(at=START + 2, status=status, record_id=record_id, words="it broke")
    return Evidence(observation=observation, **more)  # type: ignore[arg-type]


def followed(
    facts: Evidence, *, loose: bool = False, intent: Intent | None = INTENT, denied: frozenset[Operation] = BOTH
) -> Conclusion:
    return settle_followed(facts, followed=OURS, intent=intent, loose=loose, denied=denied)


READABLE: frozenset[Operation] = frozenset({Operation.RECORD})


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Evidence(), DescribeProduct()),
        (seen("UNDER_CHANGE", OURS), StillInProgress(OURS)),
        # It was accepted: what shows the product as it was before is behind, and what shows no record says nothing.
        (seen("AVAILABLE", "rec-0"), StillInProgress(OURS)),
        (seen("TAINTED", "rec-1"), StillInProgress(OURS)),
        (seen("UNDER_CHANGE", None), StillInProgress(OURS)),
        (seen("TAINTED", OURS), EndedUnread(OURS, "it broke")),
        (seen(None), Gone(None, ours=True)),
        (seen("AVAILABLE", "rec-9"), NewRecord("rec-9", denied=True)),
    ],
)
def test_where_no_record_may_be_read_the_product_decides(facts: Evidence, expected: Conclusion) -> None:
    """Gone after it was accepted is terminated; at rest with our record as its last, it has failed."""
    assert followed(facts) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (seen(None), ReadHistory()),
        (seen("TAINTED", OURS), ReadHistory()),
        (seen(None, history=(SUCCEEDED,)), Follow(SUCCEEDED)),
        (seen("TAINTED", OURS, history=(FAILED,)), Follow(FAILED)),
        (seen("TAINTED", OURS, history=()), EndedUnread(OURS, "it broke")),
        (seen("TAINTED", OURS, history_denied=True), EndedUnread(OURS, "it broke")),
        (seen(None, history=()), Gone(None, ours=True)),
        (seen(None, history=(FAILED,)), Gone(None, ours=False)),
        (seen(None, history=(LATER, FAILED)), Gone(LATER, ours=False)),
    ],
)
def test_a_history_that_may_be_read_tells_more(facts: Evidence, expected: Conclusion) -> None:
    """It holds the errors; and after our failure, whose termination it was."""
    assert followed(facts, denied=READABLE) == expected


def test_a_later_record_is_ours_where_a_send_is_not_accounted_for() -> None:
    """Nobody else's, as far as anybody can tell."""
    facts = seen(None, history=(LATER, FAILED))
    assert followed(facts, loose=True, denied=READABLE) == Gone(LATER, ours=True)
    assert followed(facts, loose=True, intent=None, denied=READABLE) == Gone(LATER, ours=False)


def test_what_has_overtaken_it_is_read_and_said() -> None:
    """An owner's update, or a record that AWS does not know yet."""
    facts = seen("AVAILABLE", "rec-9")
    assert followed(facts, denied=frozenset()) == DescribeRecord("rec-9")
    read = seen("AVAILABLE", "rec-9", records={"rec-9": UPDATE})
    assert followed(read, denied=frozenset()) == Changed(f"it has a newer record, {UPDATE}")
    hidden = seen("AVAILABLE", "rec-9", hidden={"rec-9": POLICY.max_looks})
    assert followed(hidden, denied=frozenset()) == NewRecord("rec-9", denied=False)
    assert NewRecord("rec-9", denied=False).reason == "its last record rec-9 is new, and cannot be read"


def test_a_last_record_that_may_not_be_described_may_still_be_listed() -> None:
    """Documented for a former owner; where neither is allowed, it is nobody's."""
    facts = seen("UNDER_CHANGE", "rec-9", denied=frozenset({"rec-9"}))
    known = frozenset({"rec-0"})
    assert settle(facts, intent=INTENT, known=known) == ReadHistory()
    assert settle(facts, intent=INTENT, known=known, denied=BOTH) == NewRecord("rec-9", denied=True)
    listed = seen("UNDER_CHANGE", "rec-9", denied=frozenset({"rec-9"}), history=(UPDATE,))
    assert settle(listed, intent=INTENT, known=known) == Changed(f"another operation is in progress: {UPDATE}")


def test_a_product_without_a_last_record_is_at_rest_by_its_status_where_no_history_may_be_read() -> None:
    """As it was at the review; under change it cannot be told."""
    known = frozenset({"rec-0"})
    assert settle(seen("ERROR"), intent=None, known=known, denied=BOTH) == AtRest(None)
    said = Undetermined("it is under change, and its records may not be read")
    assert settle(seen("UNDER_CHANGE"), intent=None, known=known, denied=BOTH) == said


def test_our_own_record_may_be_on_a_later_page_of_the_history() -> None:
    """Pages are read until one is older than the intent, and not for ever."""
    young = tuple(
        record(f"rec-1{n:02d}", record_type="UPDATE_PROVISIONED_PRODUCT", created_at=START + 90 - n) for n in range(20)
    )
    known = frozenset({"rec-0"})
    first = seen(None, history=young, history_token="2", history_pages=1)
    assert settle(first, intent=INTENT, known=known) == ReadHistory("2")
    assert settle(first, intent=None, known=known) == Gone(None, ours=False)
    both = seen(None, history=(*young, SUCCEEDED), history_token=None, history_pages=2)
    assert settle(both, intent=INTENT, known=known) == Gone(SUCCEEDED, ours=True)
    old: Record = record("rec-00", record_type="PROVISION_PRODUCT", created_at=START - 9_000)
    enough = seen(None, history=(*young, old), history_token="3", history_pages=2)
    assert settle(enough, intent=INTENT, known=known) == Gone(None, ours=False)
    endless = seen(None, history=young, history_token="x", history_pages=POLICY.max_history_pages)
    assert settle(endless, intent=INTENT, known=known) == Gone(None, ours=False)
    timeless = seen(None, history=(record("rec-8", created_at=None),), history_token="2", history_pages=1)
    assert settle(timeless, intent=INTENT, known=known) == ReadHistory("2")
