"""
What the command line and library users call: reads plans, enters lanes, surveys, decides, runs, resumes.

Composes the packages below it and holds no rule of its own.

    plan = load_plan(Path("plan.yaml"))
    review = survey(plan, enter())
    result = run(review, state=StateDir(default_state_dir(), simulated=False), settings=RunSettings())
"""

from orchestrator.api.abandoning import abandon, set_aside
from orchestrator.api.driving import GRACE, RunResult, RunSettings
from orchestrator.api.entrance import Entrance, enter, reenter, rehearse
from orchestrator.api.review import Review, refuse, survey
from orchestrator.api.runs import MAX_AGE, resume, run
from orchestrator.store.plan_file import load_plan
from orchestrator.store.state_dir import StateDir, default_state_dir

__all__ = [
    "GRACE",
    "MAX_AGE",
    "Entrance",
    "Review",
    "RunResult",
    "RunSettings",
    "StateDir",
    "abandon",
    "default_state_dir",
    "enter",
    "load_plan",
    "reenter",
    "refuse",
    "rehearse",
    "resume",
    "run",
    "set_aside",
    "survey",
]
