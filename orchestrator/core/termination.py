"""
One termination: what is known of a worklist line within a run, and what each event changes about it.

Its state is on the `Board`; here is the rest. Fields in the second group are volatile: they belong to one execution and
are not rebuilt by replay.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from orchestrator.core import events as e
from orchestrator.core import volatile as v
from orchestrator.core.inventory import RecordError
from orchestrator.core.settle import Conclusion, Facts, Intent, Sighting, settle
from orchestrator.core.worklist import Line

MOST_DOUBTS = 5
"""Sends that may stay unanswered in one attempt before the line rests in doubt."""

MOST_MISSES = 10
"""Lookups about one question that may fail in a row before the answer counts as unreadable."""

MOST_UNREADABLE = 5
"""Times that a followed record may be withheld in a row: it may be younger than the index that is asked."""


@dataclass(slots=True)
class Termination:
    """The life of one line within a run. Times are seconds since the epoch."""

    line: Line
    rank: int
    reviewed_at: float
    attempt: int = 1
    send: int = 0
    doubts: int = 0
    token: str | None = None
    record_before: str | None = None
    intended_at: float | None = None
    record_id: str | None = None
    followed_at: float | None = None
    own_records: frozenset[str] = frozenset()
    retry_at: float = 0.0
    rejection: str | None = None
    denied: bool = False
    adopted: bool = False
    was_adopted: bool = False
    resting: bool = False
    evidence: str = ""
    errors: tuple[RecordError, ...] = ()
    by_another: bool = False
    options_unmet: bool = False

    asked: bool = False
    facts: Facts = field(default_factory=Facts)
    facts_after: float = 0.0
    must_look: bool = False
    unlisted: bool = False
    bar: str | None = None
    look_at: float = 0.0
    misses: int = 0
    missed_at: float = 0.0
    unreadable: int = 0
    record_status: str = ""

    @property
    def product_id(self) -> str:
        """The product; a line that is to be terminated has one."""
        assert self.line.product_id is not None
        return self.line.product_id

    @property
    def known_records(self) -> frozenset[str]:
        """Last records of the product that are no news: the reviewed one, and our own."""
        reviewed = self.line.product.last_record_id if self.line.product else None
        return self.own_records | {record for record in (reviewed, self.record_before) if record}

    @property
    def overdue_at(self) -> float:
        """When the TerminationTimeout of the attempt that is followed ends."""
        return float("inf") if self.followed_at is None else self.followed_at + self.line.options.termination_timeout

    def begin(self, at: float) -> None:
        """Forget what only the last execution knew. A line that rested in doubt is looked into again."""
        self.asked = self.resting = self.unlisted = False
        self.bar = None
        self.doubts = min(self.doubts, 1)
        self.look_at = at
        self.retry_at = min(self.retry_at, at)
        # The clock may have been set back since.
        self.followed_at = None if self.followed_at is None else min(self.followed_at, at)
        self.intended_at = None if self.intended_at is None else min(self.intended_at, at)
        self.unreadable = 0
        sent = self.intended_at is not None or bool(self.own_records)
        # A survey made before the execution began is good enough for what was never sent.
        self.forget(at if sent else 0.0, must_look=sent)

    @property
    def intent(self) -> Intent | None:
        """The requests of this attempt that may have been carried out; those that were definitely refused were not."""
        refused = self.rejection is not None and not self.doubts
        if self.intended_at is None or refused:
            return None
        return Intent(at=self.intended_at, record_before=self.record_before, consumed=self.own_records)

    def conclude(self, *, in_doubt: bool) -> Conclusion:
        """Say what the facts mean for this line."""
        intent = self.intent if in_doubt else None
        return settle(
            self.facts, intent=intent, known=self.known_records, reviewed_at=self.reviewed_at, followed=self.record_id
        )

    def forget(self, at: float, *, must_look: bool) -> None:
        """Drop what lookups said: a new question has arisen at *at*."""
        self.facts = Facts()
        self.facts_after = at
        self.must_look = must_look
        self.unlisted = False
        self.misses = 0

    def show(self, sighting: Sighting | None, begun_at: float) -> None:
        """Take note of what a complete listing, begun at *begun_at*, says of the product; None: it does not show it."""
        if begun_at < self.facts_after:
            return
        self.unlisted = sighting is None
        # A page of the listing may be older than a lookup that came while the listing went on.
        seen_at = begun_at if sighting is None else sighting.at
        if self.facts.sighting is None or seen_at > self.facts.sighting.at:
            self.facts = Facts(sighting=sighting)
            self.must_look = sighting is None

    def learn(self, event: v.Learned) -> None:
        """Add what a lookup said."""
        facts = self.facts
        if event.sighting is not None:
            # A history from before this look may lack what the look shows.
            facts = replace(facts, sighting=event.sighting, looks=facts.looks + 1, history=None)
        if event.record is not None:
            facts = replace(facts, records={**facts.records, event.record.record_id: event.record})
        if event.hidden_record_id is not None:
            times = facts.hidden.get(event.hidden_record_id, 0) + 1
            facts = replace(facts, hidden={**facts.hidden, event.hidden_record_id: times})
        if event.history is not None:
            facts = replace(facts, history=event.history, history_looks=facts.history_looks + 1)
        self.facts = facts
        self.misses = 0

    def happen(self, event: e.LineEvent) -> None:
        """Change what is known by a durable event of this line."""
        match event:
            case e.Intended():
                self._intended(event)
            case e.Accepted(record_id=record_id) | e.Attached(record_id=record_id) | e.Adopted(record_id=record_id):
                same = isinstance(event, e.Attached) and self.adopted and record_id == self.record_id
                self.adopted = isinstance(event, e.Adopted) or same
                self.was_adopted = self.was_adopted or self.adopted
                if self.adopted and not self.doubts:
                    self.intended_at = self.record_before = None
                self.record_id = record_id
                # Finding a record again that was lost from sight does not restart its clock.
                self.followed_at = self.followed_at or event.at
                self.rejection = None
                self.resting = False
                self.misses = self.unreadable = 0
            case e.Throttled() | e.NotSent():
                # Nothing was carried out, and nothing of this attempt was before.
                self.intended_at = self.record_before = None
            case e.Unanswered():
                self.doubts += 1
                self.forget(event.at, must_look=True)
            case e.Disputed(code=code, message=message):
                self.rejection = f"{code}: {message}"
                self.denied = event.denied
                self.forget(event.at, must_look=True)
            case e.StillInDoubt():
                self.forget(event.at, must_look=True)
            case e.LostSight(reason=reason):
                self.evidence = reason
                if not self.adopted:
                    # It was accepted: whatever a look says, it has been carried out or will be.
                    self.doubts = max(1, self.doubts)
                self.forget(event.at, must_look=True)
            case e.AttemptFailed():
                self._attempt_failed(event)
            case _:
                self._closed(event)

    def _intended(self, event: e.Intended) -> None:
        self.attempt = event.attempt
        self.send = event.send
        self.token = event.token
        self.rejection = None
        self.record_id = None
        self.adopted = False
        if self.intended_at is None:
            self.intended_at = event.at
            self.record_before = event.record_before

    def _attempt_failed(self, event: e.AttemptFailed) -> None:
        if not self.adopted:
            self.attempt += 1
        self.own_records |= {event.record_id}
        self.errors = event.errors
        self.retry_at = event.retry_at
        self.send = self.doubts = 0
        self.token = self.record_before = self.intended_at = self.record_id = self.followed_at = self.rejection = None
        self.adopted = False
        self.forget(event.at, must_look=True)

    def _closed(self, event: e.LineEvent) -> None:
        match event:
            case e.Terminated():
                self.evidence = event.evidence
                self.by_another = event.by_another
                self.options_unmet = event.options_unmet
                self.record_id = event.record_id or self.record_id
            case e.Failed():
                self.evidence = event.evidence
                self.errors = event.errors or self.errors
            case e.Stuck(evidence=text) | e.AlreadyGone(evidence=text) | e.Contradicted(evidence=text):
                self.evidence = text
            case e.Drifted(reason=text) | e.Refused(reason=text) | e.Blocked(reason=text):
                self.evidence = text
            case _:
                assert isinstance(event, e.Rested)
                self.evidence = event.reason
                self.resting = True
