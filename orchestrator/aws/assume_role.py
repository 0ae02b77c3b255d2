"""
Assumed roles whose credentials renew themselves: a run may outlive the hour that a session lasts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, Credentials, DeferredRefreshableCredentials
from botocore.exceptions import BotoCoreError, NoCredentialsError

from orchestrator.aws.errors import one_line
from orchestrator.core.plan.model import Target
from orchestrator.core.values.arns import partition_of

SESSION_NAME = "servicecatalog-orchestrator"
"""What CloudTrail shows where a target names no RoleSessionName."""


class RoleSession(botocore.session.Session):
    """
    A session that makes clients for whoever it acts as at the moment; a client keeps whom it was made for.

    One for all roles, since a session costs more than a client does (measured). Sessions are not made for threads
    (documented), so clients are made one after another, whoever makes them.
    """

    making = threading.RLock()
    role: Credentials | None = None

    def __init__(self, *arguments: Any, **keywords: Any) -> None:  # noqa: ANN401 - as the base class has it
        super().__init__(*arguments, **keywords)
        self._looking = threading.RLock()

    def get_credentials(self) -> Credentials | None:
        """Return the credentials of the role, else the session's own; for making a client, which nobody else does then."""
        return self.role or self.own_credentials()

    def own_credentials(self) -> Credentials | None:
        """Return the session's own credentials, whoever it acts as; a program may take its time to find them."""
        with self._looking:
            own: Credentials | None = super().get_credentials()
            return own

    def create_client(self, *arguments: Any, **keywords: Any) -> Any:  # noqa: ANN401 - as the base class has it
        """Make a client, nobody else making one."""
        with self.making:
            return super().create_client(*arguments, **keywords)

    @contextmanager
    def acting_as(self, role: Credentials | None) -> Iterator[None]:
        """Act as a role, or as oneself, while the block runs."""
        with self.making:
            self.role = role
            try:
                yield
            finally:
                self.role = None


def assume_role(source: RoleSession, target: Target, client_config: Config, endpoint_url: str | None = None) -> Credentials:
    """
    Return the credentials of a target's role; they are fetched when they are first needed.

    Args:

        source: Whose credentials assume the role.
        target: The account, the role, and what has to be said to get it.
        client_config: How the client behaves that assumes it.
        endpoint_url: Where STS is called instead of in the target's first region.

    Raises:

        NoCredentialsError: There is nobody to assume the role.
    """
    credentials = source.own_credentials()
    if credentials is None:
        raise NoCredentialsError
    extra = {"RoleSessionName": target.role_session_name or SESSION_NAME}
    if target.external_id is not None:
        extra["ExternalId"] = target.external_id
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=partial(
            source.create_client, region_name=target.regions[0], endpoint_url=endpoint_url, config=client_config
        ),
        source_credentials=credentials,
        role_arn=role_arn(target),
        extra_args=extra,
    )
    return DeferredRefreshableCredentials(method="assume-role", refresh_using=fetcher.fetch_credentials)


def role_arn(target: Target) -> str:
    """Return the ARN of a target's role."""
    if target.role_arn:
        return target.role_arn
    return f"arn:{partition_of(target.regions[0])}:iam::{target.account_id}:role/{target.role_name}"


def no_client(error: Exception) -> str:
    """Say why no client can be made. The words of an error that nobody foresaw may hold a secret."""
    if isinstance(error, BotoCoreError | ValueError):
        return one_line(error)
    return f"its credentials cannot be had: {one_line(error) if isinstance(error, OSError) else type(error).__name__}"


def credentials_problem() -> str | None:
    """Say why the environment's credentials cannot be had, None if they are found. Asks nobody whose they are."""
    try:
        if RoleSession().own_credentials() is None:
            raise NoCredentialsError
    except Exception as error:  # noqa: BLE001 - a program or file that credentials come from may fail in any way
        return no_client(error)
    return None
