"""What rules judge: a map, and what is known of its contexts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from leftfold.borders.uses import KERNEL, Evidence, Use
from leftfold.contexts.context import Context
from leftfold.contexts.context_map import ContextMap
from leftfold.contexts.edges import Edge
from leftfold.contexts.findings import Finding

__all__ = ["Case", "Rule"]


class Case:
    """A map, and the evidence that it is held to.

    Args:
        context_map: what is declared of contexts.
        evidence: what they do.
    """

    def __init__(self, context_map: ContextMap, evidence: Evidence) -> None:
        self.map = context_map
        self.evidence = evidence
        self.contexts: dict[str, Context] = {one.name: one for one in context_map.contexts}
        """By name."""
        self.uses: tuple[Use, ...] = tuple(one for one in evidence.uses if one.user != one.used)
        """Of contexts and kernels."""
        self.between_contexts: tuple[Use, ...] = tuple(
            one for one in self.uses if KERNEL not in one.user and KERNEL not in one.used
        )
        """The uses that no kernel has a part in."""
        self._apart = {edge.pair: edge for edge in context_map.edges if edge.kind == "separate-ways"}
        self._allowing: dict[tuple[str, str], tuple[Edge, ...]] = {}

    def edges(self, pair: tuple[str, str]) -> tuple[Edge, ...]:
        """All that the map says of two contexts.

        Args:
            pair: their names, sorted.
        """
        return self.map.between(*pair)

    def apart(self, pair: tuple[str, str]) -> Edge | None:
        """That two contexts go separate ways; None when they do not."""
        return self._apart.get(pair)

    def allowing(self, use: Use) -> tuple[Edge, ...]:
        """The relations by which the one may follow the other; none when it may not."""
        way = (use.user, use.used)
        found = self._allowing.get(way)
        if found is None:
            found = self._allowing[way] = tuple(
                edge
                for edge in self.edges(use.pair)
                if edge.kind == "partnership" or (edge.kind == "directed" and edge.downstream == use.user)
            )
        return found


Rule: TypeAlias = Callable[[Case], Iterator[Finding]]
"""Gives a finding for everything that is not as the map says."""
