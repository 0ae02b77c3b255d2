"""The two streams: data goes to stdout, everything else to stderr."""

from __future__ import annotations

import os
import sys

import click

from orchestrator.errors import OutputLost


def tell(text: str = "") -> None:
    """Say something to the person: on stderr, and never a reason to stop."""
    try:
        # Whether there is colour has been decided where the text was made.
        click.echo(text, err=True, color=True)
    except OSError:
        return


def put(text: str) -> None:
    """
    Write data to stdout; a reader that has left is no reason to stop.

    Raises:

        OutputLost: It cannot be written for another reason.
    """
    try:
        click.echo(text.encode(errors="replace").decode(), color=True)
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - lives as long as the process
    except OSError as error:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        message = f"stdout cannot be written: {error.strerror}"
        raise OutputLost(message) from error
