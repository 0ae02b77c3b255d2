"""
Events: our history. They go to the journal, and replaying them gives the same run again.

What only one execution needs to know is in `observations`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from orchestrator.core.inventory.model import RecordError
from orchestrator.core.values.lane import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened at `at` (seconds since the epoch)."""

    at: float

    kind: ClassVar[str] = ""
    """What the event is called in the journal and in logs. One without a kind is volatile: it is not written."""

    durable: ClassVar[bool] = False
    """Whether the event is written to the journal: it has a kind."""

    def __init_subclass__(cls) -> None:
        cls.durable = bool(cls.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineEvent(Event):
    """Something that happened to one line."""

    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended(LineEvent):
    """The request is about to leave. Synced before it does. `service_at` is `at` by the service's clock, if known."""

    kind = "intended"

    attempt: int
    send: int
    token: str
    ignore_errors: bool
    retain_physical_resources: bool
    accept_language: str | None
    record_before: str | None
    service_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(LineEvent):
    """AWS answered with the record of the termination."""

    kind = "accepted"

    record_id: str
    record_status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled(LineEvent):
    """The request was refused for its rate; it will be sent again with the same token."""

    kind = "throttled"

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent(LineEvent):
    """The request did not leave; it will be sent again with the same token."""

    kind = "not_sent"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered(LineEvent):
    """The request may have been carried out."""

    kind = "unanswered"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StillInDoubt(LineEvent):
    """This send came to nothing, but an earlier one of the attempt may have been carried out."""

    kind = "still_in_doubt"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(LineEvent):
    """
    AWS refused the request: `denied` for want of a permission, `not_found` because it knows no such product. What that
    means is settled by looking the product up.
    """

    kind = "rejected"

    code: str
    message: str
    denied: bool = False
    not_found: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFound(LineEvent):
    """The record of our request was found by looking the product up."""

    kind = "record_found"

    record_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted(LineEvent):
    """Somebody else's termination is under way and is followed."""

    kind = "adopted"

    record_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUnreadable(LineEvent):
    """The record that is followed cannot be read; the product itself is looked up instead."""

    kind = "record_unreadable"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked(LineEvent):
    """What is unknown could not be settled within bounds; this execution leaves the line as it is."""

    kind = "parked"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminated(LineEvent):
    """The product is gone, on the evidence named."""

    kind = "terminated"

    evidence: str
    record_id: str | None
    by_another: bool = False
    options_unmet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFailed(LineEvent):
    """The record FAILED, and the line is open again from `retry_at` on: for another attempt, or until it is known what
    became of a send that stayed unanswered.
    """

    kind = "attempt_failed"

    record_id: str
    errors: tuple[RecordError, ...]
    retry_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(LineEvent):
    """
    The product was not terminated, on the evidence named; nothing further is tried. `denied` says that it was for want of a
    right, which is the lane's trouble and no failure of the product's.
    """

    kind = "failed"

    evidence: str
    errors: tuple[RecordError, ...] = ()
    denied: bool = False
    record_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut(LineEvent):
    """It is still in progress after its TerminationTimeout, or stayed in doubt for too long."""

    kind = "timed_out"

    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyGone(LineEvent):
    """The product was gone without our doing, as far as evidence goes."""

    kind = "already_gone"

    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted(LineEvent):
    """The product is not what was reviewed; nothing (more) is sent."""

    kind = "drifted"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(LineEvent):
    """The lane was closed before this line was sent."""

    kind = "refused"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked(LineEvent):
    """A prerequisite did not go; nothing is sent."""

    kind = "blocked"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradicted(LineEvent):
    """The record says terminated, and the product is still there."""

    kind = "contradicted"

    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundGone(LineEvent):
    """The product is gone although the line ended otherwise, and no record tells that it was our doing."""

    kind = "found_gone"

    evidence: str


class StartedBy(StrEnum):
    """How an execution began."""

    RUN = "run"
    RESUME = "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """
    An execution of the run began; its deadline and failure tolerance count from here.

    `send_ban` says why it sends nothing and only follows what was sent before; None if it sends. `first` is how many lines
    it starts at most, the others are left for later; None for all. `service_at` is `at` by the service's clock, if that is
    known: it tells later executions, perhaps of another machine, how old this one's moments are.
    """

    kind = "started"

    how: StartedBy
    send_ban: str | None = None
    first: int | None = None
    service_at: float | None = None


class Drain(StrEnum):
    """Why nothing new is started any more."""

    INTERRUPTED = "interrupted"
    STOPPED = "stopped"
    DEADLINE = "deadline"
    TOLERANCE = "tolerance"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draining(Event):
    """Nothing new is started; what is under way is followed until `until`, or to its end if that is None."""

    kind = "draining"

    why: Drain
    detail: str
    until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneEvent(Event):
    """Something that happened to one lane."""

    lane: Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneClosed(LaneEvent):
    """Nothing more is sent in this lane, for good."""

    kind = "lane_closed"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneUnreachable(LaneEvent):
    """The lane does not answer any more; this execution gives it up, a resume tries it again."""

    kind = "lane_unreachable"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified(LaneEvent):
    """A complete listing, begun at `started_at` after the last verdict, was held against the verdicts."""

    kind = "verified"

    started_at: float
    checked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished(Event):
    """The run has come to its end: no line is left to do."""

    kind = "finished"

    exit_code: int
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandoned(Event):
    """Somebody closed the unfinished run for good."""

    kind = "abandoned"

    reason: str
    summary: str
