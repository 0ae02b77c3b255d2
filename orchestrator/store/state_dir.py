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

from orchestrator.errors import JournalError
from orchestrator.store import journal
from orchestrator.store.files import LOCKS
from orchestrator.store.journal.lines import SUFFIX


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

    @classmethod
    def holding(cls, path: Path, plan_name: str, *, simulated: bool) -> StateDir | None:
        """
        Return the state directory that a journal lies in, None if it lies in none.

        Args:

            path: The journal.
            plan_name: Its plan.
            simulated: Whether it is a rehearsal's.
        """
        folder = path.absolute().parent
        root = folder.parents[1] if simulated else folder.parent
        found = cls(root, simulated=simulated)
        return found if folder == found.base / plan_name else None

    @property
    def locks(self) -> Path:
        """The directory of the locks."""
        return self.base / LOCKS

    def notices(self, plan_name: str) -> Path:
        """Return where it is kept since when products have been selected in the reviews of a plan."""
        return self.base / plan_name / "notices.json"

    def new_journal(self, plan_name: str, started_at: float, run_id: str) -> Path:
        """Return the path for the journal of a new run."""
        stamp = datetime.fromtimestamp(started_at, UTC).strftime("%Y%m%dT%H%M%SZ")
        return self.base / plan_name / f"{stamp}-{run_id}{SUFFIX}"

    def plan_names(self) -> list[str]:
        """
        Return the names of the plans that journals are kept of.

        Raises:

            JournalError: The folder cannot be read.
        """
        try:
            with os.scandir(self.base) as found:
                # Rehearsals are kept under a name that a plan of the same name shares.
                names = [entry.name for entry in found if entry.is_dir() and not entry.name.startswith(".")]
        except FileNotFoundError:
            return []
        except OSError as error:
            message = f"{self.base}: cannot be read: {error.strerror}"
            raise JournalError(message) from error
        return sorted(name for name in names if self.journals(name))

    def journals(self, plan_name: str) -> list[Path]:
        """
        Return the journals of a plan, oldest first.

        Raises:

            JournalError: The folder cannot be read.
        """
        folder = self.base / plan_name
        try:
            names = sorted(name for name in os.listdir(folder) if name.endswith(SUFFIX))
        except FileNotFoundError:
            return []
        except OSError as error:
            message = f"{folder}: cannot be read: {error.strerror}"
            raise JournalError(message) from error
        return [folder / name for name in names if (folder / name).is_file()]

    def unfinished(self, plan_name: str) -> Path | None:
        """
        Return the newest journal of a plan that does not end with its run, None if all do.

        Raises:

            JournalError: A journal cannot be read.
        """
        return next(iter(self.all_unfinished(plan_name)), None)

    def all_unfinished(self, plan_name: str) -> list[Path]:
        """
        Return the journals of a plan that do not end with their run, newest first.

        Raises:

            JournalError: A journal cannot be read.
        """
        return [path for path in reversed(self.journals(plan_name)) if not journal.is_finished(path)]
