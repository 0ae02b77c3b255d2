"""`kill -9` at chosen points, and at twenty in a row: whatever was cut off, a resume ends as if nothing had been."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.core.run.machine import Run
from orchestrator.core.run.transitions import State
from tests.processes.conftest import Bench, Service
from tests.processes.dying import POINTS
from tests.processes.truth import check

Simulate = Callable[[dict[str, Any]], Service]

PRODUCTS: list[dict[str, Any]] = [
    {"Id": "pp-quick", "Duration": 0},
    {"Id": "pp-slow", "Duration": 3},
    {"Id": "pp-second", "Duration": 0.5, "Terminations": ["FAILED", "SUCCEEDED"]},
    {"Id": "pp-never", "Duration": 0, "Terminations": ["FAILED"]},
    {"Id": "pp-lost", "Duration": 1},
    {"Id": "pp-reset", "Duration": 1},
    {"Id": "pp-outside", "Duration": 0},
]
WORLD: dict[str, Any] = {
    "Products": PRODUCTS,
    "Faults": [
        {"Operation": "TerminateProvisionedProduct", "Product": "pp-lost", "Do": "lose_answer"},
        {"Operation": "TerminateProvisionedProduct", "Product": "pp-reset", "Do": "reset"},
    ],
}
IDS = [product["Id"] for product in PRODUCTS if product["Id"] != "pp-outside"]
BIRTH = "the journal is born"
UNDISTURBED = {id_: State.FAILED if id_ == "pp-never" else State.TERMINATED for id_ in IDS}


def die(bench: Bench, service: Service, point: str, nth: int, *arguments: object) -> int:
    """Let the program die at a point; returns how it ended."""
    environment = service.environment() | {"ORCHESTRATOR_STATE_DIR": str(bench.folder / "state")}
    program = [sys.executable, "-m", "tests.processes.dying", point, str(nth)]
    return subprocess.run(
        [*program, *map(str, arguments)],
        env=environment,
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=90,
    ).returncode


def verdicts(run: Run) -> dict[str, State]:
    """Return how each product stands."""
    return {t.product_id: run.state_table.states[t.line.id] for t in run.terminations}


def goes_on_to_the_same_end(bench: Bench, service: Service) -> None:
    """Resume, and compare with an undisturbed run and with what the simulator saw."""
    [journal] = bench.journals
    ended = bench.run(service, "resume", journal)
    assert ended.returncode == 1, ended.stderr
    run = check(journal, service)
    assert verdicts(run) == UNDISTURBED
    assert not run.is_unfinished
    assert service.products()["pp-outside"] == "AVAILABLE"


def test_undisturbed_it_ends_like_this(bench: Bench, simulate: Simulate) -> None:
    """What the others are compared with."""
    service = simulate(WORLD)
    assert bench.run(service, "run", bench.plan(*IDS), "--yes").returncode == 1
    assert verdicts(check(bench.journals[0], service)) == UNDISTURBED


@pytest.mark.parametrize(
    ("point", "nth"),
    # A run's journal is born once, by the first write of all.
    [(point, 2 * nth) for point in POINTS if point != BIRTH for nth in (1, 2)] + [(BIRTH, 1)],
)
def test_killed_anywhere_it_goes_on_to_the_same_end(point: str, nth: int, bench: Bench, simulate: Simulate) -> None:
    """Nothing is lost, nothing is sent twice with another token, nothing else is touched."""
    service = simulate(WORLD)
    path = bench.plan(*IDS)
    assert die(bench, service, point, nth, "run", path, "--yes") == -signal.SIGKILL
    goes_on_to_the_same_end(bench, service)


@pytest.mark.parametrize("nth", [1, 3, 5])
def test_killed_in_a_replay_it_goes_on_to_the_same_end(nth: int, bench: Bench, simulate: Simulate) -> None:
    """Reading changes nothing, so dying over it does not either."""
    service = simulate(WORLD)
    path = bench.plan(*IDS)
    assert die(bench, service, "it is answered and not written down", 3, "run", path, "--yes") == -signal.SIGKILL
    before = bench.journals[0].read_bytes()
    assert die(bench, service, "an event is applied", nth, "resume", bench.journals[0]) == -signal.SIGKILL
    assert bench.journals[0].read_bytes() == before
    goes_on_to_the_same_end(bench, service)


def test_before_it_is_born_there_is_no_run(bench: Bench, simulate: Simulate) -> None:
    """Killed in the survey: no journal, nothing sent, and the next run begins as if nothing had been."""
    service = simulate(WORLD)
    path = bench.plan(*IDS)
    assert die(bench, service, "a write is made", 1, "run", path, "--yes") == -signal.SIGKILL
    assert (bench.journals, service.sent()) == ([], [])
    assert bench.run(service, "run", path, "--yes").returncode == 1
    assert verdicts(check(bench.journals[0], service)) == UNDISTURBED


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1])
def test_twenty_kills_in_a_row_lose_nothing(seed: int, bench: Bench, simulate: Simulate) -> None:
    """At points drawn by lot, each early enough that the run is far from its end."""
    many = [f"pp-{n:03d}" for n in range(60)]
    service = simulate(WORLD | {"Products": [*PRODUCTS, *({"Id": id_, "Duration": n % 5} for n, id_ in enumerate(many))]})
    lot = random.Random(seed)
    points = [point for point in POINTS if point != BIRTH]
    arguments: tuple[object, ...] = ("run", bench.plan(*many, *IDS, Limits={"RatePerSecond": 4}), "--yes")
    for _ in range(20):
        assert die(bench, service, lot.choice(points), lot.randint(1, 4), *arguments) == -signal.SIGKILL
        arguments = ("resume", bench.journals[0]) if bench.journals else arguments
    ended = bench.run(service, *arguments)
    assert ended.returncode == 1, ended.stderr
    assert verdicts(check(bench.journals[0], service)) == UNDISTURBED | dict.fromkeys(many, State.TERMINATED)
    assert service.products()["pp-outside"] == "AVAILABLE"
