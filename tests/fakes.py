"""Doubles of the ports. Each passes the same contract suite as the real thing (`tests/contract`)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from orchestrator.core.inventory.calls import Answer, NotFound, Operation, Page, Problem, RecordPage, Rejected, Unanswered
from orchestrator.core.inventory.model import FAILED, SUCCEEDED, TERMINATION, UNDER_CHANGE, Product, Record, RecordError
from orchestrator.core.run.commands import Terminate
from orchestrator.core.run.events import Event
from orchestrator.core.run.replies import Reply
from orchestrator.core.values.lane import Lane
from orchestrator.errors import JournalError
from orchestrator.ports import CredentialLife, Identity, Inbox
from orchestrator.store.codec import encode, frame, unframe

SYSTEM_TAGS = (("aws:servicecatalog:portfolioArn", "arn:aws:catalog:::portfolio/port-1"),)
"""What every product of Service Catalog is shown with (documented by an example)."""

LANE = Lane("111122223333", "eu-west-1")
START = 1_700_000_000.0


class FakeClock:
    """A clock that moves only when it is waited for."""

    def __init__(self, now: float = START) -> None:
        self.time = now

    def now(self) -> float:
        return self.time

    def wait(self, inbox: Inbox, seconds: float) -> None:
        assert isinstance(inbox, FakeInbox)
        if not inbox.replies:
            self.time = round(self.time + seconds, 6)

    def sleep(self, seconds: float) -> None:
        self.time = round(self.time + seconds, 6)


class FakeInbox:
    """An inbox for one thread."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []

    def put(self, reply: Reply) -> None:
        self.replies.append(reply)

    def wake(self) -> None:
        return

    def take(self) -> list[Reply]:
        taken, self.replies = self.replies, []
        return taken

    def wait(self, seconds: float) -> None:
        return


class MemoryJournal:
    """Keeps lines as the real one writes them. `synced` counts the lines that a crash of the machine would leave."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.synced = 0

    def append(self, events: Sequence[Event]) -> None:
        self.lines += [
            frame(len(self.lines) + number, event.kind, encode(event))
            for number, event in enumerate((event for event in events if event.durable), start=1)
        ]

    def sync(self) -> None:
        self.synced = len(self.lines)

    def kinds(self) -> list[str]:
        return [unframe(line)[1] for line in self.lines]


class Crash(BaseException):
    """The process dies here."""


@dataclass(slots=True)
class CrashingJournal(MemoryJournal):
    """Dies at the *at*-th operation on it: an append (nothing or all of it written) or a sync (before or after)."""

    at: int = 0
    after: bool = False
    count: int = 0

    def __post_init__(self) -> None:
        MemoryJournal.__init__(self)

    def _step(self, what: Callable[[], None]) -> None:
        self.count += 1
        if self.count == self.at and not self.after:
            raise Crash
        what()
        if self.count == self.at:
            raise Crash

    def append(self, events: Sequence[Event]) -> None:
        if any(event.durable for event in events):
            self._step(lambda: MemoryJournal.append(self, events))

    def sync(self) -> None:
        self._step(lambda: MemoryJournal.sync(self))


class FullDisk(MemoryJournal):
    """Has room for so many lines and no more."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def append(self, events: Sequence[Event]) -> None:
        if len(self.lines) + sum(event.durable for event in events) > self.room:
            message = "no space left on device"
            raise JournalError(message)
        super().append(events)


class RecordingObserver:
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)


@dataclass(slots=True)
class FakeProduct:
    """A product of the fake catalog. `outcomes` say how its terminations end; the last one repeats."""

    product: Product
    duration: float = 5.0
    outcomes: list[str] = field(default_factory=lambda: [SUCCEEDED])
    token: str | None = None
    ends_at: float | None = None
    gone: bool = False


class FakeLanes:
    """A `Connect` over a fake catalog for each lane."""

    def __init__(self, catalogs: dict[Lane, FakeCatalog]) -> None:
        self.catalogs = catalogs
        self.sent: list[Terminate] = []
        for catalog in catalogs.values():
            catalog.sent = self.sent

    def __call__(self, lane: Lane) -> FakeCatalog:
        return self.catalogs[lane]


Trouble = Callable[[Callable[[], object]], object]


def lost(carry_out: Callable[[], object]) -> Unanswered:
    """The request is carried out and the answer is lost."""
    carry_out()
    return Unanswered("the connection was closed")


def unsent(_: Callable[[], object]) -> Unanswered:
    """The request is lost."""
    return Unanswered("the connection was closed")


def page_of_records(newest_first: Sequence[Record], page_token: str | None) -> RecordPage:
    """One page of records."""
    start = int(page_token or 0)
    more = str(start + 20) if len(newest_first) > start + 20 else None
    return RecordPage(records=tuple(newest_first[start : start + 20]), next_token=more)


class FakeCatalog:
    """
    A `Catalog` in memory, on a fake clock. `trouble` is met in order by the calls of an operation; what is to happen
    `later` happens at its moment, as far as anybody looks.
    """

    endpoint = "memory://catalog"

    def __init__(self, clock: FakeClock, products: Sequence[FakeProduct] = (), account_id: str = LANE.account_id) -> None:
        self._clock = clock
        self._account_id = account_id
        self.products = {fake.product.product_id: fake for fake in products}
        self.records: dict[str, Record] = {}
        self.calls: list[tuple[Operation, str | None]] = []
        self.sent: list[Terminate] = []
        self.trouble: dict[Operation, deque[Trouble]] = {operation: deque() for operation in Operation}
        self.page_size = 20
        self.tags: dict[str, dict[str, str]] = {}
        self.system_tags: tuple[tuple[str, str], ...] = SYSTEM_TAGS
        self.unsearched: set[str] = set()
        self.ahead: float | None = None
        self.skew = 0.0
        self.later: list[tuple[float, Callable[[], object]]] = []

    def __call__(self, lane: Lane) -> FakeCatalog:
        return self

    def terminate(self, command: Terminate) -> Answer[Record] | Problem:
        self.sent.append(command)
        return self._call(Operation.TERMINATE, command.product_id, lambda: self._terminate(command))  # type: ignore[return-value]

    def describe_record(self, record_id: str) -> Answer[Record] | Problem:
        def look() -> object:
            record = self.records.get(record_id)
            return Answer(record) if record else NotFound(f"Record {record_id} not found.")

        return self._call(Operation.RECORD, record_id, look)  # type: ignore[return-value]

    def describe_product(self, product_id: str) -> Answer[Product] | Problem:
        def look() -> object:
            fake = self._live(product_id)
            return Answer(fake.product) if fake else NotFound(f"No stack named {product_id} exists.")

        return self._call(Operation.PRODUCT, product_id, look)  # type: ignore[return-value]

    def describe_named(self, name: str) -> Answer[Product] | Problem:
        def look() -> object:
            found = [fake.product for fake in self.products.values() if fake.product.name == name and not fake.gone]
            return Answer(found[0]) if found else NotFound(f"No stack named {name} exists.")

        return self._call(Operation.PRODUCT, name, look)  # type: ignore[return-value]

    def record_history(self, product_id: str, page_token: str | None) -> Answer[RecordPage] | Problem:
        def look() -> object:
            found = [record for record in self.records.values() if record.product_id == product_id]
            return Answer(page_of_records(list(reversed(found)), page_token))

        return self._call(Operation.HISTORY, product_id, look)  # type: ignore[return-value]

    def newest_records(self, page_token: str | None) -> Answer[RecordPage] | Problem:
        def look() -> object:
            return Answer(page_of_records(list(reversed(self.records.values())), page_token))

        return self._call(Operation.HISTORY, None, look)  # type: ignore[return-value]

    def scan(self, page_token: str | None) -> Answer[Page] | Problem:
        return self._call(Operation.SCAN, page_token, lambda: Answer(self._page(page_token, self.page_size)))  # type: ignore[return-value]

    def search(self, page_token: str | None) -> Answer[Page] | Problem:
        def look() -> object:
            page = self._page(page_token, 100)
            shown = [product for product in page.products if product.product_id not in self.unsearched]
            found = [replace(each, physical_id=f"arn:stack/{each.product_id}", tags=self.tags_of(each)) for each in shown]
            return Answer(replace(page, products=tuple(found), total=len(self.products)))

        return self._call(Operation.SEARCH, page_token, look)  # type: ignore[return-value]

    def search_for(self, product_id: str) -> Answer[Page] | Problem:
        def look() -> object:
            fake = self._live(product_id)
            if fake is None or product_id in self.unsearched:
                return Answer(Page(products=()))
            return Answer(Page(products=(replace(fake.product, tags=self.tags_of(fake.product)),)))

        return self._call(Operation.SEARCH, product_id, look)  # type: ignore[return-value]

    def clock_ahead(self) -> float | None:
        return self.ahead

    def tags_of(self, product: Product) -> tuple[tuple[str, str], ...]:
        """Return the tags that the search shows."""
        return (*self.system_tags, *self.tags.get(product.product_id, {}).items())

    def caller_identity(self) -> Answer[Identity] | Problem:
        return Answer(Identity(account_id=self._account_id, arn=f"arn:aws:sts::{self._account_id}:assumed-role/r/s"))

    def account_alias(self) -> Answer[str | None] | Problem:
        return Answer("sandbox")

    def credential_life(self) -> CredentialLife:
        return CredentialLife(temporary=False)

    def add_record(self, product_id: str, kind: str, status: str) -> Record:
        """Let something have been asked for by somebody; it becomes the product's last record."""
        record = Record(
            record_id=f"rec-{len(self.records) + 1:013d}",
            product_id=product_id,
            product_name=self.products[product_id].product.name if product_id in self.products else None,
            record_type=kind,
            status=status,
            created_at=self._clock.now() + self.skew,
        )
        self.records[record.record_id] = record
        fake = self.products.get(product_id)
        if fake is not None:
            fake.product = replace(fake.product, last_record_id=record.record_id)
        return record

    def _call(self, operation: Operation, about: str | None, carry_out: Callable[[], object]) -> object:
        self.calls.append((operation, about))
        self._advance()
        waiting = self.trouble[operation]
        return waiting.popleft()(carry_out) if waiting else carry_out()

    def _terminate(self, command: Terminate) -> object:
        fake = self._live(command.product_id)
        if fake is None:
            return NotFound(f"No stack named {command.product_id} exists.")
        if fake.product.status == UNDER_CHANGE:
            if fake.token == command.token and fake.product.last_record_id:
                return Answer(self.records[fake.product.last_record_id])
            return Rejected("ValidationException", f"Provisioned product {command.product_id} is under change")
        record = self.add_record(command.product_id, TERMINATION, "CREATED")
        fake.product = replace(fake.product, status=UNDER_CHANGE)
        fake.token = command.token
        fake.ends_at = self._clock.now() + fake.duration
        return Answer(record)

    def _advance(self) -> None:
        due = [each for each in self.later if each[0] <= self._clock.now()]
        self.later = [each for each in self.later if each not in due]
        for _, happen in due:
            happen()
        for fake in self.products.values():
            if fake.ends_at is not None and self._clock.now() >= fake.ends_at:
                self._end(fake)

    def _end(self, fake: FakeProduct) -> None:
        outcome = fake.outcomes.pop(0) if len(fake.outcomes) > 1 else fake.outcomes[0]
        record = self.records[str(fake.product.last_record_id)]
        fake.ends_at = fake.token = None
        if outcome == SUCCEEDED:
            fake.gone = True
            self.records[record.record_id] = replace(record, status=SUCCEEDED)
        elif outcome == FAILED:
            fake.product = replace(fake.product, status="TAINTED")
            errors = (RecordError("400", "Stack cannot be deleted"),)
            self.records[record.record_id] = replace(record, status=FAILED, errors=errors)
        else:
            self.records[record.record_id] = replace(record, status="IN_PROGRESS")

    def _live(self, product_id: str) -> FakeProduct | None:
        fake = self.products.get(product_id)
        return fake if fake is not None and not fake.gone else None

    def _page(self, token: str | None, size: int) -> Page:
        live = sorted(id_ for id_, fake in self.products.items() if not fake.gone and (token is None or id_ > token))
        page = live[:size]
        more = page[-1] if len(live) > size else None
        return Page(products=tuple(replace(self.products[id_].product, tags=None) for id_ in page), next_token=more)
