"""What a nightly `run --yes --resume` meets of the nights before: nothing keeps it from its work for good."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.core.run.events import Accepted, Terminated
from orchestrator.store import journal
from orchestrator.store.codec import unframe
from tests.processes.conftest import Bench, wait_for
from tests.processes.nights import DAY, NIGHTLY, QUICK, Simulate, age
from tests.processes.truth import told


def test_a_product_that_is_stuck_for_ever_is_met_again_and_keeps_nobody_waiting(bench: Bench, simulate: Simulate) -> None:
    """Each night it is followed for its TerminationTimeout and called stuck; all others go. Exit code 4."""
    service = simulate({"Products": [{"Id": "pp-a", "Terminations": ["NEVER"]}, *QUICK]})
    limits = {"TerminationTimeout": "2s"}
    first = bench.run(service, "run", bench.plan("pp-a", "pp-b", Limits=limits), *NIGHTLY)
    assert first.returncode == 4, first.stderr
    assert "1 terminated, 0 failed, 1 timed out" in first.stdout
    second = bench.run(service, "run", bench.plan("pp-a", "pp-c", Limits=limits), *NIGHTLY)
    assert second.returncode == 4, second.stderr
    assert "1 terminated, 0 failed, 1 timed out" in second.stdout
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
    assert "3 failed, 0 timed out, 0 in progress, 0 pending" in begun
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
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 12}]})
    path = bench.plan("pp-a")
    bench.interrupt(service, "run", path, "--yes")
    loaded = journal.load_journal(bench.journals[0])
    [accepted] = [event for event in loaded.events if isinstance(event, Accepted)]
    forged = journal.reopen(loaded)
    done = Terminated(at=accepted.at, line=accepted.line, evidence="it was", record_id=None)
    forged.append([done, done])
    forged.close()
    if by == "abandon":
        assert bench.run(service, "abandon", bench.journals[0], "--reason", "forged").returncode == 0
    second = bench.run(service, "run", path, *NIGHTLY)
    assert second.returncode == code, second.stderr
    assert "1 terminated" in second.stdout
    assert list(loaded.path.parent.glob("*.corrupt"))


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


def test_notices_that_cannot_be_trusted_begin_anew_and_the_exit_code_says_so(bench: Bench, simulate: Simulate) -> None:
    """Once; nothing goes earlier than was promised, what needs no notice goes, and without --resume nothing does."""
    service = simulate({"Products": [{"Id": "pp-a"}, {"Id": "pp-sbx", "Name": "sbx-1"}]})
    path = bench.plan("pp-a", Select=[{"Where": {"Name": "sbx-*"}, "After": "7d"}])
    assert bench.run(service, "run", path, "--yes", "--exclude", "pp-a").returncode == 0
    notices = bench.folder / "state" / "test" / "notices.json"
    promised = notices.read_text()
    notices.write_text(promised[:-20])
    refused = bench.run(service, "run", path, "--yes")
    assert (refused.returncode, service.sent()) == (7, [])
    ended = bench.run(service, "run", path, "--yes", "--resume")
    assert ended.returncode == 7
    assert "notices.json: the notices cannot be trusted" in ended.stderr
    assert f"They were set aside as {notices}.corrupt; every notice begins anew." in ended.stderr
    assert service.sent() == ["pp-a"]
    assert Path(f"{notices}.corrupt").read_text() == promised[:-20]
    assert notices.read_text().count("pp-sbx") == 1
    assert bench.run(service, "run", path, "--yes", "--resume").returncode == 0
    assert service.sent() == ["pp-a"]


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
    assert "1 in progress" in closed
    assert "1 terminated" in begun
    assert bench.run(moved, "run", bench.plan("pp-b"), *NIGHTLY).returncode == 0


def test_a_run_whose_lane_answers_no_more_is_closed_after_a_day(bench: Bench, simulate: Simulate) -> None:
    """A resume gets nowhere before its deadline; young runs are left to be resumed, old ones are closed."""
    broken = {"Operation": "DescribeRecord", "Do": "error", "Times": 100_000}
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 0}, {"Id": "pp-b", "Duration": 0}], "Faults": [broken]})
    limits = {"Deadline": "4s", "TerminationTimeout": "14d"}
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
    # Two were left behind, and the plan does not name them any more.
    assert third.returncode == 1, third.stderr
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


def test_a_wish_to_stop_holds_for_the_new_run_too(bench: Bench, simulate: Simulate) -> None:
    """`stop` while the earlier run is finished: nothing new is begun, exit code 4; also where that run is old."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 8}, *QUICK]})
    bench.interrupt(service, "run", bench.plan("pp-a"), "--yes")
    [earlier] = bench.journals
    for aged in (0, DAY + 60):
        age(earlier, aged)
        nightly = bench.start(service, "run", bench.plan("pp-b", "pp-c"), *NIGHTLY, "--grace", "1s")
        wait_for(nightly, " started ")
        assert bench.run(service, "stop", earlier).returncode == 0
        _, err = nightly.communicate(timeout=60)
        assert nightly.returncode == 4, err
        assert "The new run was not begun." in err
        assert "it was closed" not in err
    assert service.sent() == ["pp-a"]


def test_a_run_in_an_account_that_is_no_more_is_closed_once_the_new_one_can_begin(bench: Bench, simulate: Simulate) -> None:
    """Refused with 5 for a day; with credentials that lead nowhere it is kept, with the right ones closed."""
    home, other = "111122223333", "444455556666"
    targets = {account: [{"AccountId": account, "Regions": ["eu-west-1"], "RoleName": "J"}] for account in (home, other)}
    lane = {"Account": other, "Region": "eu-west-1", "Products": [{"Id": "pp-a", "Duration": 600}]}
    world = {"Products": QUICK, "Lanes": [lane]}
    service = simulate(world)
    bench.interrupt(service, "run", bench.plan("pp-a", Targets=targets[other]), "--yes")
    [old] = bench.journals
    gone = simulate(world | {"Accounts": {other: {"Roles": []}}})
    new = bench.plan("pp-b", Targets=targets[home])
    assert bench.run(gone, "run", new, *NIGHTLY).returncode == 5
    age(old, DAY + 60)
    kept = bench.run(gone, "run", bench.plan("pp-b", Targets=targets[other]), *NIGHTLY)
    assert kept.returncode == 4, kept.stderr
    assert told(old).is_unfinished
    ended = bench.run(gone, "run", bench.plan("pp-b", Targets=targets[home]), *NIGHTLY)
    assert ended.returncode == 4, ended.stderr
    assert f"could not be finished; it was closed: {old}" in ended.stderr
    assert gone.sent() == ["pp-b"]


def test_what_was_found_before_is_not_forgotten_when_the_new_run_is_refused(bench: Bench, simulate: Simulate) -> None:
    """A journal set aside is 7 whatever comes then; that nothing was terminated is not said where something was."""
    others = [{"Id": "pp-d", "Duration": 0}, {"Id": "pp-e", "Duration": 0}]
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 600}, *QUICK, *others]})
    bench.interrupt(service, "run", bench.plan("pp-a"), "--yes")
    broken = bench.journals[0]
    broken.write_bytes(broken.read_bytes().replace(b'"attempt":1', b'"attempt":2'))
    limits = {"MaxPercent": 1}
    ended = bench.run(service, "run", bench.plan("pp-d", "pp-e", Limits=limits), *NIGHTLY)
    assert ended.returncode == 7, ended.stderr
    assert "MaxPercent allows 1" in ended.stderr
    process = bench.start(service, "run", bench.plan("pp-c"), "--yes")
    wait_for(process, " accepted ")
    process.kill()
    process.communicate(timeout=60)
    after = bench.run(service, "run", bench.plan("pp-d", "pp-e", Limits=limits), *NIGHTLY)
    assert after.returncode == 4, after.stderr
    assert "MaxPercent allows 1" in after.stderr
    assert "1 terminated" in after.stdout
    assert service.sent() == ["pp-a", "pp-c"]


def test_what_an_earlier_run_left_behind_counts_unless_the_new_one_meets_it(bench: Bench, simulate: Simulate) -> None:
    """Its failure is not forgotten because the plan does not name the product any more."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 3, "Terminations": ["FAILED"]}, *QUICK]})
    once = {"Attempts": 1}
    bench.interrupt(service, "run", bench.plan("pp-a", Retry=once), "--yes")
    ended = bench.run(service, "run", bench.plan("pp-b"), *NIGHTLY)
    assert ended.returncode == 1, ended.stderr
    assert ended.stdout.count("1 failed") == 1


def test_a_call_that_never_comes_back_does_not_keep_an_old_run_open(bench: Bench, simulate: Simulate) -> None:
    """The process is left without waiting for it, but not before everything is done."""
    hung = {"Operation": "DescribeRecord", "Do": "hang", "After": 1, "Times": 2}
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 0}, *QUICK], "Faults": [hung]})
    limits = {"Deadline": "4s", "TerminationTimeout": "14d"}
    first = bench.run(service, "run", bench.plan("pp-a", Limits=limits), "--yes", "--grace", "1s", longest=30)
    assert first.returncode == 4, first.stderr
    [old] = bench.journals
    age(old, DAY + 60)
    second = bench.run(service, "run", bench.plan("pp-b", Limits=limits), *NIGHTLY, "--grace", "1s", longest=30)
    assert second.returncode == 4, second.stderr
    assert f"could not be finished; it was closed: {old}" in second.stderr
    assert service.sent() == ["pp-a", "pp-b"]


def test_a_run_that_began_in_the_future_is_old(bench: Bench, simulate: Simulate) -> None:
    """A clock was wrong one night; nobody knows its age, so nothing of it is sent, and it cannot stay for ever."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 600}]})
    bench.interrupt(service, "run", bench.plan("pp-a"), "--yes")
    [future] = bench.journals
    age(future, -400 * DAY)
    moved = simulate({"Products": QUICK})
    ended = bench.run(moved, "run", bench.plan("pp-b"), *NIGHTLY)
    assert ended.returncode == 4, ended.stderr
    assert f"it was closed: {future}" in ended.stderr


def test_beside_a_run_that_is_going_on_nothing_is_judged(bench: Bench, simulate: Simulate) -> None:
    """Exit code 6, also where it does its first lines only."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 600}, *QUICK]})
    process = bench.start(service, "run", bench.plan("pp-a", "pp-b"), "--yes", "--first", "1")
    wait_for(process, " accepted ")
    beside = bench.run(service, "run", bench.plan("pp-a", "pp-b"), *NIGHTLY)
    assert beside.returncode == 6, beside.stderr
    assert "is going on" in beside.stderr
    process.kill()
    process.communicate(timeout=60)


def test_another_plans_journal_is_not_gone_on_with(bench: Bench, simulate: Simulate) -> None:
    """Somebody moved it there: exit code 7, nothing sent."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 600}, *QUICK]})
    bench.interrupt(service, "run", bench.plan("pp-a", "pp-b", Limits={"RatePerSecond": 0.2}), "--yes")
    [journal_] = bench.journals
    folder = bench.folder / "state" / "other"
    folder.mkdir()
    journal_.rename(folder / journal_.name)
    sent = service.sent()
    ended = bench.run(service, "run", bench.plan("pp-c", Name="other"), *NIGHTLY)
    assert ended.returncode == 7, ended.stderr
    assert "this is a journal of the plan `test`, and lies among those of `other`" in ended.stderr
    assert service.sent() == sent


def test_a_reason_is_not_endless(bench: Bench, simulate: Simulate) -> None:
    """Exit code 2, and the run is as it was."""
    service = simulate({"Products": [{"Id": "pp-a", "Duration": 600}]})
    bench.interrupt(service, "run", bench.plan("pp-a"), "--yes")
    assert bench.run(service, "abandon", bench.journals[0], "--reason", "x" * 70_000).returncode == 2
    assert told(bench.journals[0]).is_unfinished
