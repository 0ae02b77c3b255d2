"""Worklists as files: read back as they were saved, or not at all."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.core.inventory.model import LaneCoverage, ListingCounts
from orchestrator.core.plan.model import Entry, Plan, Target
from orchestrator.core.review.decide import decide
from orchestrator.errors import InvalidInput
from orchestrator.store.codec import digest
from orchestrator.store.worklist_file import SavedWorklist, is_worklist, load_worklist, write_worklist
from tests.fakes import LANE
from tests.makers import caller, inventory, product


def reviewed() -> SavedWorklist:
    """A worklist of three lines in an order."""
    plan = Plan(
        name="x",
        targets=(Target(account_id=LANE.account_id, regions=(LANE.region,), role_name="r"),),
        entries=(
            Entry(name="a", location="p.yaml:4"),
            Entry(name="b", depends_on=("a", "z*")),
            Entry(product_id="pp-none"),
        ),
    )
    shown = inventory(product("pp-a", name="a"), product("pp-b", name="b\u202e\ud800"), product("pp-c", name="b"))
    made = decide(plan, [shown])
    counts = ListingCounts(scan_pages=1, scanned=3, search_pages=1, searched=3, search_total=3)
    return SavedWorklist(
        plan=plan,
        worklist=made,
        plan_file="p.yaml",
        tool_version="0",
        simulated=False,
        callers=(caller(),),
        expires_at=made.made_at + 60,
        coverage=(LaneCoverage(lane=LANE, started_at=made.made_at, counts=counts),),
    )


def test_a_worklist_is_read_back_as_it_was_saved(tmp_path: Path) -> None:
    """With its digest; a second one replaces it."""
    path = tmp_path / "w.json"
    seal = write_worklist(path, reviewed())
    assert write_worklist(path, reviewed()) == seal
    assert load_worklist(path) == replace(reviewed(), digest=seal)
    assert is_worklist(path)
    said = "Review: 2 to terminate, 0 blocked, 0 drifted, 1 not found, 0 skipped, 0 refused, 0 already gone."
    assert json.loads(path.read_text())["summary"] == said


def test_a_worklist_that_was_laid_out_anew_is_the_same(tmp_path: Path) -> None:
    """White space and the order of keys within a line are nobody's tampering."""
    path = tmp_path / "w.json"
    seal = write_worklist(path, reviewed())
    path.write_text(json.dumps(json.loads(path.read_text()), indent=4))
    assert is_worklist(path)
    assert load_worklist(path).digest == seal


def test_what_is_no_file_is_no_worklist_and_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe that nobody writes to, say."""
    os.mkfifo(tmp_path / "pipe")
    assert not is_worklist(tmp_path / "pipe")
    assert not is_worklist(tmp_path)
    assert not is_worklist(tmp_path / "none")


def test_nothing_but_a_worklist_is_overwritten(tmp_path: Path) -> None:
    """A plan, say, whose name was typed by mistake."""
    path = tmp_path / "plan.yaml"
    path.write_text("Version: 1\n")
    with pytest.raises(InvalidInput, match="exists, and is no worklist; it is left as it is"):
        write_worklist(path, reviewed())
    assert path.read_text() == "Version: 1\n"
    with pytest.raises(InvalidInput, match="cannot be written: No such file or directory"):
        write_worklist(tmp_path / "none" / "w.json", reviewed())
    assert list(tmp_path.iterdir()) == [path]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_change_of_a_byte_is_found_or_changes_nothing(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever is flipped, cut off or put in."""
    path = tmp_path / "w.json"
    path.unlink(missing_ok=True)
    seal = write_worklist(path, reviewed())
    raw = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    match data.draw(st.sampled_from(["flip", "cut", "insert"])):
        case "flip":
            raw[at] ^= 1 << data.draw(st.integers(0, 7))
        case "cut":
            del raw[at:]
        case _:
            raw[at:at] = data.draw(st.binary(min_size=1, max_size=3))
    path.write_bytes(bytes(raw))
    try:
        found = load_worklist(path)
    except InvalidInput:
        return
    assert found == replace(reviewed(), digest=seal)


def resealed(path: Path, **changes: object) -> None:
    """Change a worklist and make its digest fit again."""
    document = json.loads(path.read_text()) | changes
    document.pop("digest")
    path.write_text(json.dumps({**document, "digest": digest(document)}))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": "orchestrator-worklist/2"}, "its format is not orchestrator-worklist/1"),
        ({"extra": 1}, "it says more, or something else, than would be run"),
        ({"summary": "Review: nothing."}, "it says more, or something else, than would be run"),
        ({"lines": [{"id": 1}]}, "it does not hold"),
        ({"made_at": "soon"}, "Invalid isoformat string"),
        ({"lanes": [["000000000000/eu-west-1", None]]}, "it has a lane that is none of the plan's targets"),
        ({"plan_file": "/"}, "`/` names no plan file"),
    ],
)
def test_a_worklist_whose_digest_fits_is_still_not_trusted(changes: dict[str, object], said: str, tmp_path: Path) -> None:
    """What would be run has to be what it says, and to be possible."""
    path = tmp_path / "w.json"
    write_worklist(path, reviewed())
    resealed(path, **changes)
    with pytest.raises(InvalidInput, match="this worklist cannot be run") as caught:
        load_worklist(path)
    assert said in str(caught.value)


def test_a_plan_within_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    """As one from a file would be."""
    path = tmp_path / "w.json"
    write_worklist(path, reviewed())
    plan = json.loads(path.read_text())["plan"]
    plan["entries"].append(plan["entries"][0])
    resealed(path, plan=plan)
    with pytest.raises(InvalidInput, match="`a` is listed twice"):
        load_worklist(path)


def test_what_is_no_worklist_is_none(tmp_path: Path) -> None:
    """Missing, empty, a plan, JSON of another kind, a key twice, numbers that are none."""
    path = tmp_path / "w.json"
    assert not is_worklist(path)
    with pytest.raises(InvalidInput, match="No such file"):
        load_worklist(path)
    for text in ("", "Version: 1\n", "{}", "[" * 100_000):
        path.write_text(text)
        assert not is_worklist(path)
        with pytest.raises(InvalidInput, match="this worklist cannot be run"):
            load_worklist(path)
    for text in (
        '{"format": "orchestrator-worklist/1", "a": 1, "a": 2}',
        '{"format": "orchestrator-worklist/1", "a": NaN}',
    ):
        path.write_text(text)
        with pytest.raises(InvalidInput, match="it is not the JSON that was saved"):
            load_worklist(path)
