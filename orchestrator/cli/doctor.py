"""`orchestrator doctor`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from orchestrator import api
from orchestrator.cli.options import all_of, plan_argument, simulate_options, workers_option
from orchestrator.cli.places import entrance_for, errand_at
from orchestrator.cli.streams import put
from orchestrator.cli.terminal import Display
from orchestrator.core import rights
from orchestrator.core.duration import format_duration
from orchestrator.engine.examination import Standing
from orchestrator.errors import ExitCode, InvalidInput
from orchestrator.ports import CredentialLife
from orchestrator.report.text import plain

COLOURS = {Standing.OK: "green", Standing.MISSING: "red", Standing.UNKNOWN: "yellow", Standing.NOT_TRIED: "dim"}


@click.command("doctor")
@plan_argument
@all_of(simulate_options, workers_option)
@click.option(
    "--probe-terminate",
    is_flag=True,
    help="Try the right to terminate too, by one termination of a product that does not exist.",
)
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def command(
    *, plan: Path, simulate: bool, world: Path | None, workers: int | None, probe_terminate: bool, color: str
) -> int:
    """
    Tell who you are in each lane of PLAN, and whether that is enough for a run.

    For each account and region: the caller, the account's alias, the endpoint, how long the credentials last, and which of
    the rights that a run needs are there, tried by calls that change nothing. What is missing is printed as a policy, ready
    to paste.

    Exits 1 if a right is missing or a lane cannot be entered, 3 if an account is another one, 5 if no lane can be entered.
    """
    display = Display(color=color)
    errand = errand_at(plan, simulate=simulate)
    if errand.worklist is not None:
        message = f"{plan}: doctor is for plans, and this is a saved worklist"
        raise InvalidInput(message)
    with entrance_for(errand, world, workers) as entrance:
        found = api.diagnose(entrance, probe=probe_terminate)
    for diagnosis in found:
        put("\n".join(told(diagnosis, display)) + "\n")
    missing = {action: None for each in found if each.examination for action in each.examination.missing}
    if missing:
        put("A policy with what is missing:\n")
        put(json.dumps(rights.policy(list(missing)), indent=2))
    return ExitCode.DONE if all(each.is_well for each in found) else ExitCode.SOME_NOT_DONE


def told(diagnosis: api.Diagnosis, display: Display) -> Iterator[str]:
    """Yield what is known of one lane, in words."""

    def style(text: str, colour: str) -> str:
        return display.style(text, colour, stderr=False)

    examination = diagnosis.examination
    if examination is None:
        yield style(str(diagnosis.lane), "bold")
        yield f"  {style('cannot be entered:', 'red')} {plain(diagnosis.problem or '')}"
        return
    alias = f"  alias {plain(examination.alias)}" if examination.alias else ""
    yield style(str(diagnosis.lane), "bold") + alias
    yield f"  caller       {plain(diagnosis.arn or '')}"
    yield f"  endpoint     {plain(diagnosis.endpoint or '')}"
    yield f"  credentials  {lasting(examination.life, diagnosis.seconds_left)}"
    for right in examination.rights:
        words = f"  {plain(right.words)}" if right.words else ""
        yield f"  {style(f'{right.standing.value:<11}', COLOURS[right.standing])}  {right.action}{words}"


def lasting(life: CredentialLife, seconds_left: float | None) -> str:
    """Say how long credentials last."""
    if not life.temporary:
        return "do not expire"
    if not life.renewed:
        return "are temporary, given as they are: they cannot be renewed, and a run that outlives them ends resumable"
    left = "" if seconds_left is None else f"last for another {format_duration(seconds_left)}, and "
    return f"{left}are renewed"
