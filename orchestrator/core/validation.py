"""
Rules that hold between the parts of a plan, whoever wrote it: a file or a program.

Rules about the form of a single value (patterns, ranges, types) belong to the reader of the file. A finding names a path
into the plan, so that the reader can turn it into a line and a column.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from orchestrator.core.glob import is_glob
from orchestrator.core.graph import around, cycles
from orchestrator.core.lane import Lane
from orchestrator.core.plan import Entry, Plan

Path = tuple[str | int, ...]
Related = tuple[Path, str]

MOST_SHOWN = 10
"""Steps of a long cycle that are shown."""

PLAN_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    Something wrong with a plan.

    `path` leads to it, as in `("Products", 3, "Key")`; `related` are other places that it has to do with, each with a note.
    """

    path: Path
    message: str
    hint: str | None = None
    related: tuple[Related, ...] = ()


def validate(plan: Plan) -> list[Finding]:
    """
    Find everything that is wrong between the parts of a plan.

    Args:

        plan: A plan whose single values are well formed.

    Returns:

        All findings; none means that the plan can be reviewed.
    """
    between = Dependencies(plan.entries).findings()
    return [*value_findings(plan), *target_findings(plan), *lane_findings(plan), *duplicates(plan), *between]


def value_findings(plan: Plan) -> Iterator[Finding]:
    """Yield values that no plan file could have; a plan may come from a program, or from a worklist."""
    limits, retry = plan.limits, plan.retry
    share = limits.failure_tolerance
    for wrong, path, message in (
        (not PLAN_NAME.fullmatch(plan.name), ("Name",), f"`Name` cannot be `{plan.name}`"),
        (limits.max_terminations < 0, ("Limits", "MaxTerminations"), "`MaxTerminations` is less than 0"),
        (limits.in_flight < 1, ("Limits", "InFlight"), "`InFlight` is less than 1"),
        ((limits.rate_per_second or 1) <= 0, ("Limits", "RatePerSecond"), "`RatePerSecond` is not more than 0"),
        ((share.count is None) == (share.percent is None), ("Limits", "FailureTolerance"), "it is no FailureTolerance"),
        (min(share.count or 0, share.percent or 0) < 0, ("Limits", "FailureTolerance"), "it is less than 0"),
        (limits.deadline < 1, ("Limits", "Deadline"), "`Deadline` is less than a second"),
        (retry.attempts < 1, ("Retry", "Attempts"), "`Attempts` is less than 1"),
        (retry.backoff < 0, ("Retry", "Backoff"), "`Backoff` is less than 0"),
    ):
        if wrong:
            yield Finding(path=path, message=message)


def shortened(names: Sequence[str]) -> list[str]:
    """Leave out the middle of a long list."""
    if len(names) <= MOST_SHOWN:
        return list(names)
    return [*names[: MOST_SHOWN - 1], "...", names[-1]]


def target_findings(plan: Plan) -> Iterator[Finding]:
    """Yield what is wrong with targets: ways in that contradict each other, lanes that are named twice."""
    seen: dict[Lane, Path] = {}
    for number, target in enumerate(plan.targets):
        place: Path = ("Targets", number)
        ways = [
            name
            for name, value in (("RoleName", target.role_name), ("RoleArn", target.role_arn), ("Profile", target.profile))
            if value
        ]
        for way in ways[1:]:
            hint = "a target has one way in: RoleName, RoleArn or Profile"
            yield Finding(path=(*place, way), message=f"`{way}` beside `{ways[0]}`", hint=hint)
        if not (target.role_name or target.role_arn):
            for name, value in (("ExternalId", target.external_id), ("RoleSessionName", target.role_session_name)):
                if value:
                    message = f"`{name}` says how a role is assumed, and there is none"
                    yield Finding(path=(*place, name), message=message, hint="add RoleName or RoleArn")
        if target.role_arn and f":{target.account_id}:" not in target.role_arn:
            hint = "an account is entered by a role of its own"
            message = f"`{target.role_arn}` is not a role of account {target.account_id}"
            yield Finding(path=(*place, "RoleArn"), message=message, hint=hint)
        for index, lane in enumerate(target.lanes):
            path: Path = (*place, "Regions", index)
            if lane in seen:
                related = ((seen[lane], "first given here"),)
                yield Finding(path=path, message=f"{lane} is a target twice", related=related)
            seen.setdefault(lane, path)


def lane_findings(plan: Plan) -> Iterator[Finding]:
    """Yield entries that could be in none of the plan's lanes."""
    lanes = plan.lanes
    wanted: dict[str, tuple[str, int]] = {}
    for number, entry in enumerate(plan.entries):
        if entry.account_id is None and entry.region is None:
            continue
        if plan.targets:
            if not any(entry.admits(lane) for lane in lanes):
                where = "/".join(part for part in (entry.account_id, entry.region) if part)
                # A target that has mistakes of its own is no advice.
                known = dict.fromkeys(str(lane) for lane in lanes if "?" not in str(lane))
                hint = f"the lanes of the plan are {', '.join(list(known)[:8])}"
                path: Path = ("Products", number, "AccountId" if entry.account_id else "Region")
                yield Finding(path=path, message=f"{where} is none of the plan's Targets", hint=hint)
            continue
        for name, value in (("AccountId", entry.account_id), ("Region", entry.region)):
            earlier, index = wanted.setdefault(name, (value, number)) if value else (value, number)
            if earlier != value:
                yield Finding(
                    path=("Products", number, name),
                    message=f"`{name}` {value} beside {earlier}, and the plan has no Targets",
                    hint="without Targets a plan is for one account and region; add Targets",
                    related=((("Products", index, name), "another one here"),),
                )


def duplicates(plan: Plan) -> Iterator[Finding]:
    """Yield a finding for each product that has an entry already, and for each key that names one already."""
    ids: dict[str, int] = {}
    names: dict[tuple[str, str | None, str | None], int] = {}
    keys: dict[str, int] = {}
    once = "a product may have one entry only, so that its options are beyond doubt"
    for number, entry in enumerate(plan.entries):
        if entry.product_id is not None and (first := ids.setdefault(entry.product_id, number)) != number:
            field = "ProvisionedProductName" if entry.name else "ProvisionedProductId"
            path: Path = ("Products", number, field)
            yield repeated(path, f"`{entry.product_id}` is listed twice", once, first, "listed")
        elif entry.product_id is None and entry.name is not None:
            first = names.setdefault((entry.name, entry.account_id, entry.region), number)
            if first != number:
                path = ("Products", number, "ProvisionedProductName")
                yield repeated(path, f"`{entry.name}` is listed twice", once, first, "listed")
        if entry.key is not None and (first := keys.setdefault(entry.key, number)) != number:
            hint = "a key must name one entry"
            yield repeated(("Products", number, "Key"), f"the key `{entry.key}` is used twice", hint, first, "used")


def repeated(path: Path, message: str, hint: str, first: int, verb: str) -> Finding:
    """Make the finding of something that stood in an earlier entry too."""
    related = ((("Products", first, *path[2:]), f"first {verb} here"),)
    return Finding(path=path, message=message, hint=hint, related=related)


class Dependencies:
    """What the entries of a plan say of their order. Globs are for the review, which knows the names."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self._entries = entries
        self._by_handle: dict[str, list[int]] = {}
        if any(entry.depends_on for entry in entries):
            for number, entry in enumerate(entries):
                for handle in entry.handles:
                    self._by_handle.setdefault(handle, []).append(number)

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong with them: words that name no entry or several, entries that wait for one another."""
        edges: dict[int, dict[int, int]] = {}
        for number, entry in enumerate(self._entries):
            for index, word in enumerate(entry.depends_on):
                path: Path = ("Products", number, "DependsOn", index)
                if is_glob(word):
                    continue
                found = self._by_handle.get(word, [])
                if not found:
                    hint = (
                        "name the ProvisionedProductId, the ProvisionedProductName or the Key of an entry, or write a glob"
                    )
                    yield Finding(path=path, message=f"`{word}` is no entry of this plan", hint=hint)
                elif len(found) > 1:
                    related = tuple((("Products", other), "one of them") for other in found)
                    hint = "give the one that is meant a Key of its own"
                    message = f"`{word}` means {len(found)} entries"
                    yield Finding(path=path, message=message, hint=hint, related=related)
                else:
                    edges.setdefault(number, {}).setdefault(found[0], index)
        yield from self._cycles(edges)

    def _cycles(self, edges: Mapping[int, Mapping[int, int]]) -> Iterator[Finding]:
        for knot in cycles(edges):
            # Beginning with the earliest entry, so that the same plan always reads the same.
            path = [*around(knot, edges, min(knot)), min(knot)]
            steps: list[Path] = [("Products", one, "DependsOn", edges[one][other]) for one, other in pairwise(path)]
            names = [self._entries[number].label for number in path]
            yield Finding(
                path=steps[0],
                message=f"entries wait for one another: {' → '.join(shortened(names))}",
                hint="leave one of these dependencies out",
                related=tuple((step, f"`{name}` waits here") for step, name in zip(steps[1:], names[1:], strict=False))[
                    :MOST_SHOWN
                ],
            )
