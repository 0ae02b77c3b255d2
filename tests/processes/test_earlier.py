"""Earlier runs that a nightly job meets in states nobody foresaw: what it may do with them, and what it says of them."""

from __future__ import annotations

import ctypes
import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.disks import small_disk
from tests.processes.conftest import LONGEST, PROGRAM, Bench, Service, wait_for
from tests.processes.nights import DAY, NIGHTLY, QUICK, Simulate, age

HOME, OTHER = "111122223333", "444455556666"
TARGETS = {account: [{"AccountId": account, "Regions": ["eu-west-1"], "RoleName": "J"}] for account in (HOME, OTHER)}
SLOW = {"Id": "pp-a", "Duration": 3}
LONG = {"Id": "pp-a", "Duration": 600}


def left_half_done(bench: Bench, service: Service) -> None:
    """Leave a run behind that has sent pp-a, and not yet pp-b."""
    bench.interrupt(service, "run", bench.plan("pp-a", "pp-b", Limits={"InFlight": 1}), "--yes")


def two_left(bench: Bench, older: Service, newer: Service, *ids: str) -> tuple[Path, Path]:
    """Leave two runs behind, the older one of pp-a elsewhere."""
    bench.interrupt(older, "run", bench.plan("pp-a"), "--yes")
    [first] = bench.journals
    hidden = first.rename(first.with_suffix(".hidden"))
    # A name from the day before: two runs that begin in one second are told apart by chance.
    first = first.with_name(f"2020{first.name[4:]}")
    bench.interrupt(newer, "run", bench.plan(*ids, Limits={"InFlight": 1}), "--yes")
    [second] = bench.journals
    return hidden.rename(first), second


@pytest.mark.parametrize("changed", ["the plan", "the worklist", "the region", "without a yes"])
def test_what_nobody_wants_today_is_not_sent(changed: str, bench: Bench, simulate: Simulate) -> None:
    """What was sent is followed; the rest is not the earlier run's any more."""
    service = simulate({"Products": [SLOW, *QUICK], "Lanes": [{"Account": HOME, "Region": "us-east-1", "Products": []}]})
    left_half_done(bench, service)
    settings = {"AWS_DEFAULT_REGION": "us-east-1"} if changed == "the region" else {}
    if changed == "the plan":
        protect = [{"ProvisionedProductId": ["pp-b"]}]
        arguments = ["run", bench.plan("pp-c", Protect=protect), *NIGHTLY]
    elif changed == "the worklist":
        worklist = bench.folder / "approved.json"
        assert bench.run(service, "review", bench.plan("pp-c"), "--out", worklist).returncode == 0
        arguments = ["run", worklist, *NIGHTLY]
    else:
        agreed = [] if changed == "without a yes" else ["--yes"]
        arguments = ["run", bench.plan("pp-a", "pp-b", Limits={"InFlight": 1}), "--resume", *agreed]
    ended = bench.run(service, *arguments, env=settings)
    assert "pp-b" not in service.sent()
    assert service.products()["pp-a"] == "TERMINATED"
    assert "What it has not sent is left to the new run: " in ended.stderr
    # Without a yes nothing new is done at all; else what the earlier run has left and nobody meets again is not done.
    assert ended.returncode == (4 if changed == "without a yes" else 1), ended.stderr
    assert service.sent() == (["pp-a"] if changed in ("without a yes", "the region") else ["pp-a", "pp-c"])


def test_a_worklist_that_is_too_old_sends_nothing_through_its_earlier_run_either(bench: Bench, simulate: Simulate) -> None:
    """It is followed; then the worklist is refused."""
    service = simulate({"Products": [SLOW, *QUICK]})
    worklist = bench.folder / "approved.json"
    path = bench.plan("pp-a", "pp-b", Limits={"InFlight": 1})
    assert bench.run(service, "review", path, "--out", worklist).returncode == 0
    bench.interrupt(service, "run", worklist, "--yes")
    ended = bench.run(service, "run", worklist, *NIGHTLY, "--max-age", "1s")
    assert ended.returncode == 4, ended.stderr
    assert "What it has not sent is left to the new run: the worklist is " in ended.stderr
    assert "Error: the worklist is " in ended.stderr
    assert service.sent() == ["pp-a"]


def test_a_second_go_and_an_earlier_run_do_not_mix(bench: Bench, simulate: Simulate) -> None:
    """What is left of one is more than what the other is about."""
    ended = bench.run(simulate({"Products": []}), "run", "--from", bench.folder / "any.jsonl", *NIGHTLY)
    assert (ended.returncode, "does not go with" in ended.stderr) == (2, True)


def test_a_plan_whose_lines_were_moved_is_the_same(bench: Bench, simulate: Simulate) -> None:
    """So is one of another name: its unfinished run is gone on with."""
    service = simulate({"Products": [SLOW, *QUICK]})
    left_half_done(bench, service)
    path = bench.folder / "plan.yaml"
    moved = bench.folder / "moved.yaml"
    moved.write_text(f"# Approved.\n\n{path.read_text()}")
    ended = bench.run(service, "run", moved, *NIGHTLY)
    assert ended.returncode == 0, ended.stderr
    assert "2 terminated" in ended.stdout.splitlines()[0]


def test_a_state_directory_that_was_moved_keeps_nobody_out_and_lets_nobody_in(bench: Bench, simulate: Simulate) -> None:
    """Runs are locked where their journal lies now, and nothing is made where it was."""
    service = simulate({"Products": [LONG, {"Id": "pp-y", "Duration": 600}, *QUICK]})
    bench.interrupt(service, "run", bench.plan("pp-a"), "--yes")
    state = bench.folder / "state"
    moved = state.rename(bench.folder / "moved")
    state.write_text("no folder")
    [journal] = moved.glob("test/*.jsonl")
    settings = {"ORCHESTRATOR_STATE_DIR": str(moved)}
    following = bench.start(service, "resume", journal, "--grace", "1s", env=settings)
    wait_for(following, " started ")
    other = bench.plan("pp-y", Name="other")
    second = bench.run(service, "run", other, "--yes", env=settings)
    assert (second.returncode, "the lane 111122223333/eu-west-1 is in use by run" in second.stderr) == (6, True)
    following.terminate()
    _, err = following.communicate(timeout=LONGEST)
    assert following.returncode == 143, err
    closed = bench.run(service, "abandon", journal, "--reason", "moved", env=settings)
    assert closed.returncode == 0, closed.stderr


def test_what_an_earlier_run_came_to_is_in_the_exit_code(bench: Bench, simulate: Simulate) -> None:
    """As `resume` would have it: 4 for what is stuck, 1 for what somebody else terminated in another way."""
    stuck = simulate({"Products": [{"Id": "pp-a", "Terminations": ["NEVER"]}, *QUICK]})
    bench.interrupt(stuck, "run", bench.plan("pp-a", Limits={"TerminationTimeout": "4s"}), "--yes")
    ended = bench.run(stuck, "run", bench.plan("pp-b"), *NIGHTLY)
    assert ended.returncode == 4, ended.stderr
    assert "1 timed out" in ended.stdout.splitlines()[0]
    going = {"Id": "pp-d", "Change": "TERMINATE_PROVISIONED_PRODUCT", "Duration": 6}
    another = simulate({"Products": [going, *QUICK]})
    keep = [{"ProvisionedProductId": "pp-d", "RetainPhysicalResources": True}]
    bench.interrupt(another, "run", bench.plan(Products=keep), "--yes", after=(" adopted ",))
    ended = bench.run(another, "run", bench.plan("pp-c"), *NIGHTLY)
    assert ended.returncode == 1, ended.stderr
    assert "whether its resources were retained is not known" in ended.stderr


def test_what_stands_behind_a_finished_run_is_no_run(bench: Bench, simulate: Simulate) -> None:
    """A torn line there keeps no plan from being run."""
    service = simulate({"Products": QUICK})
    assert bench.run(service, "run", bench.plan("pp-b"), "--yes").returncode == 0
    [journal] = bench.journals
    with journal.open("ab") as file:
        file.write(b"\0" * 10)
    assert bench.run(service, "run", bench.plan("pp-c"), "--yes").returncode == 0
    assert "finished" in bench.run(service, "journals").stdout.splitlines()[1]


def test_what_was_found_is_not_forgotten_when_an_older_run_refuses(bench: Bench, simulate: Simulate) -> None:
    """Exit code 7 for the journal that was set aside, not the refusal's 3, which says that nothing was terminated."""
    older = simulate({"Products": [LONG]})
    newer = simulate({"Products": [{"Id": "pp-b", "Duration": 600}, {"Id": "pp-c", "Duration": 0}]})
    _, second = two_left(bench, older, newer, "pp-b")
    second.write_bytes(second.read_bytes().replace(b'"attempt":1', b'"attempt":2'))
    ended = bench.run(newer, "run", bench.plan("pp-c"), *NIGHTLY)
    assert ended.returncode == 7, ended.stderr
    assert "the run was begun at http://127.0.0.1:" in ended.stderr
    assert bench.run(newer, "run", bench.plan("pp-c"), *NIGHTLY).returncode == 3


def test_what_was_terminated_is_not_denied_when_an_older_run_refuses(bench: Bench, simulate: Simulate) -> None:
    """Exit code 4: something was done, and something is left to do."""
    older, newer = simulate({"Products": [LONG]}), simulate({"Products": [{"Id": "pp-b", "Duration": 3}, *QUICK[1:]]})
    two_left(bench, older, newer, "pp-b")
    ended = bench.run(newer, "run", bench.plan("pp-c"), *NIGHTLY)
    assert ended.returncode == 4, ended.stderr
    assert "1 terminated" in ended.stdout
    assert newer.sent() == ["pp-b"]


@pytest.mark.parametrize("refused", ["by a limit", "without a yes"])
def test_a_run_is_not_closed_for_one_that_does_not_begin(refused: str, bench: Bench, simulate: Simulate) -> None:
    """However old it is: it can still be gone on with where it was begun."""
    there, here = simulate({"Products": [LONG]}), simulate({"Products": QUICK})
    bench.interrupt(there, "run", bench.plan("pp-a"), "--yes")
    [old] = bench.journals
    age(old, 2 * DAY)
    limits = {"MaxTerminations": 1 if refused == "by a limit" else 9}
    agreed = [] if refused == "without a yes" else ["--yes"]
    ended = bench.run(here, "run", bench.plan("pp-b", "pp-c", Limits=limits), "--resume", *agreed)
    assert (ended.returncode, here.sent()) == (3 if refused == "by a limit" else 4, []), ended.stderr
    assert "it was closed" not in ended.stderr
    assert '"abandoned"' not in old.read_text()


def test_an_old_run_whose_journal_can_be_written_no_more_is_put_aside(bench: Bench, simulate: Simulate) -> None:
    """Its journal stays as it is under another name; 7 once, and the work is done."""
    there, here = simulate({"Products": [LONG]}), simulate({"Products": QUICK})
    bench.interrupt(there, "run", bench.plan("pp-a"), "--yes")
    [old] = bench.journals
    age(old, 2 * DAY)
    content = old.read_bytes()
    old.chmod(0o400)
    ended = subprocess.run(
        [*PROGRAM, "run", bench.plan("pp-b"), *NIGHTLY, "--state-dir", bench.folder / "state"],
        env=here.environment(),
        text=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=LONGEST,
        preexec_fn=respect_modes,
    )
    assert (ended.returncode, here.sent()) == (7, ["pp-b"]), ended.stderr
    aside = old.with_name(f"{old.name}.corrupt")
    assert f"It was set aside as {aside}; what it knows of its products is this:" in ended.stderr
    assert "pp-a  name-of-pp-a: record rec-" in ended.stderr
    assert aside.read_bytes() == content
    assert bench.run(here, "run", bench.plan("pp-c"), *NIGHTLY).returncode == 0


def respect_modes() -> None:
    """Let the modes of files hold for root, too: a right that is gone from the bounding set is not given anew."""
    drop_from_bounding_set, override_modes = 24, 1
    ctypes.CDLL(None).prctl(drop_from_bounding_set, override_modes, 0, 0, 0)


def test_a_full_disk_closes_no_run_and_puts_none_aside(bench: Bench, simulate: Simulate) -> None:
    """Exit code 7 until there is room; what the old run knows is still its own."""
    there, here = simulate({"Products": [LONG]}), simulate({"Products": QUICK})
    with small_disk(bench.folder / "disk") as disk:
        settings = {"ORCHESTRATOR_STATE_DIR": str(disk)}
        bench.interrupt(there, "run", bench.plan("pp-a"), "--yes", env=settings)
        [old] = disk.glob("test/*.jsonl")
        age(old, 2 * DAY)
        content = old.read_bytes()
        (disk / "ballast").write_bytes(b"x" * (3 * 1024 * 1024))
        ended = bench.run(here, "run", bench.plan("pp-b"), *NIGHTLY, env=settings)
        assert (ended.returncode, here.sent()) == (7, []), ended.stderr
        assert "make room first" in ended.stderr
        assert [path.read_bytes() for path in disk.glob("test/*.jsonl*") if path.suffix == ".jsonl"] == [content]


def test_a_run_that_was_closed_says_so_for_ever(bench: Bench, simulate: Simulate) -> None:
    """It is closed once, and `report` and `resume` tell why."""
    there, here = simulate({"Products": [LONG]}), simulate({"Products": QUICK})
    bench.interrupt(there, "run", bench.plan("pp-a"), "--yes")
    [old] = bench.journals
    age(old, 2 * DAY)
    ended = bench.run(here, "run", bench.plan("pp-b"), *NIGHTLY)
    assert (ended.returncode, here.sent()) == (4, ["pp-b"]), ended.stderr
    assert ended.stderr.count("it was closed") == 1
    told = bench.run(None, "report", old)
    assert ": abandoned: `run --resume` could not finish it" in told.stdout.splitlines()[0]
    data = json.loads(bench.run(None, "report", old, "--format", "json").stdout)
    assert (data["finished"], data["abandoned"][:15]) == (False, "`run --resume` ")
    again = bench.run(here, "resume", old)
    assert (again.returncode, "This run was abandoned (`run --resume`" in again.stderr) == (4, True)


def test_an_old_run_whose_lane_another_plan_works_in_is_closed(bench: Bench, simulate: Simulate) -> None:
    """For a day it is waited for (6); closing it calls nothing, so it needs no lane."""
    lane = {"Account": OTHER, "Region": "eu-west-1", "Products": [LONG, {"Id": "pp-y", "Duration": 600}]}
    service = simulate({"Products": QUICK, "Lanes": [lane]})
    bench.interrupt(service, "run", bench.plan("pp-a", Targets=TARGETS[OTHER]), "--yes")
    [old] = bench.journals
    other = bench.start(service, "run", bench.plan("pp-y", Name="other", Targets=TARGETS[OTHER]), "--yes", "--grace", "1s")
    wait_for(other, " accepted ")
    new = bench.plan("pp-b", Targets=TARGETS[HOME])
    assert bench.run(service, "run", new, *NIGHTLY).returncode == 6
    age(old, 2 * DAY)
    ended = bench.run(service, "run", new, *NIGHTLY)
    assert ended.returncode == 4, ended.stderr
    assert "it was closed" in ended.stderr
    assert service.sent() == ["pp-a", "pp-y", "pp-b"]
    other.send_signal(signal.SIGTERM)
    other.communicate(timeout=LONGEST)


def test_stop_asks_the_run_that_is_going_on(bench: Bench, simulate: Simulate) -> None:
    """Not the newest one, which is waiting for its turn."""
    older = simulate({"Products": [LONG, *QUICK]})
    newer = simulate({"Products": [{"Id": "pp-b", "Duration": 600}]})
    _, second = two_left(bench, older, newer, "pp-b")
    age(second, 2 * DAY)
    nightly = bench.start(older, "run", bench.plan("pp-c"), *NIGHTLY, "--grace", "1s")
    wait_for(nightly, " started ")
    asked = bench.run(older, "stop", "--plan", "test")
    assert asked.returncode == 0, asked.stderr
    _, err = nightly.communicate(timeout=LONGEST)
    assert "The new run was not begun." in err
    assert older.sent() == ["pp-a"]


def test_a_list_of_products_is_not_renamed_like_a_journal(bench: Bench) -> None:
    """Only what begins like one, or lies among them."""
    rows = bench.folder / "list.jsonl"
    rows.write_text('{"ProvisionedProductId": "pp-a"}\n')
    ended = bench.run(None, "abandon", rows, "--reason", "x")
    assert (ended.returncode, rows.exists()) == (2, True)
    assert "this is no journal; it is left as it is" in ended.stderr


def test_a_terminal_without_the_letters_of_a_name_shows_escapes(bench: Bench, simulate: Simulate) -> None:
    """The review goes on."""
    named: dict[str, Any] = {"Id": "pp-a", "Name": "名前"}
    service = simulate({"Products": [named]})
    shown = bench.run(service, "review", bench.plan("pp-a"), env={"PYTHONIOENCODING": "latin-1"})
    assert (shown.returncode, "\\u540d\\u524d" in shown.stdout) == (0, True)


def test_a_full_disk_behind_stdout_keeps_no_run_from_beginning(bench: Bench, simulate: Simulate) -> None:
    """The last line of a run that is closed goes to stderr then, as that of the new one does."""
    there, here = simulate({"Products": [LONG]}), simulate({"Products": QUICK})
    bench.interrupt(there, "run", bench.plan("pp-a"), "--yes")
    [old] = bench.journals
    age(old, 2 * DAY)
    path = bench.plan("pp-b")
    with Path("/dev/full").open("w") as full:
        ended = bench.start(here, "run", path, *NIGHTLY, stdout=full)
        _, err = ended.communicate(timeout=LONGEST)
    assert (ended.returncode, here.sent()) == (4, ["pp-b"]), err
    assert err.count("stdout cannot be written: No space left on device\nRun ") == 2
