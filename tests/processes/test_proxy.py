"""The same trouble by another hand: microburst, a fault-injection proxy, between the program and the simulator."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.core.run.transitions import State
from tests.processes.conftest import LONGEST, Bench, Service, clean_environment
from tests.processes.truth import check

Simulate = Callable[[dict[str, Any]], Service]
TERMINATE = "TerminateProvisionedProduct"

LOOKUPS = ("DescribeRecord", "DescribeProvisionedProduct")

WRITES: dict[str, dict[str, Any]] = {
    "pp-throttled": {"error": {"code": "ThrottlingException"}, "times": 2},
    "pp-too-many": {"error": {"code": "TooManyRequestsException", "status": 429}, "times": 1},
    "pp-failure": {"error": {"code": "InternalFailure", "status": 500}, "times": 1},
    "pp-unavailable": {"error": {"code": "ServiceUnavailable", "status": 503}, "times": 1},
    "pp-reset": {"reset": True, "times": 1},
    "pp-lost": {"response": {"abort_bytes": 0}, "times": 1},
    "pp-aborted": {"response": {"abort_frac": 0.3}, "times": 1},
    "pp-truncated": {"response": {"truncate_frac": 0.5}, "times": 1},
    "pp-corrupt": {"response": {"corrupt_bytes": 4}, "times": 1},
    "pp-late": {"latency": 300, "times": 1},
    "pp-timed-out": {"timeout_ms": 300, "times": 1},
    "pp-well": {},
}
"""What the proxy does to the terminations of each product."""

READS: list[dict[str, Any]] = [
    {"operation": operation, "probability": 0.15, **trouble}
    for operation in (*LOOKUPS, "ScanProvisionedProducts", "SearchProvisionedProducts")
    for trouble in ({"reset": True}, {"response": {"truncate_frac": 0.5}}, {"error": {"code": "ThrottlingException"}})
]
"""What it does to reads, by lot."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy in a process of its own. `service` is the simulator as it is reached through it."""

    service: Service

    def fired(self) -> list[dict[str, Any]]:
        """Return the faults that really happened."""
        with urllib.request.urlopen(f"{self.service.url}/_microburst/fired") as answer:
            found: list[dict[str, Any]] = json.loads(answer.read())
            return found


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Callable[[Service, list[dict[str, Any]]], Proxy]]:
    """Start proxies before a simulator; they end with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(service: Service, rules: list[dict[str, Any]]) -> Proxy:
        config = tmp_path / "proxy.yaml"
        config.write_text(yaml.safe_dump({"rules": rules}))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-m", "microburst", "-u", service.url, "-p", str(port), "-c", str(config)],
            env=clean_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        while not listens(port):
            # It says that it listens before it does.
            with suppress(subprocess.TimeoutExpired):
                pytest.fail(f"the proxy ended with {process.wait(0.05)}")
        return Proxy(replace(service, url=f"http://127.0.0.1:{port}"))

    yield start
    for process in started:
        process.terminate()
        process.wait(LONGEST)


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return False
    return True


def test_whatever_a_proxy_does_to_terminations_each_is_carried_out_once(
    bench: Bench, simulate: Simulate, proxy: Callable[[Service, list[dict[str, Any]]], Proxy]
) -> None:
    """Throttled, failed, reset, cut, corrupt, late: every product goes, with one token and one record."""
    service = simulate({"Products": [{"Id": id_, "Duration": 1} for id_ in WRITES]})
    rules = [
        {"operation": TERMINATE, "body": f"ProvisionedProductId == '{id_}'", **trouble}
        for id_, trouble in WRITES.items()
        if trouble
    ]
    between = proxy(service, rules)
    ended = bench.run(between.service, "run", bench.plan(*WRITES), "--yes")
    assert ended.returncode == 0, ended.stderr
    run = check(bench.journals[0], service)
    assert run.state_table.counts[State.TERMINATED] == len(WRITES)
    assert len(between.fired()) == sum(trouble.get("times", 0) for trouble in WRITES.values())


def test_whatever_a_proxy_does_to_reads_no_verdict_is_a_lie(
    bench: Bench, simulate: Simulate, proxy: Callable[[Service, list[dict[str, Any]]], Proxy]
) -> None:
    """A third of them goes wrong; the run takes longer, and ends the same."""
    products = [
        {"Id": f"pp-{n:02d}", "Duration": 0.5, "Terminations": ["FAILED" if n % 5 == 0 else "SUCCEEDED"]} for n in range(10)
    ]
    service = simulate({"Products": products})
    between = proxy(service, READS)
    ids = [f"pp-{n:02d}" for n in range(10)]
    path = bench.plan(*ids, Limits={"FailureTolerance": 25}, Retry={"Attempts": 1})
    ended = bench.run(between.service, "run", path, "--yes")
    assert ended.returncode == 1, ended.stderr
    run = check(bench.journals[0], service)
    assert run.state_table.counts[State.TERMINATED] == 8
    assert run.state_table.counts[State.FAILED] == 2
    assert between.fired()
