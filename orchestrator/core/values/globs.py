"""
Globs over names: `*` any characters, `?` one, `[abc]` and `[!abc]` one of a set. Case counts, as it does in names.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

RANGE = re.compile(r"[^-]-[^-]")


def is_glob(text: str) -> bool:
    """Whether a text is a pattern and not a plain word; none of its characters can be part of an id or a name."""
    return any(character in text for character in "*?[")


def matches(name: str, glob: str) -> bool:
    """Whether *name* fits *glob*, as a whole."""
    return fnmatchcase(name, glob)


def mistake_in(glob: str) -> str | None:
    """Say what is wrong with a glob, None if nothing is."""
    rest = glob
    while "[" in rest:
        rest = rest.partition("[")[2]
        # The first character of a set may be a closing bracket that belongs to it.
        first = rest.removeprefix("!")[:1]
        body, closing, rest = rest.removeprefix("!")[1:].partition("]")
        if not closing:
            return "a `[` is never closed"
        if "[" in body:
            return "a `[` inside of a set"
        if backwards := next((each for each in RANGE.findall(first + body) if each[0] > each[2]), None):
            return f"the range `{backwards}` runs backwards"
    return None
