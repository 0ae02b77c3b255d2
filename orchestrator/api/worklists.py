"""Saved worklists: what was reviewed is kept in a file, and held against what there is now before it is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from orchestrator.api.connections import Connections, listed_briefly
from orchestrator.api.review import Review
from orchestrator.api.review_inputs import list_inventories
from orchestrator.core.inventory.model import moments_of
from orchestrator.core.review.drift import blocked_by_unread, drifted_lines
from orchestrator.core.review.lookups import questions_of_lines
from orchestrator.core.review.notice import given_anew
from orchestrator.core.run.events import Blocked, Drifted, Event, LaneClosed
from orchestrator.core.values.durations import format_duration
from orchestrator.core.values.lane import Lane
from orchestrator.core.values.policy import POLICY
from orchestrator.core.values.timestamps import by_service
from orchestrator.errors import GuardRefused
from orchestrator.store import notices as notices_file
from orchestrator.store import worklist_file
from orchestrator.store.state_dir import StateDir
from orchestrator.store.worklist_file import SavedWorklist
from orchestrator.version import VERSION

WORKLIST_MAX_AGE = 7 * 86_400.0
"""Seconds that a worklist may be old before it has to be reviewed again."""


def recheck(
    reviewed: SavedWorklist,
    connections: Connections,
    *,
    max_age: float | None = None,
    state: StateDir | None = None,
    deadline: float = float("inf"),
) -> Review:
    """
    Hold a saved worklist against what there is now. Nothing can be added to it.

    Args:

        reviewed: The worklist.
        connections: The accounts and regions that it was made in.
        max_age: Seconds that it may be old; None for as long as it says itself.
        state: Where the notices of its plan are kept; where there are none, those that the worklist was made upon hold.
        deadline: When listings are given up (seconds since the epoch).

    Returns:

        A review whose run executes the worklist, what has drifted left out.

    Raises:

        GuardRefused: It has expired, or this is another account or region.
        NoAccess: No lane could be read at all.
    """
    refuse_unfit(reviewed, connections, max_age)
    worklist, now = reviewed.worklist, connections.clock.now()
    usable = set(worklist.usable_lanes)
    read = list_inventories(connections, partial(questions_of_lines, worklist), deadline=deadline)
    inventories = tuple(inventory for inventory in read if inventory.lane in usable)
    problems = {inventory.lane: problem for inventory in inventories if (problem := inventory.coverage.problem)}
    if problems and len(problems) == len(usable):
        items = [f"{lane}: {problem}" for lane, problem in problems.items()]
        raise GuardRefused(listed_briefly("no lane of the worklist could be read completely", items))
    notices = notices_file.load_notices(state.notices(reviewed.plan.name)) if state is not None else None
    moment = min(moments_of(now, connections.clock_ahead()))
    anew = {} if notices is None else given_anew(reviewed.plan, worklist, notices, moment)
    drifted = anew | drifted_lines(reviewed.plan, worklist, inventories)
    return Review(
        plan=reviewed.plan,
        worklist=worklist,
        inventories=inventories,
        connections=connections,
        opening=tuple(changes_since(reviewed, now, problems, drifted)),
        reviewed=reviewed.digest,
    )


def changes_since(
    reviewed: SavedWorklist, now: float, problems: Mapping[Lane, str], drifted: Mapping[str, str]
) -> Iterator[Event]:
    """
    Yield the events that a run of a saved worklist begins with: what has changed since it was made.

    Args:

        reviewed: The worklist.
        now: Seconds since the epoch.
        problems: The lanes that could not be read completely, each with the reason.
        drifted: The lines that are not what was reviewed any more, each with the reason.
    """
    for lane, problem in problems.items():
        yield LaneClosed(at=now, lane=lane, reason=f"lane {lane}: {problem}")
    for line, reason in drifted.items():
        yield Drifted(at=now, line=line, reason=reason)
    for line, reason in blocked_by_unread(reviewed.plan, reviewed.worklist, problems).items():
        if line not in drifted:
            yield Blocked(at=now, line=line, reason=reason)


def refuse_unfit(reviewed: SavedWorklist, connections: Connections, max_age: float | None) -> None:
    """
    Refuse a worklist that is out of date, or was made elsewhere.

    Args:

        reviewed: The worklist.
        connections: Where it is to be run.
        max_age: Seconds that it may be old; None for as long as it says itself.

    Raises:

        GuardRefused: It is.
    """
    now = connections.clock.now()
    if problem := outdated(reviewed, now, max_age, by_service(now, connections.clock_ahead())):
        raise GuardRefused(problem)
    foreign = [lane for lane in reviewed.worklist.usable_lanes if lane not in connections.lanes]
    if foreign:
        message = (
            f"the worklist is for {', '.join(map(str, foreign))}, and this is {', '.join(map(str, connections.lanes))}"
        )
        raise GuardRefused(message)
    refuse_moved_worklist(reviewed, connections)


def refuse_moved_worklist(reviewed: SavedWorklist, connections: Connections) -> None:
    """
    Refuse a worklist that was made at another endpoint: what looks like the same account there may be another one.

    Raises:

        GuardRefused: It was.
    """
    # Each rehearsal has an endpoint of its own.
    moved = None if connections.simulated else connections.moved_from(reviewed.callers)
    if moved:
        caller, now = moved
        message = (
            f"in {caller.lane} the worklist was made at {caller.endpoint}, and this is {now}; "
            "set the same endpoint as then, or review the plan again"
        )
        raise GuardRefused(message)


def outdated(reviewed: SavedWorklist, now: float, max_age: float | None, service_now: float | None = None) -> str | None:
    """
    Say why a worklist is too old to be run, or from the future.

    Args:

        reviewed: The worklist.
        now: Seconds since the epoch.
        max_age: Seconds that it may be old; None for the default.
        service_now: Now by the service's clock, None if that is not known.

    Returns:

        The reason, None if it is neither.
    """
    age = now - reviewed.worklist.made_at
    if service_now is not None and reviewed.service_at is not None:
        age = service_now - reviewed.service_at
    allowed = min(WORKLIST_MAX_AGE, reviewed.expires_at - reviewed.worklist.made_at) if max_age is None else max_age
    if age > allowed:
        return f"the worklist is {format_duration(age)} old, and may be {format_duration(allowed)}; review the plan again"
    if age < -POLICY.clock_skew_s:
        return "the worklist was made in the future; is the clock right?"
    return None


def save_worklist(review: Review, path: Path, plan_file: Path) -> str:
    """
    Save a review's worklist, so that exactly that can be run later.

    Args:

        review: What was reviewed.
        path: Where to.
        plan_file: Where the plan is, for people.

    Returns:

        The worklist's digest.

    Raises:

        InvalidInput: It cannot be written there.
    """
    reviewed = SavedWorklist(
        plan=review.plan,
        worklist=review.worklist,
        plan_file=str(plan_file),
        tool_version=VERSION,
        simulated=review.connections.simulated,
        callers=review.callers,
        service_at=by_service(review.worklist.made_at, review.connections.clock_ahead()),
        expires_at=review.worklist.made_at + WORKLIST_MAX_AGE,
        coverage=review.coverage,
    )
    return worklist_file.write_worklist(path, reviewed)
