"""An operator's handles: canaries, a second go, a stop from elsewhere, reports at any time, old journals."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.processes.conftest import LONGEST, PROGRAM, Bench, Service, wait_for
from tests.processes.test_commands import on_a_terminal, read_until

Simulate = Callable[[dict[str, Any]], Service]


def world(*durations: float, **keys: Any) -> dict[str, Any]:
    """Products pp-0, pp-1, … that take so long."""
    return {"Products": [{"Id": f"pp-{n}", "Duration": duration} for n, duration in enumerate(durations)]} | keys


def names(count: int) -> list[str]:
    """Their ids."""
    return [f"pp-{n}" for n in range(count)]


def test_a_canary_leaves_the_rest_to_a_resume(bench: Bench, simulate: Simulate) -> None:
    """Exit code 4, and the command to go on."""
    service = simulate(world(0, 0, 0, 0))
    ended = bench.run(service, "run", bench.plan(*names(4)), "--yes", "--first", "1")
    assert (ended.returncode, service.sent()) == (4, ["pp-0"])
    assert "The first are done; 3 products left to `resume`." in ended.stderr
    assert f"To go on: orchestrator resume {bench.journals[0]}" in ended.stderr
    assert "1 terminated, 0 failed, 0 timed out, 0 in progress, 3 pending" in ended.stdout
    nightly = bench.run(service, "run", bench.plan(*names(4)), "--yes", "--resume")
    assert (nightly.returncode, len(service.sent())) == (4, 1)
    assert "was not told to do the rest (3 products)" in nightly.stderr
    again = bench.run(service, "resume", bench.journals[0])
    assert (again.returncode, len(service.sent())) == (0, 4)
    assert "4 terminated" in again.stdout


def test_a_canary_on_a_terminal_asks_once(bench: Bench, simulate: Simulate) -> None:
    """Before it begins; then it leaves the rest to a resume, as it does where there is no terminal."""
    service = simulate(world(0, 0, 0, 0))
    process, leader = on_a_terminal(bench, service, "run", bench.plan(*names(4)), "--first", "1")
    shown = read_until(leader, b"to go on: ")
    os.write(leader, b"4\n")
    shown += read_until(leader, None)
    assert process.wait(LONGEST) == 4, shown
    assert shown.count(b"to go on: ") == 1
    assert b"orchestrator resume " in shown
    assert service.sent() == ["pp-0"]
    os.close(leader)


def test_a_second_go_is_for_what_failed_only(bench: Bench, simulate: Simulate) -> None:
    """By ids, with their order; what went is not asked for again."""
    products = [
        {"Id": "pp-a", "Name": "a", "Duration": 0},
        {"Id": "pp-b", "Name": "b", "Duration": 0, "Terminations": ["FAILED", "SUCCEEDED"]},
        {"Id": "pp-c", "Name": "c", "Duration": 0},
    ]
    service = simulate({"Products": products})
    entries = [{"ProvisionedProductName": name} for name in "abc"]
    entries[2] = {"ProvisionedProductName": "c", "DependsOn": ["b"]}  # type: ignore[dict-item]
    path = bench.plan(Products=entries, Retry={"Attempts": 1})
    first = bench.run(service, "run", path, "--yes")
    assert first.returncode == 1
    assert "1 terminated, 1 failed, 0 timed out, 0 in progress, 0 pending, 0 in doubt, 1 blocked" in first.stdout
    journal = bench.journals[0]
    path.unlink()
    assert bench.run(service, "run", "--from", journal, "--only-failed").returncode == 3
    second = bench.run(service, "run", "--from", journal, "--only-failed", "--yes")
    assert second.returncode == 0, second.stderr
    assert "2 terminated" in second.stdout
    assert service.sent() == ["pp-a", "pp-b", "pp-b", "pp-c"]
    assert "1 already gone." in second.stdout
    whole = bench.run(service, "run", "--from", journal, "--yes")
    assert "3 already gone." in whole.stdout
    assert bench.run(service, "run", "--from", journal, "--simulate", "--yes").returncode == 2


def test_a_second_go_at_an_unfinished_run_is_a_resume(bench: Bench, simulate: Simulate) -> None:
    """Exit code 4, with the command."""
    service = simulate(world(600))
    bench.interrupt(service, "run", bench.plan("pp-0"), "--yes")
    ended = bench.run(service, "run", "--from", bench.journals[0], "--yes")
    assert ended.returncode == 4
    assert f"orchestrator resume {bench.journals[0]}" in ended.stderr


def test_a_run_is_stopped_from_another_terminal_and_can_be_resumed(bench: Bench, simulate: Simulate) -> None:
    """It drains like after Ctrl-C and exits with 4; who asks twice, or too late, is told so."""
    service = simulate(world(*[1.0] * 30, Quotas={"TerminateProvisionedProduct": {"Rate": 2}}))
    process = bench.start(service, "run", bench.plan(*names(30)), "--yes")
    wait_for(process, "terminated ")
    [journal] = bench.journals
    stopped = bench.run(None, "stop", journal)
    assert stopped.returncode == 0, stopped.stderr
    assert "The run has taken note" in stopped.stdout
    out, _ = process.communicate(timeout=LONGEST)
    assert process.returncode == 4
    assert " 0 in doubt" in out
    assert 0 < len(set(service.sent())) < 30
    assert bench.run(None, "stop", journal).returncode == 2
    assert "nobody is working on this run" in bench.run(None, "stop", "--plan", "test").stderr
    resumed = bench.run(service, "resume", journal)
    assert resumed.returncode == 0, resumed.stderr
    assert "30 terminated" in resumed.stdout
    assert "the run is finished; there is nothing to stop" in bench.run(None, "stop", journal).stderr


def test_a_report_is_told_from_the_journal_alone_also_while_the_run_goes_on(bench: Bench, simulate: Simulate) -> None:
    """As text, JSON and CSV; nothing is called for it."""
    service = simulate(world(0, 600))
    process = bench.start(service, "run", bench.plan("pp-0", "pp-1", "pp-none"), "--yes")
    wait_for(process, "terminated ")
    [journal] = bench.journals
    going_on = bench.run(None, "report", journal)
    assert going_on.returncode == 0
    assert ": going on, run " in going_on.stdout
    assert "So far: 1 terminated, 1 in progress, 1 not found." in going_on.stdout
    now = json.loads(bench.run(None, "report", journal, "--format", "json").stdout)
    assert (now["going_on"], now["exit_code"], now["counts"]["in_progress"]) == (True, None, 1)
    process.kill()
    process.communicate()
    service.kill()
    found = json.loads(bench.run(None, "report", journal, "--format", "json").stdout)
    assert (found["finished"], found["going_on"], found["exit_code"]) == (False, False, 4)
    assert found["counts"]["terminated"] == 1
    assert {line["product_id"]: line["state"] for line in found["lines"]} == {
        "pp-0": "terminated",
        "pp-1": "in_progress",
        "pp-none": "not_found",
    }
    rows = list(csv.DictReader(io.StringIO(bench.run(None, "report", journal, "--format", "csv").stdout)))
    assert [row["state"] for row in rows] == ["terminated", "in_progress", "not_found"]
    assert float(rows[0]["seconds"]) >= 0
    text = bench.run(None, "report", journal)
    assert "unfinished, and nobody works on it" in text.stdout
    assert f"orchestrator resume {journal}" in text.stderr


def test_a_report_tells_the_story_of_one_product(bench: Bench, simulate: Simulate) -> None:
    """Every request, every answer, every verdict, by id or by name."""
    products = [{"Id": "pp-a", "Name": "alice", "Duration": 0, "Terminations": ["FAILED", "SUCCEEDED"]}]
    service = simulate({"Products": products})
    assert bench.run(service, "run", bench.plan("pp-a"), "--yes").returncode == 0
    journal = bench.journals[0]
    told = bench.run(None, "report", journal, "--product", "ali*").stdout
    assert told.startswith("111122223333/eu-west-1/pp-a  alice: terminated\n  decided to terminate: it is AVAILABLE\n")
    kinds = [line.split("  ")[2].strip() for line in told.splitlines()[2:]]
    assert kinds == ["intended", "accepted", "attempt failed", "intended", "accepted", "terminated"]
    assert "cannot be deleted while TerminationProtection is enabled" in told
    assert bench.run(None, "report", journal, "--product", "bob").returncode == 2


def test_reports_of_what_is_no_journal_end_in_an_error(bench: Bench) -> None:
    """2 for a file that is not there, 7 for one that cannot be trusted."""
    assert bench.run(None, "report", bench.folder / "none.jsonl").returncode == 2
    broken = bench.folder / "broken.jsonl"
    broken.write_text("{}\n")
    ended = bench.run(None, "report", broken)
    assert (ended.returncode, "Traceback" in ended.stderr) == (7, False)
    plan = bench.plan("pp-a")
    abandoned = bench.run(None, "abandon", plan, "--reason", "a slip of the pen")
    assert (abandoned.returncode, plan.exists()) == (2, True)
    assert "this is no journal; it is left as it is" in abandoned.stderr


def test_journals_are_listed_and_old_finished_ones_pruned(bench: Bench, simulate: Simulate) -> None:
    """What is unfinished or cannot be read stays, however old it is."""
    service = simulate(world(0, 600))
    assert bench.run(None, "journals").stdout == ""
    assert bench.run(service, "run", bench.plan("pp-0"), "--yes").returncode == 0
    assert bench.run(service, "run", bench.plan("pp-0"), "--yes").returncode == 0
    bench.interrupt(service, "run", bench.plan("pp-1", Name="other"), "--yes")
    broken = bench.journals[0].with_name("20200101T000000Z-broken.jsonl")
    broken.write_text("{}\n")
    listed = bench.run(None, "journals").stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["PLAN", "other", "test", "test", "test"]
    assert [line.split()[3] for line in listed[1:]] == ["unfinished", "unreadable", "finished", "finished"]
    assert len(bench.run(None, "journals", "--plan", "other").stdout.splitlines()) == 2
    assert "0 journals would be deleted." in bench.run(None, "journals", "prune", "--older-than", "1d", "--dry-run").stdout
    assert "0 journals deleted." in bench.run(None, "journals", "prune", "--older-than", "1d").stdout
    misplaced = bench.run(None, "journals", "--plan", "other", "prune", "--older-than", "1s")
    assert misplaced.returncode == 2
    assert "Options go behind `prune`" in misplaced.stderr
    pruned = bench.run(None, "journals", "prune", "--older-than", "0s")
    assert pruned.returncode == 2
    kept_waiting(bench, "1s")
    left = bench.run(None, "journals").stdout
    assert ("other" in left, "unreadable" in left, " finished" in left) == (True, True, False)
    assert not list((bench.folder / "state" / "test").glob("*.lock"))


def kept_waiting(bench: Bench, age: str) -> None:
    """Prune until what has just ended is that old."""
    for _ in range(100):
        if "2 journals deleted." in bench.run(None, "journals", "prune", "--older-than", age).stdout:
            return
        if len(bench.run(None, "journals", "--plan", "test").stdout.splitlines()) == 2:
            return
    message = "they were never deleted"
    raise AssertionError(message)


def test_the_schema_is_printed_for_editors(bench: Bench) -> None:
    """Of plans and of world files."""
    for arguments, title in ((["schema"], "A plan of orchestrator"), (["schema", "--world"], "A world of")):
        ended = bench.run(None, *arguments)
        assert ended.returncode == 0
        assert json.loads(ended.stdout)["title"].startswith(title)


def test_a_stop_that_was_meant_for_an_earlier_execution_does_not_stop_the_next(bench: Bench, simulate: Simulate) -> None:
    """It is taken away when the run goes on."""
    service = simulate(world(0, 0))
    assert bench.run(service, "run", bench.plan("pp-0", "pp-1"), "--yes", "--first", "1").returncode == 4
    journal = bench.journals[0]
    Path(f"{journal}.stop").touch()
    ended = bench.run(service, "resume", journal)
    assert ended.returncode == 0, ended.stderr
    assert not Path(f"{journal}.stop").exists()


def test_a_reader_of_stderr_that_stalls_does_not_stop_a_run(bench: Bench, simulate: Simulate) -> None:
    """A pipe that nobody empties: the products go, the run ends, its exit code and its last line say so."""
    ids = [f"pp-{n:03d}" for n in range(400)]
    service = simulate({"Products": [{"Id": id_, "Duration": 0} for id_ in ids]})
    path = bench.plan(*ids, Limits={"MaxTerminations": 400})
    process = bench.start(service, "run", path, "--yes", "--log-level", "debug")
    assert process.stdout is not None
    assert process.stderr is not None
    out = process.stdout.read()
    assert process.wait(LONGEST) == 0
    assert "400 terminated" in out
    assert len(process.stderr.read()) < 80_000
    process.stdout.close()
    process.stderr.close()


def test_a_stderr_that_takes_nothing_changes_nothing(bench: Bench, simulate: Simulate) -> None:
    """A full disk behind it: the exit code and the last line are what they would be."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 0}]})
    environment = service.environment() | {"ORCHESTRATOR_STATE_DIR": str(bench.folder / "state")}
    command = [*PROGRAM, "run", str(bench.plan("pp-a")), "--yes"]
    with open("/dev/full", "w") as full:
        ended = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=full, text=True, check=False, timeout=LONGEST
        )
    assert ended.returncode == 0
    assert "1 terminated" in ended.stdout
