"""Worlds that are drawn by lot, with trouble of every kind: whatever comes, a run ends, and its journal tells the truth."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.core.run.transitions import State
from tests.processes.conftest import Bench, Service
from tests.processes.truth import check

Simulate = Callable[[dict[str, Any]], Service]
KINDS = ["lose_answer", "reset", "cut", "truncate", "garble", "answer", "error", "delay"]
CODES = ["ThrottlingException", "InternalFailure", "OddCode", "ResourceInUseException", "AccessDeniedException"]
COURSES = [[], ["IN_PROGRESS", "IN_PROGRESS_IN_ERROR"], ["ODD"]]
CHANGES = ["UPDATE_PROVISIONED_PRODUCT", "TERMINATE_PROVISIONED_PRODUCT"]


def world_of(seed: int) -> tuple[dict[str, Any], list[str]]:
    """Draw a world, and the products of it that a plan names."""
    lot = random.Random(seed)
    ids = [f"pp-{n:03d}" for n in range(lot.choice([5, 15, 25]))]
    products: list[dict[str, Any]] = [{"Id": "pp-outside", "Duration": 1}]
    for id_ in ids:
        one: dict[str, Any] = {"Id": id_, "Duration": round(lot.uniform(0, 2), 2)}
        one |= {"Terminations": lot.choice([["FAILED", "SUCCEEDED"], ["FAILED"]])} if lot.random() < 0.2 else {}
        one |= {"Course": lot.choice(COURSES)} if lot.random() < 0.2 else {}
        one |= {"FailedBefore": 1} if lot.random() < 0.1 else {}
        one |= {"Change": lot.choice(CHANGES)} if lot.random() < 0.1 else {}
        products += [one, *([{"Id": f"{id_}-again", "Follows": id_}] if lot.random() < 0.1 else [])]
    trouble = {
        "Operation": "any",
        "Do": lot.sample(KINDS, lot.randint(1, len(KINDS))),
        "Share": lot.choice([0.05, 0.15, 0.25]),
        "Seconds": 0.3,
        "Status": lot.choice([400, 500, 503]),
        "Code": lot.choice(CODES),
    }
    # The caller is told once who it is; a run that does not get that far is another test's.
    faults = [{"Operation": "GetCallerIdentity", "Do": "delay", "Seconds": 0, "Times": 1000}, trouble]
    paging = {"Skip": lot.choice([0, 0.03]), "Repeat": 0.05}
    return {"Seed": seed, "Products": products, "Faults": faults, "SearchLag": 2, "Paging": paging}, ids


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [2, 3, 5, 7])
def test_whatever_comes_the_journal_tells_the_truth(seed: int, bench: Bench, simulate: Simulate) -> None:
    """Nothing is sent that is not on disk, nothing outside is touched, and no verdict is a lie; with resumes if need be."""
    world, ids = world_of(seed)
    service = simulate(world)
    limits = {"FailureTolerance": 100, "Deadline": "45s", "TerminationTimeout": "20s"}
    ended = bench.run(service, "run", bench.plan(*ids, Limits=limits), "--yes", longest=200)
    assert "Traceback" not in ended.stderr, ended.stderr
    assert ended.returncode in (0, 1, 4), ended.stderr
    for _ in range(3):
        run = check(bench.journals[0], service)
        if not run.is_unfinished:
            break
        assert bench.run(service, "resume", bench.journals[0], longest=200).returncode in (0, 1, 4)
    assert not check(bench.journals[0], service).is_unfinished
    assert set(service.sent()) <= set(ids)
    assert service.products()["pp-outside"] == "AVAILABLE"


@pytest.mark.timeout(300)
def test_one_stuck_product_of_five_hundred_leaves_the_others_done(bench: Bench, simulate: Simulate) -> None:
    """It is closed by its timeout, the run ends by itself, and the exit code is 4."""
    ids = [f"pp-{n:03d}" for n in range(500)]
    products = [{"Id": id_, "Duration": 0.2, "Terminations": ["NEVER" if id_ == "pp-250" else "SUCCEEDED"]} for id_ in ids]
    service = simulate({"Products": products})
    path = bench.plan(*ids, Limits={"MaxTerminations": 500, "TerminationTimeout": "5s"})
    ended = bench.run(service, "run", path, "--yes", "--quiet", longest=200)
    assert ended.returncode == 4, ended.stderr
    assert "499 terminated, 0 failed, 1 timed out" in ended.stdout
    run = check(bench.journals[0], service)
    assert run.state_table.counts[State.TERMINATED] == 499
    assert not run.is_unfinished
