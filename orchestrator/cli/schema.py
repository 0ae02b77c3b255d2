"""`orchestrator schema`."""

from __future__ import annotations

import json

import click

from orchestrator.cli.stdio import write_stdout
from orchestrator.errors import ExitCode


@click.command("schema")
@click.option("--world", is_flag=True, help="That of world files, which say what a rehearsal finds.")
def command(*, world: bool) -> int:
    """
    Print the JSON Schema of plans, for editors and for other validators.

    Save it beside a plan, and name it in the plan's first line:

    \b
        # yaml-language-server: $schema=plan.schema.json
    """
    if world:
        from orchestrator.simulator.world_schema import world_schema  # noqa: PLC0415 - botocore takes a while to import

        write_stdout(json.dumps(world_schema(), indent=2))
        return ExitCode.DONE
    from orchestrator.store.plan.json_schema import plan_schema  # noqa: PLC0415 - pydantic takes a while to import

    write_stdout(json.dumps(plan_schema(), indent=2))
    return ExitCode.DONE
