"""`doctor`, as a person in trouble meets it: real processes, real HTTP. It always shows its table, and what to do."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.processes.conftest import Bench, Service

Simulate = Callable[[dict[str, Any]], Service]
HOME, OTHER, THIRD = "111122223333", "444455556666", "777788889999"
LANE = f"{HOME}/eu-west-1"
READS = (
    "ScanProvisionedProducts",
    "SearchProvisionedProducts",
    "DescribeProvisionedProduct",
    "DescribeRecord",
    "ListRecordHistory",
)
TERMINATE = "servicecatalog:TerminateProvisionedProduct"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "x"}
REGION = {"AWS_DEFAULT_REGION": "eu-west-1"}
NOBODY = {
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def product(name: str) -> dict[str, Any]:
    """A product of a world."""
    return {"Id": f"pp-{name}", "Name": name, "Duration": 0}


def plan_for(bench: Bench, *targets: dict[str, Any]) -> Path:
    """A plan for accounts, each in one region."""
    return bench.plan("pp-a", Targets=[{"Regions": ["eu-west-1"], **target} for target in targets])


def doctor(bench: Bench, service: Service | None, plan: Path, *more: str, **env: str) -> tuple[int, list[str], str]:
    """
    Run doctor.

    Returns:

        Its exit code, the blocks of its table, and its last line.
    """
    ended = bench.run(service, "doctor", plan, *more, env=NOBODY | env)
    assert ended.stderr == ""
    check_form(ended)
    blocks = ended.stdout.strip().split("\n\n")
    return ended.returncode, blocks[:-1], blocks[-1]


def check_form(ended: subprocess.CompletedProcess[str]) -> None:
    """Hold what holds of every output: a remedy below each line that is not well, and no way back to doctor."""
    assert "orchestrator doctor" not in ended.stdout + ended.stderr
    lines = ended.stdout.splitlines()
    assert re.fullmatch(r"Doctor: \d+ accounts?/regions? checked: \d+ ready, \d+ not ready\..*", lines[-1])
    for line, below in pairwise(lines):
        if re.match(r"  (missing|wrong|unreachable|unknown) ", line):
            assert below.startswith("               -> "), (line, below)


def test_everything_seen_to_work_is_exit_code_0(bench: Bench, simulate: Simulate) -> None:
    """But terminating, which is tried only if one wants it; then nothing is left to say."""
    service = simulate({"Products": [product("a")]})
    code, [block], last = doctor(bench, service, bench.plan("pp-a"))
    assert code == 0
    assert block.splitlines()[0] == LANE
    assert "ok           credentials  do not expire" in block
    assert f"ok           endpoint     {service.url}" in block
    for operation in READS:
        assert f"ok           servicecatalog:{operation}" in block
    assert f"not tried    {TERMINATE}\n" in block
    assert last == (
        "Doctor: 1 account/region checked: 1 ready, 0 not ready. "
        "TerminateProvisionedProduct was not tried (--probe-terminate tries it)."
    )
    code, [block], last = doctor(bench, service, bench.plan("pp-a"), "--probe-terminate", AWS_SESSION_TOKEN="x")
    assert (code, last) == (0, "Doctor: 1 account/region checked: 1 ready, 0 not ready.")
    assert f"ok           {TERMINATE}" in block
    assert "cannot be renewed" in block
    assert set(service.sent()) == {"orchestrator-doctor-no-such-product"}
    assert service.products() == {"pp-a": "AVAILABLE"}


def test_a_worklist_is_no_plan(bench: Bench, simulate: Simulate) -> None:
    """Exit code 2, and nothing is called."""
    service = simulate({"Products": [product("a")]})
    worklist = bench.folder / "w.json"
    bench.run(service, "review", bench.plan("pp-a"), "--out", worklist)
    assert bench.run(service, "doctor", worklist).returncode == 2


def test_what_is_missing_comes_with_a_policy_and_a_closed_account_with_its_role(bench: Bench, simulate: Simulate) -> None:
    """One account is well, one lacks permissions, one cannot be entered: exit code 1."""
    deny = ["ListRecordHistory", "TerminateProvisionedProduct"]
    accounts = {HOME: {"Alias": "sandbox-one"}, OTHER: {"Deny": deny}, THIRD: {"Roles": []}}
    lanes = [{"Account": account, "Region": "eu-west-1", "Products": []} for account in (OTHER, THIRD)]
    service = simulate({"Products": [product("a")], "Lanes": lanes, "Accounts": accounts})
    plan = plan_for(bench, *({"AccountId": account, "RoleName": "r", "ExternalId": "ours"} for account in accounts))
    code, [home, other, closed, words, policy], last = doctor(bench, service, plan)
    assert code == 1
    assert home.splitlines()[0] == f"{LANE}  alias sandbox-one"
    assert f"ok           caller       arn:aws:sts::{HOME}:assumed-role/r/servicecatalog-orchestrator" in home
    assert "and are renewed" in home
    assert "missing      servicecatalog:ListRecordHistory  AccessDeniedException: " in other
    assert (
        f"-> attach the policy below to arn:aws:sts::{OTHER}:assumed-role/r/servicecatalog-orchestrator; a run is possible "
        "without it: verdicts rest on lookups; error texts of failed terminations are not available" in other
    )
    assert "missing      role         AssumeRole AccessDenied: User: arn:aws:sts::" in closed
    assert f"-> check that role r in account {THIRD} exists, that its trust policy lets this caller assume it" in closed
    assert " with ExternalId ours, and that the caller is allowed sts:AssumeRole on it" in closed
    assert "not tried    permissions  the account cannot be entered" in closed
    assert words == "Policy with the missing permissions:"
    assert json.loads(policy)["Statement"][0]["Action"] == ["servicecatalog:ListRecordHistory"]
    assert last.startswith("Doctor: 3 accounts/regions checked: 1 ready, 2 not ready. TerminateProvisionedProduct was not")
    assert service.sent() == []
    code, blocks, _ = doctor(bench, service, plan, "--probe-terminate")
    assert code == 1
    assert f"missing      {TERMINATE}" in blocks[1]
    assert json.loads(blocks[4])["Statement"][0]["Action"] == ["servicecatalog:ListRecordHistory", TERMINATE]


@pytest.mark.parametrize("operation", READS)
def test_each_permission_that_is_missing_is_exit_code_1(bench: Bench, simulate: Simulate, operation: str) -> None:
    """Also those to read records, without which a run is possible."""
    service = simulate({"Products": [product("a")], "Accounts": {HOME: {"Deny": [operation]}}})
    code, [block, _, policy], last = doctor(bench, service, bench.plan("pp-a"))
    assert code == 1
    assert f"missing      servicecatalog:{operation}" in block
    assert ("a run is possible" in block) == (operation in ("DescribeRecord", "ListRecordHistory"))
    assert operation in policy
    assert "0 ready, 1 not ready" in last


def test_an_account_that_is_another_is_exit_code_3_and_the_others_are_examined(bench: Bench, simulate: Simulate) -> None:
    """By the environment's credentials, by a role, and by a profile."""
    service = simulate({"Products": [product("a")], "Accounts": {OTHER: {}}})
    config = bench.folder / "config"
    config.write_text("[profile home]\naws_access_key_id = AKIATEST\naws_secret_access_key = x\n")
    role = {"AccountId": OTHER, "RoleArn": f"arn:aws:iam::{OTHER}:role/r"}
    plan = plan_for(bench, {"AccountId": HOME}, role, {"AccountId": THIRD, "Profile": "home"})
    code, [home, other, third], last = doctor(bench, service, plan, AWS_CONFIG_FILE=str(config))
    assert code == 3
    assert "not ready" not in home
    assert f"ok           caller       arn:aws:sts::{OTHER}" in other
    words = f"wrong        account      the credentials belong to {HOME} (arn:aws:sts::{HOME}:assumed-role/Simulated/"
    assert words in third
    assert f"and the plan wants {THIRD}" in third
    assert "-> choose another Profile than home for the target, or correct its AccountId" in third
    assert last.startswith("Doctor: 3 accounts/regions checked: 2 ready, 1 not ready.")
    code, [block], _ = doctor(bench, service, plan_for(bench, {"AccountId": THIRD}))
    assert code == 3
    assert f"-> set credentials of account {THIRD}, give the target a RoleName" in block


def test_a_plan_without_targets_for_another_account_is_exit_code_3(bench: Bench, simulate: Simulate) -> None:
    """It says which entry is for elsewhere."""
    service = simulate({"Products": [product("a")]})
    plan = bench.plan(Products=[{"ProvisionedProductId": "pp-a", "AccountId": OTHER}])
    code, [block], _ = doctor(bench, service, plan)
    assert code == 3
    assert re.search(rf"wrong        account      \S*plan.yaml:\d+ is for {OTHER}, and the environment's", block)


@pytest.mark.parametrize(
    ("settings", "title", "said", "remedy"),
    [
        (
            {},
            "credentials of the environment, no region",
            "missing      region       no region is set",
            "set AWS_DEFAULT_REGION, or `region` in the AWS profile, or write Targets with Regions in the plan",
        ),
        (
            KEYS,
            "credentials of the environment, no region",
            "not tried    credentials  found; whose they are is asked in a region",
            "set AWS_DEFAULT_REGION",
        ),
        (
            REGION,
            "credentials of the environment, eu-west-1",
            "missing      credentials  Unable to locate credentials",
            "set credentials: `aws sso login` and AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
        (
            {"AWS_PROFILE": "typo"},
            "credentials of the environment, no region",
            "missing      credentials  The config profile (typo) could not be found",
            "correct AWS_PROFILE (typo), or define that profile",
        ),
    ],
    ids=["nothing", "no region", "no credentials", "no such profile"],
)
def test_a_plan_without_targets_in_an_empty_environment_has_one_block(
    bench: Bench, settings: dict[str, str], title: str, said: str, remedy: str
) -> None:
    """It says what to set: exit code 5."""
    code, [block], last = doctor(bench, None, bench.plan("pp-a"), **settings)
    assert code == 5
    assert block.splitlines()[0] == title
    assert said in block
    assert f"-> {remedy}" in block
    assert last == "Doctor: 1 account/region checked: 0 ready, 1 not ready."


def test_without_credentials_every_account_has_its_block(bench: Bench) -> None:
    """The remedy is by the way into it."""
    profile = {"AccountId": THIRD, "Profile": "night"}
    plan = plan_for(bench, {"AccountId": HOME}, {"AccountId": OTHER, "RoleName": "Janitor"}, profile)
    code, [home, other, third], last = doctor(bench, None, plan)
    assert code == 5
    assert f"-> set credentials for account {HOME}: `aws sso login`" in home
    assert f"-> set the credentials that may assume role Janitor in account {OTHER}: `aws sso login`" in other
    assert "-> log in to the profile (`aws sso login --profile night`), or define it in the AWS config file" in third
    assert last == "Doctor: 3 accounts/regions checked: 0 ready, 3 not ready."


def test_credentials_that_are_refused_are_to_be_renewed(bench: Bench, simulate: Simulate) -> None:
    """The simulator knows no such key."""
    service = simulate({"Products": [product("a")]})
    code, [block], _ = doctor(bench, service, bench.plan("pp-a"), AWS_ACCESS_KEY_ID="ASIAGONE")
    assert code == 5
    assert "wrong        credentials  InvalidClientTokenId: The security token included in the request is invalid." in block
    assert "-> renew them: set credentials: `aws sso login`" in block


@pytest.fixture
def dead_port() -> Iterator[str]:
    """The URL of a port that nobody listens on, and nobody else will."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize("setting", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"])
def test_a_dead_endpoint_is_named_with_its_setting(bench: Bench, dead_port: str, setting: str) -> None:
    """In no account can the run begin: exit code 5."""
    code, [block], _ = doctor(bench, None, bench.plan("pp-a"), **KEYS, **REGION, **{setting: dead_port})
    assert code == 5
    assert "unreachable  sts:GetCallerIdentity  Could not connect to the endpoint URL: " in block
    assert f"-> nothing can be reached at {dead_port}/, which {setting} names: correct or unset it" in block


def test_a_dead_endpoint_in_a_profile_is_named_too(bench: Bench, dead_port: str) -> None:
    """The variables name none."""
    config = bench.folder / "config"
    config.write_text(f"[default]\nregion = eu-west-1\nendpoint_url = {dead_port}\n")
    code, [block], _ = doctor(bench, None, bench.plan("pp-a"), **KEYS, AWS_CONFIG_FILE=str(config))
    assert code == 5
    assert f"-> nothing can be reached at {dead_port}/: correct `endpoint_url` in the AWS profile" in block


def test_where_only_service_catalog_is_dead_one_is_told_so(bench: Bench, simulate: Simulate, dead_port: str) -> None:
    """The caller is known; every call to it would fail."""
    service = simulate({"Products": [product("a")]})
    code, [block], last = doctor(
        bench, service, bench.plan("pp-a"), "--probe-terminate", AWS_ENDPOINT_URL_SERVICE_CATALOG=dead_port
    )
    assert code == 5
    assert f"ok           caller       arn:aws:sts::{HOME}" in block
    assert f'unreachable  endpoint     Could not connect to the endpoint URL: "{dead_port}' in block
    assert f"-> nothing can be reached at {dead_port}/, which AWS_ENDPOINT_URL_SERVICE_CATALOG names" in block
    assert "not tried    permissions  the endpoint is unreachable" in block
    assert last == "Doctor: 1 account/region checked: 0 ready, 1 not ready."


class Page(BaseHTTPRequestHandler):
    """Answers every request with a page of HTML."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b"<!doctype html>\n<html lang=en>\n<title>502 Bad Gateway</title>\n<h1>nginx\n</h1>" + b"<p>\n" * 500
        self.send_response(500)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def page() -> Iterator[str]:
    """The URL of a server that knows no answer but a page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_endpoint_that_answers_with_a_page_leaves_everything_unknown(
    bench: Bench, simulate: Simulate, page: str
) -> None:
    """Unknown is not well: exit code 1 if the account can be entered, 5 if not. The page is cut to its title."""
    service = simulate({"Products": [product("a")]})
    code, [block], last = doctor(
        bench, service, bench.plan("pp-a"), "--probe-terminate", AWS_ENDPOINT_URL_SERVICE_CATALOG=page
    )
    assert code == 1
    for operation in (*READS, "TerminateProvisionedProduct"):
        assert f"unknown      servicecatalog:{operation}  HTTP 500: 502 Bad Gateway (an HTML page)\n" in block
    assert block.count("-> try again; if that does not help, check the endpoint that AWS_ENDPOINT_URL_SERVICE") == 6
    assert last == "Doctor: 1 account/region checked: 0 ready, 1 not ready."
    code, [block], _ = doctor(bench, None, bench.plan("pp-a"), **KEYS, **REGION, AWS_ENDPOINT_URL=page)
    assert code == 5
    assert "unknown      sts:GetCallerIdentity  " in block
    assert "<" not in block


def test_a_simulation_says_that_it_is_one(bench: Bench) -> None:
    """In the first line, with the world that it came from."""
    plan = bench.plan("pp-a")
    code, blocks, _ = doctor(bench, None, plan, "--simulate")
    assert (code, blocks[0]) == (0, "Simulation: products invented from the plan; no AWS account was called.")
    world = bench.folder / "plan.world.yaml"
    world.write_text("Products: []\n")
    code, blocks, _ = doctor(bench, None, plan, "--simulate")
    assert (code, blocks[0]) == (0, f"Simulation: {world}; no AWS account was called.")
    assert bench.run(None, "doctor", plan, "--world", world).returncode == 2
