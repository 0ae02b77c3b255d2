"""Why no client can be made, in words: no credentials, no such profile, a malformed setting."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, NoCredentialsError

from orchestrator.aws.assume import Actor
from orchestrator.aws.faults import one_line


def no_client(error: Exception) -> str:
    """Say why no client can be made. The words of an error that nobody foresaw may hold a secret."""
    if isinstance(error, BotoCoreError | ValueError):
        return one_line(error)
    return f"its credentials cannot be had: {one_line(error) if isinstance(error, OSError) else type(error).__name__}"


def credentials_problem() -> str | None:
    """Say why the environment's credentials cannot be had, None if they are found. Asks nobody whose they are."""
    try:
        if Actor().own_credentials() is None:
            raise NoCredentialsError
    except Exception as error:  # noqa: BLE001 - a program or file that credentials come from may fail in any way
        return no_client(error)
    return None
