"""State directories and locks."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from orchestrator.core.run.events import Finished, Started, StartedBy
from orchestrator.errors import JournalError, LockHeld
from orchestrator.store import journal
from orchestrator.store.locks import Locks, read_holder
from orchestrator.store.state_dir import StateDir
from tests.fakes import LANE, START
from tests.store.test_journal import birth


def locks(folder: Path) -> Locks:
    """Somebody's locks."""
    return Locks([folder], purpose="run 1 of the plan `x`", since="2026-01-01T00:00:00Z")


def test_a_lock_excludes_and_names_its_holder(tmp_path: Path) -> None:
    """Plan, lane and journal; let go of, they are free again."""
    with locks(tmp_path) as held:
        held.plan("x")
        held.lane(LANE)
        held.journal(tmp_path / "j.jsonl")
        said = "in use by run 1 of the plan `x` since 2026"
        with locks(tmp_path) as other:
            with pytest.raises(LockHeld, match=said):
                other.plan("x")
            with pytest.raises(LockHeld, match=said):
                other.lane(LANE)
            with pytest.raises(LockHeld, match=said):
                other.journal(tmp_path / "j.jsonl")
        with locks(tmp_path) as other:
            other.plan("y")
    with locks(tmp_path) as again:
        again.plan("x")


@pytest.mark.parametrize("note", ["", "[]", "null", "{", '{"purpose": 1}'])
def test_a_note_that_cannot_be_read_still_turns_away(note: str, tmp_path: Path) -> None:
    """Who holds it is a courtesy."""
    path = tmp_path / "x.holder"
    path.write_text(note)
    assert read_holder(path) == "another run"
    assert read_holder(tmp_path / "none") == "another run"


def test_a_folder_that_cannot_be_made_is_an_error_of_the_journal(tmp_path: Path) -> None:
    """Not a traceback."""
    (tmp_path / "file").write_text("")
    with locks(tmp_path / "file" / "locks") as held, pytest.raises(JournalError):
        held.plan("x")
    with pytest.raises(JournalError):
        StateDir(tmp_path / "file", simulated=False).journals("x")


def test_the_newest_unfinished_journal_is_found(tmp_path: Path) -> None:
    """Finished ones and other files are passed over."""
    state = StateDir(tmp_path, simulated=False)
    assert state.unfinished("test") is None
    for number, ended in ((1, False), (2, True)):
        file = journal.create(state.new_journal("test", START + number, f"run{number}"), birth())
        file.append([Started(at=START, how=StartedBy.RUN)])
        if ended:
            file.append([Finished(at=START, exit_code=0, summary="done")])
        file.close()
    (tmp_path / "test" / "notes.txt").write_text("x")
    assert [path.name[:8] for path in state.journals("test")] == ["20231114", "20231114"]
    assert state.unfinished("test") == state.journals("test")[0]


def test_rehearsals_are_kept_apart(tmp_path: Path) -> None:
    """They never count as a plan's last run."""
    assert StateDir(tmp_path, simulated=True).new_journal("test", START, "x").is_relative_to(tmp_path / "simulated")
    assert StateDir(tmp_path, simulated=True).locks != StateDir(tmp_path, simulated=False).locks


def test_folders_are_made_for_their_owner_only(tmp_path: Path) -> None:
    """Also those on the way."""
    with locks(tmp_path / "a" / "b" / "c") as held:
        held.plan("x")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "a", tmp_path / "a/b", tmp_path / "a/b/c")}
    assert modes == {0o700}
    assert json.loads((tmp_path / "a/b/c/plan-x.holder").read_text())["since"] == "2026-01-01T00:00:00Z"
