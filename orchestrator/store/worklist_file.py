"""
Worklists as files: what was reviewed, so that exactly that can be run later.

One JSON document that a person can read and a pull request can show: the plan, the lanes, and one line of text for each
line of the worklist. Its last key is a digest of everything before it. The digest finds changes; it is no signature, and
who may change the file is for the repository to say that it is kept in.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from orchestrator.core.inventory.model import LaneCoverage
from orchestrator.core.plan.model import Plan
from orchestrator.core.plan.rules import validate
from orchestrator.core.review.verify import inconsistencies
from orchestrator.core.review.worklist import Line, Worklist
from orchestrator.core.run.summary import review_line
from orchestrator.core.values.lane import Caller, Lane
from orchestrator.errors import InvalidInput
from orchestrator.store.codec import Malformed, decode, digest, encode, format_time, parse_time
from orchestrator.store.files import DECODER, write_whole

WORKLIST_FORMAT = "orchestrator-worklist/1"
WORKLIST_START = re.compile(rb'\s*\{\s*"format"\s*:\s*"orchestrator-worklist/')
MOST_WORKLIST_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedWorklist:
    """
    A worklist with what it was made from.

    `plan_file` is the path that was reviewed, as it was given; `digest` is that of the whole file. `coverage` is the proof
    that the lanes were read completely, where they were. After `expires_at` (seconds since the epoch) it is not run.
    `service_at` is when it was made by the service's clock, if that was known.
    """

    plan: Plan
    worklist: Worklist
    plan_file: str
    tool_version: str
    simulated: bool
    callers: tuple[Caller, ...]
    expires_at: float
    service_at: float | None = None
    coverage: tuple[LaneCoverage, ...] = ()
    digest: str = ""


def is_worklist(path: Path) -> bool:
    """Whether a file begins like a worklist. One that cannot be read does not, and what is no file is not waited for."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return WORKLIST_START.match(file.read(256)) is not None
    except OSError:
        return False


def write_worklist(path: Path, reviewed: SavedWorklist) -> str:
    """
    Write a worklist, whole or not at all.

    Args:

        path: Where to; an earlier worklist is replaced, anything else is not.
        reviewed: What to write.

    Returns:

        The digest.

    Raises:

        InvalidInput: It cannot be written there.
    """
    if path.exists() and not is_worklist(path):
        message = f"{path}: exists, and is no worklist; it is left as it is"
        raise InvalidInput(message)
    document = document_of(reviewed)
    seal = digest(document)
    try:
        write_whole(path, format_document({**document, "digest": seal}))
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror}"
        raise InvalidInput(message) from error
    return seal


def document_of(reviewed: SavedWorklist) -> dict[str, Any]:
    """Return what a worklist file holds, its digest apart."""
    worklist = reviewed.worklist
    return {
        "format": WORKLIST_FORMAT,
        "summary": review_line(worklist),
        "made_at": format_time(worklist.made_at),
        "service_at": None if reviewed.service_at is None else format_time(reviewed.service_at),
        "expires_at": format_time(reviewed.expires_at),
        "plan_file": reviewed.plan_file,
        "tool_version": reviewed.tool_version,
        "simulated": reviewed.simulated,
        "callers": encode(reviewed.callers),
        "surveys": encode(reviewed.coverage),
        "plan": encode(reviewed.plan),
        "lanes": encode(worklist.lanes),
        "warnings": encode(worklist.warnings),
        "lines": encode(worklist.lines),
    }


def format_document(document: dict[str, Any]) -> str:
    """Write a document with one line of text for each key, and for each item of its lists."""
    parts = []
    for key, value in document.items():
        if isinstance(value, list) and value:
            items = ",\n".join(f"  {json.dumps(item)}" for item in value)
            parts.append(f"{json.dumps(key)}: [\n{items}\n]")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def load_worklist(path: Path) -> SavedWorklist:
    """
    Read a worklist, trusting nothing of it.

    Args:

        path: The file.

    Raises:

        InvalidInput: It cannot be read, was changed since it was saved, or is of a format that this version does not know.
    """
    try:
        if path.stat().st_size > MOST_WORKLIST_BYTES:
            refuse_worklist(path, f"it is longer than {MOST_WORKLIST_BYTES // 1024 // 1024} MiB")
        document = DECODER.decode(path.read_bytes().decode())
    except OSError as error:
        refuse_worklist(path, str(error.strerror), error)
    except (ValueError, RecursionError) as error:
        refuse_worklist(path, f"it is not the JSON that was saved: {error}", error)
    if not isinstance(document, dict) or document.get("format") != WORKLIST_FORMAT:
        refuse_worklist(path, f"its format is not {WORKLIST_FORMAT}, the one that this version reads")
    seal = document.pop("digest", None)
    try:
        if digest(document) != seal:
            refuse_worklist(path, "it was changed since it was saved: its digest does not fit. Review the plan again")
        reviewed = read_document(document, str(seal))
    except (Malformed, KeyError, TypeError, ValueError, RecursionError) as error:
        refuse_worklist(path, str(error), error)
    if document_of(reviewed) != document:
        refuse_worklist(path, "it says more, or something else, than would be run")
    if not Path(reviewed.plan_file).name:
        refuse_worklist(path, f"`{reviewed.plan_file}` names no plan file")
    started_at = {each.lane: each.started_at for each in reviewed.coverage}
    findings = [finding.message for finding in validate(reviewed.plan)]
    for problem in [*findings, *inconsistencies(reviewed.plan, reviewed.worklist, started_at)]:
        refuse_worklist(path, problem)
    return reviewed


def read_document(document: dict[str, Any], seal: str) -> SavedWorklist:
    """Turn a document into values; raises whatever goes wrong with that."""
    return SavedWorklist(
        plan=decode(Plan, document["plan"]),
        worklist=Worklist(
            lines=decode(tuple[Line, ...], document["lines"]),
            made_at=parse_time(document["made_at"]),
            lanes=decode(tuple[tuple[Lane, str | None], ...], document["lanes"]),
            warnings=decode(tuple[str, ...], document["warnings"]),
        ),
        plan_file=str(document["plan_file"]),
        tool_version=str(document["tool_version"]),
        simulated=document["simulated"] is True,
        callers=decode(tuple[Caller, ...], document["callers"]),
        expires_at=parse_time(document["expires_at"]),
        service_at=None if document["service_at"] is None else parse_time(document["service_at"]),
        coverage=decode(tuple[LaneCoverage, ...], document["surveys"]),
        digest=seal,
    )


def refuse_worklist(path: Path, why: str, error: Exception | None = None) -> NoReturn:
    """Refuse a worklist."""
    message = f"{path}: this worklist cannot be run: {why}"
    raise InvalidInput(message) from error
