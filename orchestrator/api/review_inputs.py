"""
What a review is made from: what all lanes hold, and what the state directory knows (since when products are on notice, and
what earlier runs terminated).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from orchestrator.api.connections import MOST_AT_DOOR, NO_ENTRY, SILENT, Connections, listed_briefly
from orchestrator.api.drive import replay
from orchestrator.core.inventory.model import Inventory
from orchestrator.core.plan.model import Plan
from orchestrator.core.review.lookups import LaneLookups
from orchestrator.core.review.worklist import Line, Reason, Worklist
from orchestrator.core.run.transitions import State
from orchestrator.core.values.lane import Lane
from orchestrator.engine.executors import run_concurrently, threads
from orchestrator.engine.survey import Surveyor
from orchestrator.errors import JournalCorrupt, NoAccess, OrchestratorError
from orchestrator.store import journal
from orchestrator.store import notices as notices_file
from orchestrator.store.codec import format_time
from orchestrator.store.state_dir import StateDir

MOST_JOURNALS = 10
"""Journals that are read at most, the newest first."""

MOST_JOURNAL_BYTES = 64 * 1024 * 1024
"""Bytes of journals that are read at most."""


def kept_notices(plan: Plan, state: StateDir) -> dict[str, float]:
    """
    Read since when the products of a plan have been on notice.

    Args:

        plan: The plan.
        state: Where its notices are kept.

    Returns:

        Moments (seconds since the epoch) by the ids of lines; empty if the plan gives no notice, or none was given yet.

    Raises:

        JournalError: They cannot be read.
    """
    path = notices_of(plan, state)
    return (notices_file.load_notices(path) if path else None) or {}


def notices_of(plan: Plan, state: StateDir) -> Path | None:
    """Return where the notices of a plan are kept, None if none of its selections has a notice."""
    gives = any(selection.notice_seconds is not None for selection in plan.selections)
    return state.notices(plan.name) if gives else None


def mend_notices(plan: Plan, state: StateDir) -> str | None:
    """
    Begin the notices of a plan anew if what was kept of them cannot be trusted: a product that goes later than it could
    is no harm, one that goes earlier would be.

    Args:

        plan: The plan.
        state: Where its notices are kept.

    Returns:

        What was found and done, None if they can be trusted.

    Raises:

        JournalError: They cannot be read or written.
    """
    path = notices_of(plan, state)
    if path is None:
        return None
    try:
        notices_file.load_notices(path)
    except JournalCorrupt as error:
        aside = notices_file.renew(path)
        return f"{str(error).partition('; ')[0]}. They were set aside as {aside}; every notice begins anew."
    return None


def with_earlier_terminations(worklist: Worklist, state: StateDir, plan_name: str) -> Worklist:
    """
    Say of lines that are not found which earlier run of the plan terminated a product of that id or name.

    Args:

        worklist: What was decided.
        state: Where the plan's journals are.
        plan_name: The plan's name.

    Returns:

        The worklist, with more said where there is more to say. A journal that cannot be read says nothing.
    """
    if not any(line.reason is Reason.NOT_FOUND for line in worklist.lines):
        return worklist
    known = terminated_before(state, plan_name)

    def with_words(line: Line) -> Line:
        said = known.get(line.product_id or "") or known.get(f"name:{line.requested_name}")
        if line.reason is not Reason.NOT_FOUND or said is None:
            return line
        return replace(line, detail=f"{line.detail}; {said}")

    return replace(worklist, lines=tuple(map(with_words, worklist.lines)))


def terminated_before(state: StateDir, plan_name: str) -> dict[str, str]:
    """Return what earlier runs have terminated, in words, by product id and by `name:` and name; the newest run counts."""
    found: dict[str, str] = {}
    left = MOST_JOURNAL_BYTES
    try:
        paths = state.journals(plan_name)[-MOST_JOURNALS:]
    except OrchestratorError:
        return found
    for path in reversed(paths):
        try:
            left -= path.stat().st_size
            if left < 0:
                break
            loaded = journal.load_journal(path)
            machine = replay(loaded)
        except (OrchestratorError, OSError):
            continue
        header = loaded.header.origin
        said = f"an earlier run terminated it: {header.run_id}, begun {format_time(header.started_at)[:19]}Z"
        for t in machine.terminations:
            if machine.state_table.states[t.line.id] is State.TERMINATED:
                found.setdefault(t.product_id, said)
                found.setdefault(f"name:{t.line.name}", said)
    return found


def list_inventories(
    connections: Connections,
    ask_for: Callable[[Sequence[Inventory]], dict[Lane, LaneLookups]] = lambda _: {},
    *,
    deadline: float = float("inf"),
) -> tuple[Inventory, ...]:
    """
    Read what all lanes hold, side by side.

    Args:

        connections: Where to look.
        ask_for: Says what has to be looked up beyond the listings.
        deadline: When listings are given up (seconds since the epoch).

    Returns:

        One inventory for each lane; incomplete for a lane that could not be entered.

    Raises:

        NoAccess: No lane could be read at all.
    """
    inventories = {
        lane: unread_inventory(lane, connections.clock.now(), problem) for lane, problem in connections.unreachable.items()
    }
    lanes = list(connections.identities)
    with threads(connections.workers) as lookups, threads(min(len(lanes), MOST_AT_DOOR) or 1) as executor:
        surveyor = Surveyor(
            clock=connections.clock,
            sleep=connections.sleep,
            executor=lookups,
            timer=connections.timer(),
            deadline=deadline,
            on_progress=connections.on_progress,
        )
        ask = partial(run_concurrently, (executor, lookups), timer=surveyor.timer)
        inventories |= ask(
            lambda lane: surveyor.listing(lane, connections.connect(lane), connections.rate_limits_of(lane)),
            lanes,
            late=lambda lane: unread_inventory(lane, connections.clock.now(), SILENT),
        )
        asked = ask_for(list(inventories.values()))
        inventories |= ask(
            lambda lane: surveyor.fetch_records(
                inventories[lane], connections.connect(lane), asked[lane], connections.rate_limits_of(lane)
            ),
            asked,
            late=lambda lane: replace(inventories[lane], complete=False, problem=SILENT),
        )
    if inventories and all(inventory.is_unreachable for inventory in inventories.values()):
        problems = [f"{lane}: {inventory.problem}" for lane, inventory in inventories.items()]
        message = f"{listed_briefly('no lane could be read', problems)}\n{NO_ENTRY}"
        raise NoAccess(message)
    return tuple(inventories[lane] for lane in sorted(inventories))


def unread_inventory(lane: Lane, started_at: float, problem: str) -> Inventory:
    """Return what is known of a lane that could not be read: nothing, and why."""
    return Inventory(lane=lane, started_at=started_at, complete=False, is_unreachable=True, problem=problem)
