"""Small values: lanes, durations, tolerances, tokens, pages of rules."""

from __future__ import annotations

import hashlib
from base64 import b32encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.inventory.calls import Denied, NotFound, NotSent, Throttled, explain
from orchestrator.core.inventory.model import RecordError
from orchestrator.core.plan.model import Conditions, Entry, Limits, Plan, Protection, Selection, Tolerance
from orchestrator.core.plan.rules import validate
from orchestrator.core.review.limits import refusals
from orchestrator.core.run.polling import after_miss, next_look
from orchestrator.core.run.rate_limit import EARLY_IN_FLIGHT, FLOOR, RateLimiter
from orchestrator.core.run.tokens import jitter, token
from orchestrator.core.run.transitions import diagram
from orchestrator.core.values.durations import format_duration, parse_duration
from orchestrator.core.values.finding import Place
from orchestrator.core.values.lane import Lane
from tests.fakes import LANE, START
from tests.makers import inventory, plan, product, worklist


def test_a_token_is_always_the_same_for_the_same_attempt() -> None:
    """The golden vector: whatever else changes, a journal of today must be resumed with the tokens of today."""
    lane = Lane("123456789012", "eu-west-1")
    golden = "orc-2qb5gptascfrcdv5f2hvs6umwp6kn4sbxx5yhezjv4f4cmfsx42a"
    expected = hashlib.sha256(b"run-1\n123456789012\neu-west-1\npp-abcdefghijklm\n1").digest()
    assert token("run-1", lane, "pp-abcdefghijklm", 1) == "orc-" + b32encode(expected).decode().rstrip("=").lower()
    assert token("run-1", lane, "pp-abcdefghijklm", 1) == golden


@given(st.text(), st.text("0123456789", min_size=1), st.text(min_size=1), st.integers(1, 99))
def test_a_token_fits_the_pattern_of_the_api(run_id: str, account: str, product_id: str, attempt: int) -> None:
    """1-128 characters, the first one a letter or a digit."""
    made = token(run_id, Lane(account, "r"), product_id, attempt)
    assert len(made) == 56
    assert made.isascii()
    assert made.replace("-", "").isalnum()
    assert made != token(run_id, Lane(account, "r"), product_id, attempt + 1)


def test_jitter_spreads_evenly_and_repeats() -> None:
    """The same identity, the same moment; many identities, the whole interval."""
    drawn = [jitter("x", n) for n in range(2_000)]
    assert drawn == [jitter("x", n) for n in range(2_000)]
    assert all(0 <= each < 1 for each in drawn)
    assert 0.45 < sum(drawn) / len(drawn) < 0.55


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("45m", 2_700), ("4h", 14_400), ("14d", 1_209_600), ("1h30m", 5_400), ("1d1s", 86_401)],
)
def test_durations_are_read_and_written(text: str, seconds: int) -> None:
    """One way to write each."""
    assert parse_duration(text) == seconds
    assert format_duration(seconds) == text


@pytest.mark.parametrize("text", ["", "30", "s", "1.5h", "30m1h", "1h 30m", "-5s", "1w", "0s", "1h1h", "٣s", "30s\n"])
def test_what_is_not_a_duration_says_what_one_looks_like(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


def test_nothing_is_written_as_no_seconds() -> None:
    """Elapsed time begins there."""
    assert format_duration(0.2) == "0s"
    assert format_duration(-1) == "0s"


def test_a_lane_is_read_from_its_text() -> None:
    """And refused if it is none."""
    assert Lane.parse(str(LANE)) == LANE
    for text in ("", "1", "1/", "/r", "1/r/x"):
        with pytest.raises(ValueError, match="not a lane"):
            Lane.parse(text)


@pytest.mark.parametrize(
    ("tolerance", "lines", "allowed"),
    [
        (Tolerance(percent=10), 12, 1),
        (Tolerance(percent=10), 5, 1),
        (Tolerance(percent=10), 25, 2),
        (Tolerance(count=0), 9, 0),
    ],
)
def test_a_share_is_rounded_down_and_at_least_one(tolerance: Tolerance, lines: int, allowed: int) -> None:
    """A number is taken as it is."""
    assert tolerance.allowed(lines) == allowed
    assert str(tolerance) in ("10%", "0")


def test_two_entries_for_one_product_or_key_are_found() -> None:
    """Also in a plan that a program made."""
    entries = (Entry(product_id="pp-a", key="k"), Entry(product_id="pp-b", key="k"), Entry(product_id="pp-a"))
    found = validate(Plan(name="x", entries=entries))
    assert [(finding.path, finding.related) for finding in found] == [
        (("Products", 1, "Key"), ((("Products", 0, "Key"), "first used here"),)),
        (("Products", 2, "ProvisionedProductId"), ((("Products", 0, "ProvisionedProductId"), "first listed here"),)),
    ]


def test_more_terminations_than_allowed_are_refused_before_the_first_call() -> None:
    """Exactly as many are not."""
    products = [product("pp-a"), product("pp-b")]
    allowed = plan("pp-a", "pp-b", limits=Limits(max_terminations=2))
    assert refusals(allowed, worklist(allowed, products)) == []
    too_many = plan("pp-a", "pp-b", limits=Limits(max_terminations=1))
    [refusal] = refusals(too_many, worklist(too_many, products))
    assert refusal.startswith("2 products would be terminated, and the plan's MaxTerminations allows 1")


def test_without_one_complete_listing_nothing_may_be_concluded() -> None:
    """The guard names the problem."""
    wanted = plan("pp-a")
    made = worklist(wanted, [], complete=False, problem="page 3 stayed unanswered")
    [refusal] = refusals(wanted, made)
    assert "page 3 stayed unanswered" in refusal
    assert inventory().complete


def test_a_pace_climbs_until_it_is_throttled_and_falls_once_per_round() -> None:
    """Answers to calls that left before the cut say nothing about the new rate."""
    limiter = RateLimiter()
    now = START
    for _ in range(20):
        limiter.on_send(now)
        limiter.on_reply(now, slower=False)
    climbed = limiter.rate
    assert climbed > 50
    for _ in range(4):
        limiter.on_send(now)
    for _ in range(4):
        limiter.on_reply(now, slower=True)
    assert limiter.rate == pytest.approx(climbed * 0.7)
    for _ in range(100):
        limiter.on_send(now)
        limiter.on_reply(now, slower=True)
    assert limiter.rate == FLOOR
    limiter.on_reply(now + 1, slower=False)
    assert limiter.rate == pytest.approx(FLOOR + 0.5)


def test_a_pace_that_knows_nothing_yet_keeps_few_in_flight() -> None:
    """Too many at once would all hit the same wall."""
    limiter = RateLimiter()
    for n in range(EARLY_IN_FLIGHT):
        assert limiter.allowance(START + n) >= 1
        limiter.on_send(START + n)
    assert limiter.allowance(START + 100) == 0
    assert limiter.ready_at() == float("inf")
    limiter.on_reply(START + 100, slower=False)
    assert limiter.allowance(START + 100) == 1


def test_a_capped_pace_never_exceeds_its_cap() -> None:
    """However well it goes."""
    limiter = RateLimiter(cap=2.0)
    for n in range(100):
        limiter.on_send(START + n)
        limiter.on_reply(START + n, slower=False)
    assert limiter.rate == 2.0
    limiter.on_send(START + 200)
    assert limiter.allowance(START + 200.1) == 0


def test_looks_are_spaced_by_what_has_passed_and_never_miss_the_timeout() -> None:
    """Few are left: soon. Many: after a share of the time. Always at the moment that the timeout ends."""
    assert next_look(START + 100, START, 500, START + 3_600) == START + 115
    assert next_look(START + 100, START, 3, START + 3_600) == START + 102
    assert next_look(START + 1, START, 500, START + 3_600) == START + 2
    assert next_look(START + 100, START, 500, START + 101) == START + 101
    assert next_look(START + 200, START, 500, START + 101) == START + 215
    assert [after_miss(0.0, misses) for misses in (1, 2, 3, 9)] == [1, 2, 4, 30]


def test_problems_are_explained_in_one_line() -> None:
    """For logs and reasons."""
    assert explain(Throttled("SlowDown")) == "throttled (SlowDown)"
    assert explain(NotFound("gone")) == "not found: gone"
    assert explain(Denied("AccessDenied", "no")) == "AccessDenied: no"
    assert explain(NotSent("refused")) == "refused"
    assert str(RecordError("1", "x")) == "1: x"
    assert str(RecordError("", "x")) == "x"
    assert str(Place(file="f", line=1, column=2)) == "f:1:2"


def test_the_diagram_has_every_state_that_events_lead_to() -> None:
    """Mermaid, one arrow for each pair of states."""
    drawn = diagram()
    assert drawn.startswith("stateDiagram-v2\n    [*] --> pending\n")
    assert "    requested --> pending: Throttled, NotSent\n" in drawn


def test_a_plan_whose_lines_were_moved_means_the_same() -> None:
    """Where its parts are written is nothing that it wants; all else is."""

    def written(at: str, **changes: object) -> Plan:
        parts = {
            "entries": (Entry(name="a", location=at),),
            "selections": (Selection(conditions=Conditions(names=("b*",)), location=at),),
            "protections": (Protection(conditions=Conditions(names=("c*",)), location=at),),
        }
        return Plan(name="test", **parts | changes)  # type: ignore[arg-type]

    assert written("p.yaml:3") != written("p.yaml:9")
    assert written("p.yaml:3").without_locations == written("p.yaml:9").without_locations
    assert written("p.yaml:3").without_locations != written("p.yaml:3", protections=()).without_locations
    assert written("p.yaml:3").without_locations != written("p.yaml:3", limits=Limits(max_terminations=1)).without_locations
