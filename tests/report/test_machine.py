"""Reports for machines: every line, and nothing that a spreadsheet or a terminal would obey."""

from __future__ import annotations

import csv
import io
import json

from orchestrator.core.inventory.model import FAILED
from orchestrator.core.plan.model import Options, Retry
from orchestrator.core.run import events as e
from orchestrator.core.run.machine import Run
from orchestrator.report.export import RUN_COLUMNS, cell, run_as_csv, run_as_json, timeline
from orchestrator.report.outcomes import LineOutcome, outcomes
from orchestrator.store.codec import decode, unframe
from orchestrator.store.formats import EVENTS
from tests.driving import Stage
from tests.engine.test_runner import stage
from tests.fakes import LANE
from tests.makers import fake, plan


def history(world: Stage) -> list[e.Event]:
    """What the journal holds."""
    return [decode(EVENTS[kind], value) for _, kind, value in map(unframe, world.journal.lines)]


def told(world: Stage, run: Run) -> dict[str, LineOutcome]:
    """How each product stands."""
    return {str(outcome.line.product_id): outcome for outcome in outcomes(run, history(world))}


def test_each_line_is_told_with_what_it_rests_on() -> None:
    """When it was sent, how long it took, how often it was tried, what was left behind."""
    world = stage(fake("pp-a", duration=7.0), fake("pp-b", FAILED))
    run = world.run(
        plan("pp-a", "pp-b", "pp-none", options=Options(ignore_errors=True), retry=Retry(attempts=2, backoff_seconds=1))
    )
    found = told(world, run)
    assert found["pp-a"].left_behind == "arn:stack/pp-a"
    assert found["pp-a"].seconds is not None
    assert 7 <= found["pp-a"].seconds < 9
    assert (found["pp-b"].times.attempts, found["pp-b"].times.sends) == (2, 2)
    assert found["pp-b"].errors == ("400: Stack cannot be deleted",)
    assert found["pp-b"].left_behind is None
    assert (found["pp-none"].times.attempts, found["pp-none"].seconds) == (0, None)
    document = json.loads(run_as_json(run, list(found.values()), {"run_id": "x"}))
    assert document["counts"]["failed"] == 1
    assert document["summary"] == run.final_line
    assert [line["state"] for line in document["lines"]] == ["terminated", "failed", "not_found"]
    assert document["lines"][2]["account_id"] == LANE.account_id


def test_a_line_that_is_open_has_no_end() -> None:
    """Its last event is not its verdict."""
    world = stage(fake("pp-a", duration=1e6))
    world.grace = 1.0
    world.observers = [lambda event: world.interruption.handle(2) if isinstance(event, e.Accepted) else None]
    found = told(world, world.run(plan("pp-a")))["pp-a"]
    assert found.times.sent_at is not None
    assert (found.times.ended_at, found.seconds, found.times.attempts) == (None, None, 1)


def test_no_cell_is_a_formula_and_none_moves_the_cursor() -> None:
    """Names and error texts come from other people."""
    world = stage(fake("pp-a", FAILED, name="=cmd()"), fake("-b", name="x\x1b[2J\n,y"))
    run = world.run(plan("pp-a", "-b", retry=Retry(attempts=1, backoff_seconds=1)))
    rows = list(csv.reader(io.StringIO(run_as_csv(list(told(world, run).values())))))
    assert rows[0] == list(RUN_COLUMNS)
    assert len(rows) == 3
    by_column = dict(zip(RUN_COLUMNS, rows[1], strict=True))
    assert by_column["name"] == "'=cmd()"
    assert by_column["ignore_errors"] == "false"
    assert dict(zip(RUN_COLUMNS, rows[2], strict=True))["product_id"] == "'-b"
    assert "\x1b" not in rows[2][3]
    assert [cell(value) for value in (None, True, 1.5, ["a", "b"], "+1")] == ["", "true", "1.5", "a; b", "'+1"]


def test_the_story_of_a_product_has_every_event_in_order() -> None:
    """And what it comes after."""
    world = stage(fake("pp-a"), fake("pp-b"))
    run = world.run(plan("pp-a", "pp-b", after={"pp-b": ["pp-a"]}, options=Options(retain_physical_resources=True)))
    lines = list(timeline(told(world, run)["pp-b"], history(world)))
    assert lines[0] == f"{LANE}/pp-b  name-of-pp-b: terminated"
    assert lines[2] == f"  comes after {LANE}/pp-a"
    assert [line.split("  ")[2].strip() for line in lines[3:6]] == ["intended", "accepted", "terminated"]
    assert lines[-1] == "  left behind: arn:stack/pp-b"
