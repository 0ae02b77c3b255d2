"""Order between things that depend on one another, whatever they are: cycles, who comes when, and who waits for whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Generic, TypeVar

Node = TypeVar("Node")


class DependencyGraph(Generic[Node]):
    """
    Nodes, each with the nodes that it depends on.

    Args:

        edges: The nodes. One that others depend on and that has no entry is not part of the graph.
    """

    def __init__(self, edges: Mapping[Node, Iterable[Node]]) -> None:
        self.edges = {node: tuple(before) for node, before in edges.items()}

    @cached_property
    def _known(self) -> dict[Node, list[Node]]:
        return {node: [each for each in before if each in self.edges] for node, before in self.edges.items()}

    @cached_property
    def dependents(self) -> Mapping[Node, Sequence[Node]]:
        """The nodes that depend on each node, whether that is part of the graph or not."""
        found: dict[Node, list[Node]] = {}
        for node, before in self.edges.items():
            for each in before:
                found.setdefault(each, []).append(node)
        return found

    def cycles(self) -> list[list[Node]]:
        """
        Find the knots of nodes that depend on one another, in one pass (Tarjan's, without recursion).

        Returns:

            The nodes of each knot, all of which are on some cycle of it; a node that depends on itself is one.
        """
        known = self._known
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

    def path_around(self, knot: Sequence[Node], start: Node) -> list[Node]:
        """
        Return one cycle of a knot, as a path from `start` to `start` in which every node depends on the next.

        Args:

            knot: Nodes that depend on one another, from `cycles`.
            start: A node of the knot; the cycle leads through it.
        """
        inside = set(knot)
        came_from: dict[Node, Node] = {}
        frontier = [start]
        while True:
            following = []
            for node in frontier:
                for before in self.edges[node]:
                    if before == start:
                        way = [node]
                        while way[-1] != start:
                            way.append(came_from[way[-1]])
                        return [*way[::-1], start]
                    if before in inside and before not in came_from:
                        came_from[before] = node
                        following.append(before)
            frontier = following

    def waves(self) -> dict[Node, int]:
        """
        Say in which wave each node comes. The graph must have no cycles; nodes without an entry count as done.

        Returns:

            1 for nodes that depend on nothing in the graph, for others one more than the latest that they depend on.
        """
        known = self._known
        wave: dict[Node, int] = {}
        for node in TopologicalSorter(known).static_order():
            wave[node] = 1 + max((wave[each] for each in known[node]), default=0)
        return wave
