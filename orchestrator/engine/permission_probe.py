"""
What may be done in a lane, tried by calls that change nothing.

A lookup of something that does not exist tells as much about a permission as one of something that does: without it, AWS
denies before it looks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orchestrator.core.inventory.calls import TERMINATE_ACTION, Answer, Denied, NotFound, NotSent, Operation, Page, Problem
from orchestrator.core.inventory.model import Product
from orchestrator.core.plan.model import Options
from orchestrator.core.review.worklist import line_id
from orchestrator.core.run.commands import Terminate
from orchestrator.core.values.lane import Lane
from orchestrator.engine.survey import Surveyor
from orchestrator.ports import Catalog, CredentialLife

Ask = Callable[[], Answer[Any] | Problem]

SCAN = f"servicecatalog:{Operation.SCAN}"

NOBODY = "orchestrator-doctor-no-such-product"
"""An id that no product has: those of AWS begin with `pp-` and have 13 characters more (documented by its samples)."""


TRIES = 3
"""How often each call is made where an answer may come at the next try; a person waits for the result."""


class PermissionStatus(StrEnum):
    """What is known of something that a run needs."""

    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission, how it stands, and the problem that says so, None if there is none."""

    action: str
    standing: PermissionStatus
    problem: Problem | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionReport:
    """What is known of a lane: the account's alias, how long the credentials last, and each permission."""

    alias: str | None
    life: CredentialLife
    rights: tuple[Permission, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The permissions that are needed and not there."""
        return tuple(each.action for each in self.rights if each.standing is PermissionStatus.MISSING)

    @property
    def unreachable(self) -> Problem | None:
        """Why Service Catalog cannot be reached at all, None if it can: the first call says it."""
        first = self.rights[0]
        return first.problem if first.standing is PermissionStatus.UNREACHABLE else None


def examine(surveyor: Surveyor, lane: Lane, catalog: Catalog, *, probe: bool) -> PermissionReport:
    """
    Try what a run needs in a lane.

    Args:

        surveyor: Asks again where that helps.
        lane: The lane.
        catalog: Its catalog.
        probe: Whether to send one termination of a product that does not exist; without it that permission is not tried.
    """
    page = surveyor.call_with_retries(lambda: catalog.scan(None), TRIES)
    asks = asks_of(catalog, lane, first_product(page), probe=probe)
    if isinstance(page, NotSent):
        # Every other call would wait for the same connection.
        others = [Permission(action, PermissionStatus.NOT_TRIED) for action in asks]
        return PermissionReport(alias=None, life=catalog.credential_life(), rights=(right_of(SCAN, page), *others))
    found = [right_of(SCAN, page)]
    found += [
        right_of(action, surveyor.call_with_retries(ask, TRIES)) if ask else Permission(action, PermissionStatus.NOT_TRIED)
        for action, ask in asks.items()
    ]
    alias = surveyor.call_with_retries(catalog.account_alias, 1)
    return PermissionReport(
        alias=alias.value if isinstance(alias, Answer) else None, life=catalog.credential_life(), rights=tuple(found)
    )


def asks_of(catalog: Catalog, lane: Lane, shown: Product | None, *, probe: bool) -> dict[str, Ask | None]:
    """Return the calls that try each permission but that to scan, None for one that is not to be tried."""
    product_id = shown.product_id if shown else NOBODY
    record_id = (shown.last_record_id if shown else None) or NOBODY
    return {
        f"servicecatalog:{Operation.SEARCH}": lambda: catalog.search(None),
        f"servicecatalog:{Operation.PRODUCT}": lambda: catalog.describe_product(product_id),
        f"servicecatalog:{Operation.RECORD}": lambda: catalog.describe_record(record_id),
        f"servicecatalog:{Operation.HISTORY}": lambda: catalog.newest_records(None),
        TERMINATE_ACTION: (lambda: catalog.terminate(of_nobody(lane))) if probe else None,
    }


def first_product(page: Answer[Page] | Problem) -> Product | None:
    """Return the first product of a page, None if there is none."""
    return next(iter(page.value.products), None) if isinstance(page, Answer) else None


def right_of(action: str, outcome: Answer[Any] | Problem) -> Permission:
    """Say what an outcome tells of a permission."""
    match outcome:
        case Answer() | NotFound():
            return Permission(action, PermissionStatus.OK)
        case Denied():
            return Permission(action, PermissionStatus.MISSING, outcome)
        case NotSent():
            return Permission(action, PermissionStatus.UNREACHABLE, outcome)
        case _:
            return Permission(action, PermissionStatus.UNKNOWN, outcome)


def of_nobody(lane: Lane) -> Terminate:
    """Make a termination that has nothing to terminate."""
    return Terminate(
        lane=lane,
        line=line_id(lane, NOBODY),
        product_id=NOBODY,
        attempt=1,
        send=1,
        token=NOBODY,
        options=Options(),
        record_before=None,
    )
