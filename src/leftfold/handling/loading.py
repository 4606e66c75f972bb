"""From stored events to the state that decides."""

from __future__ import annotations

from typing import Any, TypeVar

from leftfold.domain.aggregate import Aggregate
from leftfold.domain.decider import Decider
from leftfold.domain.folding import Folding
from leftfold.domain.lifecycle import core_of, load
from leftfold.messages.codec import Codec
from leftfold.store.event_store import EventStore
from leftfold.store.names import StreamName
from leftfold.store.port import Store

__all__ = ["Loader", "stream_of"]

A = TypeVar("A", bound=Aggregate[Any])
S = TypeVar("S")

_PAGE = 2_000


class Loader:
    """Folds streams of one store; keeps how each kind of event is read.

    Args:
        store: where the events are.
        codec: how they are read and written.
    """

    def __init__(self, store: Store, codec: Codec) -> None:
        self.store = store
        self.events = EventStore(store, codec)
        self._codec = codec
        self._foldings: dict[object, Folding[Any]] = {}

    async def aggregate(self, kind: type[A], id: str) -> A:
        """The aggregate *id* as of now; at version 0 when it has no events.

        Raises:
            UnreadableEvent: a stored event cannot be read.
        """
        aggregate = kind(id)
        folding: Folding[A] = self._folding(kind)
        stream = stream_of(kind, id)
        while True:
            page = await self.store.read_facts(stream, after=aggregate.version, limit=_PAGE)
            load(folding, aggregate, page, stream)
            if len(page) < _PAGE:
                return aggregate

    async def state(self, decider: Decider[Any, S, Any], id: str) -> tuple[S, int]:
        """The state of *id* and its version, 0 when it has no events.

        Raises:
            UnreadableEvent: a stored event cannot be read.
        """
        folding: Folding[S] = self._folding(decider)
        stream = stream_of(decider, id)
        state, version = decider.initial, 0
        while True:
            page = await self.store.read_facts(stream, after=version, limit=_PAGE)
            state, last = folding.fold(state, page, stream=stream)
            version = last or version
            if len(page) < _PAGE:
                return state, version

    def _folding(self, subject: type[Any] | Decider[Any, Any, Any]) -> Folding[Any]:
        folding = self._foldings.get(subject)
        if folding is None:
            folding = self._foldings[subject] = Folding(core_of(subject), self._codec)
        return folding


def stream_of(subject: type[Any] | Decider[Any, Any, Any], id: str) -> StreamName:
    """The name of the stream that holds the events of *id*."""
    return StreamName(core_of(subject).category, id)
