"""`orchestrator discover`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from orchestrator import api
from orchestrator.cli.console import Display
from orchestrator.cli.inputs import RunRequest, connections_for
from orchestrator.cli.options import FILE, all_of, simulate_options, timeout_option, workers_option
from orchestrator.cli.stdio import write_stderr, write_stdout
from orchestrator.core.plan.model import Plan, Selection, Target
from orchestrator.core.review.worklist import Decision
from orchestrator.core.values.shell import pasteable
from orchestrator.errors import ExitCode, InvalidInput
from orchestrator.report.plan_writer import plan_text
from orchestrator.report.text import plural
from orchestrator.store.plan.conditions import conditions_from, targets_from


@click.command("discover")
@click.option(
    "--account", "accounts", multiple=True, metavar="ID", help="With --region: look in this account. May be repeated."
)
@click.option(
    "--region", "regions", multiple=True, metavar="REGION", help="With --account: look in this region. May be repeated."
)
@click.option("--role-name", metavar="NAME", help="With --account: assume the role of this name in each account.")
@click.option("--external-id", metavar="ID", help="With --role-name: what has to be said to assume it.")
@click.option("--like", type=FILE, metavar="PLAN", help="Look where this plan does, and protect what it protects.")
@click.option(
    "--where",
    "words",
    multiple=True,
    metavar="KEY=WORD",
    help="Only what fits, as under `Where` in a plan: Name=sbx-*, Tags.Owner=alice, OlderThan=14d; "
    "the same key again means either.",
)
@click.option("--name", default="discovered", show_default=True, help="The name of the plan.")
@click.option("--out", type=FILE, metavar="FILE", help="Write the plan here.  [default: stdout]")
@all_of(simulate_options, workers_option, timeout_option)
def command(  # noqa: PLR0913 - one parameter for each option
    *,
    accounts: tuple[str, ...],
    regions: tuple[str, ...],
    role_name: str | None,
    external_id: str | None,
    like: Path | None,
    words: tuple[str, ...],
    name: str,
    out: Path | None,
    simulate: bool,
    world: Path | None,
    workers: int | None,
    timeout: int,
) -> int:
    """
    Write a plan from what is live, to be edited.

    Looks in the accounts and regions that are named, or those of a plan (--like), or that of your credentials. What could
    be terminated becomes an entry, by its id, with a comment that says what it is; what could not (protected, under
    change, a Control Tower account) is left as a comment that says why. Terminates nothing.

    Exits 1 if a lane could not be read completely.
    """
    if out is not None and out.exists():
        message = f"{out}: exists already; it is left as it is"
        raise InvalidInput(message)
    asked = plan_asked(name, accounts, regions, role_name, external_id, like, words)
    request = RunRequest(plan=asked, plan_file=like or Path(f"{name}.yaml"), simulate=simulate)
    with connections_for(request, world, workers) as connections:
        heard = Display().hear_of_survey(connections)
        review = api.survey(asked, heard, deadline=connections.clock.now() + timeout)
        now = connections.clock.now()
        ambient = tuple(Target(account_id=lane.account_id, regions=(lane.region,)) for lane in connections.lanes)
    worklist = review.worklist
    text = plan_text(asked, asked.targets or ambient, worklist, now, "orchestrator " + " ".join(sys.argv[1:]))
    if out is None:
        write_stdout(text)
    else:
        write_plan(out, text)
        count = plural(len(worklist.of(Decision.TERMINATE)), "product")
        write_stderr(f"{count} written to {out}; see: orchestrator review {pasteable(out)}")
    unread = [f"{lane}: {problem}" for lane, problem in worklist.lanes if problem]
    for problem in unread:
        write_stderr(f"Not read completely: {problem}")
    return ExitCode.SOME_NOT_DONE if unread else ExitCode.DONE


def plan_asked(  # noqa: PLR0917 - as the options are
    name: str,
    accounts: tuple[str, ...],
    regions: tuple[str, ...],
    role_name: str | None,
    external_id: str | None,
    like: Path | None,
    words: tuple[str, ...],
) -> Plan:
    """Return the plan that selects what was asked for."""
    if like is not None and (accounts or regions or role_name):
        message = "--like looks where that plan does; it does not go with --account, --region or --role-name"
        raise InvalidInput(message)
    if bool(accounts) != bool(regions) or (role_name and not accounts) or (external_id and not role_name):
        message = "--account and --region go together, --role-name needs them, and --external-id needs that"
        raise InvalidInput(message)
    model = api.load_plan(like) if like is not None else None
    targets = targets_from(accounts, regions, role_name, external_id)
    return Plan(
        name=name,
        targets=model.targets if model else targets,
        selections=(Selection(conditions=conditions_from(words), location="--where"),),
        protections=model.protections if model else (),
    )


def write_plan(path: Path, text: str) -> None:
    """Write a plan that is not there yet."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        message = f"{path}: cannot be written: {error.strerror}"
        raise InvalidInput(message) from error
