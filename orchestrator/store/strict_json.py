"""JSON as it is written by machines that mean it: no key twice, no numbers that are none."""

from __future__ import annotations

import json
from typing import Any, NoReturn


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object with a key twice: what a person reads would not be what is done."""
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a key is given twice"
        raise ValueError(message)
    return found


def no_constant(name: str) -> NoReturn:
    """Refuse NaN and the infinities."""
    message = f"{name} is not JSON"
    raise ValueError(message)


DECODER = json.JSONDecoder(object_pairs_hook=without_duplicates, parse_constant=no_constant)
