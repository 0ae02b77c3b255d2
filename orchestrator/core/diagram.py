"""
Draws the table of `states` as a Mermaid diagram, for the README.
"""

from __future__ import annotations

from orchestrator.core.states import TRANSITIONS


def diagram() -> str:
    """Return the state diagram in Mermaid's language: one arrow for each pair of states, named by its events."""
    lines = ["stateDiagram-v2", "    [*] --> pending"]
    for state, moves in TRANSITIONS.items():
        arrows: dict[str, list[str]] = {}
        for event, target in moves.items():
            arrows.setdefault(target, []).append(event.__name__)
        lines += [f"    {state} --> {target}: {', '.join(names)}" for target, names in arrows.items()]
    return "\n".join(lines) + "\n"
