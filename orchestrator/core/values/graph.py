"""Order between things that depend on one another, whatever they are: cycles, and who comes when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import TypeVar

Node = TypeVar("Node")


def cycles(edges: Mapping[Node, Iterable[Node]]) -> list[list[Node]]:
    """
    Find the knots of nodes that depend on one another, in one pass (Tarjan's, without recursion).

    Args:

        edges: Each node with the nodes that it depends on.

    Returns:

        The nodes of each knot, all of which are on some cycle of it; a node that depends on itself is one.
    """
    known = {node: [each for each in before if each in edges] for node, before in edges.items()}
    number: dict[Node, int] = {}
    lowest: dict[Node, int] = {}
    path: list[Node] = []
    on_path: set[Node] = set()
    found: list[list[Node]] = []
    for root, its in known.items():
        work: list[tuple[Node, Iterator[Node]]] = [] if root in number else [(root, iter(its))]
        while work:
            node, rest = work[-1]
            if node not in number:
                number[node] = lowest[node] = len(number)
                path.append(node)
                on_path.add(node)
            for before in rest:
                if before not in number:
                    work.append((before, iter(known[before])))
                    break
                if before in on_path:
                    lowest[node] = min(lowest[node], number[before])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    lowest[parent] = min(lowest[parent], lowest[node])
                if lowest[node] == number[node]:
                    knot = [path.pop()]
                    while knot[-1] != node:
                        knot.append(path.pop())
                    on_path.difference_update(knot)
                    if len(knot) > 1 or node in known[node]:
                        found.append(knot)
    return found


def around(knot: Sequence[Node], edges: Mapping[Node, Iterable[Node]], start: Node) -> list[Node]:
    """
    Return one cycle of a knot, as a path in which every node depends on the next and the last on the first.

    Args:

        knot: Nodes that depend on one another, from `cycles`.
        edges: Each node with the nodes that it depends on.
        start: A node of the knot; the cycle leads through it.
    """
    inside = set(knot)
    came_from: dict[Node, Node] = {}
    frontier = [start]
    while True:
        following = []
        for node in frontier:
            for before in edges[node]:
                if before == start:
                    way = [node]
                    while way[-1] != start:
                        way.append(came_from[way[-1]])
                    return way[::-1]
                if before in inside and before not in came_from:
                    came_from[before] = node
                    following.append(before)
        frontier = following


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
