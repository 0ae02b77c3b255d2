"""Options that several commands share, each written once, and which journal they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from orchestrator import api
from orchestrator.core.values.durations import parse_duration
from orchestrator.errors import InvalidInput

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]


class DurationType(click.ParamType[int]):
    """A duration as in a plan: `30s`, `45m`, `4h`."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it, in seconds."""
        if isinstance(value, int):
            return value
        try:
            return parse_duration(str(value))
        except ValueError as error:
            self.fail(f"{value!r}: {error}", param, ctx)


DURATION = DurationType()
FILE = click.Path(dir_okay=False, path_type=Path)

WORLD_SUFFIX = ".world.yaml"
"""How the name of a world file ends; the one for a plan begins like the plan's."""

plan_argument = click.argument("plan", type=FILE)
workers_option = click.option(
    "--workers",
    type=click.IntRange(1, 1024),
    default=None,
    help="Calls that may be in flight at once; the lanes share them.  [default: 32, or 2 for each lane, up to 256]",
)
state_dir_option = click.option(
    "--state-dir",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="ORCHESTRATOR_STATE_DIR",
    show_envvar=True,
    help="Where journals and locks are kept.  [default: the platform's state directory]",
)
strict_option = click.option("--strict", is_flag=True, help="Refuse products that are not found, instead of skipping them.")


def format_option(forms: Iterable[str], help_text: str) -> Callable[[F], F]:
    """Return the option that chooses how a result is written; text, if it is not given."""
    return click.option(
        "--format", "form", type=click.Choice(list(forms)), default="text", show_default=True, help=help_text
    )


def all_of(*options: Callable[[Any], Any]) -> Callable[[F], F]:
    """Apply several option decorators, the first one listed first."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


journal_options = all_of(
    click.argument("journal", type=FILE, required=False),
    click.option("--plan", "plan_name", metavar="NAME", help="Take the newest unfinished run of the plan with this name."),
    state_dir_option,
)


def journal_at(
    path: Path | None,
    plan_name: str | None,
    state_dir: Path | None,
    prefer: Callable[[Path], object] = lambda _path: True,
) -> Path:
    """
    Find the journal that is meant.

    Args:

        path: The journal itself, or None.
        plan_name: Or the plan whose newest unfinished run is meant.
        state_dir: Where that is looked for, None for the platform's.
        prefer: Chooses among several unfinished runs; where it chooses none, the newest is meant.

    Raises:

        InvalidInput: Both or neither is given, or the plan has no unfinished run.
    """
    if (path is None) == (plan_name is None):
        message = "name the JOURNAL, or with --plan NAME the plan whose newest unfinished run is meant"
        raise InvalidInput(message)
    if path is not None:
        return path
    assert plan_name is not None
    root = state_dir or api.default_state_dir()
    state = api.StateDir(root, simulated=False)
    unfinished = state.all_unfinished(plan_name)
    if not unfinished:
        message = f"no unfinished run of the plan `{plan_name}` in {state.base}"
        rehearsal = api.StateDir(root, simulated=True).unfinished(plan_name)
        if rehearsal is not None:
            message += f"; there is one of a rehearsal, which is named by its journal: {rehearsal}"
        raise InvalidInput(message)
    return next(filter(prefer, unfinished), unfinished[0])


narrowing_options = all_of(
    click.option(
        "--only", multiple=True, metavar="GLOB", help="Leave out what fits no such glob, by id or name. May be repeated."
    ),
    click.option(
        "--exclude", multiple=True, metavar="GLOB", help="Leave out what fits such a glob, by id or name. May be repeated."
    ),
)

worklist_age_option = click.option(
    "--max-age", type=DURATION, default=None, help="How old a WORKLIST may be.  [default: 7d]"
)

simulate_options = all_of(
    click.option("--simulate", is_flag=True, help="Rehearse against a made-up account; reads no AWS setting."),
    click.option(
        "--world",
        type=FILE,
        help="With --simulate: what exists.  [default: PLAN.world.yaml beside the plan, else all that the plan names]",
    ),
)

display_options = all_of(
    click.option("--quiet", "-q", is_flag=True, help="Show no progress; only what went wrong and the final line."),
    click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        show_default=True,
        help="Colours; `auto` heeds the terminal and NO_COLOR.",
    ),
    click.option(
        "--log-format",
        type=click.Choice(["console", "json"]),
        default=None,
        help="Write log lines in this form.  [default: a live display on a terminal, else console]",
    ),
    click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        default="info",
        show_default=True,
        help="Least level of log lines.",
    ),
)

timeout_option = click.option(
    "--timeout",
    type=DURATION,
    default="30m",
    show_default=True,
    help="Give up reading accounts and regions after this; what was not read is refused.",
)

grace_option = click.option(
    "--grace",
    type=DURATION,
    default="20s",
    show_default=True,
    help="How long terminations under way are followed after the first Ctrl-C or the deadline.",
)
