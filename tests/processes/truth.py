"""What must hold of every run, however it went: its journal held against what the simulator saw, and against its world."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from orchestrator.api import replay
from orchestrator.core.run.events import Intended
from orchestrator.core.run.machine import Run
from orchestrator.core.run.transitions import State
from orchestrator.store.journal import LoadedJournal, load_journal
from tests.processes.conftest import Service

GONE = (State.TERMINATED, State.ALREADY_GONE)


def told(journal: Path) -> Run:
    """Return the run that a journal tells of."""
    return replay(load_journal(journal))


def check(journal: Path, service: Service) -> Run:
    """
    Hold a run against the truth.

    Nothing was terminated that was not meant, nothing was sent that is not on disk, no attempt had two tokens or two
    records, and no verdict is a lie.
    """
    loaded = load_journal(journal)
    run = replay(loaded)
    check_sends(loaded, run, service)
    check_verdicts(run, service)
    return run


def check_sends(loaded: LoadedJournal, run: Run, service: Service) -> None:
    """Hold what was sent against the intents."""
    intents = [event for event in loaded.events if isinstance(event, Intended)]
    lines = {t.line.id: t for t in run.terminations}
    meant = {(intent.token, lines[intent.line].product_id): intent for intent in intents}
    tokens: dict[tuple[str, int], set[str]] = defaultdict(set)
    for intent in intents:
        tokens[intent.line, intent.attempt].add(intent.token)
    assert all(len(found) == 1 for found in tokens.values()), tokens
    records: dict[str, set[str]] = defaultdict(set)
    for call in service.ledger():
        intent = meant[call["token"], call["product"]]
        request = call["request"]
        assert request["IgnoreErrors"] == intent.ignore_errors
        assert request["RetainPhysicalResources"] == intent.retain_physical_resources
        assert f"{call['account']}/{call['region']}/{call['product']}" == intent.line
        records[call["token"]] |= {call["record"]} if call["record"] else set()
    assert all(len(found) <= 1 for found in records.values()), records


def check_verdicts(run: Run, service: Service) -> None:
    """Hold what the run says of each product against what it is."""
    lanes = service.world()["lanes"]
    for t in run.terminations:
        is_gone = lanes[str(t.line.lane)]["products"][t.product_id] == "TERMINATED"
        state = run.state_table.states[t.line.id]
        assert is_gone or state not in GONE, f"{t.line.id} is {state}, and still there: {t.evidence}"
        assert not is_gone or state is not State.FAILED, f"{t.line.id} is {state}, and gone: {t.evidence}"
    if not run.is_unfinished:
        assert not run.state_table.counts[State.IN_DOUBT] + run.state_table.counts[State.PENDING]
