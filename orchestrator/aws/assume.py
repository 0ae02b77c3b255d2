"""
Assumed roles whose credentials renew themselves: a run may outlive the hour that a session lasts.
"""

from __future__ import annotations

from functools import partial

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    AssumeRoleCredentialFetcher,
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import NoCredentialsError

from orchestrator.core.arn import partition_of
from orchestrator.core.plan import Target

SESSION_NAME = "servicecatalog-orchestrator"
"""What CloudTrail shows where a target names no RoleSessionName."""


class AssumedRole(CredentialProvider):
    """Gives a session the credentials of a role."""

    METHOD = "assume-role"

    def __init__(self, credentials: DeferredRefreshableCredentials) -> None:
        super().__init__()
        self._credentials = credentials

    def load(self) -> DeferredRefreshableCredentials:
        """Return the credentials; they are fetched when they are first needed."""
        return self._credentials


def assumed(
    *,
    source: botocore.session.Session,
    into: botocore.session.Session,
    target: Target,
    client_config: Config,
    endpoint_url: str | None = None,
) -> boto3.Session:
    """
    Make a session that acts as a target's role.

    Args:

        source: Whose credentials assume the role.
        into: The session that will have them; its other settings stay.
        target: The account, the role, and what has to be said to get it.
        client_config: How the client behaves that assumes it.
        endpoint_url: Where STS is called instead of in the target's first region.

    Raises:

        NoCredentialsError: There is nobody to assume the role.
    """
    credentials = source.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    extra = {"RoleSessionName": target.role_session_name or SESSION_NAME}
    if target.external_id is not None:
        extra["ExternalId"] = target.external_id
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=partial(
            source.create_client,
            region_name=target.regions[0],
            endpoint_url=endpoint_url,
            config=client_config,
        ),
        source_credentials=credentials,
        role_arn=role_arn(target),
        extra_args=extra,
    )
    renewing = DeferredRefreshableCredentials(method=AssumedRole.METHOD, refresh_using=fetcher.fetch_credentials)
    into.register_component("credential_provider", CredentialResolver([AssumedRole(renewing)]))
    return boto3.Session(botocore_session=into)


def role_arn(target: Target) -> str:
    """Return the ARN of a target's role."""
    if target.role_arn:
        return target.role_arn
    return f"arn:{partition_of(target.regions[0])}:iam::{target.account_id}:role/{target.role_name}"
