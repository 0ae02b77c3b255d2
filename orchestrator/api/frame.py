"""What every run stands in: its locks, its lanes, its history."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orchestrator.api.driving import GRACE
from orchestrator.core.lane import Lane
from orchestrator.core.run import WORKERS, Run
from orchestrator.store import journal, stop_file
from orchestrator.store.codec import format_moment
from orchestrator.store.locks import Locks
from orchestrator.store.state_dir import StateDir


def locks_of(plan_name: str, lanes: Sequence[Lane], path: Path, state: StateDir, now: float, run_id: str) -> Locks:
    """Take the locks of a run: the plan's name, its lanes, its journal."""
    locks = Locks(state.locks, purpose=f"run {run_id} of the plan `{plan_name}`", since=format_moment(now))
    try:
        locks.plan(plan_name)
        for lane in sorted(lanes):
            locks.lane(lane)
        locks.journal(path)
        # A wish to stop from now on is meant for this execution, an older one was not.
        stop_file.clear(path)
    except BaseException:
        locks.release()
        raise
    return locks


def lanes_of(story: journal.Story) -> list[Lane]:
    """Return the lanes that a journal's run works in."""
    return [lane for lane, _ in story.birth.worklist.lanes]


def replay(story: journal.Story, grace: float = GRACE, workers: int = WORKERS) -> Run:
    """Return the run that a journal tells of."""
    birth = story.birth
    machine = Run(run_id=birth.header.run_id, plan=birth.plan, worklist=birth.worklist, grace=grace, workers=workers)
    machine.replay(story.events)
    return machine
