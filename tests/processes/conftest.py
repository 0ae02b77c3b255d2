"""What tests with real processes share: a simulator of its own, and the program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest
import yaml

PROGRAM = [sys.executable, "-W", "error", "-m", "orchestrator"]
LONGEST = 90


KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


def clean_environment() -> dict[str, str]:
    """
    Return the little that a program needs of the environment.

    A CI job's `CI`, somebody's `NO_COLOR` or a profile would have a say in what it does and shows.
    """
    return {name: os.environ[name] for name in KEPT if name in os.environ}


@dataclass(frozen=True, slots=True)
class Service:
    """A simulator in a process of its own."""

    url: str
    process: subprocess.Popen[str]

    def environment(self) -> dict[str, str]:
        """Return the settings that lead to it."""
        return clean_environment() | {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKIATEST",
            "AWS_SECRET_ACCESS_KEY": "secret-of-the-test",
        }

    def ledger(self, operation: str | None = "TerminateProvisionedProduct") -> list[dict[str, Any]]:
        """Return the calls of one operation that it has seen, None for all."""
        with urllib.request.urlopen(f"{self.url}/_simulator/ledger") as answer:
            calls = [json.loads(line) for line in answer.read().splitlines()]
        return [call for call in calls if operation in (None, call["operation"])]

    def sent(self) -> list[str]:
        """Return the products that terminations were asked for, in order."""
        return [call["product"] for call in self.ledger()]

    def world(self) -> dict[str, Any]:
        """Return the state of everything."""
        with urllib.request.urlopen(f"{self.url}/_simulator/world") as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found

    def products(self, lane: str | None = None) -> dict[str, str]:
        """Return the state of each product of a lane, of the first one if none is named."""
        found = self.world()
        states: dict[str, str] = (found["lanes"][lane] if lane else found)["products"]
        return states

    def tag(self, product: str, tags: dict[str, str], lane: str = "111122223333/eu-west-1") -> None:
        """Let somebody give a product other tags."""
        self._put(f"tags/{lane}/{product}", tags)

    def provision(self, product: dict[str, Any], lane: str = "111122223333/eu-west-1") -> None:
        """Let somebody provision a product."""
        self._put(f"products/{lane}", product)

    def rename(self, product: str, name: str, lane: str = "111122223333/eu-west-1") -> None:
        """Let a product have another name."""
        self._put(f"rename/{lane}/{product}", {"Name": name})

    def _put(self, path: str, body: dict[str, Any]) -> None:
        request = urllib.request.Request(f"{self.url}/_simulator/{path}", data=json.dumps(body).encode(), method="PUT")
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 204

    def kill(self) -> None:
        """Let it die."""
        self.process.kill()
        self.process.wait(LONGEST)


@dataclass(frozen=True, slots=True)
class Bench:
    """A folder with a plan, a state directory, and the program."""

    folder: Path

    def plan(self, *ids: str, **keys: Any) -> Path:
        """Write a plan."""
        path = self.folder / "plan.yaml"
        products = [{"ProvisionedProductId": id_} for id_ in ids]
        content = {"Version": 1, "Name": "test", "Products": products, "Retry": {"Backoff": "1s"}} | keys
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        return path

    def run(self, service: Service | None, *arguments: object, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run the program to its end."""
        environment = service.environment() if service else clean_environment()
        return subprocess.run(
            [*PROGRAM, *map(str, arguments)],
            env=environment | {"ORCHESTRATOR_STATE_DIR": str(self.folder / "state")} | more.pop("env", {}),
            text=True,
            capture_output=True,
            timeout=more.pop("longest", LONGEST),
            stdin=subprocess.DEVNULL,
            check=False,
            **more,
        )

    def start(
        self,
        service: Service,
        *arguments: object,
        env: dict[str, str] | None = None,
        stdout: int | IO[str] = subprocess.PIPE,
        stderr: int = subprocess.PIPE,
    ) -> subprocess.Popen[str]:
        """Start the program."""
        return subprocess.Popen(
            [*PROGRAM, *map(str, arguments)],
            env=service.environment() | {"ORCHESTRATOR_STATE_DIR": str(self.folder / "state")} | (env or {}),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )

    def interrupt(
        self,
        service: Service,
        *arguments: object,
        after: Sequence[str] = (" accepted ",),
        env: dict[str, str] | None = None,
    ) -> str:
        """Run the program until its log lines have held each of these words, ask it to stop, and return its stdout."""
        process = self.start(service, *arguments, "--grace", "1s", env=env)
        wait_for(process, *after)
        process.terminate()
        out, err = process.communicate(timeout=LONGEST)
        assert process.returncode == 128 + signal.SIGTERM, err
        return out

    @property
    def journals(self) -> list[Path]:
        """The journals that were begun, oldest first."""
        return sorted((self.folder / "state").glob("test/*.jsonl"))


def wait_for(process: subprocess.Popen[str], *words: str) -> None:
    """Read what a process says until its lines have held each of these words, in whatever order, one word each."""
    assert process.stderr is not None
    missing = list(words)
    for line in process.stderr:
        if said := next((word for word in missing if word in line), None):
            missing.remove(said)
        if not missing:
            return
    message = f"lines with {missing} were never said"
    raise AssertionError(message)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A folder of the test's own."""
    return Bench(tmp_path)


@pytest.fixture
def simulate(tmp_path: Path) -> Iterator[Callable[[dict[str, Any]], Service]]:
    """Start simulators in processes of their own; they end with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(world: dict[str, Any]) -> Service:
        path = tmp_path / f"world{len(started)}.yaml"
        path.write_text(yaml.safe_dump(world))
        process = subprocess.Popen(
            [*PROGRAM, "simulate", "--world", str(path)],
            env=clean_environment(),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        assert process.stdout is not None
        url = process.stdout.readline().strip().rpartition("=")[2]
        return Service(url, process)

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONGEST)
