"""
What the command line and library users call: reads plans, enters lanes, surveys, decides, runs, resumes.

Composes the packages below it and holds no rule of its own.

    plan = load_plan(Path("plan.yaml"))
    state = StateDir(default_state_dir(), simulated=False)
    review = survey(plan, enter(plan), state=state)
    give_notice(review, state)
    result = run(review, state=state, settings=RunSettings())
"""

from orchestrator.api.beforehand import earlier_runs, load_again, named_products, refuse_all
from orchestrator.api.connect import enter, enter_lanes, reenter, region_of_environment, rehearse
from orchestrator.api.connections import Connections
from orchestrator.api.diagnosis import Check, Diagnosis, doctor_exit_code
from orchestrator.api.doctor import diagnose
from orchestrator.api.drive import GRACE, RunResult, RunSettings, replay
from orchestrator.api.execute import MAX_AGE, resume, run
from orchestrator.api.journals import JournalEntry, abandon, is_going_on, kept_journals, prune_journals, set_aside, stop
from orchestrator.api.previous_outcome import PreviousOutcome, exit_code_after_work
from orchestrator.api.previous_runs import NIGHT, PreviousRuns, PreviousRunsReporter
from orchestrator.api.review import Review, enforce_limits, give_notice, survey
from orchestrator.api.review_inputs import mend_notices, notices_of
from orchestrator.api.worklists import WORKLIST_MAX_AGE, outdated, recheck, save_worklist
from orchestrator.store.plan.load import load_plan
from orchestrator.store.state_dir import StateDir, default_state_dir

__all__ = [
    "GRACE",
    "MAX_AGE",
    "NIGHT",
    "WORKLIST_MAX_AGE",
    "Check",
    "Connections",
    "Diagnosis",
    "JournalEntry",
    "PreviousOutcome",
    "PreviousRuns",
    "PreviousRunsReporter",
    "Review",
    "RunResult",
    "RunSettings",
    "StateDir",
    "abandon",
    "default_state_dir",
    "diagnose",
    "doctor_exit_code",
    "earlier_runs",
    "enforce_limits",
    "enter",
    "enter_lanes",
    "exit_code_after_work",
    "give_notice",
    "is_going_on",
    "kept_journals",
    "load_again",
    "load_plan",
    "mend_notices",
    "named_products",
    "notices_of",
    "outdated",
    "prune_journals",
    "recheck",
    "reenter",
    "refuse_all",
    "region_of_environment",
    "rehearse",
    "replay",
    "resume",
    "run",
    "save_worklist",
    "set_aside",
    "stop",
    "survey",
]
