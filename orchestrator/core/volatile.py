"""
Volatile events: what only this execution needs, such as what was asked and what a lookup showed.

They change the run through the same `apply` as the durable ones, are never written, and a resumed run does without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from orchestrator.core.commands import Operation
from orchestrator.core.events import Event, LaneEvent, LineEvent
from orchestrator.core.inventory import Product, Record
from orchestrator.core.lane import Lane
from orchestrator.core.settle import Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse(Event):
    """The loop is alive. For displays only; it changes nothing."""

    durable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Event):
    """A read was issued. `line` is None for pages of a listing."""

    lane: Lane
    operation: Operation
    line: str | None

    durable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard(Event):
    """
    An answer came, or none: what the pace, the lane's health and the line's question learn from it.

    `slower` asks for fewer calls; `well` says that the lane answers; `missed` says that the question is still open for
    another reason than the pace, `definite` that this was a refusal and not silence.
    """

    lane: Lane
    operation: Operation
    line: str | None
    slower: bool
    well: bool
    missed: bool
    definite: bool
    denied: bool = False
    problem: str | None = None

    durable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned(LineEvent):
    """A lookup said something about a line. What is None was not learned; `hidden_record_id` was not shown."""

    sighting: Sighting | None = None
    record: Record | None = None
    hidden_record_id: str | None = None
    history: tuple[Record, ...] | None = None

    durable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed(LineEvent):
    """The record of a line was read and is not final; `readable` is False if AWS did not show it."""

    status: str
    readable: bool = True

    durable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRead(LaneEvent):
    """A page of the lane's listing was read, of the scan or of the search."""

    listing: int
    operation: Operation
    products: tuple[Product, ...]
    next_token: str | None

    durable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingFailed(LaneEvent):
    """A listing was given up; it begins anew later."""

    listing: int
    reason: str

    durable: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(LaneEvent):
    """
    A complete listing of the lane, begun at `begun_at`. `bars` says of lines why they may not be sent any more by what it
    shows: protected, or not what was selected.
    """

    begun_at: float
    sightings: Mapping[str, Sighting]
    bars: Mapping[str, str] = field(default_factory=dict)

    durable: ClassVar[bool] = False
