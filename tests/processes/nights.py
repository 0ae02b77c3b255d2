"""What tests of nightly jobs have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from orchestrator.store import journal
from orchestrator.store.journal.lines import header_lines
from tests.processes.conftest import Service

Simulate = Callable[[dict[str, Any]], Service]
NIGHTLY = ("--yes", "--resume")
DAY = 86_400
QUICK = [{"Id": "pp-b", "Duration": 0}, {"Id": "pp-c", "Duration": 0}]


def age(path: Path, seconds: float) -> None:
    """Let a journal's run have begun so long ago."""
    loaded = journal.load_journal(path)
    header = loaded.header.origin
    service_at = None if header.service_at is None else header.service_at - seconds
    header = replace(header, started_at=header.started_at - seconds, service_at=service_at)
    birth = replace(loaded.header, origin=header)
    lines = path.read_bytes().splitlines(keepends=True)
    begun = list(header_lines(birth))
    path.write_bytes(b"".join([*begun, *lines[len(begun) :]]))
