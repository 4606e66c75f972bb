"""The flow that logs show: what each event was recorded for, and what led to that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from leftfold.flow.graph import Flow, node_id
from leftfold.messages.metadata import Metadata
from leftfold.store.names import category_of

__all__ = ["Chain", "Observation"]

_OF_A_SAGA: Final = "saga/"


class Chain(Struct, frozen=True, kw_only=True):
    """How an event came to be recorded, by ids of nodes.

    Args:
        cause: the event that led to it; None when it came from outside or a saga, or nobody knows.
        via: what reacted to that, and sent the command; None when nothing of the program did.
        command: None when there was none, or its name was not kept yet.
        aggregate: whose stream it is in.
        event: what was recorded.
    """

    cause: str | None
    via: str | None
    command: str | None
    aggregate: str
    event: str

    @property
    def path(self) -> tuple[str, ...]:
        """The nodes that are known, in order."""
        nodes = (self.cause, self.via, self.command, self.aggregate, self.event)
        return tuple(node for node in nodes if node is not None)


class _Link(Struct, frozen=True):
    via: str | None
    command: str | None
    aggregate: str
    event: str


class Observation:
    """Gathers chains from logs: `record` every event of every log, and `resolve` those that it `wants`.

    What it keeps grows with the causes that it waits for, not with the log.

    Args:
        declared: says which part of an event that an upcast splits is the cause; the first one when left out.
    """

    def __init__(self, declared: Flow | None = None) -> None:
        self._following: Mapping[str, Sequence[str]] = {} if declared is None else declared.following
        self._chains: Counter[Chain] = Counter()
        self._waiting: dict[str, Counter[_Link]] = {}

    @property
    def waiting(self) -> int:
        """How many causes are still to be resolved."""
        return len(self._waiting)

    def record(self, context: str, types: Sequence[str], stream: str, metadata: Metadata) -> str | None:
        """Note what an event was recorded for.

        Args:
            context: whose log it is in.
            types: names of the event classes that it reads as; several when an upcast splits it.

        Returns:
            The id of the event that led to it, which is to be resolved; None when there is none.
        """
        command = None if metadata.command is None else node_id("command", context, metadata.command)
        aggregate = node_id("aggregate", context, category_of(stream))
        old = command is None and metadata.command_id is not None  # from before names were kept, and causes were exact
        cause = None if old or (metadata.causation_id or "").startswith(_OF_A_SAGA) else metadata.causation_id
        for type in types:
            link = _Link(metadata.via, command, aggregate, node_id("event", context, type))
            if cause is None:
                self._chains[_chain(None, link)] += 1
            else:
                self._waiting.setdefault(cause, Counter())[link] += 1
        return cause

    def wants(self, id: str) -> bool:
        """Whether the event with this id caused another one, so that it is to be resolved."""
        return id in self._waiting

    def resolve(self, context: str, types: Sequence[str], id: str) -> None:
        """Note which event has this id."""
        if types and (links := self._waiting.pop(id, None)) is not None:
            for link, count in links.items():
                self._chains[_chain(self._cause([node_id("event", context, type) for type in types], link), link)] += (
                    count
                )

    def _cause(self, parts: Sequence[str], link: _Link) -> str:
        """The part of an event that led there, as it is declared, by what is published of it or not."""
        for part in parts:
            following = self._following.get(part, ())
            if link.via in following or any(link.via in self._following.get(one, ()) for one in following):
                return part
        return parts[0]

    def give_up(self) -> None:
        """Note that no log has the causes that are still to be resolved."""
        for links in self._waiting.values():
            for link, count in links.items():
                self._chains[_chain(None, link)] += count
        self._waiting.clear()

    def chains(self) -> Mapping[Chain, int]:
        """What was seen, with the number of events; causes that no log has are None."""
        found = Counter(self._chains)
        for links in self._waiting.values():
            for link, count in links.items():
                found[_chain(None, link)] += count
        return found


def _chain(cause: str | None, link: _Link) -> Chain:
    return Chain(cause=cause, via=link.via, command=link.command, aggregate=link.aggregate, event=link.event)
