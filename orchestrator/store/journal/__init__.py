"""
The journal of a run: its worklist and every event, one line each, written before anything is done about it.

`writer` makes and extends one, `reader` reads it back, `lines` knows what a line looks like, `header` what comes first.
"""

from orchestrator.store.journal.header import Birth
from orchestrator.store.journal.lines import glance, is_finished
from orchestrator.store.journal.reader import Story, load
from orchestrator.store.journal.writer import JournalFile, create, make_room, reopen
from orchestrator.store.provenance import Caller, Header

__all__ = [
    "Birth",
    "Caller",
    "Header",
    "JournalFile",
    "Story",
    "create",
    "glance",
    "is_finished",
    "load",
    "make_room",
    "reopen",
]
