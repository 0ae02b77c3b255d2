"""What a nightly `run --yes --resume` meets of the nights before: nothing keeps it from its work for good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.events import Accepted, Terminated
from orchestrator.store import journal
from orchestrator.store.codec import unframe
from orchestrator.store.journal_birth import birth_lines
from tests.processes.conftest import Bench, Service
from tests.processes.truth import told

Simulate = Callable[[dict[str, Any]], Service]
NIGHTLY = ("--yes", "--resume")
DAY = 86_400
QUICK = [{"Id": "pp-b", "Duration": 0}, {"Id": "pp-c", "Duration": 0}]


def age(path: Path, seconds: float) -> None:
    """Let a journal's run have begun so long ago."""
    story = journal.load(path)
    birth = replace(story.birth, header=replace(story.birth.header, started_at=story.birth.header.started_at - seconds))
    lines = path.read_bytes().splitlines(keepends=True)
    begun = list(birth_lines(birth))
    path.write_bytes(b"".join([*begun, *lines[len(begun) :]]))


def test_a_product_that_is_stuck_for_ever_is_met_again_and_keeps_nobody_waiting(bench: Bench, simulate: Simulate) -> None:
    """Each night it is followed for its TerminationTimeout and called stuck; all others go. Exit code 4."""
    service = simulate({"Products": [{"Id": "pp-a", "Terminations": ["NEVER"]}, *QUICK]})
    limits = {"TerminationTimeout": "2s"}
    first = bench.run(service, "run", bench.plan("pp-a", "pp-b", Limits=limits), *NIGHTLY)
    assert first.returncode == 4, first.stderr
    assert "1 terminated, 0 failed, 1 stuck" in first.stdout
    second = bench.run(service, "run", bench.plan("pp-a", "pp-c", Limits=limits), *NIGHTLY)
    assert second.returncode == 4, second.stderr
    assert "1 terminated, 0 failed, 1 stuck" in second.stdout
    assert sorted(service.sent()) == ["pp-a", "pp-b", "pp-c"]


def test_a_run_that_its_tolerance_stopped_is_finished_and_the_next_one_begins(bench: Bench, simulate: Simulate) -> None:
    """What it had not begun drifts there, and is taken up by the new run."""
    ids = [*(f"pp-bad{n}" for n in range(3)), *(f"pp-{n}" for n in range(9))]
    products = [{"Id": id_, "Duration": 0, "Terminations": ["FAILED" if "bad" in id_ else "SUCCEEDED"]} for id_ in ids]
    service = simulate({"Products": products})
    path = bench.plan(*ids, Limits={"FailureTolerance": 1, "RatePerSecond": 5}, Retry={"Attempts": 1})
    first = bench.run(service, "run", path, *NIGHTLY)
    assert first.returncode == 4, first.stderr
    assert "allows 1" in first.stderr
    path = bench.plan(*ids, Limits={"FailureTolerance": 10}, Retry={"Attempts": 1})
    second = bench.run(service, "run", path, *NIGHTLY)
    assert second.returncode == 1, second.stderr
    finished, begun = second.stdout.splitlines()
    assert " 0 pending" in finished
    assert "3 failed, 0 stuck, 0 pending" in begun
    assert {service.products()[f"pp-{n}"] for n in range(9)} == {"TERMINATED"}
    assert all(not told(each).is_unfinished for each in bench.journals)


def test_a_corrupt_journal_is_set_aside_the_work_is_done_and_the_exit_code_says_so(
    bench: Bench, simulate: Simulate
) -> None:
    """Exit code 7 that night, 0 the night after; what was under way is followed, not sent again."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 6}, {"Id": "pp-b", "Duration": 0}]})
    bench.interrupt(service, "run", bench.plan("pp-a"), "--yes")
    [broken] = bench.journals
    broken.write_bytes(broken.read_bytes().replace(b'"attempt":1', b'"attempt":2'))
    second = bench.run(service, "run", bench.plan("pp-a", "pp-b"), *NIGHTLY)
    assert second.returncode == 7, second.stderr
    assert "its checksum does not fit" in second.stderr
    assert f"set aside as {broken}.corrupt" in second.stderr
    assert "2 terminated" in second.stdout
    assert "checksum" in broken.with_name(f"{broken.name}.corrupt.reason").read_text()
    assert service.sent() == ["pp-a", "pp-b"]
    third = bench.run(service, "run", bench.plan("pp-a", "pp-b"), *NIGHTLY)
    assert third.returncode == 0, third.stderr


@pytest.mark.parametrize(("by", "code"), [("the nightly job", 7), ("abandon", 0)])
def test_a_journal_whose_history_cannot_have_been_is_set_aside_too(
    by: str, code: int, bench: Bench, simulate: Simulate
) -> None:
    """With every checksum in order."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 4}]})
    path = bench.plan("pp-a")
    bench.interrupt(service, "run", path, "--yes")
    story = journal.load(bench.journals[0])
    [accepted] = [event for event in story.events if isinstance(event, Accepted)]
    forged = journal.reopen(story)
    done = Terminated(at=accepted.at, line=accepted.line, evidence="it was", record_id=None)
    forged.append([done, done])
    forged.close()
    if by == "abandon":
        assert bench.run(service, "abandon", bench.journals[0], "--reason", "forged").returncode == 0
    second = bench.run(service, "run", path, *NIGHTLY)
    assert second.returncode == code, second.stderr
    assert "1 terminated" in second.stdout
    assert list(story.path.parent.glob("*.corrupt"))


def test_a_journal_of_a_newer_version_is_left_where_it_is(bench: Bench, simulate: Simulate) -> None:
    """It is not corrupt; exit code 7 and the command to put it away."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 600}]})
    path = bench.plan("pp-a")
    bench.interrupt(service, "run", path, "--yes")
    [newer] = bench.journals
    from orchestrator.store.codec import frame

    lines = newer.read_bytes().splitlines(keepends=True)
    _, kind, header = unframe(lines[0])
    newer.write_bytes(b"".join([frame(1, kind, header | {"format": 2}), *lines[1:]]))
    second = bench.run(service, "run", path, *NIGHTLY)
    assert second.returncode == 7
    assert "its format is not 1, the one that this version reads" in second.stderr
    assert f"orchestrator abandon {newer} --reason TEXT" in second.stderr
    assert newer.exists()
    assert len(service.sent()) == 1


def test_a_run_that_can_be_finished_no_more_is_closed_after_a_day(bench: Bench, simulate: Simulate) -> None:
    """Its endpoint is gone: refused with 3 for a day, then closed with 4, and the new run does its work."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 600}]})
    bench.interrupt(service, "run", bench.plan("pp-a"), "--yes")
    moved = simulate({"Products": [{"Id": "pp-b", "Duration": 0}]})
    second = bench.run(moved, "run", bench.plan("pp-b"), *NIGHTLY)
    assert second.returncode == 3, second.stderr
    assert moved.sent() == []
    [old] = bench.journals
    age(old, DAY + 60)
    third = bench.run(moved, "run", bench.plan("pp-b"), *NIGHTLY)
    assert third.returncode == 4, third.stderr
    assert f"could not be finished; it was closed: {old}" in third.stderr
    assert "pp-a: record rec-" in third.stderr
    closed, begun = third.stdout.splitlines()
    assert "1 in doubt" in closed
    assert "1 terminated" in begun
    assert bench.run(moved, "run", bench.plan("pp-b"), *NIGHTLY).returncode == 0


def test_a_run_whose_lane_answers_no_more_is_closed_after_a_day(bench: Bench, simulate: Simulate) -> None:
    """A resume gets nowhere before its deadline; young runs are left to be resumed, old ones are closed."""
    broken = {"Operation": "DescribeRecord", "Do": "error", "Times": 100_000}
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 0}, {"Id": "pp-b", "Duration": 0}], "Faults": [broken]})
    limits = {"Deadline": "1s", "TerminationTimeout": "14d"}
    first = bench.run(service, "run", bench.plan("pp-a", Limits=limits), *NIGHTLY, "--grace", "1s")
    assert first.returncode == 4, first.stderr
    [old] = bench.journals
    second = bench.run(service, "run", bench.plan("pp-b", Limits=limits), *NIGHTLY, "--grace", "1s")
    assert second.returncode == 4
    assert "The earlier run is still unfinished; nothing new was begun." in second.stderr
    assert service.sent() == ["pp-a"]
    age(old, DAY + 60)
    third = bench.run(service, "run", bench.plan("pp-b", Limits=limits), *NIGHTLY, "--grace", "1s")
    assert third.returncode == 4, third.stderr
    assert f"could not be finished; it was closed: {old}" in third.stderr
    assert service.sent() == ["pp-a", "pp-b"]


def test_the_rest_behind_a_canary_waits_for_a_day_and_is_never_done_by_itself(bench: Bench, simulate: Simulate) -> None:
    """Whoever did the first ones did not say yes to the rest; after a day nobody will."""
    service = simulate({"Products": [{"Id": f"pp-{n}", "Duration": 0} for n in range(3)]})
    path = bench.plan("pp-0", "pp-1", "pp-2")
    assert bench.run(service, "run", path, "--yes", "--first", "1").returncode == 4
    [canary] = bench.journals
    second = bench.run(service, "run", path, *NIGHTLY)
    assert second.returncode == 4
    assert f"To do it:   orchestrator resume {canary}" in second.stderr
    assert len(service.sent()) == 1
    age(canary, DAY + 60)
    third = bench.run(service, "run", bench.plan("pp-0"), *NIGHTLY)
    assert third.returncode == 0, third.stderr
    finished, begun = third.stdout.splitlines()
    assert "1 terminated" in finished
    assert "2 drifted" in finished
    assert "1 already gone" in begun
    assert len(service.sent()) == 1


def test_several_unfinished_runs_are_finished_one_after_the_other(bench: Bench, simulate: Simulate) -> None:
    """Also those that an older journal tells of."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 3}, {"Id": "pp-b", "Duration": 3}, {"Id": "pp-c"}]})
    bench.interrupt(service, "run", bench.plan("pp-a"), "--yes")
    [first] = bench.journals
    hidden = first.rename(first.with_suffix(".hidden"))
    bench.interrupt(service, "run", bench.plan("pp-b"), "--yes")
    hidden.rename(first)
    ended = bench.run(service, "run", bench.plan("pp-c"), *NIGHTLY)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("1 terminated") == 3
    assert [told(each).is_unfinished for each in bench.journals] == [False, False, False]


@pytest.mark.parametrize("plan_is", ["there", "invalid"])
def test_an_unfinished_run_is_left_alone_without_resume(plan_is: str, bench: Bench, simulate: Simulate) -> None:
    """Exit code 4 with the commands; 2 where the plan itself is wrong."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 600}]})
    bench.interrupt(service, "run", bench.plan("pp-a"), "--yes")
    path = bench.plan("pp-a") if plan_is == "there" else bench.plan("pp-a", Nonsense=1)
    again = bench.run(service, "run", path, "--yes")
    assert again.returncode == (4 if plan_is == "there" else 2)
    assert ("orchestrator resume" in again.stderr) is (plan_is == "there")
