"""Events that led to themselves: what others of their kinds led to is no proof of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from leftfold.flow.graph import node_id
from leftfold.messages.metadata import Metadata

__all__ = ["Returns"]

_STEADY: Final = ("process/", "saga/")


class Returns:
    """Follows suspected events back to what they came of: `record` every event of every log, in any order.

    What it keeps grows with the events that are suspected.

    Args:
        suspected: ids of the nodes of events, see `suspected`.
    """

    def __init__(self, suspected: Collection[str]) -> None:
        self._suspected = suspected
        self._causes: dict[str, tuple[frozenset[str], str | None]] = {}

    def record(self, id: str, context: str, types: Sequence[str], metadata: Metadata) -> None:
        """Note an event, and what reacted to which other one to have it recorded.

        Args:
            context: whose log it is in.
            types: names of the event classes that it reads as.
        """
        nodes = frozenset(node_id("event", context, type) for type in types).intersection(self._suspected)
        if nodes:
            steady = (metadata.via or "").startswith(_STEADY)
            self._causes[id] = nodes, None if steady else metadata.causation_id

    def counts(self) -> Mapping[str, int]:
        """By the id of its node, how many events came of another one like them, through reactions alone."""
        found: Counter[str] = Counter()
        for nodes, cause in self._causes.values():
            found.update(nodes & self._before(cause, nodes))
        return found

    def _before(self, cause: str | None, wanted: frozenset[str]) -> frozenset[str]:
        """The nodes of the nearest event before that is like one of *wanted*; none when there is none."""
        passed: set[str] = set()
        while cause is not None and cause not in passed and (known := self._causes.get(cause)) is not None:
            passed.add(cause)
            nodes, cause = known
            if nodes & wanted:
                return nodes
        return frozenset()
