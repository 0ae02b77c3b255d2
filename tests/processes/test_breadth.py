"""Many accounts, names, order and guards, as a person meets them: real processes, real HTTP."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest

from tests.processes.conftest import LONGEST, Bench, Service, wait_for

Simulate = Callable[[dict[str, Any]], Service]
HOME, OTHER, THIRD = "111122223333", "444455556666", "777788889999"
ROLE = {"RoleName": "Janitor"}


def product(name: str, **keys: Any) -> dict[str, Any]:
    """A product of a world that goes at once."""
    return {"Id": f"pp-{name}", "Name": name, "Duration": 0} | keys


def world(*here: dict[str, Any], there: list[dict[str, Any]] | None = None, **keys: Any) -> dict[str, Any]:
    """A world of two accounts."""
    return {
        "Products": list(here),
        "Lanes": [{"Account": OTHER, "Region": "eu-west-1", "Products": there or []}],
        **keys,
    }


def targets(*more: dict[str, Any]) -> list[dict[str, Any]]:
    """Both accounts, by role."""
    both = [{"AccountId": account, "Regions": ["eu-west-1"], **ROLE} for account in (HOME, OTHER)]
    return [*both, *more]


def named(*names: str, **keys: Any) -> list[dict[str, Any]]:
    """Entries by name."""
    return [{"ProvisionedProductName": name, **keys} for name in names]


def plan(bench: Bench, products: list[dict[str, Any]], **keys: Any) -> Any:
    """A plan for both accounts."""
    return bench.plan(**{"Targets": targets(), "Products": products, **keys})


def test_each_account_is_entered_by_its_role_and_named_in_the_journal(bench: Bench, simulate: Simulate) -> None:
    """Who we were where is written down, and the account is asked for before anything else."""
    service = simulate(
        world(product("a"), there=[product("b")], Accounts={OTHER: {"Roles": ["Janitor"], "ExternalId": "magic"}})
    )
    both = targets()
    both[1] |= {"ExternalId": "magic", "RoleSessionName": "nightly"}
    path = bench.plan(Targets=both, Products=named("a", "b"))
    ended = bench.run(service, "run", path, "--yes")
    assert ended.returncode == 0, ended.stderr
    header = json.loads(bench.journals[0].read_text().splitlines()[0])
    assert [caller["arn"] for caller in header["callers"]] == [
        f"arn:aws:sts::{HOME}:assumed-role/Janitor/servicecatalog-orchestrator",
        f"arn:aws:sts::{OTHER}:assumed-role/Janitor/nightly",
    ]
    identities = [call["at"] for call in service.ledger("GetCallerIdentity")]
    assert len(identities) == 2
    assert max(identities) <= min(call["at"] for call in service.ledger("ScanProvisionedProducts"))


def test_a_wrong_account_in_any_lane_refuses_the_whole_run(bench: Bench, simulate: Simulate) -> None:
    """Exit code 3; nothing is listed and nothing is sent anywhere."""
    service = simulate(world(product("a"), there=[product("b")]))
    without_role = {"AccountId": THIRD, "Regions": ["eu-west-1"]}
    path = bench.plan(Targets=targets(without_role), Products=named("a", "b"))
    for command in (("run", path, "--yes"), ("review", path)):
        ended = bench.run(service, *command)
        assert ended.returncode == 3
        assert (
            f"wrong account; nothing was begun: {THIRD}/eu-west-1: the credentials belong to account {HOME}" in ended.stderr
        )
    assert (service.ledger("ScanProvisionedProducts"), service.sent()) == ([], [])


def test_an_entry_for_another_account_than_the_credentials_refuses_the_run(bench: Bench, simulate: Simulate) -> None:
    """Exit code 3, in a plan without targets."""
    service = simulate(world(product("a")))
    path = bench.plan(Products=named("a", AccountId=OTHER))
    ended = bench.run(service, "run", path, "--yes")
    assert ended.returncode == 3
    assert f"{path}:4 is for {OTHER}, and the environment's credentials lead to {HOME}/eu-west-1" in ended.stderr
    assert bench.run(service, "run", bench.plan(Products=named("a", Region="us-east-1")), "--yes").returncode == 3
    assert service.sent() == []


def test_a_lane_that_cannot_be_entered_is_refused_and_does_not_hide(bench: Bench, simulate: Simulate) -> None:
    """The others go on; exit code 1, and each of its lines says why. If there is no other, 5."""
    service = simulate(world(product("a"), there=[product("b")], Accounts={OTHER: {"Roles": []}}))
    products = [*named("a", AccountId=HOME), *named("b", AccountId=OTHER)]
    path = plan(bench, products)
    review = bench.run(service, "review", path)
    assert f"{OTHER}/eu-west-1  1 line (1 to refuse), NOT READ COMPLETELY: " in review.stdout
    ended = bench.run(service, "run", path, "--yes")
    assert (ended.returncode, service.sent()) == (1, ["pp-a"])
    assert "1 terminated, 0 failed" in ended.stdout
    assert "1 refused" in ended.stdout
    assert "is not authorized to perform: sts:AssumeRole" in ended.stderr
    barred = bench.plan(Targets=targets()[1:], Products=named("b"))
    ended = bench.run(service, "run", barred, "--yes")
    assert ended.returncode == 5
    assert "no lane could be entered" in ended.stderr


def test_a_program_of_credentials_that_fails_bars_its_lanes_only(bench: Bench, simulate: Simulate) -> None:
    """As a role that is refused does, however it fails; no other lane is the worse for it."""
    service = simulate(world(product("a"), there=[product("b")]))
    config, silent = bench.folder / "config", bench.folder / "no-program"
    silent.write_text("")
    ways = [targets()[0], {"AccountId": OTHER, "Regions": ["eu-west-1"], "Profile": "vault"}]
    for program, said in (
        ("/none/such", "its credentials cannot be had: [Errno 2] No such file or directory: '/none/such'"),
        (silent, "its credentials cannot be had: [Errno 13] Permission denied"),
        ("/bin/echo []", "its credentials cannot be had: "),
        ("/bin/echo nothing", "Expecting value: line 1 column 1"),
    ):
        config.write_text(f"[profile vault]\ncredential_process = {program}\n")
        settings = {"AWS_CONFIG_FILE": str(config)}
        path = plan(bench, [*named("a", AccountId=HOME), *named("b", AccountId=OTHER)], Targets=ways)
        review = bench.run(service, "review", path, env=settings)
        assert (review.returncode, review.stderr.startswith(f"Listed {HOME}/eu-west-1: 1 product")) == (1, True)
        assert f"{OTHER}/eu-west-1  1 line (1 to refuse), NOT READ COMPLETELY: {said}" in review.stdout
        alone = bench.run(
            service, "run", bench.plan("pp-b", Targets=ways[1:]), "--yes", env={"AWS_CONFIG_FILE": str(config)}
        )
        assert (alone.returncode, said in alone.stderr) == (5, True)


def test_a_name_is_resolved_once_and_its_namesake_of_tomorrow_is_left_alone(bench: Bench, simulate: Simulate) -> None:
    """While the run goes on another product takes the name; a second run finds it, and only a new yes would take it."""
    service = simulate(world(product("a"), {"Id": "pp-new", "Follows": "pp-a"}, product("slow", Duration=2)))
    path = plan(bench, named("a", "slow"))
    assert bench.run(service, "run", path, "--yes").returncode == 0
    assert service.sent() == ["pp-a", "pp-slow"]
    assert service.products() == {"pp-a": "TERMINATED", "pp-new": "AVAILABLE", "pp-slow": "TERMINATED"}
    again = bench.run(service, "review", path).stdout
    assert "pp-new" in again
    assert "the last product of that name, pp-slow, was terminated before, by rec-" in again


def test_namesakes_are_refused_with_the_candidates_until_the_lane_is_named(bench: Bench, simulate: Simulate) -> None:
    """Exit code 1, and nothing is guessed; an ARN is as good as an id."""
    service = simulate(world(product("a"), there=[{"Id": "pp-a2", "Name": "a", "Duration": 0}]))
    ended = bench.run(service, "run", plan(bench, named("a")), "--yes")
    assert ended.returncode == 1
    assert f"2 products bear this name: pp-a in {HOME}/eu-west-1, pp-a2 in {OTHER}/eu-west-1" in ended.stderr
    assert service.sent() == []
    assert bench.run(service, "run", plan(bench, named("a", AccountId=OTHER)), "--yes").returncode == 0
    arn = f"arn:aws:servicecatalog:eu-west-1:{HOME}:stack/a/pp-a"
    assert bench.run(service, "run", plan(bench, named(arn)), "--yes").returncode == 0
    assert service.sent() == ["pp-a2", "pp-a"]


def test_a_second_night_finds_the_names_gone_and_is_done(bench: Bench, simulate: Simulate) -> None:
    """Exit code 0: the records tell that they were terminated."""
    service = simulate(world(product("a"), there=[product("b")]))
    path = plan(bench, named("a", "b"))
    assert bench.run(service, "run", path, "--yes").returncode == 0
    second = bench.run(service, "run", path, "--yes")
    assert second.returncode == 0, second.stderr
    assert "2 already gone." in second.stdout


def test_products_go_in_their_order_within_and_across_accounts(bench: Bench, simulate: Simulate) -> None:
    """By id, name, Key and glob; the review shows when each has its turn."""
    service = simulate(
        world(product("team-1", Duration=1), product("team-2"), product("net"), there=[product("hub", Duration=1)])
    )
    products = [
        *named("net", DependsOn=["team-*", "the-hub"]),
        *named("hub", Key="the-hub"),
        *named("team-1"),
        {"ProvisionedProductId": "pp-team-2", "DependsOn": ["team-1"]},
    ]
    path = plan(bench, products)
    review = bench.run(service, "review", path).stdout
    [line] = [line for line in review.splitlines() if " net " in line]
    assert line.split()[:3] == ["terminate", "3", "net"]
    assert "after team-1, team-2, hub" in line
    assert bench.run(service, "run", path, "--yes").returncode == 0
    assert service.sent()[-1] == "pp-net"
    assert service.sent().index("pp-team-1") < service.sent().index("pp-team-2")
    ends = {call["product"]: call["at"] for call in service.ledger()}
    assert ends["pp-net"] - ends["pp-hub"] >= 1


def test_a_circle_is_named_with_its_lines_and_nothing_is_called(bench: Bench, simulate: Simulate) -> None:
    """Exit code 2."""
    service = simulate(world(product("a"), product("b")))
    path = plan(bench, [*named("a", DependsOn=["b"]), *named("b", DependsOn=["a"])])
    ended = bench.run(service, "run", path, "--yes")
    assert ended.returncode == 2
    assert "entries wait for one another: a → b → a" in ended.stderr
    assert ended.stderr.count("DependsOn:") == 0
    assert service.ledger("GetCallerIdentity") == []


def test_what_comes_after_a_failure_is_blocked_and_said_to_be(bench: Bench, simulate: Simulate) -> None:
    """Exit code 1; nothing is sent for it."""
    service = simulate(world(product("a", Terminations=["FAILED"]), product("b")))
    path = plan(bench, [*named("a"), *named("b", DependsOn=["a"])], Retry={"Attempts": 1})
    ended = bench.run(service, "run", path, "--yes")
    assert (ended.returncode, service.sent()) == (1, ["pp-a"])
    assert "1 failed, 0 timed out, 0 in progress, 0 pending, 0 in doubt, 1 blocked" in ended.stdout
    assert "its prerequisite a (pp-a) is failed" in ended.stderr


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"Status": "PLAN_IN_PROGRESS"}, "a plan for it is in progress"),
        ({"Type": "NEW_TYPE"}, "its type NEW_TYPE is not known"),
        ({"Status": "NEW_STATUS"}, "its status NEW_STATUS is not known"),
        ({"Type": "CONTROL_TOWER_ACCOUNT"}, "it is a Control Tower account; name it by its ProvisionedProductId"),
        ({"Change": "UPDATE_PROVISIONED_PRODUCT", "Duration": 600}, "it is under change by rec-"),
    ],
)
def test_what_must_not_be_guessed_is_refused(changes: dict[str, Any], said: str, bench: Bench, simulate: Simulate) -> None:
    """Exit code 1; the other product goes."""
    service = simulate(world(product("odd", **changes), product("a")))
    ended = bench.run(service, "run", plan(bench, named("odd", "a")), "--yes")
    assert (ended.returncode, service.sent()) == (1, ["pp-a"])
    assert said in ended.stderr


def test_control_tower_accounts_go_one_at_a_time_and_only_by_id(bench: Bench, simulate: Simulate) -> None:
    """Two at once would fail."""
    accounts = [product(f"ct-{n}", Type="CONTROL_TOWER_ACCOUNT", Duration=1) for n in range(3)]
    service = simulate(world(*accounts, product("a")))
    products = [{"ProvisionedProductId": f"pp-ct-{n}"} for n in range(3)]
    ended = bench.run(service, "run", plan(bench, [*products, *named("a")]), "--yes")
    assert ended.returncode == 0, ended.stderr
    assert len(service.sent()) == 4


def test_the_limit_counts_all_lanes_and_refuses_before_the_first_call(bench: Bench, simulate: Simulate) -> None:
    """Exit code 3."""
    service = simulate(world(product("a"), there=[product("b")]))
    ended = bench.run(service, "run", plan(bench, named("a", "b"), Limits={"MaxTerminations": 1}), "--yes")
    assert ended.returncode == 3
    assert "the plan names 2 products, which exceeds Limits.MaxTerminations (1)" in ended.stderr
    assert service.sent() == []


def test_a_run_of_many_accounts_resumes_where_it_was(bench: Bench, simulate: Simulate) -> None:
    """The roles are assumed again; without the region in the environment, too."""
    service = simulate(world(product("a", Duration=600), there=[product("b")]))
    path = plan(bench, [*named("b"), *named("a")])
    bench.interrupt(service, "run", path, "--yes", after=(" accepted ", " accepted ", " terminated "))
    entered = len(service.ledger("AssumeRole"))
    resumed = bench.interrupt(service, "resume", "--plan", "test", after=(" started ",), env={"AWS_DEFAULT_REGION": ""})
    assert "1 terminated" in resumed
    assert len(service.ledger("AssumeRole")) == entered + 2
    assert service.sent().count("pp-b") == 1
    assert service.sent().count("pp-a") == 1


def test_a_run_is_not_resumed_at_another_endpoint(bench: Bench, simulate: Simulate) -> None:
    """Exit code 3: what looks like the same accounts may be other ones."""
    service = simulate(world(product("a", Duration=600), there=[product("b", Duration=600)]))
    bench.interrupt(service, "run", plan(bench, named("a", "b")), "--yes")
    lost = simulate(world(product("a"), there=[product("b")], Accounts={OTHER: {"Roles": []}}))
    moved = bench.run(lost, "resume", bench.journals[0])
    assert moved.returncode == 3
    assert "the run was begun at http://127.0.0.1:" in moved.stderr
    assert lost.sent() == []


def test_who_may_see_less_than_the_account_is_told_so(bench: Bench, simulate: Simulate) -> None:
    """A listing of one's own products is no listing of the account: nothing is concluded from it."""
    service = simulate(world(product("a"), Accounts={HOME: {"Access": "User"}}))
    ended = bench.run(service, "run", plan(bench, named("a", AccountId=HOME)), "--yes")
    assert ended.returncode == 1
    assert "is not authorized to perform: servicecatalog:ScanProvisionedProducts" in ended.stderr
    assert service.sent() == []


def test_what_is_left_behind_is_named_by_its_stack_in_each_account(bench: Bench, simulate: Simulate) -> None:
    """The report agrees with the world's own ledger of orphans."""
    service = simulate(world(product("a"), there=[product("b", Terminations=["FAILED"])]))
    products = [*named("a", RetainPhysicalResources=True), *named("b", IgnoreErrors=True)]
    ended = bench.run(service, "run", plan(bench, products), "--yes")
    assert ended.returncode == 0
    orphans = [orphan["stack"] for lane in service.world()["lanes"].values() for orphan in lane["orphans"]]
    assert len(orphans) == 2
    assert all(f"{stack} (" in ended.stderr for stack in orphans)


@pytest.mark.timeout(400)
def test_two_hundred_lanes_run_in_one_process_and_no_bad_one_holds_the_others_back(
    bench: Bench, simulate: Simulate
) -> None:
    """One cannot be entered, one lacks the right, one answers with errors only, one takes seconds for every answer."""
    accounts = [f"{100_000_000_000 + n}" for n in range(200)]
    lanes = [
        {
            "Account": account,
            "Region": "eu-west-1",
            "Products": [{"Id": f"pp-{n}-{m}", "Duration": 1} for m in range(20)],
        }
        for n, account in enumerate(accounts)
    ]
    operations = ("TerminateProvisionedProduct", "DescribeRecord", "DescribeProvisionedProduct", "ScanProvisionedProducts")
    lanes[3]["Faults"] = [
        {"Operation": operation, "Do": "delay", "Seconds": 6, "Times": 10_000, "After": 3} for operation in operations
    ]
    lanes[2]["Faults"] = [{"Operation": operations[0], "Do": "error", "Status": 503, "Times": 10_000}]
    service = simulate(
        {
            "Lanes": lanes,
            "Accounts": {accounts[0]: {"Roles": []}, accounts[1]: {"Deny": [operations[0]]}},
        }
    )
    path = bench.plan(
        Targets=[{"AccountId": account, "Regions": ["eu-west-1"], **ROLE} for account in accounts],
        Products=[{"ProvisionedProductId": f"pp-{n}-{m}", "AccountId": accounts[n]} for n in range(200) for m in range(20)],
        Limits={"MaxTerminations": 4_000},
    )
    process = bench.start(service, "run", path, "--yes", "--grace", "1s")
    wait_for(process, *[" terminated "] * (196 * 20))
    process.terminate()
    out, err = process.communicate(timeout=LONGEST)
    assert process.returncode == 128 + signal.SIGTERM, err[-2_000:]
    found = service.world()["lanes"]
    for n, account in enumerate(accounts):
        gone = sum(state == "TERMINATED" for state in found[f"{account}/eu-west-1"]["products"].values())
        assert gone == 20 or n < 4, f"{account}: {gone}"
    assert f"{accounts[1]}/eu-west-1" in err
    counts = [int(part.split()[0]) for part in out.partition(":")[2].split(",")]
    assert counts[0] >= 196 * 20
    assert sum(counts) == 4_000
