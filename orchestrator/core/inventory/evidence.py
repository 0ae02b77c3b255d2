"""
Settling doubt: what lookups say about a request whose answer is unknown, or about a product that has changed.

One function serves every occasion on which a product has to be looked at again: after an unanswered send, after an answer
that refuses, on resume, before sending when a listing shows something new, and for products that are under change at
review. It classifies by what is there, never by the wording of an error. How long the looks have to agree before a line
ends on them is `run.polling`'s to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from orchestrator.core.inventory.calls import DescribeProduct, DescribeRecord, Lookup, Operation, ReadHistory
from orchestrator.core.inventory.model import (
    FAILED,
    FINAL,
    STABLE_STATUSES,
    SUCCEEDED,
    UNDER_CHANGE,
    Observation,
    Record,
    newest,
)
from orchestrator.core.values.policy import POLICY

NOTHING_DENIED: frozenset[Operation] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """
    The requests that were sent in the current attempt.

    `at` is when the first of them left, by the service's clock where that is known (seconds since the epoch), as the
    records' times are. `record_before` was the product's last record before it; `consumed` are records that earlier
    attempts are already judged by. Neither can be the answer to these requests.
    """

    at: float
    record_before: str | None
    consumed: frozenset[str] = frozenset()

    def caused(self, record: Record, seen: Iterable[Record] = ()) -> bool:
        """
        Say whether *record* can only be the answer to these requests.

        Args:

            record: A record of the product.
            seen: Others of its records; the one before the intent tells the service's own order.
        """
        if not record.is_termination or record.record_id in {self.record_before, *self.consumed}:
            return False
        before = next((each.created_at for each in seen if each.record_id == self.record_before), None)
        created_at = record.created_at
        return created_at is not None and created_at >= self.at - POLICY.clock_skew_s and created_at >= (before or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """
    What has been learned since the question arose, and how often was looked.

    `hidden` counts how often AWS did not know a record, `denied` are records that we may not read. `history_token` leads to
    the next page of the history; `history_denied` says that we may not read it.
    """

    observation: Observation | None = None
    looks: int = 0
    records: Mapping[str, Record] = field(default_factory=dict)
    hidden: Mapping[str, int] = field(default_factory=dict)
    denied: frozenset[str] = frozenset()
    history: tuple[Record, ...] | None = None
    history_token: str | None = None
    history_pages: int = 0
    history_denied: bool = False

    @property
    def seen(self) -> tuple[Record, ...]:
        """All records that were read."""
        return (*self.records.values(), *(self.history or ()))


@dataclass(frozen=True, slots=True)
class StillInProgress:
    """The termination that we follow is in progress, although its record cannot be read: look again."""

    record_id: str


@dataclass(frozen=True, slots=True)
class Follow:
    """This record is the answer to our request; its end will be the verdict."""

    record: Record


@dataclass(frozen=True, slots=True)
class Adopt:
    """Somebody else's termination is in progress; it is followed and nothing is sent."""

    record: Record


@dataclass(frozen=True, slots=True)
class Gone:
    """The product does not exist any more. `record` is the termination that ended it, where one is known."""

    record: Record | None
    ours: bool


@dataclass(frozen=True, slots=True)
class AtRest:
    """The product is there, at rest, and nothing newer than what we know has happened to it."""

    record_id: str | None


@dataclass(frozen=True, slots=True)
class EndedUnread:
    """The product is there, at rest, and the last that happened to it is our termination, whose record we may not read."""

    record_id: str
    words: str | None


@dataclass(frozen=True, slots=True)
class Changed:
    """Somebody has changed the product, or is changing it: it is not what was reviewed."""

    reason: str


@dataclass(frozen=True, slots=True)
class NewRecord:
    """Something has happened to the product, and its record cannot be read; `denied` for want of a permission."""

    record_id: str
    denied: bool

    @property
    def reason(self) -> str:
        """What is known, in words."""
        return f"its last record {self.record_id} is new, and {'may not' if self.denied else 'cannot'} be read"


@dataclass(frozen=True, slots=True)
class Undetermined:
    """What would settle it cannot be read."""

    reason: str


Conclusion = Lookup | StillInProgress | Follow | Adopt | Gone | AtRest | EndedUnread | Changed | NewRecord | Undetermined


def settle(
    evidence: Evidence,
    *,
    intent: Intent | None,
    known: frozenset[str],
    reviewed_at: float = 0.0,
    denied: Collection[Operation] = NOTHING_DENIED,
) -> Conclusion:
    """
    Say what the evidence means, or what has to be asked next.

    Args:

        evidence: What lookups have said since the question arose.
        intent: What was sent in the current attempt and may have been carried out; None if there is no such thing.
        known: Last records that are no news: the reviewed one, and those of our own earlier attempts.
        reviewed_at: When the product was reviewed; what a history holds from before is no news either.
        denied: Operations on records that may not be called in the lane.

    Returns:

        A question, or what the evidence says.
    """
    seen = evidence.observation
    if seen is None:
        return DescribeProduct()
    if seen.gone:
        return settle_gone(evidence, intent, denied)
    if seen.status in STABLE_STATUSES and seen.record_id in known:
        return AtRest(seen.record_id)
    if seen.record_id is None:
        return settle_by_history(evidence, intent, known, reviewed_at, denied)
    if (record := read_in(evidence, seen.record_id)) is not None:
        return judge_last_record(evidence, record, intent, known)
    if seen.record_id in evidence.denied or Operation.RECORD in denied:
        if evidence.history is None and not evidence.history_denied and Operation.HISTORY not in denied:
            # Who may not describe a record may still list it (documented for a former owner).
            return ReadHistory()
        return NewRecord(seen.record_id, denied=True)
    if evidence.hidden.get(seen.record_id, 0) < POLICY.max_looks:
        return DescribeRecord(seen.record_id)
    return NewRecord(seen.record_id, denied=False)


def settle_followed(
    evidence: Evidence, *, followed: str, intent: Intent | None, loose: bool, denied: Collection[Operation]
) -> Conclusion:
    """
    Say what lookups mean for a termination that is in progress and whose record cannot be read.

    Args:

        evidence: What lookups have said since the record could not be read.
        followed: The record that an answer gave us, or that was adopted.
        intent: What was sent; None if another's termination is followed.
        loose: Whether a further send of ours is not accounted for, so that another record may be its answer.
        denied: Operations on records that may not be called in the lane.
    """
    seen = evidence.observation
    if seen is None:
        return DescribeProduct()
    may_ask = not evidence.history_denied and Operation.HISTORY not in denied
    over = seen.gone or (seen.status in STABLE_STATUSES and seen.record_id == followed)
    if over and may_ask and evidence.history is None:
        return ReadHistory()
    record = read_in(evidence, followed)
    if over and record is not None and (record.status == SUCCEEDED or (record.status == FAILED and not seen.gone)):
        return Follow(record)
    if seen.gone:
        if record is None or record.status != FAILED:
            return Gone(None, ours=True)
        other = newest(each for each in evidence.history or () if each.is_termination and each.status == SUCCEEDED)
        is_ours = loose and intent is not None and other is not None and intent.caused(other, evidence.seen)
        return Gone(other, ours=is_ours)
    if over:
        return EndedUnread(followed, seen.words)
    if seen.status == UNDER_CHANGE and seen.record_id == followed:
        return StillInProgress(followed)
    if intent is not None and seen.record_id in {intent.record_before, *intent.consumed}:
        # An answer said that it was accepted: whatever shows the product as it was before is behind.
        return StillInProgress(followed)
    if seen.record_id is None:
        return StillInProgress(followed)
    return settle_overtaken(evidence, seen.record_id, denied)


def settle_overtaken(evidence: Evidence, record_id: str, denied: Collection[Operation]) -> Conclusion:
    """Find out what happened to a product after the termination that is followed, if that is what its last record says."""
    if (newer := read_in(evidence, record_id)) is not None:
        return Changed(f"it has a newer record, {newer}")
    if record_id in evidence.denied or Operation.RECORD in denied:
        return NewRecord(record_id, denied=True)
    if evidence.hidden.get(record_id, 0) < POLICY.max_looks:
        return DescribeRecord(record_id)
    return NewRecord(record_id, denied=False)


def read_in(evidence: Evidence, record_id: str) -> Record | None:
    """Return a record that was read, from wherever it was."""
    found = evidence.records.get(record_id)
    return found or next((record for record in evidence.history or () if record.record_id == record_id), None)


def settle_gone(evidence: Evidence, intent: Intent | None, denied: Collection[Operation]) -> Conclusion:
    """Find out whose termination ended a product that is gone."""
    if evidence.history_denied or Operation.HISTORY in denied:
        return Gone(None, ours=False)
    history = evidence.history
    if history is None:
        return ReadHistory()
    if evidence.history_token and is_too_young(history, intent) and evidence.history_pages < POLICY.max_history_pages:
        return ReadHistory(evidence.history_token)
    ours = newest(record for record in history if intent is not None and intent.caused(record, evidence.seen))
    if ours is not None and ours.status == SUCCEEDED:
        return Gone(ours, ours=True)
    if ours is not None and ours.status != FAILED:
        return Follow(ours)
    other = newest(record for record in history if record.is_termination and record.status == SUCCEEDED)
    return Gone(other, ours=False)


def is_too_young(history: Collection[Record], intent: Intent | None) -> bool:
    """Whether a history, newest first, may hold on its next page what an intent has caused."""
    if intent is None:
        return False
    oldest = min((record.created_at for record in history if record.created_at is not None), default=None)
    return oldest is None or oldest >= intent.at - POLICY.clock_skew_s


def settle_by_history(
    evidence: Evidence,
    intent: Intent | None,
    known: frozenset[str],
    reviewed_at: float,
    denied: Collection[Operation],
) -> Conclusion:
    """Settle a product that does not tell its last record (AWS's own sample of one in ERROR omits some of them)."""
    quiet = evidence.observation is not None and evidence.observation.status in STABLE_STATUSES
    if evidence.history_denied or Operation.HISTORY in denied:
        return AtRest(None) if quiet else Undetermined("it is under change, and its records may not be read")
    if evidence.history is None:
        return ReadHistory()
    last = newest(evidence.history)
    if last is None:
        return AtRest(None) if quiet else Undetermined("it is under change, and no record of it can be read")
    reviewed = last.created_at is not None and last.created_at < reviewed_at - POLICY.clock_skew_s
    if quiet and (last.record_id in known or reviewed) and (intent is None or not intent.caused(last, evidence.seen)):
        return AtRest(last.record_id)
    return judge_last_record(evidence, last, intent, known)


def judge_last_record(evidence: Evidence, record: Record, intent: Intent | None, known: frozenset[str]) -> Conclusion:
    """Say what a product's last record means for us."""
    assert evidence.observation is not None
    if intent is not None and intent.caused(record, evidence.seen):
        return Follow(record)
    if evidence.observation.status == UNDER_CHANGE:
        if record.record_id in known or record.status in FINAL:
            # Its status is ahead of its record: whatever changes it, it is not this one.
            if evidence.looks < POLICY.max_looks:
                return DescribeProduct()
            return Undetermined(f"it is under change, and its last record is still {record}")
        return Adopt(record) if record.is_termination else Changed(f"another operation is in progress: {record}")
    if evidence.observation.status in STABLE_STATUSES:
        return Changed(f"it has a newer record, {record}")
    if intent is not None:
        return Undetermined(f"its status is {evidence.observation.status}")
    return Changed(f"its status is {evidence.observation.status}")
