"""A run that dies at any operation on its journal, and is resumed, ends as an undisturbed one does."""

from __future__ import annotations

import contextlib
import copy
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from orchestrator import api
from orchestrator.core.inventory.calls import Operation
from orchestrator.core.inventory.model import FAILED, SUCCEEDED
from orchestrator.core.plan.model import Limits, Plan, Retry
from orchestrator.core.review.decide import decide
from orchestrator.core.review.worklist import Worklist
from orchestrator.core.run.events import Event, StartedBy
from orchestrator.core.run.machine import Run
from orchestrator.core.run.transitions import State
from orchestrator.store import journal
from orchestrator.store.codec import digest
from orchestrator.store.provenance import RunOrigin
from tests.driving import Stage, replayed
from tests.fakes import Crash, CrashingJournal, FakeCatalog, FakeClock, lost, unsent
from tests.makers import caller, fake, plan

WANTED = plan("pp-a", "pp-b", "pp-c", "pp-d", "pp-e", limits=Limits(rate_per_second=2.0), retry=Retry(backoff_seconds=3))


def world() -> Stage:
    """Products that go at once, late, at the second attempt, and never; one answer and one request are lost."""
    clock = FakeClock()
    products = [
        fake("pp-a"),
        fake("pp-b", duration=20),
        fake("pp-c", FAILED, SUCCEEDED),
        fake("pp-d", FAILED),
        fake("pp-e", duration=0.5),
        fake("pp-other"),
    ]
    catalog = FakeCatalog(clock, products)
    catalog.trouble[Operation.TERMINATE].extend([lost, unsent])
    return Stage(clock, catalog)


def begin(stage: Stage, wanted: Plan) -> Run:
    """Survey, decide, and drive until the end or the crash."""
    inventory = stage.survey(wanted)
    run = Run(run_id="run-1", plan=wanted, worklist=decide(wanted, [inventory]))
    with contextlib.suppress(Crash):
        stage.drive(run, StartedBy.RUN, run.survey_events([inventory]))
    return run


def operations() -> int:
    """Count the operations on the journal of an undisturbed run."""
    stage = world()
    stage.journal = CrashingJournal(at=0)
    begin(stage, WANTED)
    return stage.journal.count


def verdicts(run: Run) -> dict[str, State]:
    """Return the state of each product."""
    return {t.product_id: run.state_table.states[t.line.id] for t in run.terminations}


UNDISTURBED = verdicts(begin(world(), WANTED))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, operations() + 1))
@pytest.mark.parametrize("machine", [False, True], ids=["process", "machine"])
def test_a_crash_at_any_operation_changes_nothing_about_the_end(at: int, after: bool, machine: bool) -> None:
    """Same verdicts, one token per attempt, nothing outside the plan; also if the machine loses what was not synced."""
    stage = world()
    stage.journal = CrashingJournal(at=at, after=after)
    run = begin(stage, WANTED)
    lines = stage.journal.lines[: stage.journal.synced] if machine else stage.journal.lines
    # Everything that AWS was asked is on disk, whatever was lost.
    for command in stage.catalog.sent:
        assert any(command.token.encode() in line for line in lines)
    stage.clock.sleep(30)
    resumed = stage.resume(WANTED, run.worklist, lines)
    assert verdicts(resumed) == UNDISTURBED
    assert not resumed.is_unfinished
    tokens = defaultdict(set)
    for command in stage.catalog.sent:
        tokens[command.product_id, command.attempt].add(command.token)
    assert all(len(found) == 1 for found in tokens.values())
    assert not stage.catalog.products["pp-other"].gone
    assert {command.product_id for command in stage.catalog.sent} <= {"pp-a", "pp-b", "pp-c", "pp-d", "pp-e"}


class PoweredFile:
    """A journal on disk whose machine loses its power at the *at*-th operation. `synced` is the size that it surely has."""

    def __init__(self, path: Path, wanted: Plan, made: Worklist, at: int) -> None:
        header = RunOrigin(
            run_id="run-1",
            plan_name=wanted.name,
            plan_digest=digest(wanted),
            worklist_digest=digest(made),
            tool_version="1",
            started_at=1.0,
            simulated=False,
            callers=(caller(),),
            state_dir=str(path.parent),
        )
        self._file = journal.create(path, journal.JournalHeader(origin=header, plan=wanted, worklist=made))
        self._path = path
        self._left = at
        self.synced = path.stat().st_size

    def append(self, events: Sequence[Event]) -> None:
        self._file.append(events)
        self._step()

    def sync(self) -> None:
        self._step()
        self._file.sync()
        self.synced = self._path.stat().st_size

    def _step(self) -> None:
        self._left -= 1
        if not self._left:
            raise Crash


@pytest.mark.parametrize("at", range(2, 26, 2))
def test_a_journal_cut_at_any_byte_that_was_not_synced_is_gone_on_with(at: int, tmp_path: Path) -> None:
    """Power goes: the disk has what was synced, and of the rest as much as it likes."""
    stage = world()
    inventory = stage.survey(WANTED)
    made = decide(WANTED, [inventory])
    file = PoweredFile(tmp_path / "run.jsonl", WANTED, made, at)
    with contextlib.suppress(Crash):
        run = Run(run_id="run-1", plan=WANTED, worklist=made)
        stage.drive(run, StartedBy.RUN, run.survey_events([inventory]), journal=file)
    written = (tmp_path / "run.jsonl").read_bytes()
    ends = set()
    for size in range(file.synced, len(written) + 1):
        left = tmp_path / "left.jsonl"
        left.write_bytes(written[:size])
        loaded = journal.load_journal(left)
        assert file.synced <= loaded.good <= size
        assert loaded.torn is (loaded.good < size)
        if loaded.good in ends:
            continue
        ends.add(loaded.good)
        after = copy.deepcopy(stage)
        after.clock.sleep(30)
        reopened = journal.reopen(loaded)
        resumed = api.replay(loaded)
        after.drive(resumed, StartedBy.RESUME, [], journal=reopened)
        reopened.close()
        assert verdicts(resumed) == UNDISTURBED
        assert verdicts(api.replay(journal.load_journal(left))) == UNDISTURBED
    assert ends


def test_twenty_crashes_in_a_row_lose_nothing() -> None:
    """Each resume dies a little later than the one before."""
    stage = world()
    stage.journal = CrashingJournal(at=2)
    run = begin(stage, WANTED)
    lines = stage.journal.lines
    for at in range(2, 22):
        again = replayed(WANTED, run.worklist, lines)
        stage.journal = CrashingJournal(at=at % 7 + 1, after=bool(at % 2))
        stage.journal.lines = list(lines)
        with contextlib.suppress(Crash):
            stage.drive(again, StartedBy.RESUME, [])
        lines = stage.journal.lines
    resumed = stage.resume(WANTED, run.worklist, lines)
    assert verdicts(resumed) == UNDISTURBED
    assert not stage.catalog.products["pp-other"].gone


def test_replay_of_a_journal_is_the_run_as_it_was() -> None:
    """What is remembered on disk is what was known in memory, field by field."""
    stage = world()
    run = begin(stage, WANTED)
    again = replayed(WANTED, run.worklist, stage.journal.lines)
    durable = (
        "attempt", "send", "doubts", "token", "record_before", "intended_at", "record_id", "followed_at",
        "own_records", "retry_at", "rejection", "adopted", "is_parked", "evidence", "errors", "by_another", "options_unmet",
    )  # fmt: skip
    assert again.state_table.states == run.state_table.states
    for one, other in zip(run.terminations, again.terminations, strict=True):
        assert [getattr(one, name) for name in durable] == [getattr(other, name) for name in durable]
    assert again.tally() == run.tally()


def test_unsent_lines_of_an_old_run_expire_and_sent_ones_are_followed() -> None:
    """A resume after more than a day terminates nothing that was not sent before."""
    stage = world()
    stage.journal = CrashingJournal(at=8)
    run = begin(stage, WANTED)
    sent = list(stage.catalog.sent)
    assert sent
    resumed = stage.resume(WANTED, run.worklist, stage.journal.lines, send_ban="expired: begun yesterday")
    assert stage.catalog.sent == sent
    unsent_ids = {str(entry.product_id) for entry in WANTED.entries} - {command.product_id for command in sent}
    assert {verdicts(resumed)[id_] for id_ in unsent_ids} == {State.DRIFTED}
    assert not resumed.is_unfinished
