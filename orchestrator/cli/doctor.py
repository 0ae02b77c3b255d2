"""`orchestrator doctor`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from orchestrator import api
from orchestrator.cli.console import Display
from orchestrator.cli.inputs import read_request, world_of
from orchestrator.cli.options import all_of, plan_argument, simulate_options, workers_option
from orchestrator.cli.stdio import write_stdout
from orchestrator.engine.permission_probe import PermissionStatus
from orchestrator.errors import ExitCode, InvalidInput
from orchestrator.report.iam_policy import policy
from orchestrator.report.text import plain, plural

STATUS_STYLES = {
    PermissionStatus.OK: "green",
    PermissionStatus.MISSING: "red",
    PermissionStatus.WRONG: "red",
    PermissionStatus.UNREACHABLE: "red",
    PermissionStatus.UNKNOWN: "yellow",
    PermissionStatus.NOT_TRIED: "dim",
}


@click.command("doctor")
@plan_argument
@all_of(simulate_options, workers_option)
@click.option(
    "--probe-terminate",
    is_flag=True,
    help="Also try the permission to terminate, with one termination of a product that does not exist.",
)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def command(
    *, plan: Path, simulate: bool, world: Path | None, workers: int | None, probe_terminate: bool, color: str
) -> ExitCode:
    """
    Check credentials and permissions in every account and region of PLAN.

    Shows for each account/region the caller, the account's alias, the endpoint, how long the credentials last, and each
    permission that a run needs, tried by calls that change nothing. Each line that is not `ok` comes with what to do.
    Missing permissions are printed as a policy, ready to paste.

    Exits 0 only if everything that a run needs was seen to work; 1 if something is missing or unknown, 3 if an account is
    not the plan's, 5 if no account can be entered.
    """
    request = read_request(plan, simulate=simulate)
    if request.worklist is not None:
        message = f"{plan}: doctor is for plans, and this is a saved worklist"
        raise InvalidInput(message)
    world = world_of(request, world)
    found = api.diagnose(request.plan, simulate=simulate, world=world, workers=workers, probe=probe_terminate)
    if simulate:
        write_stdout(
            f"Simulation: {plain(str(world)) if world else 'products invented from the plan'}; no AWS account was called.\n"
        )
    display = Display(color=color)
    for each in found:
        write_stdout("\n".join(diagnosis_lines(each, display)) + "\n")
    if missing := {action: None for each in found for action in each.missing}:
        write_stdout(f"Policy with the missing permissions:\n\n{json.dumps(policy(list(missing)), indent=2)}\n")
    write_stdout(closing_line(found))
    return api.doctor_exit_code(found)


def diagnosis_lines(diagnosis: api.Diagnosis, display: Display) -> Iterator[str]:
    """Yield what is known of one account/region, in lines."""

    def style(text: str, colour: str) -> str:
        return display.style(text, colour, stderr=False)

    alias = f"  alias {on_one_line(diagnosis.alias)}" if diagnosis.alias else ""
    yield style(on_one_line(diagnosis.title), "bold") + alias
    for check in diagnosis.checks:
        standing = style(f"{check.standing.value:<11}", STATUS_STYLES[check.standing])
        yield f"  {standing}  {check.what:<11}  {on_one_line(check.words)}".rstrip()
        if check.remedy:
            yield f"               -> {on_one_line(check.remedy)}"


def on_one_line(text: str) -> str:
    """Return a text without line breaks, and without what a terminal would obey."""
    return plain(" ".join(text.split()))


def closing_line(found: Sequence[api.Diagnosis]) -> str:
    """Return the last line: how many accounts/regions were checked, and how many a run can rely on."""
    ready = sum(each.is_ready for each in found)
    checked = plural(len(found), "account/region", "accounts/regions")
    untried = any(check.is_untried_terminate for each in found for check in each.checks)
    words = " TerminateProvisionedProduct was not tried (--probe-terminate tries it)." if untried else ""
    return f"Doctor: {checked} checked: {ready:,} ready, {len(found) - ready:,} not ready.{words}"
