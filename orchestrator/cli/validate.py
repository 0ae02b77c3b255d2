"""`orchestrator validate`."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import FILE, WORLD_SUFFIX
from orchestrator.cli.stdio import write_stderr, write_stdout
from orchestrator.core.plan.model import Plan
from orchestrator.core.review.limits import too_many_named
from orchestrator.errors import ExitCode, InvalidInput
from orchestrator.report.diagnostics import render
from orchestrator.report.text import plural
from orchestrator.store.plan.load import PlanInvalid, load_plan
from orchestrator.store.worklist_file import is_worklist


@click.command("validate")
@click.argument("plans", type=FILE, nargs=-1, required=True)
def command(plans: tuple[Path, ...]) -> int:
    """
    Check plans, offline.

    Every mistake of every plan is shown at once, with its line, what is wrong and what would be right. Nothing is called.
    Files named *.world.yaml are checked as what a rehearsal finds. Exits 0 if all PLANS are valid, else 2.
    """
    code = ExitCode.DONE
    for path in plans:
        try:
            if is_worklist(path):
                message = f"{path}: this is a saved worklist, and no plan; `review` shows what of it is left to do"
                raise InvalidInput(message)
            said, warning = contents_of(path)
            write_stdout(f"{path}: valid, {said}")
            if warning is not None:
                write_stderr(f"{path}: Warning: {warning}")
        except PlanInvalid as error:
            write_stderr(render(error.diagnostics) + "\n")
            write_stderr(f"{path}: {plural(len(error.diagnostics), 'mistake')}")
            code = ExitCode.INVALID
        except InvalidInput as error:
            write_stderr(str(error))
            code = ExitCode.INVALID
    return code


def contents_of(path: Path) -> tuple[str, str | None]:
    """
    Check a file, and say what it holds: a plan, or what a rehearsal finds; and what would refuse a run of it.

    Raises:

        InvalidInput: It has mistakes.
    """
    if path.name.endswith(WORLD_SUFFIX):
        from orchestrator.api.simulation import world_for  # noqa: PLC0415 - more than reading a plan takes

        world = world_for(Plan(name="rehearsal"), path)
        return f"a world of {plural(len(world.all_lanes), 'lane')} for rehearsals", None
    plan = load_plan(path)
    selections = f", {plural(len(plan.selections), 'selection')}" if plan.selections else ""
    return f"{plural(len(plan.entries), 'product')}{selections}", too_many_named(plan)
