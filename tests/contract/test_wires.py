"""Real wires: the AWS CLI, which is not ours and has a botocore of its own, against the simulator over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from orchestrator.simulator import Simulator, WorldSpec

# The CLI narrows versions that our lock does not; it gets an environment of its own.
PINNED = (
    "awscli==1.46.3",
    "colorama==0.4.6",
    "docutils==0.19",
    "jmespath==1.1.0",
    "pyasn1==0.6.5",
    "python-dateutil==2.9.0.post0",
    "PyYAML==6.0.4",
    "rsa==4.7.2",
    "six==1.17.0",
    "urllib3==2.8.0",
)
HOME, OTHER = "111122223333", "444455556666"
EVERYTHING = ("--access-level-filter", "Key=Account,Value=self")
PRODUCTS: list[dict[str, Any]] = [
    {"Id": "pp-a", "Name": "alice", "Duration": 0, "ProductId": "prod-tcjvfz3syn2rg"},
    {"Id": "pp-b", "Name": "bob", "Duration": 0, "Terminations": ["FAILED"]},
    *({"Id": f"pp-c{n:02d}", "Status": "ERROR", "StatusMessage": "no such key"} for n in range(40)),
]


@dataclass(frozen=True, slots=True)
class Cli:
    """The AWS CLI, led to a simulator."""

    program: Path
    server: Simulator
    folder: Path

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command."""
        settings = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "AWS_ENDPOINT_URL": self.server.url,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKIATEST",
            "AWS_SECRET_ACCESS_KEY": "not-a-secret",
            "AWS_MAX_ATTEMPTS": "1",
            "NO_PROXY": "127.0.0.1",
        }
        command = [str(self.program), *arguments, "--output", "json"]
        return subprocess.run(command, text=True, capture_output=True, env=settings | env, check=False, timeout=60)

    def catalog(self, operation: str, *arguments: str, **env: str) -> Any:
        """Call an operation of Service Catalog, and return its answer."""
        ended = self.run("servicecatalog", operation, *arguments, **env)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def refused(self, operation: str, *arguments: str) -> str:
        """Call an operation of Service Catalog, and return the words in which it was refused."""
        ended = self.run("servicecatalog", operation, *arguments)
        assert ended.returncode != 0, ended.stdout
        return ended.stderr


@pytest.fixture(scope="session", name="program")
def _program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the CLI once, whichever of several workers comes first."""
    shared = tmp_path_factory.getbasetemp().parent
    place = shared / "awscli"
    with FileLock(shared / "awscli.lock"):
        if not (place / "done").exists():
            subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, timeout=100)
            pip = [str(place / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "--no-input"]
            ended = subprocess.run(
                [*pip, "--retries", "1", *PINNED], text=True, capture_output=True, check=False, timeout=100
            )
            (place / "done").write_text("" if ended.returncode == 0 else ended.stderr[-500:])
    trouble = (place / "done").read_text()
    if trouble:
        pytest.skip(f"pip cannot install the AWS CLI: {trouble}")
    return place / "bin" / "aws"


@pytest.fixture(name="cli")
def _cli(program: Path, tmp_path: Path) -> Iterator[Cli]:
    """Start a world of its own for each test."""
    lanes = [{"Account": OTHER, "Region": "eu-west-1"}]
    with Simulator(WorldSpec.model_validate({"Products": PRODUCTS, "Lanes": lanes})) as server:
        yield Cli(program, server, tmp_path)


def ids(answer: Any) -> list[str]:
    """The ids of products."""
    return [each["Id"] for each in answer["ProvisionedProducts"]]


def test_listings(cli: Cli) -> None:
    """Every page of a scan, by the CLI's own paginator; filters, bare texts and either order of a search."""
    scanned = cli.catalog("scan-provisioned-products", *EVERYTHING)
    assert len(ids(scanned)) == len(PRODUCTS)
    assert scanned["ProvisionedProducts"][-1]["StatusMessage"] == "no such key"
    search = "search-provisioned-products"
    assert len(ids(cli.catalog(search, "--filters", "SearchQuery=status:ERROR"))) == 40
    assert ids(cli.catalog(search, "--filters", "SearchQuery=prod-tcjvfz3syn2rg")) == ["pp-a"]
    assert ids(cli.catalog(search, "--filters", "SearchQuery=name:alice,id:pp-b")) == []
    backwards = ("--sort-by", "name", "--sort-order", "DESCENDING", "--page-size", "3")
    sorted_ = cli.catalog(search, *backwards)
    assert ids(sorted_) == ["pp-c39", "pp-c38", "pp-c37"]
    more = cli.catalog(search, *backwards, "--page-token", sorted_["NextPageToken"])
    assert ids(more) == ["pp-c36", "pp-c35", "pp-c34"]


def test_a_termination(cli: Cli) -> None:
    """By name, its record, its history, and that the product is gone; one that FAILED says why."""
    found = cli.catalog("describe-provisioned-product", "--name", "alice")["ProvisionedProductDetail"]
    assert found["LastProvisioningRecordId"] == found["LastSuccessfulProvisioningRecordId"] == found["LastRecordId"]
    sent = cli.catalog("terminate-provisioned-product", "--provisioned-product-name", "alice")["RecordDetail"]
    assert (sent["Status"], sent["RecordType"]) == ("CREATED", "TERMINATE_PROVISIONED_PRODUCT")
    record = cli.catalog("describe-record", "--id", sent["RecordId"])["RecordDetail"]
    assert (record["Status"], record["PathId"]) == ("SUCCEEDED", "lpv2-simulatedxxxx")
    history = cli.catalog("list-record-history", *EVERYTHING, "--search-filter", "Key=provisionedproduct,Value=pp-a")
    assert [each["RecordType"] for each in history["RecordDetails"]] == [
        "TERMINATE_PROVISIONED_PRODUCT",
        "PROVISION_PRODUCT",
    ]
    assert "(ResourceNotFoundException)" in cli.refused("describe-provisioned-product", "--id", "pp-a")
    cli.catalog("terminate-provisioned-product", "--provisioned-product-id", "pp-b", "--terminate-token", "t")
    tainted = cli.catalog("describe-provisioned-product", "--id", "pp-b")["ProvisionedProductDetail"]
    assert tainted["Status"] == "TAINTED"
    assert "TerminationProtection is enabled" in tainted["StatusMessage"]


def test_refusals(cli: Cli) -> None:
    """In AWS's codes and words, at the first attempt."""
    junk = ("--page-token", "junk")
    assert "(InvalidParametersException)" in cli.refused("search-provisioned-products", *junk)
    assert "(InvalidParametersException)" in cli.refused("scan-provisioned-products", "--no-paginate", *junk)
    made = ("--display-name", "a", "--provider-name", "b", "--tags", "Key=Größe,Value=1")
    assert "(UnknownOperationException)" in cli.refused("create-portfolio", *made)
    assert "failed to satisfy constraint: Member must satisfy enum value set" in cli.refused(
        "search-provisioned-products", "--sort-by", "colour"
    )
    assert [call["operation"] for call in cli.server.service.ledger] == [
        "SearchProvisionedProducts",
        "ScanProvisionedProducts",
        "CreatePortfolio",
        "SearchProvisionedProducts",
    ]


def test_another_account_is_entered_by_a_role(cli: Cli) -> None:
    """And is empty."""
    ended = cli.run("sts", "assume-role", "--role-arn", f"arn:aws:iam::{OTHER}:role/Janitor", "--role-session-name", "ss")
    assert ended.returncode == 0, ended.stderr
    keys = json.loads(ended.stdout)["Credentials"]
    env = {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }
    assert json.loads(cli.run("sts", "get-caller-identity", **env).stdout)["Account"] == OTHER
    assert ids(cli.catalog("scan-provisioned-products", *EVERYTHING, **env)) == []
