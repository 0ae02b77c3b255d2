"""
The journal of a run: its worklist and every event, one line each, written before anything is done about it.

`writer` makes and extends one, `reader` reads it back, `lines` knows what a line looks like, and which ones come first.
"""

from orchestrator.core.values.lane import Caller
from orchestrator.store.journal.lines import JournalHeader, is_finished, journal_info
from orchestrator.store.journal.reader import LoadedJournal, load_journal
from orchestrator.store.journal.writer import JournalFile, create, make_room, reopen
from orchestrator.store.provenance import RunOrigin

__all__ = [
    "Caller",
    "JournalFile",
    "JournalHeader",
    "LoadedJournal",
    "RunOrigin",
    "create",
    "is_finished",
    "journal_info",
    "load_journal",
    "make_room",
    "reopen",
]
