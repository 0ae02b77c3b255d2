"""What library users learn of a plan's previous runs, and what is done about them; nothing is printed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from orchestrator import api
from orchestrator.core.plan.model import Plan
from orchestrator.core.run.machine import Run
from orchestrator.errors import ExitCode, OrchestratorError
from orchestrator.store.journal import load_journal

PLAN = """\
Version: 1
Name: test
Targets:
  - {AccountId: "111122223333", Regions: [eu-west-1]}
Products:
  - ProvisionedProductId: pp-a
  - ProvisionedProductId: pp-b
"""
TWO_DAYS = 172_800.0


@dataclass
class Heard(api.PreviousRunsReporter):
    """Keeps what it hears, in order."""

    words: list[str] = field(default_factory=list)

    def finishing(self, path: Path, send_ban: str | None) -> None:
        self.words.append("finishing")

    def ended(self, result: api.RunResult, *, is_stale: bool) -> None:
        self.words.append(f"ended {result.run.final_line.partition(': ')[2]}")

    def failed(self, error: OrchestratorError) -> None:
        self.words.append(f"failed {type(error).__name__}")

    def waiting(self, path: Path, left: int) -> None:
        self.words.append(f"waiting {left}")

    def closed(self, path: Path, run: Run) -> None:
        self.words.append(f"closed {path.name}")


@dataclass
class Scene:
    """A rehearsal that has done its first line, and the world that it was begun in."""

    plan: Plan
    state: api.StateDir
    journal: Path

    def previous(self, heard: Heard, later: float = 0.0) -> api.PreviousRuns:
        """The previous runs, so many seconds later."""
        return api.PreviousRuns(
            plan=self.plan,
            state=self.state,
            settings=api.RunSettings(),
            is_confirmed=True,
            reporter=heard,
            clock=lambda: time.time() + later,
        )


@contextmanager
def begun(tmp_path: Path) -> Iterator[Scene]:
    """Do the first line of a rehearsal; at the end its world is gone."""
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    plan = api.load_plan(path)
    state = api.StateDir(tmp_path / "state", simulated=True)
    with api.rehearse(plan, None) as connections:
        result = api.run(api.survey(plan, connections), state=state, settings=api.RunSettings(first=1))
        assert result.exit_code is ExitCode.LEFT_TO_DO
        yield Scene(plan, state, result.journal)


def test_what_nobody_said_yes_to_keeps_a_new_run_from_beginning(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Its first lines are done, and it is left as it is."""
    heard = Heard()
    with begun(tmp_path) as scene:
        previous = scene.previous(heard)
        previous.finish()
    assert heard.words == ["waiting 1"]
    assert (previous.outcome.is_clear, previous.outcome.code) == (False, ExitCode.LEFT_TO_DO)
    assert capfd.readouterr() == ("", "")
    assert not load_journal(scene.journal).is_finished


def test_what_can_be_finished_no_more_is_closed_once_the_new_run_can_begin(tmp_path: Path) -> None:
    """Its world is gone and it is old; it is closed when that is asked for, and not before."""
    with begun(tmp_path) as scene:
        pass
    heard = Heard()
    previous = scene.previous(heard, TWO_DAYS)
    previous.finish()
    assert heard.words == ["finishing", "failed NoAccess"]
    assert previous.outcome == api.PreviousOutcome(ExitCode.LEFT_TO_DO, stale=(scene.journal,), any=True)
    assert not load_journal(scene.journal).is_finished
    previous.close_stale()
    assert heard.words[2:] == [f"closed {scene.journal.name}"]
    assert load_journal(scene.journal).is_finished
    assert previous.outcome.exit_code(ExitCode.DONE) is ExitCode.LEFT_TO_DO
