"""
A plan written from what is live, to be edited: what could be terminated as entries, lane by lane, and everything else as
comments that say why not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from orchestrator.core.plan.model import Plan, Protection, Target
from orchestrator.core.review.worklist import Decision, Line, Worklist
from orchestrator.core.values.durations import format_duration
from orchestrator.report.review_view import product_age, shown_name
from orchestrator.report.text import plain, plural

PLAIN_ID = re.compile(r"pp-[a-z0-9-]+")
"""What no reader of YAML takes for anything but text."""

MOST_TAGS = 8


def plan_text(plan: Plan, targets: Sequence[Target], worklist: Worklist, now: float, command: str) -> str:
    """
    Write a plan.

    Args:

        plan: What was asked for: its name, and what it protects, are those of the plan that is written.
        targets: The ways into its lanes.
        worklist: What a selection of everything that was asked for decides.
        now: For ages, seconds since the epoch.
        command: How it was asked for, for people.

    Returns:

        YAML that is a valid plan, and whose review terminates what the worklist would.
    """
    terminate = worklist.of(Decision.TERMINATE)
    lines = [
        f"# What was found by: {plain(command)}",
        f"# {plural(len(terminate), 'product')} to terminate. Delete what should stay, check the plan with",
        "# `orchestrator validate`, and see what it would do with `orchestrator review`.",
        "Version: 1",
        f"Name: {quoted(plan.name)}",
        "",
        "Targets:",
        *target_lines(targets),
        "",
        "Products:" if terminate else "Products: []",
    ]
    for lane, problem in worklist.lanes:
        found = [line for line in worklist.lines if line.lane == lane and line.product is not None]
        state = f"NOT READ COMPLETELY: {plain(problem)}" if problem else plural(len(found), "product")
        lines += ["", f"  # {lane}: {state}"]
        for line in found:
            lines += entry_lines(line, now, several=len(worklist.lanes) > 1)
    lines += protection_lines(plan.protections)
    lines += ["", "Limits:", f"  MaxTerminations: {len(terminate)}"]
    return "\n".join(lines)


def target_lines(targets: Sequence[Target]) -> Iterator[str]:
    """Yield the targets."""
    for target in targets:
        yield f'  - AccountId: "{target.account_id}"'
        yield f"    Regions: [{', '.join(target.regions)}]"
        for key, value in (
            ("RoleName", target.role_name),
            ("RoleArn", target.role_arn),
            ("Profile", target.profile),
            ("ExternalId", target.external_id),
            ("RoleSessionName", target.role_session_name),
        ):
            if value is not None:
                yield f"    {key}: {quoted(value)}"


def protection_lines(protections: Sequence[Protection]) -> Iterator[str]:
    """Yield what is protected."""
    if protections:
        yield from ("", "Protect:")
    for each in protections:
        conditions = each.conditions
        keys = [
            f"{key}: [{', '.join(map(quoted, words))}]"
            for key, words in (
                ("Name", conditions.names),
                ("ProvisionedProductId", conditions.product_ids),
                ("Status", conditions.statuses),
                ("ProductName", conditions.catalog_names),
                ("ProductId", conditions.catalog_ids),
                ("Type", conditions.types),
                ("UserArn", conditions.user_arns),
                ("AccountId", conditions.account_ids),
                ("Region", conditions.regions),
            )
            if words
        ]
        tags = [f"{quoted(key)}: [{', '.join(map(quoted, words))}]" for key, words in conditions.tags]
        keys += [f"Tags: {{{', '.join(tags)}}}"] if tags else []
        for key, seconds in (
            ("OlderThan", conditions.older_than_seconds),
            ("YoungerThan", conditions.younger_than_seconds),
        ):
            keys += [f"{key}: {format_duration(seconds)}"] if seconds is not None else []
        yield f"  - {{{', '.join(keys)}}}"


def entry_lines(line: Line, now: float, *, several: bool) -> Iterator[str]:
    """Yield one product: an entry if it can be terminated, else a comment that says why not."""
    assert line.product is not None
    assert line.lane is not None
    product = line.product
    tags = [f"{key}={value}" for key, value in (product.tags or ())[:MOST_TAGS]]
    about = [shown_name(line), product.type, product.status, product_age(line, now)]
    about += [f"by {product.user_arn}"] if product.user_arn else []
    entry = [f"- ProvisionedProductId: {quoted(product.product_id)}"]
    if several:
        entry += [f'  AccountId: "{line.lane.account_id}"', f"  Region: {line.lane.region}"]
    yield f"  # {plain('  '.join([*about, *tags]))}"
    if line.decision is Decision.TERMINATE:
        yield from (f"  {text}" for text in entry)
        return
    yield f"  # left out: {plain(line.detail)}"
    yield from (f"  # {text}" for text in entry)


def quoted(text: str) -> str:
    """Write a text so that every reader of YAML takes it for that text."""
    if PLAIN_ID.fullmatch(text):
        return text
    return f'"{"".join(map(escaped, text))}"'


def escaped(character: str) -> str:
    """Write a character of a quoted text; what could confuse a screen by its number, so that it stays what it is."""
    if character in '\\"':
        return f"\\{character}"
    if plain(character) == character:
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
