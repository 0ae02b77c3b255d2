"""Bytes that somebody or something got wrong, for tests of what is said about them."""

from __future__ import annotations

import random
from collections.abc import Sequence


def mutated(data: bytes, seed: int, *, times: int, span: int, insertions: Sequence[bytes]) -> bytes:
    """
    Change, remove, repeat and insert bytes.

    Args:

        data: What was right; longer than all that may be removed.
        seed: The same one makes the same mistakes.
        times: How many changes at most.
        span: How many bytes are removed or repeated at once at most.
        insertions: What is inserted.
    """
    draw = random.Random(seed)
    changed = bytearray(data)
    for _ in range(draw.randint(1, times)):
        at = draw.randrange(len(changed))
        match draw.randrange(4):
            case 0:
                changed[at] = draw.randrange(256)
            case 1:
                del changed[at : at + draw.randint(1, span)]
            case 2:
                changed[at:at] = changed[at : at + draw.randint(1, span)]
            case _:
                changed[at:at] = draw.choice(insertions)
    return bytes(changed)
