"""Reviews as JSON, CSV and Markdown; plans written from what is live."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.inventory.model import CONTROL_TOWER_ACCOUNT, LaneCoverage, ListingCounts
from orchestrator.core.plan.model import Conditions, Entry, Limits, Options, Plan, Protection, Selection, Target
from orchestrator.core.review.decide import decide
from orchestrator.core.review.worklist import Decision
from orchestrator.core.values.lane import Caller, Lane
from orchestrator.report.export import review_as_csv, review_as_json
from orchestrator.report.plan_writer import plan_text, quoted
from orchestrator.report.review_markdown import MOST_CHARACTERS, escape, review_as_markdown
from orchestrator.report.review_text import preview
from orchestrator.report.review_view import ReviewView
from orchestrator.report.text import plain
from orchestrator.store.plan.load import load_plan
from tests.fakes import LANE, START
from tests.makers import inventory, product

DAY = 86_400
NASTY = "=cmd|'x'!A1 <img src=x onerror=alert(1)> @everyone [link](http://evil) `|` \x1b[31m \u202e"


def shown(*held: Any, **more: Any) -> ReviewView:
    """A review of everything in the lane, with a notice for what is called late."""
    plan = Plan(
        name="nightly",
        selections=(
            Selection(conditions=Conditions(names=("late",)), notice_seconds=7 * DAY, location="p.yaml:5"),
            Selection(conditions=Conditions(names=("[!l]*",)), options=Options(ignore_errors=True), location="p.yaml:9"),
        ),
        limits=Limits(max_percent=90, rate_per_second=2.5),
    )
    made = decide(plan, [inventory(*held)])
    return ReviewView(plan=plan, plan_file="p.yaml", worklist=made, now=START + 60, **more)


def test_a_review_as_json_tells_who_is_due_when() -> None:
    """With owner and tags, so that they can be told; and how completely each lane was read."""
    counts = ListingCounts(scan_pages=1, scanned=2, search_pages=1, searched=2, search_total=2)
    lanes = {
        "coverage": [LaneCoverage(lane=LANE, started_at=START, counts=counts)],
        "callers": [Caller(lane=LANE, arn="arn:aws:sts::1:assumed-role/r/s", endpoint="https://e")],
    }
    held = [product("pp-l", name="late", user_arn="arn:alice", tags=(("Team", "a"),)), product("pp-b", name="b")]
    told = json.loads(review_as_json(shown(*held, **lanes, refusals=["too many"])))
    assert told["format"] == "orchestrator-review/1"
    assert (
        told["summary"]
        == "Review: 1 to terminate, 0 blocked, 0 drifted, 0 not found, 1 skipped, 0 refused, 0 already gone."
    )
    assert told["counts"] == {"terminate": 1, "skip": 1, "refuse": 0}
    assert told["refusals"] == ["too many"]
    [read] = told["lanes"]
    assert (read["caller"], read["endpoint"]) == ("arn:aws:sts::1:assumed-role/r/s", "https://e")
    assert (read["complete"], read["products"], read["scan_pages"], read["search_total"]) == (True, 2, 1, 2)
    late, other = told["lines"]
    assert (late["decision"], late["reason"], late["due_at"]) == ("skip", "notice", "2023-11-21T22:13:20.000Z")
    assert (late["user_arn"], late["tags"], late["location"]) == ("arn:alice", {"Team": "a"}, "p.yaml:5")
    assert (other["decision"], other["wave"], other["ignore_errors"]) == ("terminate", 1, True)
    assert told["estimated_seconds"] > 0


def test_a_review_as_csv_has_a_row_for_each_line_and_no_formula() -> None:
    """Names come from other people."""
    text = review_as_csv(shown(product("pp-b", name=NASTY, tags=(("=1", "+2"), ("b", "c"))), product("pp-l", name="late")))
    nasty, late = csv.DictReader(io.StringIO(text))
    assert (nasty["product_id"], nasty["decision"], nasty["tags"]) == ("pp-b", "terminate", "'=1=+2; b=c")
    assert nasty["name"].startswith("'=cmd")
    assert "\x1b" not in text
    assert late["due_at"] == "2023-11-21T22:13:20.000Z"


def test_a_review_as_markdown_begins_with_the_stable_line_and_lets_no_name_in() -> None:
    """No tag, no mention, no link, no further column."""
    text = review_as_markdown(shown(product("pp-b", name=NASTY), product("pp-l", name="late"), refusals=["too <many>"]))
    assert (
        text.splitlines()[0]
        == "Review: 1 to terminate, 0 blocked, 0 drifted, 0 not found, 1 skipped, 0 refused, 0 already gone."
    )
    assert "> **A run would be refused:** too &lt;many&gt;" in text
    assert "> **Warning:** 1 termination may leave resources behind" in text
    [row] = [line for line in text.splitlines() if line.startswith("| terminate")]
    assert not re.search(r"<(?!!-- -->)|@(?!<!-- -->)|://|\x1b|(?<!\\)\[", row)
    head = next(line for line in text.splitlines() if line.startswith("| DECISION"))
    assert row.count("|") == head.count("|")
    assert text.count("<details") == text.count("</details>") == 2


@given(st.text(max_size=60))
def test_whatever_a_name_is_it_stays_in_its_cell(name: str) -> None:
    """And makes no markup of its own."""
    cell = escape(name).replace("@<!-- -->", "").replace("#<!-- -->", "")
    assert not re.search(r"[<>@|`\n\r]|://|(?<!\\)[*_\[\]~#]", re.sub(r"\\\\", "", cell).replace("&#", ""))


@pytest.mark.parametrize("count", [300, 3_000])
def test_a_review_as_markdown_fits_a_comment(count: int) -> None:
    """What does not fit is counted; the table is whole."""
    text = review_as_markdown(shown(*(product(f"pp-{n:05d}", name=f"team_{n:05d}" * 3) for n in range(count))))
    rows = sum(line.startswith("| terminate") for line in text.splitlines())
    assert len(text) <= MOST_CHARACTERS
    assert rows == count or f"... and {count - rows:,} lines more, which did not fit" in text
    assert text.count("<details") == text.count("</details>")


def test_what_goes_is_shown_however_much_is_left_alone() -> None:
    """Half of the room is its own; how much of it does not fit is said."""
    kept = [
        product(f"pp-k{n:05d}", name=f"kept_{n:05d}" * 3, tags=(("sc-orchestrator:protect", "true"),)) for n in range(900)
    ]
    for count in (60, 900):
        going = [product(f"pp-g{n:05d}", name=f"goes_{n:05d}" * 3) for n in range(count)]
        text = review_as_markdown(shown(*kept, *going))
        rows = sum(line.startswith("| terminate") for line in text.splitlines())
        assert len(text) <= MOST_CHARACTERS
        assert rows == count or (rows > 100 and f"which did not fit, {count - rows} of them to terminate; `" in text)


def test_many_warnings_leave_room_for_the_tables() -> None:
    """They are cut, and that is said."""
    reviewed = shown(product("pp-b", name="b"), refusals=["x" * 500] * 200)
    text = review_as_markdown(reviewed)
    assert len(text) <= MOST_CHARACTERS
    assert "... and more, which did not fit" in text
    assert "| terminate" in text


def test_a_table_whose_head_does_not_fit_is_counted() -> None:
    """Of many lanes, say."""
    plan = Plan(name="x", selections=(Selection(conditions=Conditions(names=("*",))),))
    lanes = [Lane(f"{n:012d}", "eu-west-1") for n in range(400)]
    made = decide(plan, [replace(inventory(product(f"pp-{n}", name="x" * 60)), lane=lane) for n, lane in enumerate(lanes)])
    text = review_as_markdown(ReviewView(plan=plan, plan_file="p", worklist=made, now=START))
    assert len(text) <= MOST_CHARACTERS
    shown_rows = text.count("| terminate")
    assert f"... and {400 - shown_rows} lines more" in text


def test_a_lane_that_was_not_read_stands_out_in_markdown() -> None:
    """Before everything else."""
    plan = Plan(name="x", selections=(Selection(conditions=Conditions(names=("*",))),))
    made = decide(plan, [inventory(complete=False, problem="page 3 failed")])
    text = review_as_markdown(ReviewView(plan=plan, plan_file="p", worklist=made, now=START))
    assert f"> **Not read completely:** {LANE}: page 3 failed" in text


def test_the_text_shows_estimate_notice_and_where_a_line_comes_from() -> None:
    """For people at a terminal."""
    text = preview(shown(product("pp-l", name="late"), product("pp-b", name="b")))
    assert "at most 90 % of a lane" in text
    assert "Estimate: about 5m, if each lane accepts 2.5 terminations a second and each takes 5m" in text
    assert "on notice for 7d, due 2023-11-21 22:13 UTC [p.yaml:5]" in text
    assert f"{LANE}  2 lines (1 to terminate, 1 to skip), listing complete" in text


NAMES = st.text(min_size=1, max_size=20)
PRODUCTS = st.builds(
    product,
    st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True),
    name=NAMES,
    type=st.sampled_from(["CFN_STACK", "ODD", CONTROL_TOWER_ACCOUNT]),
    status=st.sampled_from(["AVAILABLE", "UNDER_CHANGE", "TAINTED"]),
    tags=st.lists(st.tuples(NAMES, NAMES), max_size=3).map(tuple) | st.none(),
    user_arn=NAMES | st.none(),
)


CONDITIONS = st.builds(
    Conditions,
    names=st.just(("prod-*",)),
    product_ids=st.sampled_from([(), ("pp-1", "0x1")]),
    statuses=st.sampled_from([(), ("TAINTED",)]),
    tags=st.sampled_from([(), (("Keep", ("true", 'a"b')), ("no", ("", "off")))]),
    user_arns=st.sampled_from([(), ("*:role/x",)]),
    account_ids=st.sampled_from([(), (LANE.account_id,)]),
    older_than_seconds=st.sampled_from([None, 5_400]),
    younger_than_seconds=st.sampled_from([None, 90_000]),
)


@settings(deadline=None)
@given(
    st.lists(PRODUCTS, max_size=6, unique_by=lambda each: each.product_id),
    st.integers(1, 2),
    st.sampled_from(["found", "no", "123", "1e3", "null"]),
    st.lists(st.builds(Protection, conditions=CONDITIONS), max_size=2).map(tuple),
)
def test_a_plan_written_from_what_is_live_is_valid_and_reviews_to_the_same_set(
    held: list[Any], lanes: int, name: str, protections: tuple[Protection, ...]
) -> None:
    """Whatever the products are called, with what is protected; what cannot be terminated is left as a comment."""
    others = [replace(inventory(), lane=Lane("444455556666", "us-east-1"))] * (lanes - 1)
    inventories = [inventory(*held), *others]
    targets = tuple(
        Target(account_id=each.lane.account_id, regions=(each.lane.region,), role_name='odd"\\role') for each in inventories
    )
    selection = Selection(conditions=Conditions(names=("*",)))
    everything = Plan(name="x", targets=targets, selections=(selection,), protections=protections)
    made = decide(everything, inventories)
    asked = Plan(name=name, protections=protections)
    text = plan_text(asked, [replace(each, role_name="r") for each in targets], made, START, f"discover {NASTY}\n")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "found.yaml"
        path.write_text(text, encoding="utf-8")
        plan = load_plan(path)
    again = decide(plan, inventories)
    assert {line.id for line in again.lines} == {line.id for line in made.of(Decision.TERMINATE)}
    assert {line.decision for line in again.lines} <= {Decision.TERMINATE}
    assert [each.conditions for each in plan.protections] == [each.conditions for each in protections]
    assert plan.name == name
    assert plan.limits.max_terminations == len(again.lines)
    assert text.count("# left out: ") == len(made.lines) - len(again.lines)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_quoted_text_is_that_text_to_every_reader_and_confuses_no_screen(text: str) -> None:
    """What cannot be shown is written by its number."""
    assert yaml.safe_load(quoted(text)) == text
    assert plain(quoted(text)) == quoted(text)


def test_a_protection_of_a_tag_that_cannot_be_shown_still_protects_it(tmp_path: Path) -> None:
    """A key with another character in its place would be another key."""
    conditions = Conditions(tags=(("ke\u200bep", ("a",)), ("a\u2028b\t", ("b",)), ("\U000e0001", ("*",))))
    target = Target(account_id=LANE.account_id, regions=(LANE.region,))
    asked = Plan(name="x", entries=(Entry(product_id="pp-a"),), protections=(Protection(conditions=conditions),))
    text = plan_text(asked, [target], decide(asked, [inventory(product("pp-a"))]), START, "discover\n")
    path = tmp_path / "found.yaml"
    path.write_text(text, encoding="utf-8")
    assert [each.conditions for each in load_plan(path).protections] == [conditions]
