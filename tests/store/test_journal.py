"""The journal: born whole, appended strictly, read back or refused."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.inventory.model import RecordError
from orchestrator.core.run import events as e
from orchestrator.core.values.lane import Lane
from orchestrator.errors import JournalCorrupt, JournalError
from orchestrator.store import codec, journal
from orchestrator.store.codec import Malformed, decode, encode, frame, unframe
from orchestrator.store.formats import EVENTS
from orchestrator.store.journal.lines import looks_like_one
from orchestrator.store.provenance import RunOrigin
from tests.disks import small_disk
from tests.fakes import LANE, START
from tests.makers import caller, plan, product, worklist

LINE = f"{LANE}/pp-a"
HISTORY: tuple[e.Event, ...] = (
    e.Started(at=START, how=e.StartedBy.RUN),
    e.Intended(
        at=START + 0.25,
        line=LINE,
        attempt=1,
        send=1,
        token="orc-x",
        ignore_errors=False,
        retain_physical_resources=True,
        accept_language=None,
        record_before="rec-0",
    ),
    e.Accepted(at=START + 1, line=LINE, record_id="rec-1", record_status="CREATED"),
    e.AttemptFailed(
        at=START + 2, line=LINE, record_id="rec-1", errors=(RecordError("1", 'ü"\\\n\x1b[31m'),), retry_at=START + 3.5
    ),
    e.Draining(at=START + 3, why=e.Drain.DEADLINE, detail="late", until=START + 23),
    e.LaneUnreachable(at=START + 4, lane=LANE, reason="silent"),
)


def birth() -> journal.JournalHeader:
    """What a journal begins with."""
    wanted = plan("pp-a", "pp-b")
    made = worklist(wanted, [product("pp-a"), product("pp-b", status="UNDER_CHANGE")])
    header = RunOrigin(
        run_id="run-1",
        plan_name="test",
        plan_digest=codec.digest(wanted),
        worklist_digest=codec.digest(made),
        tool_version="0",
        started_at=START,
        simulated=False,
        callers=(caller(),),
        state_dir="/state",
    )
    return journal.JournalHeader(origin=header, plan=wanted, worklist=made)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal goes."""
    return tmp_path / "plan" / "run.jsonl"


@pytest.fixture
def written(path: Path) -> Path:
    """A journal with some history."""
    file = journal.create(path, birth())
    for event in HISTORY:
        file.append([event])
    file.sync()
    file.close()
    return path


def test_what_is_written_is_read_back(written: Path) -> None:
    """Header, plan, worklist and every event, to the microsecond."""
    loaded = journal.load_journal(written)
    assert loaded.header == birth()
    assert tuple(loaded.events) == HISTORY
    assert not loaded.torn
    assert not loaded.is_finished


def test_nobodys_run_is_refused(path: Path) -> None:
    """Every run was begun by somebody, somewhere."""
    begun = birth()
    journal.create(path, replace(begun, origin=replace(begun.origin, callers=()))).close()
    with pytest.raises(JournalCorrupt, match="its header does not say who began it"):
        journal.load_journal(path)


def test_a_person_can_read_it(written: Path) -> None:
    """Each line is JSON with a number, a kind and ISO times; jq agrees."""
    lines = [json.loads(line) for line in written.read_text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert [line["kind"] for line in lines[:5]] == ["header", "plan", "worklist", "line", "line"]
    assert lines[6]["at"] == "2023-11-14T22:13:20.250000Z"
    said = subprocess.run(["jq", "-r", ".kind", str(written)], capture_output=True, text=True, check=True)
    assert said.stdout.split()[-1] == "lane_unreachable"


def test_it_is_born_whole_or_not_at_all(path: Path) -> None:
    """A name that ends in .jsonl is a whole journal; nothing is overwritten."""
    journal.create(path, birth()).close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="exists already"):
        journal.create(path, birth())
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["run.jsonl"]


def test_only_its_owner_may_read_it(written: Path) -> None:
    """Products' names and errors are nobody else's business."""
    assert oct(written.stat().st_mode & 0o777) == "0o600"
    assert oct(written.parent.stat().st_mode & 0o777) == "0o700"


def test_cut_anywhere_it_is_torn_or_whole_and_goes_on(written: Path) -> None:
    """Power loss at every byte behind its birth: whole lines stay, the torn one is cut off before anything is appended."""
    data = written.read_bytes()
    ends = [index + 1 for index, byte in enumerate(data) if byte == ord("\n")]
    born = ends[4]
    for size in range(born, len(data)):
        written.write_bytes(data[:size])
        loaded = journal.load_journal(written)
        whole = [end for end in ends if end <= size]
        told = tuple(loaded.events)
        assert told == HISTORY[: len(whole) - 5]
        assert loaded.torn == (size not in ends)
        file = journal.reopen(loaded)
        file.append([HISTORY[0]])
        file.close()
        assert tuple(journal.load_journal(written).events) == (*told, HISTORY[0])


def test_cut_within_its_birth_it_is_refused(written: Path) -> None:
    """It cannot happen by a crash, since it is renamed only when it is whole."""
    data = written.read_bytes()
    born = [index + 1 for index, byte in enumerate(data) if byte == ord("\n")][4]
    for size in range(0, born, 7):
        written.write_bytes(data[:size])
        with pytest.raises(JournalError):
            journal.load_journal(written)


def test_a_flipped_bit_anywhere_is_found_or_cuts_the_last_line(written: Path) -> None:
    """Every bit of every byte: in the text, in the checksum and in the framing."""
    data = written.read_bytes()
    last = data.rindex(b"\n", 0, len(data) - 1) + 1
    for index in range(len(data)):
        for bit in range(8):
            broken = bytearray(data)
            broken[index] ^= 1 << bit
            written.write_bytes(bytes(broken))
            try:
                loaded = journal.load_journal(written)
            except JournalError:
                continue
            # Only the very last newline can look like a torn write; its line is settled again on resume.
            assert index == len(data) - 1
            assert loaded.torn
            assert loaded.good == last


def test_a_corrupt_line_in_the_middle_is_named(written: Path) -> None:
    """By file and line; it is never skipped."""
    lines = written.read_bytes().splitlines(keepends=True)
    lines[7] = lines[7].replace(b"rec-1", b"rec-2")
    written.write_bytes(b"".join(lines))
    with pytest.raises(JournalError, match=r"run\.jsonl:8: the journal cannot be trusted: its checksum does not fit"):
        journal.load_journal(written)


def test_a_missing_or_repeated_line_is_found(written: Path) -> None:
    """By its number."""
    lines = written.read_bytes().splitlines(keepends=True)
    for broken in (lines[:6] + lines[7:], [*lines[:7], lines[6], *lines[7:]]):
        written.write_bytes(b"".join(broken))
        with pytest.raises(JournalError, match=r"it has number \d+ where \d+ is due"):
            journal.load_journal(written)


def test_another_format_or_kind_is_refused_by_name(written: Path) -> None:
    """A newer version's journal is not guessed at."""
    lines = written.read_bytes().splitlines(keepends=True)
    seq, kind, header = unframe(lines[0])
    written.write_bytes(b"".join([frame(seq, kind, header | {"format": 2}), *lines[1:]]))
    with pytest.raises(JournalError, match="its format is not 1"):
        journal.load_journal(written)
    written.write_bytes(b"".join([*lines, frame(len(lines) + 1, "teleported", {"at": "x"})]))
    with pytest.raises(JournalError, match="its kind `teleported` is not known"):
        journal.load_journal(written)


def test_another_plans_worklist_is_refused(written: Path) -> None:
    """The digests in the header name what belongs together."""
    lines = written.read_bytes().splitlines(keepends=True)
    seq, kind, row = unframe(lines[3])
    row["product_id"] = "pp-z"
    written.write_bytes(b"".join([*lines[:3], frame(seq, kind, row), *lines[4:]]))
    with pytest.raises(JournalError, match="not the one that its header names"):
        journal.load_journal(written)


def test_somebody_elses_writing_is_noticed(written: Path) -> None:
    """Between reading and opening."""
    loaded = journal.load_journal(written)
    with written.open("ab") as file:
        file.write(b"x\n")
    with pytest.raises(JournalError, match="somebody else has written to it"):
        journal.reopen(loaded)


@pytest.fixture(name="small_disk")
def _small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 5 MiB; needs the right to mount."""
    with small_disk(tmp_path / "small") as folder:
        yield folder


@pytest.mark.parametrize("how", ["deleted", "replaced"])
def test_a_journal_that_is_lost_in_mid_run_stops_it_before_the_next_request(how: str, path: Path) -> None:
    """What is written into a file that nobody will find again is not on disk."""
    file = journal.create(path, birth())
    file.append([HISTORY[0]])
    file.sync()
    path.unlink()
    if how == "replaced":
        path.write_bytes(b"")
    file.append([HISTORY[1]])
    with pytest.raises(JournalError, match="was deleted or replaced while the run was going on"):
        file.sync()
    with pytest.raises(JournalError, match="an earlier write failed"):
        file.append([HISTORY[1]])
    file.close()


def test_a_last_line_of_any_length_ends_its_run(path: Path) -> None:
    """Who looks at the end only must find what who reads it all finds."""
    file = journal.create(path, birth())
    file.append([HISTORY[0], e.Abandoned(at=START, reason="x" * 300_000, summary="Run")])
    file.close()
    assert journal.load_journal(path).is_finished
    assert journal.is_finished(path)


def test_a_full_disk_leaves_the_journal_as_it_was(small_disk: Path) -> None:
    """The failed write is rolled back to the last good line, and nothing is written after it."""
    file = journal.create(small_disk / "run.jsonl", birth())
    filler = small_disk / "filler"
    with filler.open("wb") as other:
        other.write(b"x" * (os.statvfs(small_disk).f_bavail * 4096 - 4096))
    events, said = 0, ""
    try:
        while events < 10_000:
            file.append([HISTORY[1]])
            events += 1
    except JournalError as error:
        said = str(error)
    assert said.endswith("No space left on device; it is as it was before")
    filler.unlink()
    with pytest.raises(JournalError, match="an earlier write failed"):
        file.append([HISTORY[1]])
    file.close()
    loaded = journal.load_journal(small_disk / "run.jsonl")
    assert len(tuple(loaded.events)) == events
    assert not loaded.torn


def test_too_little_space_is_said_before_anything_begins(small_disk: Path) -> None:
    """The free space is checked for what is to come."""
    (small_disk / "filler").write_bytes(b"x" * 2 * 1024 * 1024)
    with pytest.raises(JournalError, match="make room first"):
        journal.create(small_disk / "run.jsonl", birth())
    assert [entry.name for entry in small_disk.iterdir()] == ["filler"]


@given(st.builds(e.Failed, at=st.integers(0, 2**31).map(float), line=st.text(), evidence=st.text(), errors=st.just(())))
def test_any_text_survives(event: e.Failed) -> None:
    """Whatever AWS puts into a message comes back word for word, on one line."""
    line = frame(1, "failed", encode(event))
    assert line.count(b"\n") == 1
    seq, kind, value = unframe(line)
    assert (seq, decode(EVENTS[kind], value)) == (1, event)


def test_every_durable_event_has_a_kind_and_volatile_ones_have_none() -> None:
    """The codec finds them by itself."""
    assert {event.kind for event in HISTORY} <= EVENTS.keys()
    assert "heard" not in EVENTS
    assert "line_event" not in EVENTS


@pytest.mark.parametrize(
    "value",
    [
        {"at": 1, "how": "run"},
        {"at": "x", "how": "run"},
        {"how": "run"},
        {"at": None, "how": "run"},
        {"at": "2023-11-14T22:13:20Z", "how": "walk"},
        {"at": "2023-11-14T22:13:20Z", "how": "run", "more": 1},
        7,
    ],
)
def test_values_that_do_not_fit_are_malformed(value: object) -> None:
    """Nothing is guessed when a journal is read."""
    with pytest.raises(Malformed):
        decode(e.Started, value)


def test_a_lane_is_written_as_its_text() -> None:
    """As people write it."""
    assert encode(Lane("1", "r")) == "1/r"
    assert decode(Lane, "1/r") == Lane("1", "r")
    with pytest.raises(Malformed):
        decode(Lane, "nonsense")


def test_what_lies_in_the_root_of_all_folders_may_be_no_journal() -> None:
    """It has no folder above that could be a state directory."""
    assert not looks_like_one(Path("/no-such-journal.jsonl"))
