"""The command group, and the one place where what happened becomes an exit code."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
import traceback
from difflib import get_close_matches
from importlib import import_module
from typing import NoReturn

import click

from orchestrator.cli.stdio import wait_for_no_reader, write_error
from orchestrator.engine.signals import break_off_on_signals, exit_code_of
from orchestrator.errors import ExitCode, Interrupted, OrchestratorError
from orchestrator.version import VERSION

COMMANDS = {
    "discover": "Write a plan from what is live.",
    "validate": "Check plans, offline.",
    "doctor": "Check credentials and permissions in every account and region.",
    "review": "Show what a run would do, and why. Terminates nothing.",
    "notify": "Record the notice that a plan gives, and list by owner what is due.",
    "run": "Review, confirm, terminate, follow to the end.",
    "resume": "Finish an interrupted run.",
    "stop": "Ask a run in another terminal to stop.",
    "report": "Tell how a run stands or ended, from its journal.",
    "abandon": "Close an unfinished run for good.",
    "journals": "List journals, or delete old ones.",
    "schema": "Print the JSON Schema of plans, or of world files.",
    "simulate": "Serve a made-up AWS account on loopback.",
}

EXIT_CODES = """\b
Exit codes:
  0    everything asked for is done, or there was nothing to do
  1    the run finished; some lines failed, were refused, drifted or blocked
  2    the command, the plan or a world file is invalid; nothing was called
  3    a guard refused before the first termination
  4    something is left to do: timed out, in doubt, deadline, failure tolerance,
       or an earlier run is unfinished
  5    no credentials, no region, no access, or the endpoint is unreachable
  6    another run holds the lock
  7    the journal cannot be trusted or written
  70   a mistake in this program; what was asked of AWS is in the journal
  129, 130, 143  interrupted by SIGHUP, SIGINT, SIGTERM; resumable
An unknown code is a failure.

\b
Words:
  lane      one account in one region
  adopted   terminated by somebody else already: followed, and not sent
  drifted   not what was reviewed any more, and so left alone
  blocked   something that it comes after stays
  timed out still in progress after its TerminationTimeout; the next run takes it up
  in doubt  sent, and not (or not yet) known how it ended"""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as the base class has it
        """Return the commands in the order of a run's life."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"orchestrator.cli.{cmd_name}").command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command, and suggest the nearest one to a word that is none."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean `{near[0]}`?" if near else f" There are: {', '.join(COMMANDS)}."
            ctx.fail(f"No such command `{args[0]}`.{hint}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=EXIT_CODES,
)
@click.version_option(VERSION, prog_name="orchestrator")
def cli() -> None:
    """
    Takes back AWS Service Catalog provisioned products in bulk.

    A YAML plan lists products; `review` shows what would be terminated and why; `run` terminates it, paced, with a journal
    from which an interrupted run resumes. Try it without an AWS account:

    \b
        orchestrator run plans/demo.yaml --simulate --yes
    """


def main() -> NoReturn:
    """Run the command line and leave the process with its exit code."""
    reopen_closed_streams()
    put_up_with_other_encodings()
    wait_for_no_reader()
    break_off_on_signals()
    try:
        code = cli.main(standalone_mode=False)
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except click.ClickException as error:
        error.show()
        code = ExitCode.INVALID
    except (click.Abort, KeyboardInterrupt) as error:
        click.echo("Interrupted.", err=True)
        code = exit_code_of(error)
    except Interrupted as error:
        report_error(error)
        code = 128 + error.number
    except OrchestratorError as error:
        report_error(error)
        code = error.exit_code
    except BrokenPipeError:
        # Somebody reads no further (`| head`); what they read is not wrong.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        code = 128 + signal.SIGPIPE
    except OSError as error:
        click.echo(f"Error: {error}", err=True)
        code = ExitCode.JOURNAL
    except Exception:  # noqa: BLE001 - no end of this program may look like that of a run
        click.echo(
            f"{traceback.format_exc()}Error: a mistake in this program; please report it with the lines above", err=True
        )
        code = ExitCode.BUG
    leave(int(code or 0))


def reopen_closed_streams() -> None:
    """Give standard streams that were closed (`>&-`) a place to go, before a file of ours takes their number."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)
            if descriptor != number:
                os.dup2(descriptor, number)
                os.close(descriptor)
            setattr(sys, name, open(number, mode))  # noqa: SIM115 - lives as long as the process


def put_up_with_other_encodings() -> None:
    """Write what a terminal's or a pipe's encoding has no letters for as escapes: the names of products are anybody's."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def report_error(error: OrchestratorError) -> None:
    """Say what went wrong."""
    diagnostics = getattr(error, "diagnostics", None)
    if diagnostics:
        from orchestrator.report.diagnostics import render  # noqa: PLC0415 - only for broken plans

        click.echo(render(diagnostics) + "\n", err=True)
    write_error(error)


def has_hanging_calls() -> bool:
    """Whether the interpreter would wait at its end for calls whose answers only a resume will use, if anybody."""
    if threading.active_count() == 1:
        return False
    from orchestrator.engine import executors as pools  # noqa: PLC0415 - most commands have no pools

    return pools.calls_are_left()


def leave(code: int) -> NoReturn:
    """Leave the process."""
    try:
        sys.stdout.flush()
    except OSError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    if has_hanging_calls():
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
