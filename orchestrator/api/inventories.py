"""What is there: all lanes are read side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from orchestrator.api.connections import MOST_AT_DOOR, NO_ENTRY, SILENT, Connections, listed_briefly
from orchestrator.core.inventory.model import Inventory
from orchestrator.core.review.lookups import LaneLookups
from orchestrator.core.values.lane import Lane
from orchestrator.engine.executors import run_concurrently, threads
from orchestrator.engine.survey import Surveyor
from orchestrator.errors import NoAccess


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
