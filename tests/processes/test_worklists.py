"""Reviewed worklists: exactly what was approved is run, and what has changed since is left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from orchestrator.store.codec import digest
from tests.processes.conftest import Bench, Service

Simulate = Callable[[dict[str, Any]], Service]


def product(name: str, **keys: Any) -> dict[str, Any]:
    """A product of a world that goes at once."""
    return {"Id": f"pp-{name}", "Name": name, "Duration": 0} | keys


def saved(bench: Bench, service: Service, *names: str, **keys: Any) -> Path:
    """Review a plan that names products, and save the worklist."""
    plan = bench.plan(Products=[{"ProvisionedProductName": name} for name in names], **keys)
    out = bench.folder / "approved.json"
    ended = bench.run(service, "review", plan, "--out", out)
    assert ended.returncode == 0, ended.stderr
    assert f"can be run with: orchestrator run {out}" in ended.stderr
    plan.unlink()
    return out


def client(service: Service) -> Any:
    """Somebody else, at work in the same account."""
    return boto3.client(
        "servicecatalog",
        endpoint_url=service.url,
        region_name="eu-west-1",
        aws_access_key_id="somebody",
        aws_secret_access_key="else",
    )


def test_exactly_what_was_reviewed_is_run(bench: Bench, simulate: Simulate) -> None:
    """Without the plan file; the journal names the worklist; asking again finds all of it gone."""
    service = simulate({"Products": [product("a"), product("b"), product("c")]})
    out = saved(bench, service, "a", "b")
    assert service.sent() == []
    assert bench.run(service, "run", out).returncode == 3
    ended = bench.run(service, "run", out, "--yes")
    assert (ended.returncode, sorted(service.sent())) == (0, ["pp-a", "pp-b"])
    header = json.loads(bench.journals[0].read_text().splitlines()[0])
    assert header["reviewed_digest"] == json.loads(out.read_text())["digest"]
    shown = bench.run(service, "review", out, "--detailed-exitcode")
    assert (shown.returncode, shown.stdout.splitlines()[0]) == (
        0,
        "Review: 0 to terminate, 0 blocked, 0 drifted, 0 not found, 0 skipped, 0 refused, 2 already gone.",
    )
    assert "this is a saved worklist" in bench.run(None, "validate", out).stderr
    again = bench.run(service, "run", out, "--yes")
    assert again.returncode == 0
    assert "2 already gone." in again.stdout
    assert len(service.sent()) == 2


def test_what_has_changed_since_the_review_is_left_alone(bench: Bench, simulate: Simulate) -> None:
    """Only what is as it was is sent, and another's termination is followed; exit code 1."""
    world = [
        product("same"),
        product("gone"),
        product("taken"),
        {"Id": "pp-new", "Follows": "pp-taken"},
        product("busy", Duration=15),
        product("failed", Terminations=["FAILED"]),
    ]
    service = simulate({"Products": world})
    out = saved(bench, service, "same", "gone", "taken", "busy", "failed")
    for name in ("gone", "taken", "busy", "failed"):
        client(service).terminate_provisioned_product(ProvisionedProductId=f"pp-{name}", TerminateToken=f"t-{name}")
    service.products()
    shown = bench.run(service, "review", out)
    assert "2 products drifted since the review, and will be left alone." in shown.stdout
    before = len(service.sent())
    ended = bench.run(service, "run", out, "--yes")
    assert ended.returncode == 1
    assert service.sent()[before:] == ["pp-same"]
    assert "2 terminated" in ended.stdout
    assert "2 drifted" in ended.stdout
    assert "1 already gone." in ended.stdout
    assert "another product, pp-new, has its name now" in ended.stderr
    assert service.products()["pp-new"] == "AVAILABLE"


def test_a_product_that_is_new_is_never_touched(bench: Bench, simulate: Simulate) -> None:
    """Neither by a glob of the plan nor by its name."""
    service = simulate({"Products": [product("team-1"), {"Id": "pp-late", "Name": "team-2", "Follows": "pp-team-1"}]})
    out = saved(bench, service, "team-1")
    assert bench.run(service, "run", out, "--yes").returncode == 0
    assert service.products() == {"pp-team-1": "TERMINATED", "pp-late": "AVAILABLE"}


def test_drift_of_every_line_refuses_the_run(bench: Bench, simulate: Simulate) -> None:
    """Exit code 3, and no journal is begun."""
    service = simulate({"Products": [product("a", Terminations=["FAILED"])]})
    out = saved(bench, service, "a")
    client(service).terminate_provisioned_product(ProvisionedProductId="pp-a", TerminateToken="t")
    service.products()
    ended = bench.run(service, "run", out, "--yes")
    assert ended.returncode == 3
    assert "all 1 products to terminate have drifted since the review" in ended.stderr
    assert (len(service.sent()), bench.journals) == (1, [])


def test_a_worklist_expires(bench: Bench, simulate: Simulate) -> None:
    """Exit code 3, unless more patience is asked for."""
    service = simulate({"Products": [product("a")]})
    out = saved(bench, service, "a")
    document = json.loads(out.read_text()) | dict.fromkeys(("made_at", "service_at"), "2020-01-01T00:00:00.000000Z")
    del document["digest"]
    out.write_text(json.dumps({**document, "digest": digest(document)}))
    expired = bench.run(service, "run", out, "--yes")
    assert expired.returncode == 3
    assert "old, and may be 7d; review the plan again" in expired.stderr
    assert bench.run(service, "review", out).returncode == 3
    assert service.sent() == []
    assert bench.run(service, "run", out, "--yes", "--max-age", "36500d").returncode == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [('"pp-a"', '"pp-c"'), ("false", "true"), ("terminate", "refuse"), ("111122223333", "444455556666")],
)
def test_a_worklist_that_was_tampered_with_is_refused_and_nothing_is_called(
    before: str, after: str, bench: Bench, simulate: Simulate
) -> None:
    """Exit code 2."""
    service = simulate({"Products": [product("a"), product("c")]})
    out = saved(bench, service, "a")
    calls = len(service.ledger("GetCallerIdentity"))
    out.write_text(out.read_text().replace(before, after))
    ended = bench.run(service, "run", out, "--yes")
    assert ended.returncode == 2
    assert "this worklist cannot be run" in ended.stderr
    assert len(service.ledger("GetCallerIdentity")) == calls


def test_rehearsals_and_the_real_thing_are_not_mixed_up(bench: Bench, simulate: Simulate) -> None:
    """A worklist of a rehearsal runs in a rehearsal only, and the other way round."""
    service = simulate({"Products": [product("a")]})
    real = saved(bench, service, "a")
    assert bench.run(service, "run", real, "--simulate", "--yes").returncode == 2
    made_up = bench.folder / "made-up.json"
    plan = bench.plan("pp-a")
    assert bench.run(None, "review", plan, "--simulate", "--out", made_up).returncode == 0
    refused = bench.run(service, "run", made_up, "--yes")
    assert refused.returncode == 2
    assert "this worklist was made with --simulate, and can only be run so" in refused.stderr
    rehearsed = bench.run(None, "run", made_up, "--simulate", "--yes")
    assert rehearsed.returncode == 0, rehearsed.stderr
    assert service.sent() == []


def test_options_that_mean_nothing_here_are_refused(bench: Bench, simulate: Simulate) -> None:
    """None is parsed and ignored."""
    service = simulate({"Products": [product("a")]})
    out = saved(bench, service, "a")
    plan = bench.plan("pp-a")
    for arguments in (
        ["run", out, "--strict", "--yes"],
        ["run", plan, "--max-age", "1d", "--yes"],
        ["run", plan, "--only-failed", "--yes"],
        ["run", "--yes"],
        ["run", plan, "--from", out, "--yes"],
        ["review", plan, "--out", plan],
        ["review", out, "--out", bench.folder / "other.json"],
        ["run", plan, "--resume", "--dry-run"],
        ["run", plan, "--resume", "--yes", "--exclude", "x"],
        ["run", plan, "--resume", "--yes", "--first", "1"],
    ):
        ended = bench.run(service, *arguments)
        assert ended.returncode == 2, arguments
        assert "Traceback" not in ended.stderr
    assert service.sent() == []


def test_less_than_what_was_reviewed_may_be_run_and_never_more(bench: Bench, simulate: Simulate) -> None:
    """By --only and --exclude; a glob that fits nothing is a slip of the pen, and refused."""
    service = simulate({"Products": [product("a"), product("b"), product("c"), product("d")]})
    out = saved(bench, service, "a", "b", "c")
    assert bench.run(service, "run", out, "--yes", "--only", "d").returncode == 3
    ended = bench.run(service, "run", out, "--yes", "--only", "pp-[ab]", "--exclude", "b")
    assert (ended.returncode, service.sent()) == (0, ["pp-a"])
    assert "1 terminated" in ended.stdout
    assert "2 skipped" in ended.stdout
