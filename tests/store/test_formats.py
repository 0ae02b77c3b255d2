"""What is on disk stays readable, whatever the code calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from orchestrator.core.plan.model import Plan
from orchestrator.core.run import events as e
from orchestrator.store import journal, notices, worklist_file
from orchestrator.store.codec import decode, encode, frame, unframe
from orchestrator.store.formats import EVENTS, ON_DISK, keys_of
from orchestrator.store.journal.lines import header_lines

GOLDEN = Path(__file__).parents[1] / "golden"
HEAD = 6
"""Lines of the golden journal before its first event: header, plan, worklist, three lines."""


def test_the_golden_journal_is_read_and_written_again_as_it_is() -> None:
    """Every kind and every key is in it, so renaming one on disk, or the class behind it by half, is found."""
    data = (GOLDEN / "journal.jsonl").read_bytes()
    read = journal.load_journal(GOLDEN / "journal.jsonl")
    assert not read.torn
    assert b"".join(header_lines(read.header)) == b"".join(data.splitlines(keepends=True)[:HEAD])
    written = [frame(seq, event.kind, encode(event)) for seq, event in enumerate(read.events, start=HEAD + 1)]
    assert written == data.splitlines(keepends=True)[HEAD:]


def test_the_golden_journal_holds_every_kind_of_event() -> None:
    """One that is added has to be added here, and to a version of the format."""
    lines = (GOLDEN / "journal.jsonl").read_bytes().splitlines(keepends=True)
    assert {unframe(line)[1] for line in lines[HEAD:]} == set(EVENTS)


def test_the_golden_files_give_every_key_a_value_of_its_own() -> None:
    """A key that is null wherever it occurs would pin nothing."""
    document = json.loads((GOLDEN / "worklist.json").read_bytes())
    lines = [unframe(line)[2] for line in (GOLDEN / "journal.jsonl").read_bytes().splitlines(keepends=True)]
    given: set[str] = set()

    def collect(value: object) -> None:
        if isinstance(value, dict):
            given.update(key for key, each in value.items() if each not in (None, [], ""))
            value = list(value.values())
        for each in value if isinstance(value, list) else ():
            collect(each)

    collect([document, lines])
    assert {key for kind in ON_DISK for key in keys_of(kind)} <= given


def test_the_golden_worklist_is_read_and_written_again_as_it_is(tmp_path: Path) -> None:
    """With its digest, which is of every byte of it."""
    golden = GOLDEN / "worklist.json"
    read = worklist_file.load_worklist(golden)
    assert read.digest == json.loads(golden.read_bytes())["digest"]
    worklist_file.write_worklist(tmp_path / "again.json", read)
    assert (tmp_path / "again.json").read_bytes() == golden.read_bytes()


def test_the_golden_notices_are_read_and_written_again_as_they_are(tmp_path: Path) -> None:
    """They hold since when products have been on notice; read wrongly, they would go too early."""
    read = notices.load_notices(GOLDEN / "notices.json")
    assert read == {
        "111122223333/eu-west-1/pp-lab": 1_763_300_000.0,
        "111122223333/eu-west-1/pp-network": 1_763_999_999.0,
    }
    notices.update(tmp_path / "notices.json", lambda _: read)
    assert (tmp_path / "notices.json").read_bytes() == (GOLDEN / "notices.json").read_bytes()


def test_the_journal_of_a_whole_run_is_reported_as_it_was() -> None:
    """The golden journal holds events that cannot follow one another; this one was written by a run."""
    said = subprocess.run(
        [sys.executable, "-m", "orchestrator", "report", str(GOLDEN / "run.jsonl"), "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    document = json.loads(said.stdout)
    last = unframe((GOLDEN / "run.jsonl").read_bytes().splitlines(keepends=True)[-1])
    assert last[1] == "finished"
    assert document["summary"] == last[2]["summary"]
    assert said.returncode == 0, said.stderr


@pytest.mark.parametrize("kind", ON_DISK)
def test_every_attribute_that_is_written_has_its_key(kind: type) -> None:
    """In both directions, and no key twice."""
    keys = keys_of(kind)
    assert sorted(keys.values()) == sorted(field.name for field in fields(kind))
    assert len(keys) == len(ON_DISK[kind].split())


def test_what_is_not_in_the_table_is_not_written() -> None:
    """A value that nobody has given a form on disk is a bug, and not to be read back some day."""

    class Unknown(e.Event):
        """No event of the journal."""

    with pytest.raises(TypeError, match="no value that is written to disk"):
        keys_of(Unknown)


def test_a_table_that_has_come_apart_from_its_class_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said when the class is first written or read, not after a journal has lost something."""
    monkeypatch.setitem(ON_DISK, Plan, "name targets")
    with pytest.raises(TypeError, match="the attributes of Plan are not those"):
        keys_of(Plan)


def test_every_durable_event_is_in_the_table_once() -> None:
    """A kind that two events bear, or an event without keys, would be lost on the way."""
    durable = {kind for kind in vars(e).values() if isinstance(kind, type) and issubclass(kind, e.Event) and kind.kind}
    assert durable == set(EVENTS.values())
    assert len(EVENTS) == sum(issubclass(kind, e.Event) for kind in ON_DISK)


def test_what_is_read_keeps_the_defaults_of_keys_that_an_older_version_did_not_write() -> None:
    """A key that was added later is missing in the files of before."""
    event = decode(EVENTS["started"], {"at": "2025-11-24T16:00:00Z", "how": "run"})
    assert event == e.Started(at=1_764_000_000.0, how=e.StartedBy.RUN)
