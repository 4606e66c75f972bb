"""What is expected of commands that reactions send: to be carried out in time, or it is recorded that they were not."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import msgspec
from msgspec import Struct

from leftfold.errors import Fenced
from leftfold.messages.event import Event
from leftfold.messages.metadata import Metadata
from leftfold.processes.engine import Moment
from leftfold.processes.outgoing import COMMAND, Post, load_outgoing
from leftfold.store.event_store import Envelope, EventStore
from leftfold.store.names import StreamName
from leftfold.store.port import Store
from leftfold.store.transaction import Transaction
from leftfold.store.work import Begin, End, WorkItem

__all__ = ["CATEGORY", "EXPECTATION", "ExpectationCarrier", "Overdue", "expectation"]

EXPECTATION: Final = "expectation/"
"""Ids and queues of expectations begin with it."""

CATEGORY: Final = "expectation"
"""Of the streams that `Overdue` is recorded in."""

_NAMESPACE: Final = UUID("8f1d7f60-7a1b-5b0e-9f5a-9a3f0a6f9f31")


class Overdue(Event, name="leftfold.Overdue"):
    """A command that a reaction has sent was not carried out in time; recorded once, in the context of the reaction.

    Args:
        reaction: name of the context and the reaction.
        event_id: of the event that was reacted to.
        command: name of the command.
        due: by when it was expected.
    """

    reaction: str
    event_id: UUID
    command: str
    due: datetime


class _Expectation(Struct, frozen=True, kw_only=True):
    reaction: str
    event_id: UUID
    command: str
    due: datetime
    metadata: Metadata


_dump: Final = msgspec.json.Encoder().encode
_load: Final = msgspec.json.Decoder(_Expectation).decode


def expectation(reaction: str, command: Begin, event_id: UUID, metadata: Metadata, due: datetime) -> Begin:
    """What expects that *command* is carried out by *due*.

    Args:
        reaction: name of the context and the reaction that sends it.
    """
    name = load_outgoing(command.state).command
    kept = _Expectation(reaction=reaction, event_id=event_id, command=name, due=due, metadata=metadata)
    return Begin(
        id=f"{EXPECTATION}{command.id.removeprefix(COMMAND)}",
        queue=f"{EXPECTATION}{reaction}",
        status="waiting",
        state=_dump(kept),
        wake=due,
        unless_there=True,
    )


class ExpectationCarrier:
    """Carries on the expectations of the reactions of one context.

    Args:
        reactions: names of the context and the reaction each.
        store: of the context.
        events: records in it.
        post: where the commands went.
    """

    def __init__(self, reactions: Sequence[str], store: Store, events: EventStore, post: Post) -> None:
        self.queues: tuple[str, ...] = tuple(f"{EXPECTATION}{name}" for name in reactions)
        self._store = store
        self._events = events
        self._post = post

    async def carry(self, item: WorkItem, moment: Moment) -> None:  # noqa: ARG002 - of no matter here
        """See `Carrier.carry`: a command that is still on its way, and was not carried out, is overdue."""
        end, id = End(id=item.id, token=item.token), item.id.removeprefix(EXPECTATION)
        sent = (await self._store.work([f"{COMMAND}{id}"])).get(f"{COMMAND}{id}")
        if sent is None or await self._is_done(sent):
            await self._store.transact(Transaction(writes=[end]))
            return
        kept = _load(item.state)
        overdue = Overdue(reaction=kept.reaction, event_id=kept.event_id, command=kept.command, due=kept.due)
        envelope = Envelope(event=overdue, id=uuid5(_NAMESPACE, item.id), metadata=kept.metadata)
        part = self._events.part(StreamName(CATEGORY, id), envelope, expected=0)
        appended = await self._events.commit(part, writes=[end])
        if appended is not None and appended.repeated:  # with what is known, nothing is written, or was before
            with suppress(Fenced):
                await self._store.transact(Transaction(writes=[end]))

    async def _is_done(self, sent: WorkItem) -> bool:
        """Whether who carried it out was gone before that was noted."""
        return await self._post.is_done(sent.queue.removeprefix(COMMAND), load_outgoing(sent.state).id_of(sent.id))
