"""From what is known of a line to the event that records it: the table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orchestrator.core.inventory.calls import Answer, Page, ReadHistory, RecordPage, Unanswered
from orchestrator.core.inventory.evidence import Evidence, Intent
from orchestrator.core.inventory.model import Observation
from orchestrator.core.plan.model import Plan, Retry
from orchestrator.core.review.decide import decide
from orchestrator.core.review.worklist import Decision, Reason
from orchestrator.core.run import events as e
from orchestrator.core.run.commands import ListPage, LookUp
from orchestrator.core.run.polling import Agreement
from orchestrator.core.run.product_state import Termination
from orchestrator.core.run.summary import review_line
from orchestrator.core.run.transitions import State
from orchestrator.core.run.verdict import Constraints, verdict
from orchestrator.core.values.policy import POLICY
from tests.engine.test_doubts import Hand
from tests.fakes import LANE, START
from tests.makers import inventory, plan, product, record, worklist

RULES = Constraints(retry=Retry())
SETTLED = Agreement("x", START - 100, START, 9)
AT_REST = Observation(at=START, status="AVAILABLE", record_id="rec-of-pp-a")
UPDATED = Observation(at=START, status="AVAILABLE", record_id="rec-9")
UPDATE = record("rec-9", record_type="UPDATE_PROVISIONED_PRODUCT", created_at=START)


BUSY = Observation(at=START, status="UNDER_CHANGE", record_id="rec-9")
OURS = record("rec-9", created_at=START)
OTHERS = record("rec-9", created_at=START - 9_000)
LOOSE = {"loose": Intent(at=START - 50, record_before="rec-of-pp-a"), "doubts": 0, "send": 0, "intended_at": None}
UNKNOWN = {"doubts": 0, "rejection": "X: y", "not_found": True}
OPEN_OURS = Evidence(observation=BUSY, records={"rec-9": OURS})
OPEN_OTHER = Evidence(observation=BUSY, records={"rec-9": OTHERS})
CHANGED = Evidence(observation=UPDATED, records={"rec-9": UPDATE})
GONE = Evidence(observation=Observation(at=START, status=None), history=())
FRESH: dict[str, object] = {"lookups": Evidence(), "doubts": 0, "send": 0, "intended_at": None}


def line_of(**values: object) -> Termination:
    """A line that was sent, of whose product a look shows that it is at rest."""
    [line] = worklist(plan("pp-a"), [product("pp-a")]).lines
    t = Termination(line=line, rank=0, reviewed_at=START, send=1, doubts=1, intended_at=START - 100)
    t.lookups, t.agreement = Evidence(observation=AT_REST, looks=3), SETTLED
    for name, value in values.items():
        setattr(t, name, value)
    return t


@pytest.mark.parametrize(
    ("state", "values", "rules", "kind", "said"),
    [
        # What a complete listing does not show is looked up before it is called blocked.
        (State.PENDING, {**FRESH, "unlisted": True}, replace(RULES, blocked_by_prerequisite="pp-b stays"), None, ""),
        (
            State.PENDING,
            {**FRESH, "lookups": GONE},
            replace(RULES, blocked_by_prerequisite="pp-b stays"),
            e.AlreadyGone,
            "not found",
        ),
        (State.PENDING, FRESH, replace(RULES, blocked_by_prerequisite="pp-b stays"), e.Blocked, "pp-b stays"),
        # There, at rest, and it may be sent: it is sent again.
        (State.IN_DOUBT, {}, RULES, None, ""),
        # It may not be sent again: what forbade that, once it has settled.
        (
            State.IN_DOUBT,
            {},
            replace(RULES, lane_closed="closed"),
            e.Refused,
            "closed; one send stayed unanswered, and nothing came of it",
        ),
        (
            State.IN_DOUBT,
            {},
            replace(RULES, send_ban="old"),
            e.Drifted,
            "old; one send stayed unanswered, and nothing came of it",
        ),
        (
            State.IN_DOUBT,
            {},
            replace(RULES, blocked_by_prerequisite="b"),
            e.Blocked,
            "b; one send stayed unanswered, and nothing came of it",
        ),
        (
            State.IN_DOUBT,
            {},
            replace(RULES, unreviewed_prerequisite="n"),
            e.Drifted,
            "n; one send stayed unanswered, and nothing came of it",
        ),
        (State.IN_DOUBT, {"agreement": Agreement()}, replace(RULES, drift_reason="p"), None, ""),
        (
            State.IN_DOUBT,
            {"rejection": "X: y"},
            RULES,
            e.Failed,
            "rejected X: y; one send stayed unanswered, and nothing came of it",
        ),
        (State.IN_DOUBT, {"rejection": "X: y", "doubts": 0}, RULES, e.Failed, "rejected X: y"),
        (State.IN_DOUBT, {"rejection": "X: y", "agreement": Agreement()}, RULES, None, ""),
        # Too often.
        (State.IN_DOUBT, {"doubts": POLICY.max_unanswered_sends}, RULES, e.Parked, "5 sends stayed unanswered"),
        (
            State.IN_DOUBT,
            {"doubts": 5, "parked_count": 2},
            RULES,
            e.TimedOut,
            "5 sends stayed unanswered; 3 executions left it in doubt",
        ),
        (
            State.IN_DOUBT,
            {"misses": 10},
            replace(RULES, expired=True),
            e.TimedOut,
            "10 lookups in a row failed; the run has expired",
        ),
        (State.IN_DOUBT, {"misses": 10}, RULES, e.Parked, "10 lookups in a row failed"),
        (
            State.IN_DOUBT,
            {
                "lookups": Evidence(observation=AT_REST, looks=POLICY.max_unsettled_looks),
                "rejection": "X: y",
                "agreement": Agreement(),
            },
            RULES,
            e.Parked,
            "what lookups show of it keeps changing",
        ),
        # Somebody's update.
        (
            State.IN_DOUBT,
            {"lookups": Evidence(observation=UPDATED, records={"rec-9": UPDATE})},
            RULES,
            e.Drifted,
            f"it has a newer record, {UPDATE}; one send stayed unanswered, and nothing came of it",
        ),
        (
            State.PENDING,
            {"doubts": 0, "lookups": Evidence(observation=UPDATED, records={"rec-9": UPDATE})},
            RULES,
            e.Drifted,
            "it has a newer record",
        ),
        (
            State.PENDING,
            {"doubts": 0, "lookups": Evidence(observation=UPDATED, hidden={"rec-9": 5})},
            RULES,
            e.Drifted,
            "rec-9 is new, and cannot be read",
        ),
        (
            State.PENDING,
            {"doubts": 0, "lookups": Evidence(observation=UPDATED, denied=frozenset({"rec-9"}), history_denied=True)},
            RULES,
            e.Drifted,
            "may not be read",
        ),
        (
            State.PENDING,
            {"doubts": 0, "lookups": Evidence(observation=UPDATED, hidden={"rec-9": 5}), "agreement": Agreement()},
            RULES,
            None,
            "",
        ),
        # What the listing does not show is looked up before something new beside it counts.
        (
            State.PENDING,
            {"doubts": 0, "lookups": Evidence(), "unlisted": True},
            replace(RULES, unreviewed_prerequisite="n"),
            None,
            "",
        ),
        (State.PENDING, {"doubts": 0}, replace(RULES, unreviewed_prerequisite="n"), e.Drifted, "n"),
        (State.PENDING, {"doubts": 0, "misses": 10, "lookups": Evidence()}, RULES, e.Parked, "10 lookups in a row failed"),
        # A send of an earlier attempt that is not accounted for.
        (State.PENDING, LOOSE | {"lookups": OPEN_OURS}, RULES, e.RecordFound, ""),
        (State.PENDING, LOOSE | {"lookups": CHANGED, "agreement": Agreement()}, RULES, None, ""),
        (State.PENDING, LOOSE | {"lookups": CHANGED}, RULES, e.Drifted, "it has a newer record"),
        # Gone, and another's termination in progress.
        (State.PENDING, {"doubts": 0, "lookups": OPEN_OTHER}, RULES, e.Adopted, ""),
        (State.IN_DOUBT, {"doubts": 0, "rejection": "X: y", "lookups": GONE, "agreement": Agreement()}, RULES, None, ""),
        (State.IN_DOUBT, {"doubts": 0, "rejection": "X: y", "lookups": GONE}, RULES, e.AlreadyGone, "no record tells"),
        (
            State.IN_DOUBT,
            {"doubts": 0, "not_found": True, "lookups": GONE, "agreement": Agreement()},
            RULES,
            e.AlreadyGone,
            "no",
        ),
    ],
)
def test_what_is_known_of_a_line_becomes_an_event(
    state: State, values: dict[str, object], rules: Constraints, kind: type[e.Event] | None, said: str
) -> None:
    """With what it rests on; or nothing, where a look, a send or more time is needed first."""
    event = verdict(line_of(**values), state, START, rules)
    assert (type(event) if event else None) is kind
    if event is not None:
        words = getattr(event, "reason", "") or getattr(event, "evidence", "")
        assert said in words
        assert not said.endswith("of it") or words == said


def test_a_listing_that_is_over_is_asked_nothing_more_until_it_has_been_told() -> None:
    """Between its last page and the next tick."""
    hand = Hand()
    hand.now += 700
    for operation in ("ScanProvisionedProducts", "SearchProvisionedProducts"):
        [page] = [command for command in hand.tick(0.3) if isinstance(command, ListPage)]
        assert page.operation == operation
        hand.reply(page, Answer(Page(products=(product("pp-a"),))))
    assert list(hand.run.next(hand.now)) == []
    assert hand.tick() != []


def test_a_page_of_a_history_that_nobody_waits_for_means_nothing() -> None:
    """It is another page's."""
    hand = Hand()
    [send] = hand.tick()
    hand.reply(send, Unanswered("reset"))
    line = f"{LANE}/pp-a"
    stale = LookUp(lane=LANE, line=line, product_id="pp-a", lookup=ReadHistory("7"))
    before = hand.run.terminations[0].lookups
    hand.reply(stale, Answer(RecordPage(records=(record("rec-1"),))))
    assert hand.run.terminations[0].lookups == before
    hand.reply(send, Answer(record("rec-1", status="CREATED")))
    [look] = hand.tick(2)
    hand.reply(look, Answer(record("rec-1", status="SUCCEEDED")))
    assert hand.state() is State.TERMINATED
    hand.reply(replace(stale, lookup=ReadHistory()), Answer(RecordPage(records=(record("rec-1"),))))
    assert hand.run.terminations[0].lookups == Evidence()


def test_a_review_says_what_drifted_and_whose_clock_is_not_believed() -> None:
    """In the words of the final line, and in a warning."""
    made = decide(plan("pp-a"), [inventory(product("pp-a"), clock_ahead=7_200.0)])
    [warning] = made.warnings
    said = f"in {LANE} the service's clock differs from this machine's by 2h, which is not believed"
    assert warning.startswith(said)
    slow = decide(plan("pp-a"), [inventory(product("pp-a"), ended_at=START + 660)])
    assert [words.partition(":")[0] for words in slow.warnings] == [f"reading {LANE} took 11m"]
    gone = replace(made.lines[0], decision=Decision.REFUSE, reason=Reason.DRIFTED)
    assert "0 to terminate, 0 blocked, 1 drifted" in review_line(replace(made, lines=(gone,)))


def test_what_aws_says_of_a_product_that_is_not_well_is_shown() -> None:
    """Where it is in ERROR or TAINTED."""
    ill = product(
        "pp-a", status="ERROR", status_message="AmazonCloudFormationException  Parameters: [KeyName] must have values"
    )
    [line] = decide(Plan(name="x", entries=plan("pp-a").entries), [inventory(ill)]).lines
    assert line.detail == "it is ERROR: AmazonCloudFormationException  Parameters: [KeyName] must have values"
