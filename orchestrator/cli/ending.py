"""How `run` and `resume` end: what to know, how to go on, the final line."""

from __future__ import annotations

import os
import sys

from orchestrator.api import RunResult
from orchestrator.cli.streams import put, tell
from orchestrator.cli.terminal import NOTHING_TO_RESUME
from orchestrator.errors import ExitCode, OutputLost
from orchestrator.report.summary import closing


def end(result: RunResult, code: ExitCode, *, simulated: bool) -> int:
    """
    Say how an execution ended.

    Args:

        result: What came of it.
        code: The exit code to leave with.
        simulated: Whether it was a rehearsal, whose world ends with it.

    Returns:

        The exit code.
    """
    tell()
    for text in closing(result.run):
        tell(text)
    if result.broken is not None:
        tell(f"Error: {result.broken}")
    tell(f"Journal: {result.journal}")
    unfinished = result.run.is_unfinished or result.broken is not None
    if unfinished and simulated:
        tell(NOTHING_TO_RESUME)
    elif unfinished:
        tell(f"To go on: orchestrator resume {result.journal}")
    line = result.run.tally().line(result.run.run_id)
    try:
        put(line)
    except OutputLost as error:
        # The run is what it is; only its last line has to go elsewhere.
        tell(f"{error}\n{line}")
    if result.abandoned_calls:
        # Workers wait for answers that only a resume will use; the interpreter would wait for the workers.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(code))
    return code
