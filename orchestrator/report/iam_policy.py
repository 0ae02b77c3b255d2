"""
The IAM policies that give the permissions which a run needs.

Documented: these operations know the condition key servicecatalog:accountLevel, and AWS's own sample for an administrator
uses it; sts:GetCallerIdentity needs no permission at all. Where a product has no launch role, the caller also needs the
permissions to delete what it created.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def policy(actions: Sequence[str]) -> dict[str, Any]:
    """
    Return a policy that allows actions.

    Args:

        actions: As `core.inventory.calls` has them: `REVIEW_ACTIONS`, `TERMINATE_ACTION`, `ALIAS_ACTION`.
    """
    catalog = [action for action in actions if action.startswith("servicecatalog:")]
    other = [action for action in actions if action not in catalog]
    statements: list[dict[str, Any]] = []
    if catalog:
        statements.append(
            {
                "Sid": "ProvisionedProducts",
                "Effect": "Allow",
                "Action": catalog,
                "Resource": "*",
                "Condition": {"StringEquals": {"servicecatalog:accountLevel": "self"}},
            }
        )
    if other:
        statements.append({"Sid": "Aliases", "Effect": "Allow", "Action": other, "Resource": "*"})
    return {"Version": "2012-10-17", "Statement": statements}


def trust(principal_arn: str, external_id: str | None = None) -> dict[str, Any]:
    """
    Return the trust policy of a role that is assumed from another account.

    Args:

        principal_arn: Who assumes it.
        external_id: What has to be said, None for nothing.
    """
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": principal_arn},
        "Action": "sts:AssumeRole",
    }
    if external_id is not None:
        statement["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    return {"Version": "2012-10-17", "Statement": [statement]}
