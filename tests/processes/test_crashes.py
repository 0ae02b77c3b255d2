"""`kill -9` of a real run at several moments, then `orchestrator resume`: the same end, one token per attempt."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.processes.conftest import Bench, Service

IDS = [f"pp-{n:03d}" for n in range(24)]
WORLD: dict[str, Any] = {
    "Quotas": {"TerminateProvisionedProduct": {"Rate": 12, "Burst": 2}},
    "Products": [
        {"Id": "pp-outside", "Duration": 1},
        *(
            {"Id": id_, "Duration": 0.5 + n % 3, "Terminations": ["FAILED", "SUCCEEDED"] if n == 7 else ["SUCCEEDED"]}
            for n, id_ in enumerate(IDS)
        ),
    ],
    "Faults": [
        {"Operation": "TerminateProvisionedProduct", "Product": "pp-003", "Do": "lose_answer"},
        {"Operation": "TerminateProvisionedProduct", "Product": "pp-005", "Do": "truncate"},
        {"Operation": "TerminateProvisionedProduct", "Product": "pp-009", "Do": "reset"},
        {"Operation": "TerminateProvisionedProduct", "Product": "pp-011", "Do": "garble"},
        {"Operation": "TerminateProvisionedProduct", "Product": "pp-013", "Do": "error", "Status": 503},
    ],
}  # fmt: skip
ALL_GONE = (
    "24 terminated, 0 failed, 0 timed out, 0 in progress, 0 pending, 0 in doubt, 0 blocked, 0 drifted, 0 not found, "
    "0 skipped, 0 refused, 0 already gone."
)


def wait_for_calls(process: subprocess.Popen[str], service: Service, count: int) -> None:
    """Wait until so many terminations have arrived, watching the server and not the clock."""
    while len(service.ledger()) < count:
        assert process.poll() is None, process.communicate()
        service.ledger("DescribeRecord")


@pytest.mark.parametrize("kills", [(1,), (5,), (12,), (3, 9, 15, 21), (2, 4, 6, 8, 10, 12, 14, 16)])
def test_killed_runs_resume_to_the_same_end(
    kills: tuple[int, ...], bench: Bench, simulate: Callable[[dict[str, Any]], Service]
) -> None:
    """However often it is killed, nothing is lost, nothing extra is touched, and each attempt keeps its token."""
    service = simulate(WORLD)
    path = bench.plan(*IDS)
    arguments: tuple[object, ...] = ("run", path, "--yes")
    for count in kills:
        process = bench.start(service, *arguments)
        wait_for_calls(process, service, count)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        arguments = ("resume", bench.journals[-1])
    ended = bench.run(service, *arguments)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip().endswith(ALL_GONE)
    check_ledger(service)
    states = service.products()
    assert states.pop("pp-outside") == "AVAILABLE"
    assert set(states.values()) == {"TERMINATED"}
    assert len(bench.journals) == 1


def check_ledger(service: Service) -> None:
    """One token per attempt; no product outside the plan; never two terminations of one attempt carried out."""
    tokens: dict[str, set[str]] = defaultdict(set)
    records: dict[str, set[str]] = defaultdict(set)
    for call in service.ledger():
        tokens[call["product"]].add(call["token"])
        if call["record"]:
            records[call["token"]].add(call["record"])
    assert "pp-outside" not in tokens
    assert {id_: len(found) for id_, found in tokens.items()} == {id_: 2 if id_ == "pp-007" else 1 for id_ in IDS}
    assert all(len(found) == 1 for found in records.values())


def test_a_second_run_says_that_there_is_nothing_to_do(bench: Bench, simulate: Callable[[dict[str, Any]], Service]) -> None:
    """After success every product is already gone, by its record; exit code 0, nothing sent."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 0}, {"Id": "pp-b", "Duration": 0}]})
    path = bench.plan("pp-a", "pp-b")
    assert bench.run(service, "run", path, "--yes").returncode == 0
    sent = len(service.ledger())
    again = bench.run(service, "run", path, "--yes")
    assert again.returncode == 0
    assert "0 terminated" in again.stdout
    assert "2 already gone." in again.stdout
    assert "terminated before, by rec-" in again.stderr
    assert len(service.ledger()) == sent


def test_a_finished_journal_is_not_driven_again(bench: Bench, simulate: Callable[[dict[str, Any]], Service]) -> None:
    """Resuming it calls nothing, prints its final line and exits as it did."""
    service = simulate({"Products": [{"Id": "pp-a", "Terminations": ["FAILED"], "Duration": 0}]})
    first = bench.run(service, "run", bench.plan("pp-a"), "--yes")
    assert first.returncode == 1
    service.kill()
    again = bench.run(None, "resume", bench.journals[0])
    assert (again.returncode, again.stdout) == (1, first.stdout)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_drains_and_leaves_a_resumable_journal(
    number: signal.Signals, code: int, bench: Bench, simulate: Callable[[dict[str, Any]], Service]
) -> None:
    """Nothing new is started, the resume command is printed, and it works."""
    service = simulate({"Products": [{"Id": id_, "Duration": 1} for id_ in IDS]})
    path = bench.plan(*IDS, Limits={"RatePerSecond": 4})
    process = bench.start(service, "run", path, "--yes")
    wait_for_calls(process, service, 3)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert f"orchestrator resume {bench.journals[0]}" in err
    assert len(service.ledger()) < len(IDS)
    assert " 0 in doubt" in out
    ended = bench.run(service, "resume", "--plan", "test")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip().endswith(ALL_GONE)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("after_another", [False, True])
def test_a_signal_during_the_survey_begins_nothing(
    after_another: bool, number: signal.Signals, code: int, bench: Bench, simulate: Callable[[dict[str, Any]], Service]
) -> None:
    """It is said, the exit code is the signal's, and what an earlier run came to is not denied."""
    slow = {"Operation": "ListRecordHistory", "Do": "delay", "Seconds": 3, "After": int(after_another)}
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 2}], "Faults": [slow]})
    if after_another:
        bench.interrupt(service, "run", bench.plan("pp-a"), "--yes")
    # The history is asked for what the listing does not show.
    before = len(service.ledger("ListRecordHistory"))
    process = bench.start(service, "run", bench.plan("pp-nobody"), "--yes", "--resume")
    while len(service.ledger("ListRecordHistory")) == before:
        assert process.poll() is None, process.communicate()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert "Interrupted" in err
    assert "Traceback" not in err
    assert ("1 terminated" in out) is after_another
    assert len(bench.journals) == int(after_another)


def test_a_second_signal_leaves_at_once(bench: Bench, simulate: Callable[[dict[str, Any]], Service]) -> None:
    """Even while terminations are under way; the journal is still resumable."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 600}]})
    process = bench.start(service, "run", bench.plan("pp-a"), "--yes")
    wait_for_calls(process, service, 1)
    process.send_signal(signal.SIGINT)
    line = ""
    assert process.stderr is not None
    while "draining" not in line:
        line = process.stderr.readline()
        assert line
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert f"Left at once. To go on: orchestrator resume {bench.journals[0]}" in err
    last = bench.run(service, "run", bench.plan("pp-a"), "--yes")
    assert last.returncode == 4
    assert f"orchestrator abandon {bench.journals[0]} --reason TEXT" in last.stderr
    assert bench.run(service, "abandon", bench.journals[0], "--reason", "a test").returncode == 0
    assert bench.run(service, "run", bench.plan("pp-a"), "--yes", "--dry-run").returncode == 0


def fill(descriptor: int) -> None:
    """Write until nothing more fits."""
    with suppress(BlockingIOError):
        while os.write(descriptor, b"x" * 4_096):
            continue


def test_a_second_signal_waits_for_no_reader(bench: Bench, simulate: Callable[[dict[str, Any]], Service]) -> None:
    """A stderr that was full before, and that nobody reads: what would be said there is left out."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 600}]})
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    fill(writer)
    os.set_blocking(writer, True)
    process = bench.start(service, "run", bench.plan("pp-a"), "--yes", "--grace", "1h", stderr=writer)
    wait_for_calls(process, service, 1)
    for _ in range(600):
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            break
    assert process.returncode == 143
    assert process.stdout is not None
    process.stdout.close()
    os.close(reader)
    os.close(writer)


def test_an_endpoint_that_dies_in_mid_run_ends_it_with_four_at_the_deadline(
    bench: Bench, simulate: Callable[[dict[str, Any]], Service]
) -> None:
    """What was sent is in doubt, the rest pending, and the journal resumable."""
    service = simulate({"Products": [{"Id": id_, "Duration": 60} for id_ in IDS]})
    path = bench.plan(*IDS, Limits={"RatePerSecond": 5, "Deadline": "5s"})
    process = bench.start(service, "run", path, "--yes", "--grace", "1s")
    wait_for_calls(process, service, 4)
    service.kill()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 4, err
    assert "0 terminated" in out
    assert " 0 in progress" not in out
    assert "To go on: orchestrator resume" in err


def test_an_endpoint_that_is_down_exits_with_five(bench: Bench, simulate: Callable[[dict[str, Any]], Service]) -> None:
    """In no lane could the run begin; no journal is left."""
    service = simulate({})
    service.kill()
    ended = bench.run(service, "run", bench.plan("pp-a"), "--yes")
    assert ended.returncode == 5
    assert "Error: cannot tell who the credentials belong to" in ended.stderr
    assert bench.journals == []


def test_two_runs_at_once_exclude_each_other(bench: Bench, simulate: Callable[[dict[str, Any]], Service]) -> None:
    """The second one exits 6 and says who holds what since when; another plan in the same lane too."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 600}]})
    path = bench.plan("pp-a")
    process = bench.start(service, "run", path, "--yes")
    wait_for_calls(process, service, 1)
    second = bench.run(service, "run", path, "--yes")
    assert second.returncode == 6
    assert "the plan `test` is in use by run" in second.stderr
    other = bench.run(service, "run", bench.plan("pp-a", Name="other"), "--yes")
    assert other.returncode == 6
    assert "the lane 111122223333/eu-west-1 is in use by run" in other.stderr
    assert bench.run(service, "resume", bench.journals[0]).returncode == 6
    process.kill()
    process.communicate()


def test_the_journal_is_for_its_owner_only_and_holds_no_secret(
    bench: Bench, simulate: Callable[[dict[str, Any]], Service]
) -> None:
    """Files 0600, directories 0700, and the keys used appear nowhere."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 0}]})
    ended = bench.run(service, "run", bench.plan("pp-a"), "--yes", "--log-level", "debug")
    assert ended.returncode == 0
    made = list((bench.folder / "state").rglob("*"))
    assert {oct(path.stat().st_mode & 0o777) for path in made if path.is_file()} == {"0o600"}
    assert {oct(path.stat().st_mode & 0o777) for path in made if path.is_dir()} == {"0o700"}
    text = "".join(path.read_text() for path in made if path.is_file()) + ended.stdout + ended.stderr
    assert "secret-of-the-test" not in text
    assert "AKIATEST" not in text


def test_a_thousand_products_finish_with_a_journal_that_jq_reads(
    bench: Bench, simulate: Callable[[dict[str, Any]], Service], tmp_path: Path
) -> None:
    """In bulk, with failures on the way."""
    service = simulate({"Crowd": {"Count": 1000, "Duration": [0.2, 2.0], "FailOnce": 0.03}})
    ids = [f"pp-crowd-{n:06d}" for n in range(1000)]
    path = bench.plan(*ids, Limits={"MaxTerminations": 1000, "InFlight": 1000})
    ended = bench.run(service, "run", path, "--yes", "--log-level", "error")
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert "1000 terminated, 0 failed" in ended.stdout
    assert set(service.products().values()) == {"TERMINATED"}
    verdicts = subprocess.run(
        ["jq", "-r", 'select(.kind=="terminated") | .line', str(bench.journals[0])],
        text=True,
        capture_output=True,
        check=True,
    )
    assert len(set(verdicts.stdout.split())) == 1000
