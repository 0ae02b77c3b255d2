"""Order between things that depend on one another, whatever they are: cycles, and who comes when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TypeVar

Node = TypeVar("Node")


def cycles(edges: Mapping[Node, Iterable[Node]]) -> list[list[Node]]:
    """
    Find cycles.

    Args:

        edges: Each node with the nodes that it depends on.

    Returns:

        Cycles that share no node, each as a path in which every node depends on the next and the last on the first; without
        their nodes, no cycle is left.
    """
    found: list[list[Node]] = []
    gone: set[Node] = set()
    while True:
        left = {node: [each for each in before if each not in gone] for node, before in edges.items() if node not in gone}
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            # It names each node before the one that depends on it, and the first one again at the end.
            path: list[Node] = list(reversed(error.args[1]))[:-1]
            found.append(path)
            gone.update(path)
        else:
            return found


def waves(edges: Mapping[Node, Sequence[Node]]) -> dict[Node, int]:
    """
    Say when each node's turn comes at the earliest.

    Args:

        edges: Each node with the nodes that it depends on, without cycles. Nodes that have no entry count as done.

    Returns:

        1 for nodes that depend on nothing in `edges`, for others one more than the latest that they depend on.
    """
    known = {node: [each for each in before if each in edges] for node, before in edges.items()}
    turn: dict[Node, int] = {}
    for node in TopologicalSorter(known).static_order():
        turn[node] = 1 + max((turn[each] for each in known[node]), default=0)
    return turn
