"""What people see: reviews, diagnostics, progress, endings."""

from __future__ import annotations

import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from orchestrator.core.inventory.model import FAILED
from orchestrator.core.plan.model import Limits, Options, Plan
from orchestrator.core.review.decide import decide
from orchestrator.core.review.worklist import Worklist
from orchestrator.core.run import events as e
from orchestrator.core.run.observations import Heartbeat
from orchestrator.core.values.finding import Diagnostic, Place
from orchestrator.report.diagnostics import render
from orchestrator.report.live import LiveProgress
from orchestrator.report.progress import LogProgress, Projection
from orchestrator.report.review_text import confirmation, preview
from orchestrator.report.review_view import ReviewView
from orchestrator.report.summary import summary_lines
from orchestrator.report.text import columns, plain, plural
from tests.engine.test_runner import stage
from tests.fakes import LANE, START
from tests.makers import fake, inventory, plan, product, worklist


def reviewed(wanted: Plan, made: Worklist, **more: Any) -> ReviewView:
    """A review to be shown."""
    return ReviewView(plan=wanted, plan_file="plan.yaml", worklist=made, now=START, **more)


@given(st.text())
def test_no_text_from_elsewhere_moves_the_cursor(text: str) -> None:
    """Control characters, escapes and bidirectional marks are replaced, one for one."""
    shown = plain(text)
    assert len(shown) == len(text)
    assert not any(c in shown for c in "\x1b\r\n\x07\u202e\u2028\x85")


def test_a_review_shows_every_line_with_its_reason() -> None:
    """Grouped by lane, options named, what may stay behind warned about."""
    wanted = plan("pp-a", "pp-b", "pp-c", options=Options(retain_physical_resources=True))
    made = decide(wanted, [inventory(product("pp-a", name="evil\x1b[2J"), product("pp-b", type="ODD"))])
    text = preview(reviewed(wanted, made), lambda shown, style: f"<{style}>{shown}" if style == "magenta" else shown)
    lines = text.splitlines()
    assert lines[0] == "Review: 1 to terminate, 0 blocked, 0 drifted, 1 not found, 0 skipped, 1 refused, 0 already gone."
    assert "\x1b" not in text
    assert f"{LANE}  3 lines (1 to terminate, 1 to skip, 1 to refuse), listing complete" in lines
    assert any(line.startswith("<magenta>  terminate  evil") and "RetainPhysicalResources" in line for line in lines)
    assert any("refuse" in line and "its type ODD is not known" in line for line in lines)
    assert any("skip" in line and "not found in" in line for line in lines)
    assert "1d" in text
    assert "1 termination may leave resources behind" in text


def test_an_incomplete_lane_cannot_be_overlooked() -> None:
    """The problem stands in its heading."""
    wanted = plan("pp-a", limits=Limits(rate_per_second=2.5))
    text = preview(reviewed(wanted, worklist(wanted, [], complete=False, problem="page 3 failed")))
    assert "NOT READ COMPLETELY: page 3 failed" in text
    assert "at most 2.5 per second" in text


def test_a_yes_is_asked_for_with_counts_and_accounts() -> None:
    """One line for each."""
    made = worklist(plan("pp-a"), [product("pp-a")])
    assert confirmation(made) == ("1 product will be terminated. There is no undo.\n  account 111122223333, eu-west-1: 1")


def test_long_source_lines_are_cut_around_the_caret_and_many_mistakes_counted() -> None:
    """The location is never wrapped."""
    place = Place(file="plan.yaml", line=7, column=501, length=3, source="x" * 500 + "bad" + "y" * 500)
    rendered = render([Diagnostic(place=place, message="m")] * 3, most=2)
    first = rendered.splitlines()
    assert first[0] == "plan.yaml:7:501: m"
    assert first[2][4:][first[3][4:].index("^") :].startswith("bad")
    assert rendered.endswith("... and 1 more")
    assert render([Diagnostic(place=Place(file="f", line=1, column=1), message="m")]) == "f:1:1: m"


def test_what_did_not_go_as_planned_is_named_at_the_end() -> None:
    """Each with what it rests on; what was left behind by its stack."""
    world = stage(fake("pp-a", FAILED), fake("pp-b"), fake("pp-c", duration=1e9))
    options = Options(retain_physical_resources=True, termination_timeout_seconds=60)
    run = world.run(plan("pp-a", "pp-b", "pp-c", options=options, limits=Limits(deadline_seconds=500)))
    said = "\n".join(summary_lines(run))
    assert "1 product failed:" in said
    assert "record rec-0000000000004 FAILED; 400: Stack cannot be deleted" in said
    assert "1 product timed out, still in progress after the TerminationTimeout:" in said
    assert "arn:stack/pp-b (retained)" in said


def test_what_an_interrupted_run_knows_is_named() -> None:
    """Why it stopped, and how far each product was."""
    world = stage(fake("pp-a", duration=1e9))
    run = world.run(plan("pp-a", limits=Limits(deadline_seconds=5)))
    said = "\n".join(summary_lines(run))
    assert "record rec-0000000000001 was CREATED" in said
    assert "Nothing new was started any more: the plan's Deadline has passed" in said


def test_log_lines_say_what_happened_and_a_heartbeat_that_it_goes_on() -> None:
    """At least every minute, with the counts that are not zero."""
    lines: list[tuple[str, str, dict[str, object]]] = []
    world = stage(fake("pp-a", duration=200))
    made = worklist(plan("pp-a"), [product("pp-a")])
    world.observers = [LogProgress(Projection(made), lambda level, event, **said: lines.append((level, event, said)))]
    world.run(plan("pp-a"))
    assert [event for _, event, _ in lines if event != "heartbeat"] == [
        "started", "intended", "accepted", "terminated", "verified", "finished"
    ]  # fmt: skip
    beats = [said for _, event, said in lines if event == "heartbeat"]
    assert len(beats) >= 3
    assert beats[0] == {"counts": "1 in progress"}


def test_the_live_display_draws_counts_and_what_happened() -> None:
    """On a terminal of any width, tiny ones too; names cannot break it."""
    for width in (20, 120):
        screen = io.StringIO()
        console = Console(file=screen, force_terminal=True, width=width, color_system=None)
        world = stage(fake("pp-a", FAILED, name="[bold]evil\x1b[2J"), fake("pp-b", duration=3))
        wanted = plan("pp-a", "pp-b")
        made = worklist(wanted, [each.product for each in world.catalog.products.values()])
        with LiveProgress(Projection(made), console) as progress:
            world.observers = [progress]
            world.run(wanted)
            progress(Heartbeat(at=START + 10_000))
            progress(e.Draining(at=START + 10_001, why=e.Drain.INTERRUPTED, detail="SIGINT was received", until=None))
        shown = screen.getvalue()
        assert "evil\x1b" not in shown
        if width > 100:
            assert "[bold]evil" in shown
            assert "1 terminated, 1 failed" in shown
            assert "stopping: SIGINT was received" in shown


def test_small_words() -> None:
    """Columns and plurals."""
    assert columns([]) == []
    assert columns([("a", "b"), ("long", "c")]) == ["  a     b", "  long  c"]
    assert [plural(1, "day"), plural(2, "day"), plural(1_000, "entry", "entries")] == ["1 day", "2 days", "1,000 entries"]
