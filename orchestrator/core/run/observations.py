"""
Volatile events: what only this execution needs, such as what was asked and what a lookup showed.

They change the run through the same `apply` as the durable ones, are never written, and a resumed run does without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestrator.core.inventory.calls import Operation
from orchestrator.core.inventory.model import Observation, Product, Record
from orchestrator.core.review.unreviewed import Prerequisite
from orchestrator.core.run.events import Event, LaneEvent, LineEvent
from orchestrator.core.run.replies import Reply
from orchestrator.core.values.lane import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat(Event):
    """The loop is alive. For displays only; it changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupIssued(Event):
    """A read was issued. `line` is None for pages of a listing."""

    lane: Lane
    operation: Operation
    line: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyReceived(LaneEvent):
    """An answer came, or none: its lane's rate limits, health and listing learn from it, and its line's question."""

    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupResult(LineEvent):
    """
    A lookup said something about a line. What is None was not learned.

    `hidden_record_id` is a record that AWS does not know (yet), `denied_record_id` one that we may not read. `history` is a
    page of the product's records, `history_token` leads to the next one; `history_denied` says that we may not read it.
    """

    observation: Observation | None = None
    record: Record | None = None
    hidden_record_id: str | None = None
    denied_record_id: str | None = None
    history: tuple[Record, ...] | None = None
    history_token: str | None = None
    history_denied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPolled(LineEvent):
    """The record of a line was read and is not final; `readable` is False if AWS did not show it."""

    status: str
    readable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsDenied(LaneEvent):
    """Records may not be read in the lane by this operation, in AWS's `words`; it is not called any more."""

    operation: Operation
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingFailed(LaneEvent):
    """A listing was given up; it begins anew later."""

    listing: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(LaneEvent):
    """
    A complete listing of the lane, begun at `started_at`.

    `observed` is what it shows, by product. `drift_reasons` says of lines why they may not be sent by what it shows;
    `untagged` are lines whose tags it does not show. `unreviewed` are products of it that no line waits for, by what
    lines come after. `clock_ahead` is how many seconds the service's clock is ahead of ours, if its answers tell.
    """

    started_at: float
    observed: Mapping[str, Observation]
    drift_reasons: Mapping[str, str] = field(default_factory=dict)
    untagged: frozenset[str] = frozenset()
    unreviewed: Mapping[Prerequisite, tuple[Product, ...]] = field(default_factory=dict)
    clock_ahead: float | None = None
