"""Words of a command that a person pastes into a shell."""

from __future__ import annotations

import shlex


def pasteable(word: object) -> str:
    """
    Return a word, or a path, as a shell reads it.

    What a terminal would obey is replaced: such a word is no use in a command any more, and does no harm either.
    """
    return shlex.quote("".join(c if c.isprintable() else "?" for c in str(word)))
