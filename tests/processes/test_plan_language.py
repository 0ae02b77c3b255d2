"""Selections, protections, notices, files of rows and discover, as a person meets them: real processes and HTTP."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.processes.conftest import Bench, Service

Simulate = Callable[[dict[str, Any]], Service]
HOME, OTHER = "111122223333", "444455556666"
LANE = f"{HOME}/eu-west-1"
LINE = f"{LANE}/pp-sbx-1"
PROTECTED = {"sc-orchestrator:protect": "true"}


def product(name: str, **keys: Any) -> dict[str, Any]:
    """A product of a world that goes at once."""
    return {"Id": f"pp-{name}", "Name": name, "Duration": 0} | keys


def selecting(bench: Bench, where: dict[str, Any], **keys: Any) -> Path:
    """A plan with one selection; `Select` gives it more keys."""
    return bench.plan(**{"Products": [], "Select": [{"Where": where, **keys.pop("Select", {})}], **keys})


def test_a_selection_terminates_what_fits_and_nothing_else(bench: Bench, simulate: Simulate) -> None:
    """By every condition that there is; the options of the selection are what is sent."""
    like = {
        "Tags": {"Environment": "sandbox"},
        "ProductName": "Notebook",
        "ProductId": "prod-1",
        "UserArn": "arn:student/a",
    }
    others = [
        product("other", **like),
        product("sbx-tag", **like | {"Tags": {"Environment": "prod"}}),
        product("sbx-product", **like | {"ProductName": "Cluster"}),
        product("sbx-id", **like | {"ProductId": "prod-2"}),
        product("sbx-user", **like | {"UserArn": "arn:teacher/b"}),
        product("sbx-young", Age=3, **like),
        product("sbx-type", Type="EXTERNAL", **like),
    ]
    service = simulate({"Products": [product("sbx-1", **like), product("sbx-2", Status="TAINTED", **like), *others]})
    where = {
        "Name": "sbx-*",
        "Tags": {"Environment": "sand*"},
        "ProductName": ["Note*"],
        "ProductId": "prod-1",
        "UserArn": "*student*",
        "Type": "CFN_STACK",
        "OlderThan": "14d",
    }
    path = selecting(bench, where, Select={"RetainPhysicalResources": True})
    ended = bench.run(service, "run", path, "--yes")
    assert ended.returncode == 0, ended.stderr
    assert service.sent() == ["pp-sbx-1", "pp-sbx-2"]
    assert all(call["request"]["RetainPhysicalResources"] for call in service.ledger())
    again = bench.run(service, "run", path, "--yes")
    assert (again.returncode, "0 terminated" in again.stdout) == (0, True)
    assert f"the selection at {path}:" in again.stderr
    assert f"matches nothing in {LANE}" in again.stderr


def test_nothing_protected_goes_whoever_names_it(bench: Bench, simulate: Simulate) -> None:
    """Skipped with the reason; a date in the past does not protect, and no flag overrides."""
    products = [
        product("a", Tags=PROTECTED),
        product("b", Tags={"sc-orchestrator:protect-until": "2099-01-01"}),
        product("c", Tags={"sc-orchestrator:protect-until": "2020-01-01"}),
        product("prod-d"),
        product("e", Tags={"Keep": "true"}),
        product("f"),
    ]
    service = simulate({"Products": products})
    protect = [{"Name": "prod-*"}, {"Tags": {"Keep": "true"}}, {"ProvisionedProductId": "pp-f"}]
    path = bench.plan(*(each["Id"] for each in products), Protect=protect)
    ended = bench.run(service, "run", path, "--yes", "--only", "*")
    assert ended.returncode == 0, ended.stderr
    assert service.sent() == ["pp-c"]
    assert "1 terminated" in ended.stdout
    assert "5 skipped" in ended.stdout
    for said in (
        "protected by its tag sc-orchestrator:protect=true",
        "protected until 2099-01-01 by its tag sc-orchestrator:protect-until",
        f"protected by Protect at {path}:",
    ):
        assert said in ended.stderr


def test_a_protection_after_the_review_holds_when_the_worklist_is_run(bench: Bench, simulate: Simulate) -> None:
    """It has drifted; so has what its selection does not fit any more, and what is new is never touched."""
    world = [product(f"sbx-{n}", Tags={"Use": "lab"}) for n in range(4)] + [{"Id": "pp-new", "Follows": "pp-sbx-3"}]
    service = simulate({"Products": world})
    worklist = bench.folder / "w.json"
    path = selecting(bench, {"Tags": {"Use": "lab"}})
    assert bench.run(service, "review", path, "--out", worklist).returncode == 0
    saved = json.loads(worklist.read_text())
    assert saved["surveys"][0]["coverage"] == {
        "scan_pages": 1, "scanned": 4, "search_pages": 1, "searched": 4, "search_total": 4,
    }  # fmt: skip
    assert saved["expires_at"] > saved["made_at"]
    service.tag("pp-sbx-0", PROTECTED)
    service.tag("pp-sbx-1", {"Use": "production"})
    ended = bench.run(service, "run", worklist, "--yes")
    assert ended.returncode == 1
    assert sorted(service.sent()) == ["pp-sbx-2", "pp-sbx-3"]
    assert "2 drifted" in ended.stdout
    assert "it is protected by its tag sc-orchestrator:protect=true" in ended.stderr
    assert "does not fit it any more (Tags)" in ended.stderr


def test_a_resume_heeds_what_was_protected_since(bench: Bench, simulate: Simulate) -> None:
    """What was sent is followed, the rest is looked at again."""
    quotas = {"TerminateProvisionedProduct": {"Rate": 1}}
    service = simulate({"Products": [product(f"p-{n}", Duration=1) for n in range(12)], "Quotas": quotas})
    path = bench.plan(*(f"pp-p-{n}" for n in range(12)))
    bench.interrupt(service, "run", path, "--yes", after=[" accepted "] * 2)
    sent = set(service.sent())
    service.tag("pp-p-11", PROTECTED)
    assert "pp-p-11" not in sent
    ended = bench.run(service, "resume", bench.journals[0])
    assert ended.returncode == 1, ended.stderr
    assert "11 terminated" in ended.stdout
    assert "1 drifted" in ended.stdout
    assert "pp-p-11" not in service.sent()


def test_a_lane_that_cannot_be_read_selects_nothing_and_is_not_hidden(bench: Bench, simulate: Simulate) -> None:
    """Exit code 1, with one refused line for what is not known."""
    service = simulate(
        {
            "Products": [product("a")],
            "Lanes": [{"Account": OTHER, "Region": "eu-west-1", "Products": [product("b")]}],
            "Accounts": {OTHER: {"Deny": ["SearchProvisionedProducts"]}},
        }
    )
    targets = [{"AccountId": account, "Regions": ["eu-west-1"], "RoleName": "r"} for account in (HOME, OTHER)]
    ended = bench.run(service, "run", selecting(bench, {"Name": "*"}, Targets=targets), "--yes")
    assert ended.returncode == 1
    assert service.sent() == ["pp-a"]
    assert "1 refused" in ended.stdout
    assert (
        f"{OTHER}/eu-west-1  1 line (1 to refuse), NOT READ COMPLETELY: SearchProvisionedProducts failed: AccessDenied"
        in ended.stderr
    )


def test_what_only_one_listing_shows_is_refused(bench: Bench, simulate: Simulate) -> None:
    """The search is known to miss products, and only it knows tags."""
    service = simulate({"Products": [product("a"), product("b", HiddenFromSearch=True)]})
    ended = bench.run(service, "run", bench.plan("pp-a", "pp-b"), "--yes")
    assert (ended.returncode, service.sent()) == (1, ["pp-a"])
    assert "so its tags cannot be read" in ended.stderr
    assert f"in {LANE} 1 product is not shown by the search (pp-b)" in ended.stderr


def test_a_whole_account_can_be_denied(bench: Bench, simulate: Simulate) -> None:
    """As a target it is a contradiction (2), as the environment's account a refusal before any listing (3)."""
    service = simulate({"Products": [product("a")]})
    protect = [{"AccountId": [HOME, OTHER]}]
    targets = [{"AccountId": HOME, "Regions": ["eu-west-1"]}]
    assert bench.run(service, "run", bench.plan("pp-a", Protect=protect, Targets=targets), "--yes").returncode == 2
    ended = bench.run(service, "run", bench.plan("pp-a", Protect=protect), "--yes")
    assert ended.returncode == 3
    said = f"protects account {HOME} as a whole, and the environment's credentials lead to {LANE}"
    assert f"Error: {bench.folder}/plan.yaml:" in ended.stderr
    assert said in ended.stderr
    elsewhere = selecting(bench, {"AccountId": OTHER})
    ended = bench.run(service, "run", elsewhere, "--yes")
    assert (ended.returncode, f"selects in {OTHER}, and" in ended.stderr) == (3, True)
    assert (service.ledger("ScanProvisionedProducts"), service.sent()) == ([], [])


def test_too_large_a_share_of_a_lane_is_refused_before_the_first_call(bench: Bench, simulate: Simulate) -> None:
    """Exit code 3; --exclude brings it below."""
    service = simulate({"Products": [product(name) for name in "abcde"]})
    path = selecting(bench, {"Name": "[a-d]"}, Limits={"MaxPercent": 60})
    ended = bench.run(service, "run", path, "--yes")
    assert ended.returncode == 3
    assert f"4 of the 5 products of {LANE} would be terminated, and the plan's MaxPercent allows 60 %" in ended.stderr
    assert service.sent() == []
    assert bench.run(service, "review", path).returncode == 3
    assert bench.run(service, "run", path, "--yes", "--exclude", "pp-d").returncode == 0
    assert len(service.sent()) == 3


def test_a_notice_is_given_by_runs_and_kept_in_the_state_directory(bench: Bench, simulate: Simulate) -> None:
    """Nothing goes before it is over; who loses its notice gets a new one; JSON says who is due when."""
    service = simulate({"Products": [product("sbx-1", UserArn="arn:alice"), product("sbx-2")]})
    path = selecting(bench, {"Name": "sbx-*"}, Select={"After": "7d"})
    first = bench.run(service, "review", path, "--format", "json", "--state-dir", bench.folder / "state")
    told = json.loads(first.stdout)
    assert {(line["user_arn"], line["decision"], line["reason"]) for line in told["lines"]} >= {
        ("arn:alice", "skip", "notice")
    }
    assert all(line["due_at"] > told["made_at"] for line in told["lines"])
    notices = bench.folder / "state" / "test" / "notices.json"
    assert bench.run(service, "run", path, "--dry-run").returncode == 0
    assert not notices.exists()
    assert bench.run(service, "run", path, "--yes").returncode == 0
    assert service.sent() == []
    kept = json.loads(notices.read_text())
    # Eight days ago for the one, six for the other.
    kept["selected_since"] = {f"{LANE}/pp-sbx-1": "2020-01-01T00:00:00Z", f"{LANE}/pp-sbx-2": told["made_at"]}
    notices.write_text(json.dumps(kept))
    service.tag("pp-sbx-2", PROTECTED)
    ended = bench.run(service, "run", path, "--yes")
    assert ended.returncode == 0, ended.stderr
    assert service.sent() == ["pp-sbx-1"]
    assert json.loads(notices.read_text())["selected_since"].keys() == {f"{LANE}/pp-sbx-1"}
    service.tag("pp-sbx-2", {})
    assert "on notice" in bench.run(service, "run", path, "--yes").stderr
    assert service.sent() == ["pp-sbx-1"]
    notices.write_text("{")
    broken = bench.run(service, "run", path, "--yes")
    assert (broken.returncode, "the notices cannot be trusted" in broken.stderr) == (7, True)


def test_a_notice_that_was_lost_after_the_review_is_missed_by_its_worklist(bench: Bench, simulate: Simulate) -> None:
    """Also if it was the only one: that there are no notices left is not that there never were any."""
    service = simulate({"Products": [product("sbx-1")]})
    path = selecting(bench, {"Name": "sbx-*"}, Select={"After": "1h"})
    assert bench.run(service, "run", path, "--yes").returncode == 0
    notices = bench.folder / "state" / "test" / "notices.json"
    notices.write_text(json.dumps(json.loads(notices.read_text()) | {"selected_since": {LINE: "2020-01-01T00:00:00Z"}}))
    worklist = bench.folder / "w.json"
    assert "1 to terminate" in bench.run(service, "review", path, "--out", worklist).stdout
    service.tag("pp-sbx-1", PROTECTED)
    bench.run(service, "run", path, "--yes")
    assert json.loads(notices.read_text())["selected_since"] == {}
    service.tag("pp-sbx-1", {})
    ended = bench.run(service, "run", worklist, "--yes")
    assert "its notice begins anew" in ended.stderr
    assert service.sent() == []
    notices.unlink()
    assert bench.run(service, "run", worklist, "--yes").returncode == 0
    assert service.sent() == ["pp-sbx-1"]


def test_notify_tells_the_owners_review_shows_the_day_and_run_keeps_it(bench: Bench, simulate: Simulate) -> None:
    """Only `notify` and `run` write the notices; a review leaves them byte for byte as they were."""
    service = simulate({"Products": [product("sbx-1", UserArn="arn:alice"), product("other")]})
    path = selecting(bench, {"Name": "sbx-*"}, Select={"After": "7d"})
    notices = bench.folder / "state" / "test" / "notices.json"
    told = bench.run(service, "notify", path)
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[0] == "Notices of test: 1 product on notice, 0 of them due now."
    assert "arn:alice" in told.stdout.splitlines()
    kept = notices.read_bytes()
    reviewed = json.loads(bench.run(service, "review", path, "--format", "json").stdout)
    again = json.loads(bench.run(service, "notify", path, "--format", "json").stdout)
    assert [line["due_at"] for line in reviewed["lines"]] == [row["due_at"] for row in again["notices"]]
    [row] = again["notices"]
    assert (again["simulated"], row["user_arn"], row["due_now"]) == (False, "arn:alice", False)
    assert notices.read_bytes() == kept
    aged = json.loads(kept) | {"selected_since": {LINE: "2020-01-01T00:00:00Z"}}
    notices.write_text(json.dumps(aged))
    due = bench.run(service, "notify", path, "--format", "csv")
    [row] = csv.DictReader(io.StringIO(due.stdout))
    assert (row["selected_since"], row["due_now"]) == ("2020-01-01T00:00:00.000Z", "true")
    assert row["keep_tag"] == "sc-orchestrator:protect=true"
    assert service.sent() == []
    assert bench.run(service, "run", path, "--yes").returncode == 0
    assert service.sent() == ["pp-sbx-1"]


def test_notify_says_what_it_could_not_read_and_keeps_its_notices(bench: Bench, simulate: Simulate) -> None:
    """Exit code 1, 5 if there is nothing else, and 2 for a worklist, which gives no notice."""
    lanes = [{"Account": OTHER, "Region": "eu-west-1", "Products": [product("sbx-2")]}]
    service = simulate({"Products": [product("sbx-1")], "Lanes": lanes, "Accounts": {OTHER: {"Roles": []}}})
    targets = [{"AccountId": account, "Regions": ["eu-west-1"], "RoleName": "r"} for account in (HOME, OTHER)]
    notices = bench.folder / "state" / "test" / "notices.json"
    notices.parent.mkdir(parents=True, mode=0o700)
    there = f"{OTHER}/eu-west-1/pp-sbx-2"
    notices.write_text(json.dumps({"format": "orchestrator-notices/1", "selected_since": {there: "2020-01-01T00:00:00Z"}}))
    path = selecting(bench, {"Name": "sbx-*"}, Select={"After": "7d"}, Targets=targets)
    told = bench.run(service, "notify", path)
    assert told.returncode == 1, told.stderr
    assert f"Not read completely: {OTHER}/eu-west-1: " in told.stdout
    assert json.loads(notices.read_text())["selected_since"].keys() == {LINE, there}
    worklist = bench.folder / "w.json"
    assert bench.run(service, "review", path, "--out", worklist).returncode == 1
    assert bench.run(service, "notify", worklist).returncode == 2
    kept = notices.read_bytes()
    path = selecting(bench, {"Name": "sbx-*"}, Select={"After": "7d"}, Targets=targets[1:])
    assert bench.run(service, "notify", path).returncode == 5
    assert notices.read_bytes() == kept


def test_a_run_that_a_guard_refuses_has_given_notice(bench: Bench, simulate: Simulate) -> None:
    """Also one whose --only means nothing: the notices of a nightly job go on whatever stops its run."""
    service = simulate({"Products": [product("sbx-1"), product("a"), product("b")]})
    notices = bench.folder / "state" / "test" / "notices.json"
    keys = {"Products": [{"ProvisionedProductId": "pp-a"}, {"ProvisionedProductId": "pp-b"}], "Limits": {"MaxPercent": 50}}
    path = selecting(bench, {"Name": "sbx-*"}, Select={"After": "1d"}, **keys)
    path.write_text(path.read_text().replace("Products: []\n", ""))
    for options in ([], ["--only", "nonsense"]):
        assert bench.run(service, "run", path, "--yes", *options).returncode == 3
        assert LINE in notices.read_text()
        notices.unlink()
    assert service.sent() == []


def test_a_second_go_leaves_the_notices_alone(bench: Bench, simulate: Simulate) -> None:
    """It selects nothing, so that it can neither give nor lose one."""
    service = simulate({"Products": [product("fail", Terminations=["FAILED"] * 9), product("sbx-1")]})
    keys = {"Products": [{"ProvisionedProductId": "pp-fail"}], "Select": {"After": "1d"}}
    path = selecting(bench, {"Name": "sbx-*"}, **keys, Retry={"Attempts": 1})
    path.write_text(path.read_text().replace("Products: []\n", ""))
    assert bench.run(service, "run", path, "--yes").returncode == 1
    notices = bench.folder / "state" / "test" / "notices.json"
    kept = notices.read_text()
    assert LINE in kept
    again = bench.run(service, "run", "--from", bench.journals[0], "--only-failed", "--dry-run")
    assert again.returncode == 0, again.stderr
    assert "1 to terminate" in again.stdout
    assert "matches nothing" not in again.stdout + again.stderr
    assert notices.read_text() == kept


def test_products_from_files_are_terminated_like_any_others(bench: Bench, simulate: Simulate) -> None:
    """With their options, in their order; a mistake in a row keeps everything from beginning."""
    service = simulate({"Products": [product("a"), product("b", Duration=1), product("c")]})
    (bench.folder / "list.csv").write_text("ProvisionedProductName,IgnoreErrors,DependsOn\na,true,b\nb,,\n")
    (bench.folder / "more.jsonl").write_text('{"ProvisionedProductId": "pp-c"}\n')
    path = bench.plan(ProductsFrom=["list.csv", "more.jsonl"])
    ended = bench.run(service, "run", path, "--yes")
    assert ended.returncode == 0, ended.stderr
    assert service.sent() == ["pp-b", "pp-c", "pp-a"]
    assert [call["request"]["IgnoreErrors"] for call in service.ledger()] == [False, False, True]
    (bench.folder / "list.csv").write_text("ProvisionedProductId\npp a\n")
    wrong = bench.run(service, "run", path, "--yes")
    assert wrong.returncode == 2
    assert f"{bench.folder}/list.csv:2:1: `ProvisionedProductId` cannot be `pp a`" in wrong.stderr


def test_a_review_can_be_read_by_machines_and_by_a_pull_request(bench: Bench, simulate: Simulate) -> None:
    """JSON, CSV and Markdown on stdout, nothing else there."""
    service = simulate({"Products": [product("a"), product("b", Tags=PROTECTED)]})
    path = selecting(bench, {"Name": "*"})
    told = {
        form: bench.run(service, "review", path, "--format", form).stdout for form in ("json", "csv", "markdown", "text")
    }
    assert json.loads(told["json"])["counts"] == {"terminate": 1, "skip": 1, "refuse": 0}
    assert [row["decision"] for row in csv.DictReader(io.StringIO(told["csv"]))] == ["terminate", "skip"]
    stable = "Review: 1 to terminate, 0 blocked, 0 drifted, 0 not found, 1 skipped, 0 refused, 0 already gone.\n"
    assert told["markdown"].startswith(stable)
    assert told["text"].startswith(stable)
    assert service.sent() == []


def test_discover_writes_a_plan_that_reviews_to_what_it_found(bench: Bench, simulate: Simulate) -> None:
    """From the accounts named, with what cannot go as comments; an existing file is left alone."""
    lanes = [{"Account": OTHER, "Region": "eu-west-1", "Products": [product("sbx-c"), product("x")]}]
    here = [product("sbx-a"), product("sbx-b", Tags=PROTECTED), product("sbx-t", Type="CONTROL_TOWER_ACCOUNT")]
    service = simulate({"Products": here, "Lanes": lanes})
    out = bench.folder / "found.yaml"
    where = ("--account", HOME, "--account", OTHER, "--region", "eu-west-1", "--role-name", "r", "--where", "Name=sbx-*")
    ended = bench.run(service, "discover", *where, "--out", out, "--name", "found")
    assert ended.returncode == 0, ended.stderr
    assert f"2 products written to {out}" in ended.stderr
    text = out.read_text()
    assert "# left out: protected by its tag sc-orchestrator:protect=true" in text
    assert "# left out: it is a Control Tower account" in text
    assert bench.run(service, "validate", out).returncode == 0
    review = bench.run(service, "review", out).stdout
    assert review.startswith(
        "Review: 2 to terminate, 0 blocked, 0 drifted, 0 not found, 0 skipped, 0 refused, 0 already gone.\n"
    )
    assert bench.run(service, "discover", "--out", out).returncode == 2
    assert out.read_text() == text
    like = bench.run(service, "discover", "--like", out, "--where", "Name=x")
    assert "- ProvisionedProductId: pp-x" in like.stdout
    assert bench.run(service, "discover", "--like", out, "--account", HOME).returncode == 2
    assert bench.run(service, "discover", "--role-name", "r").returncode == 2
    ambient = bench.run(service, "discover")
    assert "pp-sbx-a" in ambient.stdout
    assert "pp-sbx-c" not in ambient.stdout
    assert service.sent() == []


def test_discover_says_what_it_could_not_read(bench: Bench, simulate: Simulate) -> None:
    """Exit code 1, and nothing of that lane in the plan."""
    lanes = [{"Account": OTHER, "Region": "eu-west-1", "Products": [product("b")]}]
    service = simulate({"Products": [product("a")], "Lanes": lanes, "Accounts": {OTHER: {"Roles": []}}})
    ended = bench.run(
        service, "discover", "--account", HOME, "--account", OTHER, "--region", "eu-west-1", "--role-name", "r"
    )
    assert ended.returncode == 1
    assert f"Not read completely: {OTHER}/eu-west-1: " in ended.stderr
    assert f"# {OTHER}/eu-west-1: NOT READ COMPLETELY: " in ended.stdout
    assert "pp-b" not in ended.stdout


def test_a_rehearsal_without_a_world_makes_up_products_that_fit(bench: Bench) -> None:
    """For each selection three that fit, one of them protected, and one that does not and so is no line."""
    conditions = [
        {"Name": "sbx-[!p]*-?", "Tags": {"Use": "lab-*"}},
        {"OlderThan": "1d", "YoungerThan": "36h"},
        {"YoungerThan": "2h", "ProductName": "Note*", "UserArn": "arn:*"},
        {"Name": "old-*", "OlderThan": "90d", "Status": "ERROR", "Type": "CFN_STACKSET", "ProductId": "prod-1"},
    ]
    selections = [{"Where": each} for each in conditions]
    path = bench.plan(Products=[], Select=selections, Protect=[{"Name": "not-selected-*"}])
    shown = bench.run(None, "review", path, "--simulate", "--format", "json")
    assert shown.returncode == 0, shown.stderr
    told = json.loads(shown.stdout)
    assert told["warnings"] == []
    for number in range(len(conditions)):
        found = [line["decision"] for line in told["lines"] if line["product_id"].startswith(f"pp-selection{number + 1}-")]
        assert found.count("terminate") >= 2, number
        assert found.count("skip") >= 1, number
