"""What a review shows, whatever its form: the worklist, what stands against it, and how each lane was read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from orchestrator.core.inventory.model import LaneCoverage
from orchestrator.core.plan.model import Options, Plan
from orchestrator.core.review.estimate import ASSUMED_DURATION, Estimate, estimate
from orchestrator.core.review.worklist import Decision, Line, Reason, Worklist
from orchestrator.core.values.durations import format_duration
from orchestrator.core.values.lane import Caller, Lane
from orchestrator.report.text import plain, plural, timestamp_text


@dataclass(frozen=True, kw_only=True)
class ReviewView:
    """
    A review, to be shown.

    `worklist` is what a run would do now; `refusals` is why it would not begin. `coverage` says how completely each lane
    was read, `callers` by whom. `now` is in seconds since the epoch, for ages.
    """

    plan: Plan
    plan_file: str
    worklist: Worklist
    now: float
    refusals: Sequence[str] = ()
    coverage: Sequence[LaneCoverage] = ()
    callers: Sequence[Caller] = ()

    @cached_property
    def turns(self) -> dict[str, int]:
        """When each line to terminate has its turn; empty where no line waits for another."""
        found = self.worklist.dependencies.waves()
        return found if max(found.values(), default=1) > 1 else {}

    @cached_property
    def by_lane(self) -> dict[Lane | None, list[Line]]:
        """The lines of each lane, and of none, in the worklist's order."""
        found: dict[Lane | None, list[Line]] = {lane: [] for lane, _ in self.worklist.lanes}
        for line in self.worklist.lines:
            found.setdefault(line.lane, []).append(line)
        return found

    def decision(self, line: Line) -> str:
        """Return what will be done with a line, in a word."""
        return "drifted" if line.reason is Reason.DRIFTED else line.decision.value

    def why(self, line: Line) -> str:
        """Say why, and when it is due if it is on notice."""
        said = line.detail
        if line.due_at is not None and line.reason in (Reason.NOTICE, Reason.PLANNED):
            is_waiting = line.decision is Decision.SKIP
            return f"{said}, due {minute_text(line.due_at)}" if is_waiting else f"{said}, its notice is over"
        return said

    @cached_property
    def estimate(self) -> Estimate | None:
        """How long a run may take; None if there is nothing to do."""
        return estimate(self.plan, self.worklist)

    @property
    def estimated(self) -> str | None:
        """Say how long a run may take, and what that assumes; None if there is nothing to do."""
        found = self.estimate
        if found is None:
            return None
        about = format_duration(found.seconds if found.seconds < 120 else round(found.seconds / 60) * 60)
        capped = f" with at most {self.plan.limits.in_flight:,} under way" if found.capped else ""
        return (
            f"about {about}{capped}, if each lane accepts {found.rate:g} terminations a second and each takes "
            f"{format_duration(ASSUMED_DURATION)} (neither is known before)"
        )

    def warnings(self) -> Iterator[str]:
        """Yield what a careful person should know before saying yes."""
        yield from self.worklist.warnings
        if drifted := sum(line.reason is Reason.DRIFTED for line in self.worklist.lines):
            yield f"{plural(drifted, 'product')} drifted since the review, and will be left alone"
        leaving = [line for line in self.worklist.of(Decision.TERMINATE) if line.options.may_leave_resources]
        if leaving:
            yield (
                f"{plural(len(leaving), 'termination')} may leave resources behind (IgnoreErrors, RetainPhysicalResources)"
            )
        if self.worklist.nothing_was_ever_seen:
            lanes = ", ".join(str(lane) for lane, _ in self.worklist.lanes)
            yield (
                f"not one product of this plan was found or has ever been seen in {lanes}. "
                "Is it the right account and region?"
            )


def limits_text(plan: Plan) -> str:
    """Say within which limits a plan runs."""
    limits = plan.limits
    parts = [
        f"at most {plural(limits.max_terminations, 'termination')}",
        f"{limits.failure_tolerance} failures tolerated",
        plural(plan.retry.attempts, "attempt") + " each",
        f"deadline {format_duration(limits.deadline_seconds)}",
    ]
    if limits.max_percent < 100:
        parts.insert(1, f"at most {limits.max_percent} % of a lane")
    if limits.rate_per_second is not None:
        parts.append(f"at most {limits.rate_per_second:g} per second")
    return ", ".join(parts)


def options_text(options: Options) -> str:
    """Name the options that change what terminating means."""
    names = []
    if options.ignore_errors:
        names.append("IgnoreErrors")
    if options.retain_physical_resources:
        names.append("RetainPhysicalResources")
    return ", ".join(names) or "-"


def minute_text(seconds: float) -> str:
    """Write seconds since the epoch for people, to the minute."""
    return f"{str(timestamp_text(seconds))[:16].replace('T', ' ')} UTC"


def format_age(seconds: float) -> str:
    """Write an age in its largest unit."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return "new"


def product_age(line: Line, now: float) -> str:
    """Write how long ago a line's product was provisioned."""
    return format_age(now - line.product.created_at) if line.product and line.product.created_at else "-"


def location_of(line: Line) -> dict[str, Any]:
    """Return what every report says of a line first: where its product is, and what it is."""
    account_id, region, _ = line.id.split("/", 2)
    return {
        "account_id": line.lane.account_id if line.lane else account_id.replace("?", "") or None,
        "region": line.lane.region if line.lane else region.replace("?", "") or None,
        "product_id": line.product_id,
        "name": line.product.name if line.product else line.requested_name,
        "type": line.product.type if line.product else None,
    }


def shown_name(line: Line) -> str:
    """Return the name of a line's product, safe to show."""
    return plain(line.name) if line.product or line.requested_name else "-"
