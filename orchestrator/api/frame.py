"""What every run stands in: its locks, its lanes, its history."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orchestrator.api.driving import GRACE
from orchestrator.core.run.machine import WORKERS, Run
from orchestrator.core.values.lane import Lane
from orchestrator.store import journal, stop_file
from orchestrator.store.codec import format_time
from orchestrator.store.locks import Locks
from orchestrator.store.state_dir import StateDir


def locks_of(
    plan_name: str, lanes: Sequence[Lane], path: Path, states: Sequence[StateDir], now: float, run_id: str
) -> Locks:
    """Take the locks of a run: the plan's name and its lanes, in each state directory, and its journal."""
    purpose = f"run {run_id} of the plan `{plan_name}`"
    locks = Locks([state.locks for state in states], purpose=purpose, since=format_time(now))
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


def states_of(loaded: journal.LoadedJournal) -> list[StateDir]:
    """
    Return the state directories that a run is locked in when it is gone on with.

    That is the one that its journal lies in, where other runs are locked now, and the one that it was begun in, if that is
    still there: it may have been moved since, and what a journal names is not made anew.
    """
    header = loaded.header.origin
    begun_in = StateDir(Path(header.state_dir), simulated=header.simulated)
    lies_in = StateDir.holding(loaded.path, header.plan_name, simulated=header.simulated)
    there = [state for state in (lies_in, begun_in) if state is not None and state.locks.is_dir()]
    if len(there) == 2 and there[0].locks.samefile(there[1].locks):
        return there[:1]
    return there or [begun_in]


def lanes_of(loaded: journal.LoadedJournal) -> list[Lane]:
    """Return the lanes that a journal's run works in."""
    return [lane for lane, _ in loaded.header.worklist.lanes]


def replay(loaded: journal.LoadedJournal, grace: float = GRACE, workers: int = WORKERS) -> Run:
    """Return the run that a journal tells of."""
    birth = loaded.header
    machine = Run(run_id=birth.origin.run_id, plan=birth.plan, worklist=birth.worklist, grace=grace, workers=workers)
    machine.replay(loaded.events)
    return machine
