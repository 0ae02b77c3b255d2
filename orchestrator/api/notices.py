"""Where the notices of a plan are kept: read for a review, and mended where they cannot be trusted."""

from __future__ import annotations

from pathlib import Path

from orchestrator.core.plan.model import Plan
from orchestrator.errors import JournalCorrupt
from orchestrator.store import notices as notices_file
from orchestrator.store.state_dir import StateDir


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
