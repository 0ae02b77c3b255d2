"""
Rules that hold between the parts of a plan, whoever wrote it: a file or a program.

Rules about the form of a single value (patterns, ranges, types) belong to the reader of the file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from orchestrator.core.plan.dependency_rules import dependency_findings
from orchestrator.core.plan.model import Conditions, Plan
from orchestrator.core.values.finding import Finding, Path
from orchestrator.core.values.lane import Lane

PLAN_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def validate(plan: Plan, gaps: Collection[str] = ()) -> list[Finding]:
    """
    Find everything that is wrong between the parts of a plan.

    Args:

        plan: A plan whose single values are well formed.
        gaps: Keys of which invalid items were left out of the plan; nothing is reported to be missing from them.

    Returns:

        All findings; none means that the plan can be reviewed.
    """
    return [
        *value_findings(plan),
        *target_findings(plan),
        *(() if "Targets" in gaps else lane_findings(plan)),
        *(() if "Targets" in gaps else selection_lane_findings(plan)),
        *condition_findings(plan),
        *duplicates(plan),
        *dependency_findings(plan, all_known=not {"Products", "Select"}.intersection(gaps)),
    ]


def value_findings(plan: Plan) -> Iterator[Finding]:
    """Yield values that no plan file could have; a plan may come from a program, or from a worklist."""
    limits, retry = plan.limits, plan.retry
    share = limits.failure_tolerance
    for wrong, path, message in (
        (not PLAN_NAME.fullmatch(plan.name), ("Name",), f"`Name` cannot be `{plan.name}`"),
        (limits.max_terminations < 0, ("Limits", "MaxTerminations"), "`MaxTerminations` is less than 0"),
        (not 0 <= limits.max_percent <= 100, ("Limits", "MaxPercent"), "`MaxPercent` is no share of 100"),
        (limits.in_flight < 1, ("Limits", "InFlight"), "`InFlight` is less than 1"),
        ((limits.rate_per_second or 1) <= 0, ("Limits", "RatePerSecond"), "`RatePerSecond` is not more than 0"),
        ((share.count is None) == (share.percent is None), ("Limits", "FailureTolerance"), "it is no FailureTolerance"),
        (min(share.count or 0, share.percent or 0) < 0, ("Limits", "FailureTolerance"), "it is less than 0"),
        (limits.deadline_seconds < 1, ("Limits", "Deadline"), "`Deadline` is less than a second"),
        (retry.attempts < 1, ("Retry", "Attempts"), "`Attempts` is less than 1"),
        (retry.backoff_seconds < 0, ("Retry", "Backoff"), "`Backoff` is less than 0"),
    ):
        if wrong:
            yield Finding(path=path, message=message)


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
                known = dict.fromkeys(str(lane) for lane in lanes)
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


def selection_lane_findings(plan: Plan) -> Iterator[Finding]:
    """Yield selections in accounts or regions that are none of the plan's."""
    if not plan.targets:
        return
    accounts = {target.account_id for target in plan.targets}
    regions = {region for target in plan.targets for region in target.regions}
    for number, selection in enumerate(plan.selections):
        for name, wanted, known in (
            ("AccountId", selection.conditions.account_ids, accounts),
            ("Region", selection.conditions.regions, regions),
        ):
            for each in wanted:
                if each not in known:
                    hint = f"the plan's are {', '.join(sorted(known)[:8])}"
                    path: Path = ("Select", number, "Where", name)
                    yield Finding(path=path, message=f"{each} is none of the plan's Targets", hint=hint)


def condition_findings(plan: Plan) -> Iterator[Finding]:
    """Yield conditions that nothing fits, or everything, and targets that are protected."""
    for number, selection in enumerate(plan.selections):
        conditions = selection.conditions
        if conditions == Conditions():
            hint = 'say what is meant; for everything there is, write Name: "*"'
            yield Finding(path=("Select", number, "Where"), message="`Where` is empty", hint=hint)
        if None not in (conditions.older_than_seconds, conditions.younger_than_seconds) and (
            (conditions.older_than_seconds or 0) >= (conditions.younger_than_seconds or 0)
        ):
            path: Path = ("Select", number, "Where", "YoungerThan")
            yield Finding(path=path, message="nothing is older than its `OlderThan` and younger than that")
    for number, protected in enumerate(plan.protections):
        if protected.conditions == Conditions():
            hint = "say what is protected, as in {Name: [prod-*]}"
            yield Finding(path=("Protect", number), message="an entry of `Protect` is empty", hint=hint)
    yield from protected_targets(plan)


def protected_targets(plan: Plan) -> Iterator[Finding]:
    """Yield targets that a plan protects as a whole."""
    denied = {
        account: number
        for number, each in enumerate(plan.protections)
        if each.conditions.are_of_accounts_only
        for account in each.conditions.account_ids
    }
    for number, target in enumerate(plan.targets):
        if target.account_id in denied:
            yield Finding(
                path=("Targets", number, "AccountId"),
                message=f"account {target.account_id} is protected as a whole",
                hint="leave the target out, or protect less than the account",
                related=((("Protect", denied[target.account_id], "AccountId"), "protected here"),),
            )


def duplicates(plan: Plan) -> Iterator[Finding]:
    """Yield a finding for each product that has an entry already."""
    yield from repeated_keys(plan)
    ids: dict[str, int] = {}
    names: dict[tuple[str, str | None, str | None], int] = {}
    once = "a product may have one entry only, so that its options are beyond doubt"
    for number, entry in enumerate(plan.entries):
        if entry.product_id is not None and (first := ids.setdefault(entry.product_id, number)) != number:
            field = "ProvisionedProductName" if entry.name else "ProvisionedProductId"
            path: Path = ("Products", number, field)
            yield repeated(path, f"`{entry.product_id}` is listed twice", once, first)
        elif entry.product_id is None and entry.name is not None:
            first = names.setdefault((entry.name, entry.account_id, entry.region), number)
            if first != number:
                path = ("Products", number, "ProvisionedProductName")
                yield repeated(path, f"`{entry.name}` is listed twice", once, first)


def repeated_keys(plan: Plan) -> Iterator[Finding]:
    """Yield a finding for each key that names an entry or a selection already."""
    first: dict[str, Path] = {}
    keyed: list[tuple[Path, str | None]] = [
        *((("Products", number, "Key"), entry.key) for number, entry in enumerate(plan.entries)),
        *((("Select", number, "Key"), each.key) for number, each in enumerate(plan.selections)),
    ]
    for path, key in keyed:
        if key is not None and (earlier := first.setdefault(key, path)) != path:
            hint, related = "a key must name one entry", ((earlier, "first used here"),)
            yield Finding(path=path, message=f"the key `{key}` is used twice", hint=hint, related=related)


def repeated(path: Path, message: str, hint: str, first: int) -> Finding:
    """Make the finding of something that stood in an earlier entry too."""
    related = ((("Products", first, *path[2:]), "first listed here"),)
    return Finding(path=path, message=message, hint=hint, related=related)
