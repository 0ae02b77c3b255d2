"""
One termination: what is known of a worklist line within a run, and what each event changes about it.

Its state is in the `StateTable`; here is the rest. Fields in the second group are volatile: they belong to one
execution and are not rebuilt by replay.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from orchestrator.core.inventory.calls import Operation
from orchestrator.core.inventory.evidence import NOTHING_DENIED, Conclusion, Evidence, Intent, settle, settle_followed
from orchestrator.core.inventory.model import Observation, RecordError
from orchestrator.core.review.worklist import Line
from orchestrator.core.run import events as e
from orchestrator.core.run import observations as o
from orchestrator.core.run.polling import Agreement
from orchestrator.core.values.policy import POLICY
from orchestrator.core.values.timestamps import carried_over


@dataclass(slots=True)
class Termination:
    """The life of one line within a run. Times are seconds since the epoch, by this execution's clock."""

    line: Line
    rank: int
    reviewed_at: float
    attempt: int = 1
    failed_attempts: int = 0
    send: int = 0
    doubts: int = 0
    parked_count: int = 0
    token: str | None = None
    record_before: str | None = None
    intended_at: float | None = None
    intended_service_at: float | None = None
    record_id: str | None = None
    followed_at: float | None = None
    own_records: frozenset[str] = frozenset()
    loose: Intent | None = None
    retry_at: float = 0.0
    rejection: str | None = None
    not_found: bool = False
    denied: bool = False
    adopted: bool = False
    was_adopted: bool = False
    is_parked: bool = False
    was_sent: bool = False
    evidence: str = ""
    errors: tuple[RecordError, ...] = ()
    failed_record: str | None = None
    by_another: bool = False
    options_unmet: bool = False
    found_gone: bool = False

    asked: bool = False
    lookups: Evidence = field(default_factory=Evidence)
    lookups_after: float = 0.0
    must_look: bool = False
    unlisted: bool = False
    waits: int = 0
    drift_reason: str | None = None
    look_at: float = 0.0
    misses: int = 0
    missed_at: float = 0.0
    unreadable: int = 0
    is_unreadable: bool = False
    record_status: str = ""
    agreement: Agreement = field(default_factory=Agreement)
    given_up_at: float = float("-inf")

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
        """When its TerminationTimeout ends, counted from the first send that may have been carried out or from adoption."""
        since = self.intended_at if self.intended_at is not None and not self.adopted else self.followed_at
        return float("inf") if since is None else since + self.line.options.termination_timeout_seconds

    def is_followed_by_record(self, denied: Collection[Operation]) -> bool:
        """Whether its record is what it is followed by, and not its product. *denied* may not be called in its lane."""
        return not self.is_unreadable and Operation.RECORD not in denied

    @property
    def may_be_carried_out(self) -> bool:
        """Whether a send is not accounted for: it stayed unanswered, in this attempt or in an earlier one."""
        return self.doubts > 0 or self.loose is not None

    @property
    def open_until(self) -> float:
        """Until when a send that is not accounted for may still be carried out; long ago if there is none."""
        return self.given_up_at + POLICY.settling_s if self.may_be_carried_out else float("-inf")

    @property
    def settles_at(self) -> float:
        """The earliest moment of a look that the line may end on otherwise than by a record of ours."""
        return self.agreement.settles_at(self.given_up_at if self.may_be_carried_out else None)

    @property
    def is_settled(self) -> bool:
        """Whether looks have agreed for long enough."""
        return self.agreement.at >= self.settles_at

    def begin(self, then: tuple[float, float | None], now: tuple[float, float | None], *, is_out: bool) -> None:
        """
        Begin an execution with what is durable.

        Args:

            then: When the execution before began, by its clock and by the service's (seconds since the epoch).
            now: When this one begins, likewise.
            is_out: Whether a send may have been on its way until the execution before ended.
        """
        at = now[0]
        self.asked = self.is_parked = self.unlisted = self.is_unreadable = False
        self.drift_reason = None
        self.doubts = min(self.doubts, 1)
        self.given_up_at = at if is_out else carried_over(self.given_up_at, then, now)
        self.waits = self.unreadable = 0
        self.retry_at = max(carried_over(self.retry_at, then, now), self.open_until if not is_out else at)
        self.look_at = at
        self.followed_at = None if self.followed_at is None else carried_over(self.followed_at, then, now)
        self.intended_at = None if self.intended_at is None else carried_over(self.intended_at, then, now)
        if self.intended_at is not None and self.intended_service_at is not None and now[1] is not None:
            self.intended_at = min(at, at - (now[1] - self.intended_service_at))
        sent = self.intended_at is not None or bool(self.own_records)
        # A survey made before the execution began is good enough for what was never sent.
        self.forget(at if sent else 0.0, must_look=sent)

    @property
    def intent(self) -> Intent | None:
        """
        The requests that may have been carried out and are not accounted for: those of this attempt, unless they were
        definitely refused, and those of an earlier one that was sent more often than there are records of it.
        """
        if self.loose is not None:
            return replace(self.loose, consumed=self.own_records)
        refused = self.rejection is not None and not self.doubts
        return None if refused else self._own_intent

    @property
    def _own_intent(self) -> Intent | None:
        """The requests of this attempt."""
        if self.intended_at is None:
            return None
        # The earlier of both clocks: a wrong one must not make our own record somebody else's.
        at = min(self.intended_at, self.intended_at if self.intended_service_at is None else self.intended_service_at)
        return Intent(at=at, record_before=self.record_before, consumed=self.own_records)

    def conclude(self, *, may_be_sent: bool, denied: Collection[Operation] = NOTHING_DENIED) -> Conclusion:
        """
        Say what the facts mean for this line.

        Args:

            may_be_sent: Whether a send of this attempt may have been carried out.
            denied: Operations on records that may not be called in its lane.
        """
        return settle(
            self.lookups,
            intent=self.intent if may_be_sent or self.loose else None,
            known=self.known_records,
            reviewed_at=self.reviewed_at,
            denied=denied,
        )

    def conclude_followed(self, denied: Collection[Operation]) -> Conclusion:
        """Say what lookups mean for the termination that is followed, whose record cannot be read."""
        assert self.record_id is not None
        return settle_followed(
            self.lookups,
            followed=self.record_id,
            intent=None if self.adopted else self.intent,
            loose=self.may_be_carried_out,
            denied=denied,
        )

    def forget(self, at: float, *, must_look: bool) -> None:
        """Drop what lookups said: a new question has arisen at *at*."""
        self.lookups = Evidence()
        self.lookups_after = at
        self.must_look = must_look
        self.unlisted = False
        self.misses = 0
        self.agreement = Agreement()

    def show(self, observation: Observation | None, started_at: float) -> bool:
        """
        Take note of what a complete listing, begun at *started_at*, says of the product; None: it does not show it.

        Returns:

            Whether that is news.
        """
        if started_at < self.lookups_after:
            return False
        self.unlisted = observation is None
        # A page of the listing may be older than a lookup that came while the listing went on.
        seen_at = started_at if observation is None else observation.at
        is_news = self.lookups.observation is None or seen_at > self.lookups.observation.at
        if is_news:
            self.lookups = Evidence(observation=observation)
            self.must_look = observation is None
        return is_news

    def learn(self, event: o.LookupResult) -> None:
        """Add what a lookup said."""
        facts = self.lookups
        if event.observation is not None:
            # A history from before this look may lack what the look shows, and a record may have come to light since.
            facts = replace(
                facts,
                observation=event.observation,
                looks=facts.looks + 1,
                records={},
                hidden={},
                history=None,
                history_token=None,
                history_pages=0,
            )
        if event.record is not None:
            facts = replace(facts, records={**facts.records, event.record.record_id: event.record})
        if event.hidden_record_id is not None:
            times = facts.hidden.get(event.hidden_record_id, 0) + 1
            facts = replace(facts, hidden={**facts.hidden, event.hidden_record_id: times})
        if event.denied_record_id is not None:
            facts = replace(facts, denied=facts.denied | {event.denied_record_id})
        if event.history is not None:
            facts = replace(
                facts,
                history=(*(facts.history or ()), *event.history),
                history_token=event.history_token,
                history_pages=facts.history_pages + 1,
            )
        if event.history_denied:
            facts = replace(facts, history_denied=True)
        self.lookups = facts
        self.misses = 0

    def on_event(self, event: e.LineEvent) -> None:
        """Change what is known by a durable event of this line."""
        match event:
            case e.Intended():
                self._intended(event)
            case e.Accepted(record_id=record_id) | e.RecordFound(record_id=record_id) | e.Adopted(record_id=record_id):
                self._followed(event, record_id)
            case e.Throttled() | e.NotSent():
                # Nothing was carried out, and nothing of this attempt was before.
                self.intended_at = self.intended_service_at = self.record_before = None
            case e.Unanswered():
                self.doubts += 1
                self.given_up_at = event.at
                self.forget(event.at, must_look=True)
            case e.Rejected(code=code, message=message):
                self.rejection = f"{code}: {message}"
                self.denied = event.denied
                self.not_found = event.not_found
                self.forget(event.at, must_look=True)
            case e.StillInDoubt():
                self.forget(event.at, must_look=True)
            case e.RecordUnreadable(reason=reason):
                self.evidence = reason
                self.is_unreadable = True
                self.forget(event.at, must_look=True)
            case e.AttemptFailed():
                self._attempt_failed(event)
            case _:
                self._closed(event)

    def _followed(self, event: e.LineEvent, record_id: str) -> None:
        """A record of this attempt, or of somebody else's termination, is known."""
        self.adopted = isinstance(event, e.Adopted)
        self.evidence = ""
        self.was_adopted = self.was_adopted or self.adopted
        if self.adopted and not self.doubts:
            self.intended_at = self.intended_service_at = self.record_before = None
        self.record_id = record_id
        self.followed_at = self.followed_at or event.at
        self.rejection = None
        self.is_parked = self.is_unreadable = False
        self.misses = self.unreadable = 0

    def _intended(self, event: e.Intended) -> None:
        self.attempt = event.attempt
        self.send = event.send
        self.token = event.token
        self.was_sent = True
        self.rejection = None
        self.not_found = False
        self.record_id = None
        self.adopted = False
        if self.intended_at is None:
            self.intended_at = event.at
            self.intended_service_at = event.service_at
            self.record_before = event.record_before

    def _attempt_failed(self, event: e.AttemptFailed) -> None:
        if self.doubts:
            # A send that stayed unanswered made this record, or may make, or may have made, another one.
            self.loose = self.loose or self._own_intent
        self.attempt += 1
        # Somebody else's failed termination costs no attempt; a token whose record may have FAILED never leaves again.
        self.failed_attempts += not self.adopted
        self.own_records |= {event.record_id}
        self.failed_record = event.record_id
        self.errors = event.errors
        self.retry_at = event.retry_at
        self.send = self.doubts = 0
        self.token = self.record_before = self.intended_at = self.intended_service_at = None
        self.record_id = self.followed_at = self.rejection = None
        self.adopted = self.is_unreadable = self.not_found = False
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
                self.record_id = event.record_id or self.record_id
            case e.TimedOut(evidence=text) | e.AlreadyGone(evidence=text) | e.Contradicted(evidence=text):
                self.evidence = text
            case e.FoundGone(evidence=text):
                self.evidence = f"{self.evidence}; {text}"
                self.found_gone = True
            case e.Drifted(reason=text) | e.Refused(reason=text) | e.Blocked(reason=text):
                self.evidence = text
            case _:
                assert isinstance(event, e.Parked)
                self.evidence = event.reason
                self.is_parked = True
                self.parked_count += 1
