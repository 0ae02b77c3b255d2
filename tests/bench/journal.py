"""
How long a resume takes to read its journal, against what reading its lines and their checksums alone takes.

`python -m tests.bench.journal [EVENTS]`; a million takes half a minute. Nothing here is a test: machines differ.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from orchestrator.api import replay
from orchestrator.core.plan.model import Limits
from orchestrator.core.run import events as e
from orchestrator.store import journal
from orchestrator.store.codec import digest
from orchestrator.store.journal.reader import load_journal
from orchestrator.store.provenance import RunOrigin
from tests.fakes import LANE, START
from tests.makers import caller, plan, product, worklist

EVENTS_EACH = 5
SENDS = 3


def history(count: int) -> Iterator[e.Event]:
    """Yield the events of so many terminations, each throttled on its way; the last one is still under way."""
    yield e.Started(at=START, how=e.StartedBy.RUN)
    for number in range(count):
        line, at = f"{LANE}/pp-{number:07d}", START + number * 0.01
        for send in (1, 2):
            yield e.Intended(
                at=at,
                line=line,
                attempt=1,
                send=send,
                token=f"orc-{number:052d}",
                ignore_errors=False,
                retain_physical_resources=False,
                accept_language=None,
                record_before=f"rec-of-pp-{number:07d}",
            )
            if send == 1:
                yield e.Throttled(at=at + 0.1, line=line, code="ThrottlingException")
        yield e.Accepted(at=at + 0.2, line=line, record_id=f"rec-{number:013d}", record_status="CREATED")
        if number < count - 1:
            yield e.Terminated(
                at=at + 30, line=line, evidence=f"record rec-{number:013d} SUCCEEDED", record_id=f"rec-{number:013d}"
            )


def write(path: Path, events: int) -> None:
    """Write a journal of about so many events."""
    ids = [f"pp-{number:07d}" for number in range(events // EVENTS_EACH)]
    wanted = plan(*ids, limits=Limits(max_terminations=len(ids)))
    made = worklist(wanted, [product(id_) for id_ in ids])
    header = RunOrigin(
        run_id="run-1",
        plan_name="bench",
        plan_digest=digest(wanted),
        worklist_digest=digest(made),
        tool_version="bench",
        started_at=START,
        simulated=False,
        callers=(caller(),),
        state_dir=str(path.parent),
    )
    file = journal.create(path, journal.JournalHeader(origin=header, plan=wanted, worklist=made))
    for event in history(len(ids)):
        file.append([event])
    file.sync()
    file.close()


def checksums(path: Path) -> int:
    """Read every line, and the checksum of each: what cannot be left out."""
    good = 0
    with path.open("rb") as file:
        for line in file:
            body, _, rest = line.rpartition(b',"crc":"')
            good += int(rest[:8], 16) == zlib.crc32(body)
    return good


def parsed(path: Path) -> int:
    """Read every line's JSON as well: no reader of it can be quicker."""
    with path.open("rb") as file:
        return sum(len(json.loads(line)) for line in file)


def timed(what: Callable[[], object]) -> float:
    """Return the CPU seconds that something takes."""
    before = time.process_time()
    what()
    return time.process_time() - before


def peak() -> float:
    """Return the most memory that this process has had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(events: int) -> None:
    """Measure, and print ratios."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.jsonl"
        subprocess.run([sys.executable, "-m", "tests.bench.journal", "write", str(path), str(events)], check=True)
        size = path.stat().st_size
        base = min(timed(lambda: checksums(path)) for _ in range(3))
        json_alone = timed(lambda: parsed(path))
        before = peak()
        resumed = timed(lambda: replay(load_journal(path)))
        lines = events // EVENTS_EACH
        print(f"{events:,} events about {lines:,} products, {size / 2**20:.0f} MiB")
        print(f"reading lines and checksums  {base:6.2f} s")
        print(f"reading lines as JSON alone  {json_alone:6.2f} s  {json_alone / base:5.1f} x")
        print(f"reading it back and replay   {resumed:6.2f} s  {resumed / base:5.1f} x")
        more = peak() - before
        print(f"memory                       {more:6.0f} MiB  {more * 2**20 / lines:,.0f} bytes a product")


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        # In a process of its own, so that its memory is not counted.
        write(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
