"""Reads conditions and targets from the command line: `Name=sbx-*`, `Tags.Environment=sandbox`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from orchestrator.core.plan.model import Conditions, Target
from orchestrator.errors import InvalidInput
from orchestrator.store.plan import schema
from orchestrator.store.plan.build import conditions_of, target_of
from orchestrator.store.plan.messages import explain_error

EVERYTHING = Conditions(names=("*",))
SINGLE = frozenset({"OlderThan", "YoungerThan"})


def conditions_from(words: Sequence[str]) -> Conditions:
    """
    Read the values of `--where`.

    Args:

        words: Keys of `Where` with a word each; a key that is repeated gets several words.

    Returns:

        The conditions; without any words, those that everything matches.

    Raises:

        InvalidInput: Some of them are not valid; the message names them all.
    """
    if not words:
        return EVERYTHING
    keys: dict[str, Any] = {}
    for text in words:
        key, equals, word = text.partition("=")
        if not equals:
            message = f"--where {text}: expected KEY=WORD, as in Name=sbx-* or Tags.Environment=sandbox"
            raise InvalidInput(message)
        section, _, tag = key.partition(".")
        if section == "Tags" and tag:
            keys.setdefault("Tags", {}).setdefault(tag, []).append(word)
        elif key in SINGLE:
            if key in keys:
                message = f"--where {text}: `{key}` is given twice"
                raise InvalidInput(message)
            keys[key] = word
        else:
            keys.setdefault(key, []).append(word)
    try:
        found = schema.WhereKeys.model_validate(keys)
    except ValidationError as error:
        raise InvalidInput(option_error(error, "--where", ("Select", "Where"))) from error
    return conditions_of(vars(found))


def targets_from(
    accounts: Sequence[str], regions: Sequence[str], role_name: str | None, external_id: str | None
) -> tuple[Target, ...]:
    """
    Build a target for each account, all with the same regions and the same role.

    Args:

        accounts: The ids of the accounts.
        regions: The regions.
        role_name: The name of the role to assume, None for the credentials of the environment.
        external_id: The external id for assuming the role.

    Raises:

        InvalidInput: One of the values is not valid.
    """
    given = {"RoleName": role_name, "ExternalId": external_id}
    way = {key: value for key, value in given.items() if value is not None}
    try:
        keys = [
            schema.TargetKeys.model_validate({"AccountId": account, "Regions": list(regions), **way})
            for account in accounts
        ]
    except ValidationError as error:
        raise InvalidInput(option_error(error, "discover", ("Targets",))) from error
    return tuple(target_of(vars(each)) for each in keys)


def option_error(error: ValidationError, option: str, place: tuple[str, ...]) -> str:
    """Describe all errors in the values of a command-line option."""
    said = [explain_error(each["type"], (*place, *each["loc"]), each) for each in error.errors(include_url=False)]
    return "; ".join(f"{option}: {what}" + (f" ({hint})" if hint else "") for what, hint in said)
