"""
Where journals and locks are, and which run of a plan was the last.

Layout: `<state dir>/<plan name>/<UTC start>-<run id>.jsonl`, locks under `.locks`, rehearsals under `simulated` with a
layout of their own, so that they never count as a plan's last run.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from platformdirs import user_state_path

from orchestrator.errors import InvalidInput, JournalError
from orchestrator.store import journal

SUFFIX = ".jsonl"


def default_state_dir() -> Path:
    """Return the state directory that the platform wants (`$XDG_STATE_HOME/orchestrator` on Linux)."""
    return user_state_path("orchestrator", appauthor=False)


class StateDir:
    """
    A state directory.

    Args:

        root: Where it is; made when something is put there.
        simulated: Whether it is the one for rehearsals.
    """

    def __init__(self, root: Path, *, simulated: bool) -> None:
        self.root = root.absolute()
        self.base = self.root / "simulated" if simulated else self.root

    @property
    def locks(self) -> Path:
        """The directory of the locks."""
        return self.base / ".locks"

    def new_journal(self, plan_name: str, started_at: float, run_id: str) -> Path:
        """Return the path for the journal of a new run."""
        stamp = datetime.fromtimestamp(started_at, UTC).strftime("%Y%m%dT%H%M%SZ")
        return self.base / plan_name / f"{stamp}-{run_id}{SUFFIX}"

    def note_elsewhere(self, plan_name: str, path: Path) -> None:
        """
        Leave a link to a journal that is kept elsewhere, so that the plan's last run is still found.

        Raises:

            JournalError: The link cannot be made.
        """
        link = self.base / plan_name / path.name
        if link.absolute() == path.absolute():
            return
        try:
            link.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            link.symlink_to(path.absolute())
        except OSError as error:
            message = f"{link}: cannot note where the journal is: {error.strerror}"
            raise JournalError(message) from error

    def journals(self, plan_name: str) -> list[Path]:
        """Return the journals of a plan, oldest first; links whose journal was deleted are left out."""
        folder = self.base / plan_name
        try:
            names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX))
        except FileNotFoundError:
            return []
        return [folder / name for name in names if (folder / name).exists()]

    def last(self, plan_name: str) -> journal.Story | None:
        """
        Return the last run of a plan, None if there is none.

        Raises:

            JournalError: Its journal cannot be trusted.
        """
        paths = self.journals(plan_name)
        return journal.load(paths[-1]) if paths else None

    def newest_unfinished(self, plan_name: str) -> journal.Story:
        """
        Return the newest unfinished run of a plan.

        Raises:

            InvalidInput: There is none.
            JournalError: A journal cannot be trusted.
        """
        for path in reversed(self.journals(plan_name)):
            story = journal.load(path)
            if not story.is_finished:
                return story
        message = f"no unfinished run of the plan `{plan_name}` in {self.base}"
        raise InvalidInput(message)
