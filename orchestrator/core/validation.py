"""
Rules that hold between the parts of a plan, whoever wrote it: a file or a program.

Rules about the form of a single value (patterns, ranges, types) belong to the reader of the file. A finding names a path
into the plan, so that the reader can turn it into a line and a column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrator.core.plan import Plan

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    Something wrong with a plan.

    `path` leads to it, as in `("Products", 3, "Key")`; `related` leads to an earlier place that it collides with.
    """

    path: Path
    message: str
    hint: str | None = None
    related: Path | None = None
    related_note: str | None = None


def validate(plan: Plan) -> list[Finding]:
    """
    Find everything that is wrong between the parts of a plan.

    Args:

        plan: A plan whose single values are well formed.

    Returns:

        All findings; none means that the plan can be reviewed.
    """
    return [
        *duplicate_ids([entry.product_id for entry in plan.entries]),
        *duplicate_keys([entry.key for entry in plan.entries]),
    ]


def duplicate_ids(ids: Sequence[object]) -> Iterator[Finding]:
    """Yield a finding for each product that has an entry already. What is not text is somebody else's complaint."""
    for index, earlier in repeats(ids):
        yield Finding(
            path=("Products", index, "ProvisionedProductId"),
            message=f"`{ids[index]}` is listed twice",
            hint="a product may have one entry only, so that its options are beyond doubt",
            related=("Products", earlier, "ProvisionedProductId"),
            related_note="first listed here",
        )


def duplicate_keys(keys: Sequence[object]) -> Iterator[Finding]:
    """Yield a finding for each key that names an entry already."""
    for index, earlier in repeats(keys):
        yield Finding(
            path=("Products", index, "Key"),
            message=f"the key `{keys[index]}` is used twice",
            hint="a key must name one entry",
            related=("Products", earlier, "Key"),
            related_note="first used here",
        )


def repeats(values: Sequence[object]) -> Iterator[tuple[int, int]]:
    """Yield the index of each text that stood earlier too, with the index of its first place."""
    first: dict[str, int] = {}
    for index, value in enumerate(values):
        if isinstance(value, str) and first.setdefault(value, index) != index:
            yield index, first[value]
