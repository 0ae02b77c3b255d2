"""`orchestrator notify`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from orchestrator import api
from orchestrator.cli.console import Display
from orchestrator.cli.inputs import read_request, reviewed, state_at
from orchestrator.cli.options import (
    all_of,
    format_option,
    plan_argument,
    simulate_options,
    state_dir_option,
    timeout_option,
    workers_option,
)
from orchestrator.cli.stdio import write_stderr, write_stdout
from orchestrator.errors import ExitCode, InvalidInput
from orchestrator.report import notices as rendering

NOTICE_FORMS: dict[str, Callable[[rendering.NoticeReport, Display], str]] = {
    "text": lambda report, display: rendering.notices_as_text(report, display.width(stderr=False)),
    "json": lambda report, _: rendering.notices_as_json(report),
    "csv": lambda report, _: rendering.notices_as_csv(report),
    "markdown": lambda report, _: rendering.notices_as_markdown(report),
}


@click.command("notify")
@plan_argument
@format_option(NOTICE_FORMS, "How to write it; text is grouped by owner.")
@all_of(simulate_options, workers_option, state_dir_option, timeout_option)
def command(
    *,
    plan: Path,
    form: str,
    simulate: bool,
    world: Path | None,
    workers: int | None,
    state_dir: Path | None,
    timeout: int,
) -> int:
    """
    Record the notice (`After`) that PLAN gives, and list by owner which product is due when. Terminates nothing.

    Lists every provisioned product in the accounts and regions of the plan, as `review` does. The state directory keeps
    when each product was first selected by a selection with `After`. Prints the owner, the product, when it is due, and
    the tag that keeps it. A product that is no longer selected, or is protected, loses its notice. `run` records notice,
    too: a plan that runs every night needs no `notify`.

    Exits 1 if an account or region could not be read completely, 5 if none could be entered.
    """
    display = Display()
    request = read_request(plan, simulate=simulate)
    if request.worklist is not None:
        message = f"{plan}: notify is for plans, and this is a saved worklist"
        raise InvalidInput(message)
    state = state_at(state_dir, simulated=simulate)
    with reviewed(request, world=world, workers=workers, state=state, display=display, timeout=timeout) as review:
        notices = api.give_notice(review, state)
    path = api.notices_of(request.plan, state)
    report = rendering.NoticeReport(
        plan_name=request.plan.name,
        notices=notices,
        lanes=review.worklist.lanes,
        made_at=review.worklist.made_at,
        gives_notice=path is not None,
        simulated=simulate,
    )
    write_stdout(NOTICE_FORMS[form](report, display))
    if form == "csv":
        # Rows have no room for it.
        for remark in report.remarks:
            write_stderr(remark)
    if path is not None:
        write_stderr(f"The notices are recorded in {path}")
    return ExitCode.SOME_NOT_DONE if any(problem for _, problem in report.lanes) else ExitCode.DONE
