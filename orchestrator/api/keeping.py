"""Which journals are kept, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from orchestrator.api.stopping import is_going_on
from orchestrator.engine.clock import SystemClock
from orchestrator.errors import JournalError, LockHeld
from orchestrator.store.codec import format_moment
from orchestrator.store.journal_glance import Glance, glance
from orchestrator.store.locks import Locks
from orchestrator.store.state_dir import StateDir


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A journal in the state directory. What could not be read of it is None; times are seconds since the epoch."""

    path: Path
    plan_name: str
    state: str
    run_id: str | None = None
    started_at: float | None = None
    ended_at: float | None = None


def kept_journals(state: StateDir, plan_name: str | None = None) -> list[Kept]:
    """
    List the journals of a state directory.

    Args:

        state: Where to look.
        plan_name: Only those of this plan; None for all.

    Returns:

        The journals by plan and age; also those that cannot be read, which say so.

    Raises:

        JournalError: The directory cannot be read.
    """
    names = [plan_name] if plan_name is not None else state.plan_names()
    return [kept(path, name) for name in names for path in state.journals(name)]


def kept(path: Path, plan_name: str) -> Kept:
    """Look at one journal."""
    try:
        seen = glance(path)
    except JournalError:
        return Kept(path=path, plan_name=plan_name, state="unreadable")
    return Kept(
        path=path,
        plan_name=plan_name,
        state=state_of(seen, path),
        run_id=seen.run_id,
        started_at=seen.started_at,
        ended_at=seen.ended_at,
    )


def state_of(seen: Glance, path: Path) -> str:
    """Say in a word how a run stands."""
    if seen.ending is not None:
        return seen.ending
    return "going on" if is_going_on(path) else "unfinished"


def prune_journals(
    state: StateDir, older_than: float, *, plan_name: str | None = None, dry_run: bool = False
) -> list[Path]:
    """
    Delete the journals of runs that ended long ago, and the files beside them.

    Args:

        state: Where to look.
        older_than: Seconds that have to have passed since the end of the run.
        plan_name: Only those of this plan; None for all.
        dry_run: Whether to delete nothing.

    Returns:

        The journals that were, or would be, deleted.

    Raises:

        JournalError: Something cannot be read or deleted.
    """
    now = SystemClock().now()
    old = [
        each.path
        for each in kept_journals(state, plan_name)
        if each.ended_at is not None and now - each.ended_at > older_than
    ]
    return old if dry_run else list(deleted(old))


def deleted(paths: list[Path]) -> Iterator[Path]:
    """Delete journals, each under its lock; yields those that are gone."""
    since = format_moment(SystemClock().now())
    for path in paths:
        try:
            with Locks(purpose="pruning journals", since=since) as locks:
                locks.journal(path)
                path.unlink()
        except LockHeld:
            continue
        except OSError as error:
            message = f"{path}: cannot be deleted: {error.strerror}"
            raise JournalError(message) from error
        for suffix in (".lock", ".holder"):
            with suppress(OSError):
                path.with_name(path.name + suffix).unlink()
        yield path
