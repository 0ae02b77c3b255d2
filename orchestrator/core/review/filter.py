"""What an operator leaves out of a worklist for one run. Leaving out is all that it can do: nothing is ever added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from orchestrator.core.review.order import propagate_blocks
from orchestrator.core.review.worklist import Decision, Line, Reason, Worklist
from orchestrator.core.values.globs import matches


def narrow(worklist: Worklist, only: Sequence[str] = (), exclude: Sequence[str] = ()) -> tuple[Worklist, list[str]]:
    """
    Leave lines out.

    Args:

        worklist: What was decided.
        only: If there are any, lines that fit none of them are left out. A pattern is a glob that a product's id, its name,
            or the whole id of its line has to fit.
        exclude: Lines that fit one of these are left out, whatever `only` says.

    Returns:

        The worklist, with the lines that are left out skipped and their dependents blocked; and the patterns that fit no
        line, so that a slip of the pen does not pass for a wish.
    """
    fits = {pattern: {line.id for line in worklist.lines if fits_line(line, pattern)} for pattern in (*only, *exclude)}
    idle = [pattern for pattern, found in fits.items() if not found]
    wanted = set().union(*(fits[pattern] for pattern in only)) if only else {line.id for line in worklist.lines}
    unwanted = set().union(*(fits[pattern] for pattern in exclude))
    lines = [
        leave_out(line, "--exclude") if line.id in unwanted else line if line.id in wanted else leave_out(line, "--only")
        for line in worklist.lines
    ]
    return replace(worklist, lines=tuple(propagate_blocks(lines))), idle


def fits_line(line: Line, pattern: str) -> bool:
    """Whether a line is meant by a pattern."""
    return any(matches(word, pattern) for word in (line.product_id, line.name, line.id) if word)


def leave_out(line: Line, why: str) -> Line:
    """Skip a line that would have been terminated; what is skipped or refused anyway stays what it is."""
    if line.decision is not Decision.TERMINATE:
        return line
    return replace(line, decision=Decision.SKIP, reason=Reason.LEFT_OUT, detail=f"left out by {why}")
