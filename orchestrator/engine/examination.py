"""
What may be done in a lane, tried by calls that change nothing.

A lookup of something that does not exist tells as much about a right as one of something that does: without it, AWS denies
before it looks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from orchestrator.core import rights
from orchestrator.core.commands import Operation, Terminate
from orchestrator.core.inventory import Product
from orchestrator.core.lane import Lane
from orchestrator.core.plan import Options
from orchestrator.core.replies import Answer, Denied, NotFound, Page, Problem, explain
from orchestrator.core.worklist import line_id
from orchestrator.engine.survey import Surveyor
from orchestrator.ports import Catalog, CredentialLife

NOBODY = "orchestrator-doctor-no-such-product"
"""An id that no product has: those of AWS begin with `pp-` and have 13 characters more (documented by its samples)."""


class Standing(StrEnum):
    """What is known of a right."""

    OK = "ok"
    MISSING = "missing"
    UNKNOWN = "unknown"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Right:
    """One right, and why it stands as it does."""

    action: str
    standing: Standing
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What is known of a lane: the account's alias, how long the credentials last, and each right."""

    alias: str | None
    life: CredentialLife
    rights: tuple[Right, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The rights that are needed and not there."""
        return tuple(each.action for each in self.rights if each.standing is Standing.MISSING)


def examine(surveyor: Surveyor, lane: Lane, catalog: Catalog, *, probe: bool) -> Examination:
    """
    Try what a run needs in a lane.

    Args:

        surveyor: Asks again where that helps.
        lane: The lane.
        catalog: Its catalog.
        probe: Whether to send one termination of a product that does not exist; without it that right is not tried.
    """
    page = surveyor.insist(lambda: catalog.scan(None))
    shown = first_of(page)
    product_id = shown.product_id if shown else NOBODY
    record_id = (shown.last_record_id if shown else None) or NOBODY
    asks: dict[Operation, Callable[[], Answer[Any] | Problem]] = {
        Operation.SEARCH: lambda: catalog.search(None),
        Operation.PRODUCT: lambda: catalog.describe_product(product_id),
        Operation.RECORD: lambda: catalog.describe_record(record_id),
        Operation.HISTORY: lambda: catalog.newest_records(None),
    }
    found = [right_of(f"servicecatalog:{Operation.SCAN}", page)]
    found += [right_of(f"servicecatalog:{operation}", surveyor.insist(ask)) for operation, ask in asks.items()]
    if probe:
        found.append(right_of(rights.TERMINATE, surveyor.insist(lambda: catalog.terminate(of_nobody(lane)))))
    else:
        words = "nothing that only reads can tell; --probe-terminate sends one for a product that does not exist"
        found.append(Right(rights.TERMINATE, Standing.NOT_TRIED, words))
    alias = surveyor.insist(catalog.account_alias)
    return Examination(
        alias=alias.value if isinstance(alias, Answer) else None, life=catalog.credential_life(), rights=tuple(found)
    )


def first_of(page: Answer[Page] | Problem) -> Product | None:
    """Return the first product of a page, None if there is none."""
    return next(iter(page.value.products), None) if isinstance(page, Answer) else None


def right_of(action: str, outcome: Answer[Any] | Problem) -> Right:
    """Say what an outcome tells of a right."""
    match outcome:
        case Answer() | NotFound():
            return Right(action, Standing.OK)
        case Denied():
            return Right(action, Standing.MISSING, explain(outcome))
        case _:
            return Right(action, Standing.UNKNOWN, explain(outcome))


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
