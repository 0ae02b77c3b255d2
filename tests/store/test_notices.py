"""Notices: since when products have been selected, kept in a file that two processes may use at once."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from orchestrator.errors import JournalError, LockHeld
from orchestrator.store import notices

LINE = "111122223333/eu-west-1/pp-a"


def test_notices_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    """Nobody else may read them; where there are none yet, there are none."""
    path = tmp_path / "plan" / "notices.json"
    assert notices.load_notices(path) is None
    notices.update(path, lambda _: {LINE: 1_700_000_000.25})
    assert notices.load_notices(path) == {LINE: 1_700_000_000.25}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not list(path.parent.glob("*.partial"))

    def further(earlier: Mapping[str, float]) -> dict[str, float]:
        return {**earlier, "x": 0.0}

    notices.update(path, further)
    assert set(notices.load_notices(path) or ()) == {LINE, "x"}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"format": "other/1"}',
        json.dumps({"format": notices.NOTICES_FORMAT, "selected_since": {"a": "soon"}}),
    ],
)
def test_notices_that_cannot_be_read_are_not_taken_for_none(content: str, tmp_path: Path) -> None:
    """Every notice would begin anew, and nobody would know why nothing goes."""
    path = tmp_path / "notices.json"
    path.write_text(content)
    with pytest.raises(JournalError, match=r"the notices cannot be trusted: .*; delete the file to begin all of them anew"):
        notices.load_notices(path)
    with pytest.raises(JournalError):
        notices.update(path, lambda earlier: earlier)
    assert path.read_text() == content


def test_notices_are_begun_anew_and_what_was_there_is_kept(tmp_path: Path) -> None:
    """There is a file all along: none would mean that there never were any reviews."""
    path = tmp_path / "notices.json"
    for content in ("{", "["):
        path.write_text(content)
        assert notices.renew(path).read_text() == content
        assert notices.load_notices(path) == {}


def test_notices_that_cannot_be_written_are_an_error(tmp_path: Path) -> None:
    """With the reason."""
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="the notices cannot be written: File exists"):
        notices.update(tmp_path / "file" / "notices.json", lambda earlier: earlier)
    with pytest.raises(JournalError, match="the notices cannot be read: Not a directory"):
        notices.load_notices(tmp_path / "file" / "notices.json")


def test_somebody_who_holds_the_notices_for_ever_is_not_waited_for(tmp_path: Path) -> None:
    """Exit code 6."""
    path = tmp_path / "notices.json"

    def meanwhile(earlier: Mapping[str, float]) -> Mapping[str, float]:
        with pytest.raises(LockHeld, match="in use by another run or notify"):
            notices.update(path, lambda other: other, patience=0.01)
        return earlier

    notices.update(path, meanwhile)
