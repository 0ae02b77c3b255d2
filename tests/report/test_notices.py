"""Notices as text, JSON, CSV and Markdown: who has to be told what is due when."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

from orchestrator.core.plan.model import Conditions, Plan, Selection
from orchestrator.core.review.decide import decide
from orchestrator.core.review.notice import noticed, notices_given
from orchestrator.report.notices import NoticeReport, notices_as_csv, notices_as_json, notices_as_markdown, notices_as_text
from orchestrator.report.review_markdown import MOST_CHARACTERS
from tests.fakes import LANE, START
from tests.makers import inventory, product

DAY = 86_400
NASTY = "=cmd|'x'!A1 <img src=x onerror=alert(1)> @everyone [link](http://evil) `|` \x1b[31m \u202e"
ALICE, BOB = "arn:aws:sts::1:assumed-role/Student/alice", "arn:aws:sts::1:assumed-role/Student/bob"
TAG = "sc-orchestrator:protect=true"


def given(*held: Any, over: tuple[str, ...] = (), **more: Any) -> NoticeReport:
    """The notices of a plan that wants everything a week after it was first selected."""
    selection = Selection(conditions=Conditions(names=("*",)), notice_seconds=7 * DAY)
    plan = Plan(name="sandbox", selections=(selection,))
    inventories = [inventory(*held)]
    earlier = {f"{LANE}/{id_}": START - 8 * DAY for id_ in over}
    made = decide(plan, inventories, notices=earlier)
    found = tuple(notices_given(plan, made, inventories, noticed(made, inventories, earlier)))
    return NoticeReport(plan_name="sandbox", notices=found, lanes=made.lanes, made_at=made.made_at, **more)


def test_the_text_is_grouped_by_owner_and_says_since_when_and_until_when() -> None:
    """What is due comes first, an owner that nobody knows last; the tag that keeps a product is named."""
    held = [
        product("pp-c", name="c", user_arn=None),
        product("pp-b", name="b", user_arn=BOB),
        product("pp-a", name="a", user_arn=ALICE),
        product("pp-z", name="z", user_arn=ALICE),
    ]
    lines = notices_as_text(given(*held, over=("pp-z",))).splitlines()
    assert lines[0] == "Notices of sandbox: 4 products on notice, 1 of them due now."
    assert TAG in lines[1]
    assert [line for line in lines[2:] if line and not line.startswith(" ")] == [ALICE, BOB, "owner unknown"]
    first = lines.index(ALICE)
    assert re.fullmatch(rf"  z +pp-z +{LANE} +2023-11-06 22:13 UTC +now", lines[first + 2])
    assert re.fullmatch(rf"  a +pp-a +{LANE} +2023-11-14 22:13 UTC +2023-11-21 22:13 UTC", lines[first + 3])


def test_a_product_whose_notice_is_over_and_that_waits_says_for_what() -> None:
    """It is due, and a run would not terminate it yet."""
    held = [product("pp-a", name="a"), product("pp-b", name="b")]
    plan = Plan(
        name="sandbox",
        selections=(
            Selection(conditions=Conditions(names=("a",)), notice_seconds=DAY, depends_on=("labs",)),
            Selection(conditions=Conditions(names=("b",)), notice_seconds=30 * DAY, key="labs"),
        ),
    )
    inventories = [inventory(*held)]
    earlier = {f"{LANE}/{id_}": START - 8 * DAY for id_ in ("pp-a", "pp-b")}
    made = decide(plan, inventories, notices=earlier)
    found = tuple(notices_given(plan, made, inventories, earlier))
    report = NoticeReport(plan_name="sandbox", notices=found, lanes=made.lanes, made_at=START)
    assert "now, but waits for b (pp-b), which is on notice" in notices_as_text(report)
    [row, _] = json.loads(notices_as_json(report))["notices"]
    assert (row["due_now"], row["decision"]) == (True, "skip")


def test_a_simulation_says_so_first() -> None:
    """Nobody is to be told of products that are made up."""
    report = given(product(), simulated=True)
    for text in (notices_as_text(report), notices_as_markdown(report)):
        assert text.splitlines()[0].startswith("Simulation: ")
    assert json.loads(notices_as_json(report))["simulated"] is True
    [row] = csv.DictReader(io.StringIO(notices_as_csv(report)))
    assert row["simulated"] == "true"
    assert "Simulation" not in notices_as_text(given(product()))


def test_json_and_csv_have_a_row_for_each_product() -> None:
    """With the keys of a review where they mean the same."""
    report = given(product("pp-a", name=NASTY, user_arn=ALICE), product("pp-b", name="b"), over=("pp-b",))
    told = json.loads(notices_as_json(report))
    assert (told["format"], told["plan"], told["simulated"]) == ("orchestrator-notify/1", "sandbox", False)
    assert told["counts"] == {"on_notice": 2, "due_now": 1}
    first, second = told["notices"]
    assert (first["user_arn"], first["account_id"], first["region"]) == (ALICE, LANE.account_id, LANE.region)
    assert (first["selected_since"], first["due_at"]) == ("2023-11-14T22:13:20.000Z", "2023-11-21T22:13:20.000Z")
    assert (first["due_now"], second["due_now"], second["keep_tag"]) == (False, True, TAG)
    text = notices_as_csv(report)
    nasty, other = csv.DictReader(io.StringIO(text))
    assert nasty["name"].startswith("'=cmd")
    assert "\x1b" not in text
    assert (other["product_id"], other["due_now"], other["user_arn"]) == ("pp-b", "true", "")


def test_markdown_is_one_table_that_lets_no_name_in() -> None:
    """No tag, no mention, no link, no further column; and it fits a comment."""
    text = notices_as_markdown(given(product("pp-a", name=NASTY, user_arn=NASTY)))
    head, _, row = [line for line in text.splitlines() if line.startswith("|")]
    assert row.count("|") == head.count("|")
    assert not re.search(r"<(?!!-- -->)|@(?!<!-- -->)|://|\x1b|(?<!\\)\[", row)
    many = notices_as_markdown(given(*(product(f"pp-{n:05d}", name="team" * 9) for n in range(3_000))))
    rows = sum(line.startswith("| owner unknown") for line in many.splitlines())
    assert len(many) <= MOST_CHARACTERS
    assert f"... and {3_000 - rows:,} products more, which did not fit" in many


def test_what_was_not_read_and_a_plan_without_notice_are_said() -> None:
    """Instead of looking like a plan whose products are all somebody's."""
    broken = NoticeReport(plan_name="x", notices=(), lanes=((LANE, "page 3 failed"),), made_at=START)
    for text in (notices_as_text(broken), notices_as_markdown(broken)):
        assert f"Not read completely: {LANE}: page 3 failed; its notices stay as they are." in text
        assert TAG not in text
    [lane] = json.loads(notices_as_json(broken))["lanes"]
    assert (lane["complete"], lane["problem"]) == (False, "page 3 failed")
    silent = NoticeReport(plan_name="x", notices=(), lanes=(), made_at=START, gives_notice=False)
    assert "No selection of the plan has a notice (After)." in notices_as_text(silent)
