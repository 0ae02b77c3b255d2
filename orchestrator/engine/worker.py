"""What a worker executes: one command, one call, one reply. Top-level functions over frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from orchestrator.core.inventory.outcomes import NotSent, Outcome
from orchestrator.core.run.commands import Command, DescribeProduct, DescribeRecord, ListPage, ReadHistory, Terminate
from orchestrator.core.values.operation import Operation
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
        case DescribeRecord():
            return catalog.describe_record(command.record_id)
        case DescribeProduct():
            return catalog.describe_product(command.product_id)
        case ReadHistory():
            return catalog.record_history(command.product_id, command.page_token)
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
