"""
Settling doubt: what lookups say about a request whose answer is unknown, or about a product that has changed.

One function serves every occasion on which a product has to be looked at again: after an unanswered send, after an answer
that refuses, on resume, before sending when a listing shows something new, and for products that are under change at
review. It classifies by what is there, never by the wording of an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from orchestrator.core.inventory import FAILED, FINAL, QUIET, SUCCEEDED, UNDER_CHANGE, Record

CLOCK_SKEW = 300.0
"""Seconds by which a record may seem older than the intent that caused it."""

HISTORY_LOOKS = 3
"""How often the record history of a vanished product is read before it is said to hold nothing of ours."""

MOST_LOOKS = 5
"""How often a product or a record is looked at again that does not (yet) say what it must."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """
    What a lookup or a listing said about one product. `status` is None when it is gone.

    `record_id` is its last record.
    """

    at: float
    status: str | None
    record_id: str | None = None

    @property
    def gone(self) -> bool:
        """Whether the product does not exist any more."""
        return self.status is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """
    The requests that were sent in the current attempt.

    `record_before` was the product's last record before the first of them; `consumed` are records that earlier attempts
    are already judged by. Neither can be the answer to these requests.
    """

    at: float
    record_before: str | None
    consumed: frozenset[str] = frozenset()

    def caused(self, record: Record) -> bool:
        """Whether *record* can only be the answer to these requests, clock skew allowed for."""
        return (
            record.is_termination
            and record.record_id != self.record_before
            and record.record_id not in self.consumed
            and record.created_at is not None
            and record.created_at >= self.at - CLOCK_SKEW
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    What has been learned since the question arose, and how often was looked.

    `hidden` counts how often AWS would not show a record.
    """

    sighting: Sighting | None = None
    looks: int = 0
    records: Mapping[str, Record] = field(default_factory=dict)
    hidden: Mapping[str, int] = field(default_factory=dict)
    history: tuple[Record, ...] | None = None
    history_looks: int = 0


@dataclass(frozen=True, slots=True)
class AskProduct:
    """Not enough is known: look the product up."""


@dataclass(frozen=True, slots=True)
class AskRecord:
    """Not enough is known: look this record up."""

    record_id: str


@dataclass(frozen=True, slots=True)
class AskHistory:
    """Not enough is known: read the product's newest records."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The termination that we follow is still under way, although its record cannot be read: look again."""

    record_id: str


@dataclass(frozen=True, slots=True)
class Follow:
    """This record is the answer to our request; its end will be the verdict."""

    record: Record


@dataclass(frozen=True, slots=True)
class Adopt:
    """Somebody else's termination is under way; it is followed and nothing is sent."""

    record: Record


@dataclass(frozen=True, slots=True)
class Gone:
    """The product does not exist any more. `record` is the termination that ended it, where one is known."""

    record: Record | None
    ours: bool


@dataclass(frozen=True, slots=True)
class Quiet:
    """The product is there, at rest, and nothing newer than what we know has happened to it."""

    record_id: str | None


@dataclass(frozen=True, slots=True)
class Changed:
    """Somebody has changed the product, or is changing it: it is not what was reviewed."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What would settle it cannot be read."""

    reason: str


Question = AskProduct | AskRecord | AskHistory | UnderWay
Conclusion = Question | Follow | Adopt | Gone | Quiet | Changed | Unreadable


def settle(
    facts: Facts,
    *,
    intent: Intent | None,
    known: frozenset[str],
    reviewed_at: float = 0.0,
    followed: str | None = None,
) -> Conclusion:
    """
    Say what the facts mean, or what has to be asked next.

    Args:

        facts: What lookups have said since the question arose.
        intent: What was sent in the current attempt and may have been carried out; None if there is no such thing.
        known: Last records that are no news: the reviewed one, and those of our own earlier attempts.
        reviewed_at: When the product was reviewed; what a history holds from before is no news either.
        followed: The record of this attempt that was followed before it was lost from sight, if there is one.

    Returns:

        A question, or a conclusion that no further fact would change.
    """
    sighting = facts.sighting
    if sighting is None:
        return AskProduct()
    if sighting.gone:
        return settle_gone(facts, intent)
    if sighting.status in QUIET and sighting.record_id in known:
        return Quiet(sighting.record_id)
    if sighting.record_id is None:
        return settle_by_history(facts, intent, known, reviewed_at)
    if sighting.status == UNDER_CHANGE and sighting.record_id == followed:
        return UnderWay(sighting.record_id)
    if sighting.record_id not in facts.records:
        if facts.hidden.get(sighting.record_id, 0) < MOST_LOOKS:
            return AskRecord(sighting.record_id)
        return Unreadable(f"its last record {sighting.record_id} cannot be read")
    return judge_last_record(facts, facts.records[sighting.record_id], intent, known)


def settle_gone(facts: Facts, intent: Intent | None) -> Conclusion:
    """Find out whose termination ended a product that is gone."""
    history = facts.history
    if history is None:
        return AskHistory()
    ours = newest(record for record in history if intent is not None and intent.caused(record))
    if ours is not None and ours.status == SUCCEEDED:
        return Gone(ours, ours=True)
    if ours is not None and ours.status != FAILED:
        return Follow(ours)
    other = newest(record for record in history if record.is_termination and record.status == SUCCEEDED)
    # The history may lag behind the product: what we sent a moment ago may still be missing from it.
    if other is None and intent is not None and facts.history_looks < HISTORY_LOOKS:
        return AskHistory()
    return Gone(other, ours=False)


def settle_by_history(facts: Facts, intent: Intent | None, known: frozenset[str], reviewed_at: float) -> Conclusion:
    """Settle a product that does not tell its last record (AWS's own sample of one in ERROR omits some of them)."""
    if facts.history is None:
        return AskHistory()
    last = newest(facts.history)
    quiet = facts.sighting is not None and facts.sighting.status in QUIET
    if last is None:
        return Quiet(None) if quiet else Unreadable("it is under change, and no record of it can be read")
    reviewed = last.created_at is not None and last.created_at < reviewed_at - CLOCK_SKEW
    if quiet and (last.record_id in known or reviewed) and (intent is None or not intent.caused(last)):
        return Quiet(last.record_id)
    return judge_last_record(facts, last, intent, known)


def judge_last_record(facts: Facts, record: Record, intent: Intent | None, known: frozenset[str]) -> Conclusion:
    """Say what a product's last record means for us."""
    assert facts.sighting is not None
    if intent is not None and intent.caused(record):
        return Follow(record)
    if facts.sighting.status == UNDER_CHANGE:
        if record.record_id in known or record.status in FINAL:
            # Its status is ahead of its record: whatever changes it, it is not this one.
            if facts.looks < MOST_LOOKS:
                return AskProduct()
            return Unreadable(f"it is under change, and its last record is still {record}")
        return Adopt(record) if record.is_termination else Changed(f"it is under change by {record}")
    if facts.sighting.status in QUIET:
        return Changed(f"it has a newer record, {record}")
    if intent is not None:
        return Unreadable(f"its status is {facts.sighting.status}")
    return Changed(f"its status is {facts.sighting.status}")


def newest(records: Iterable[Record]) -> Record | None:
    """Return the record created last; one without a time counts as oldest."""
    return max(records, key=lambda record: record.created_at or 0.0, default=None)
