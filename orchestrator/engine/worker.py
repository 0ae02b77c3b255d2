"""What a worker executes: one command, one call, one reply. Top-level functions over frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from orchestrator.core.inventory.calls import (
    DescribeProduct,
    DescribeRecord,
    Lookup,
    NotSent,
    Operation,
    Outcome,
    ReadHistory,
)
from orchestrator.core.run.commands import Command, ListPage, LookUp, Terminate
from orchestrator.errors import NoAccess
from orchestrator.ports import Catalog, Connect


@dataclass(frozen=True, slots=True)
class Performed:
    """What came of a call, and how many seconds the service's clock is ahead of ours, if the lane's answers tell."""

    outcome: Outcome
    clock_ahead: float | None = None


def perform(connect: Connect, command: Command) -> Performed:
    """
    Do what a command says.

    Args:

        connect: Gives the lane's catalog.
        command: What to call.

    Returns:

        What came of it; a lane that cannot be entered is `NotSent`.
    """
    try:
        catalog = connect(command.lane)
    except NoAccess as error:
        return Performed(NotSent(str(error)))
    outcome = ask(catalog, command)
    return Performed(outcome, catalog.clock_ahead())


def ask(catalog: Catalog, command: Command) -> Outcome:
    """Make the one call of a command."""
    match command:
        case Terminate():
            return catalog.terminate(command)
        case LookUp(product_id=product_id, lookup=lookup):
            return look_up(catalog, product_id, lookup)
        case ListPage(operation=Operation.SEARCH, product_id=str() as product_id):
            return catalog.search_for(product_id)
        case ListPage(operation=Operation.SEARCH):
            return catalog.search(command.page_token)
        case ListPage(product_id=str() as product_id):
            return catalog.describe_product(product_id)
        case ListPage():
            return catalog.scan(command.page_token)
        case _:
            assert_never(command)


def look_up(catalog: Catalog, product_id: str, lookup: Lookup) -> Outcome:
    """Make the one call of a lookup."""
    match lookup:
        case DescribeProduct():
            return catalog.describe_product(product_id)
        case DescribeRecord(record_id):
            return catalog.describe_record(record_id)
        case ReadHistory(page_token):
            return catalog.record_history(product_id, page_token)
        case _:
            assert_never(lookup)
