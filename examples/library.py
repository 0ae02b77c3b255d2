"""
Rehearse a plan from a program: review it, run it, and look at how each product ended.

    python examples/library.py plans/demo.yaml

For a real account, replace `rehearse(plan, world)` by `nullcontext(enter(plan))`.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestrator import RunSettings, StateDir, load_plan, rehearse, run, survey


def main(path: Path) -> int:
    """Run the plan at *path* against the simulator; returns the exit code that the command line would have."""
    plan = load_plan(path)
    world = path.with_suffix(".world.yaml")
    with TemporaryDirectory() as state, rehearse(plan, world if world.exists() else None) as connections:
        review = survey(plan, connections)
        print(review.summary)
        result = run(review, state=StateDir(Path(state), simulated=True), settings=RunSettings())
        for termination in result.run.terminations:
            state_of_line = result.run.state_table.states[termination.line.id]
            print(f"{termination.line.name:<16} {state_of_line:<12} {termination.evidence}")
        return int(result.exit_code)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
