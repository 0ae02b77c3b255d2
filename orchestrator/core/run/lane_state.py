"""
The work of one lane: what is due, how fast, how fresh its listing is, whether it still answers, what its audit owes.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.core.inventory.calls import (
    Answer,
    Denied,
    NotFound,
    NotSent,
    Operation,
    Outcome,
    Rejected,
    Throttled,
    Unanswered,
    explain,
)
from orchestrator.core.inventory.listing import Listing
from orchestrator.core.inventory.model import Product
from orchestrator.core.review.unreviewed import Prerequisite
from orchestrator.core.run.commands import ListPage, requested_id
from orchestrator.core.run.due_queue import DueQueue
from orchestrator.core.run.rate_limit import RateLimiter
from orchestrator.core.run.replies import Reply
from orchestrator.core.values.lane import Lane
from orchestrator.core.values.policy import POLICY
from orchestrator.core.values.timestamps import believed


class LaneState:
    """
    One lane within one execution of a run. Times are seconds since the epoch.

    `failed_since` are lines that may only be sent upon a listing begun after a moment: their last attempt failed then, or
    the listing before did not show all of their product. `unreviewed` is what the newest listing shows of what lines come
    after and do not wait for. `ended` are lines that were sent and ended otherwise than gone. `denied` are operations on
    records that may not be called; `refused_for` are the records that one was denied for, `shown` are operations that
    worked.

    Args:

        lane: The lane.
        rate_per_second: The plan's cap on terminations, None for none.
        askable: How many lines there are to terminate.
        rate_limits: Rate limiters that have been in use already, by operation.
    """

    def __init__(
        self,
        lane: Lane,
        rate_per_second: float | None,
        askable: int = 1,
        rate_limits: Mapping[Operation, RateLimiter] | None = None,
    ) -> None:
        self.lane = lane
        self.askable = max(1, askable)
        self.queues = {operation: DueQueue() for operation in Operation}
        self.limiters = {operation: RateLimiter() for operation in Operation} | dict(rate_limits or {})
        self.limiters[Operation.TERMINATE] = RateLimiter(cap=rate_per_second)
        self.in_flight = 0
        self.silent_since = 0.0
        self.under_way = 0
        self.serial_under_way = 0
        self.closed: str | None = None
        self.unreachable: str | None = None
        self.denials = 0
        self.accepted = 0
        self.failing_since: float | None = None
        self.failed_at = 0.0
        self.answered_at = 0.0
        self.last_problem = ""
        self.listed_at: float | None = None
        self.listing: Listing | None = None
        self.listing_number = 0
        self.listing_asked = False
        self.listing_at = 0.0
        self.listing_begun_at: float | None = None
        self.unlistable_since: float | None = None
        self.unlistable_at: float | None = None
        self.gone: set[str] = set()
        self.verdict_at: float | None = None
        self.audited_at: float | None = None
        self.audit: dict[str, float] | None = None
        self.failed_since: dict[str, float] = {}
        self.ended: set[str] = set()
        self.resettle: dict[str, float] = {}
        self.unreviewed: Mapping[Prerequisite, tuple[Product, ...]] = {}
        self.denied: dict[Operation, str] = {}
        self.refused_for: dict[Operation, set[str]] = {operation: set() for operation in Operation}
        self.shown: set[Operation] = set()
        self.clock_ahead: float | None = None

    def renewed(self, at: float, rate_per_second: float | None) -> LaneState:
        """
        Return this lane's work as an execution beginning at *at* finds it: verdicts and a closed lane are history.

        A verdict from the future (the clock was set back) counts as one of about now, or no listing could come after it.
        """
        reads: dict[Operation, RateLimiter] = {
            operation: limiter for operation, limiter in self.limiters.items() if operation is not Operation.TERMINATE
        }
        lane = LaneState(self.lane, rate_per_second, self.askable, reads)
        lane.closed, lane.gone, lane.ended, lane.accepted = self.closed, self.gone, self.ended, self.accepted
        lane.denied, lane.clock_ahead = self.denied, self.clock_ahead
        lane.verdict_at = None if self.verdict_at is None else min(self.verdict_at, at + POLICY.settling_s)
        lane.audited_at = None if self.audited_at is None or self.owes_audit else at
        return lane

    def is_fresh(self, now: float, age: float = POLICY.listing_fresh_s) -> bool:
        """Whether the newest listing was completed not longer than *age* seconds ago."""
        return self.listed_at is not None and now - self.listed_at <= age

    def is_unlistable(self, at: float) -> bool:
        """Whether listing it has failed again and again until now, for longer than the patience."""
        if self.unlistable_since is None or not self._fails_in_a_row(at):
            return False
        return at - self.unlistable_since >= POLICY.lane_patience_s

    def _fails_in_a_row(self, at: float) -> bool:
        """Whether the last failed listing was not long ago: one that nobody wanted meanwhile says nothing about now."""
        return self.unlistable_at is not None and at - self.unlistable_at <= POLICY.failed_listing_series_s

    @property
    def owes_audit(self) -> bool:
        """Whether a verdict was reached that no complete listing has been held against yet."""
        return self.verdict_at is not None and (self.audited_at is None or self.audited_at < self.verdict_at)

    def is_busy(self, now: float) -> bool:
        """Whether calls are out, or lines are due to have some."""
        due = (queue.next_at() for queue in self.queues.values())
        return self.in_flight > 0 or any(at is not None and at <= now for at in due)

    def room(self, now: float, share: int) -> int:
        """
        Say how many more calls may leave now.

        Args:

            now: Seconds since the epoch.
            share: The lane's part of all the calls that may be in flight. A lane that is silent or has failed last gets
                little of it, so that it does not hold the others' workers.
        """
        silent = self.in_flight > 0 and now - self.silent_since > POLICY.lane_silence_s
        return min(share, 1 if self.failing_since is not None else 2 if silent else share) - self.in_flight

    def needs_listing(self, now: float) -> bool:
        """Whether a line is due that may only be sent upon a listing begun after its last attempt failed."""
        return any(self.queues[Operation.TERMINATE].is_due(line, now) for line in self.failed_since)

    def on_call(self, operation: Operation, at: float) -> None:
        """A call left."""
        if not self.in_flight:
            self.silent_since = at
        self.in_flight += 1
        self.limiters[operation].on_send(at)

    def on_reply(self, reply: Reply) -> None:
        """Learn from an answer how fast to go, whether the lane is well, and what its listing shows."""
        at, command, outcome = reply.at, reply.command, reply.outcome
        self.in_flight = max(0, self.in_flight - 1)
        self.silent_since = at
        self.limiters[command.operation].on_reply(at, slower=isinstance(outcome, Throttled | NotSent | Unanswered))
        self.clock_ahead = self.clock_ahead if reply.clock_ahead is None else believed(reply.clock_ahead)
        if isinstance(command, ListPage):
            self.on_page(command, at, outcome)
        elif isinstance(outcome, Denied):
            self.refused_for[command.operation].add(requested_id(command))
            self.denials += command.operation is Operation.TERMINATE
        if isinstance(outcome, Answer):
            self.shown.add(command.operation)
        if isinstance(outcome, Answer | NotFound | Denied | Rejected):
            self.failing_since = None
            self.answered_at = at
        else:
            self.failed_at = at
            self.failing_since = self.failing_since or at
        if not isinstance(outcome, Answer | NotFound):
            self.last_problem = explain(outcome)

    def ask_page(self, listing: Listing) -> None:
        """A call of a listing was made; the first one begins it."""
        self.listing_asked = True
        if self.listing is None:
            self.listing = listing
            self.listing_number = listing.number

    def on_page(self, command: ListPage, at: float, outcome: Outcome) -> None:
        """Let the listing that is being read take an answer; one that it does not wait for means nothing."""
        self.listing_asked = False
        if self.listing is not None and (self.listing.number, self.listing.step_number) == (command.listing, command.page):
            self.listing.on_reply(at, outcome)
            self.listing_at = self.listing.ready_at

    def give_up_listing(self, at: float) -> None:
        """Drop the listing that is being read; it begins anew after a pause."""
        self.listing = None
        if not self._fails_in_a_row(at):
            self.unlistable_since = at
        self.unlistable_at = at
        self.listing_at = at + POLICY.failed_listing_pause_s
