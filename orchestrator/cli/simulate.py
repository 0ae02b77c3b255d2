"""`orchestrator simulate`."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import FILE
from orchestrator.cli.stdio import write_stderr, write_stdout
from orchestrator.errors import ExitCode, InvalidInput
from orchestrator.report.text import plural


@click.command("simulate")
@click.option("--world", type=FILE, help="What exists: a world file.  [default: nothing]")
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="Where to listen; 0 finds one.")
def command(*, world: Path | None, port: int) -> int:
    """
    Serve a made-up AWS account on loopback until Ctrl-C.

    Prints the settings that lead to it, ready for a shell. It speaks what boto3 speaks, for Service Catalog and for
    sts:GetCallerIdentity; every call is listed under /_simulator/ledger, the state of each product under /_simulator/world.
    """
    from orchestrator import simulator  # noqa: PLC0415 - botocore takes a while to import

    try:
        spec = simulator.read_world(world) if world is not None else simulator.WorldSpec()
        server = simulator.Simulator(spec, port)
    except simulator.WorldInvalid as error:
        raise InvalidInput(str(error)) from error
    except OSError as error:
        message = f"cannot listen on port {port}: {error.strerror}"
        raise InvalidInput(message) from error
    write_stdout(f"export AWS_ENDPOINT_URL={server.url}")
    write_stdout(f"export AWS_DEFAULT_REGION={spec.Region}")
    write_stdout("export AWS_ACCESS_KEY_ID=AKIASIMULATED0000000 AWS_SECRET_ACCESS_KEY=not-a-secret")
    for (account, region), holdings in spec.all_lanes.items():
        write_stderr(f"Account {account} in {region}: {plural(len(list(holdings.all_products(spec.Seed))), 'product')}")
    write_stderr("Ctrl-C ends it.")
    try:
        server.serve()
    except KeyboardInterrupt:
        write_stderr("Ended.")
    return ExitCode.DONE
