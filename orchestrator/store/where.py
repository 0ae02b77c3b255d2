"""Conditions as they are written on a command line: `Name=sbx-*`, `Tags.Environment=sandbox`, `OlderThan=14d`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from orchestrator.core.plan import Conditions
from orchestrator.errors import InvalidInput
from orchestrator.store import plan_schema as schema
from orchestrator.store.plan_mistakes import explain
from orchestrator.store.plan_sketch import conditions_of

EVERYTHING = Conditions(names=("*",))
SINGLE = frozenset({"OlderThan", "YoungerThan"})


def conditions_from(words: Sequence[str]) -> Conditions:
    """
    Read conditions.

    Args:

        words: Each a key of `Where` and a word; a key that comes again gets a further word.

    Returns:

        The conditions; without any, everything fits.

    Raises:

        InvalidInput: One is not such a word; all of them are named.
    """
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
            keys[key] = word
        else:
            keys.setdefault(key, []).append(word)
    try:
        found = schema.WhereKeys.model_validate(keys)
    except ValidationError as error:
        said = [explain(each["type"], ("Select", "Where", *each["loc"]), each) for each in error.errors(include_url=False)]
        raise InvalidInput("; ".join(f"--where: {what}" + (f" ({hint})" if hint else "") for what, hint in said)) from error
    return conditions_of(vars(found)) if keys else EVERYTHING
