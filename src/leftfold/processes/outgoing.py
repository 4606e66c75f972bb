"""Commands on their way: kept as work until they are carried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, Protocol, TypeAlias
from uuid import UUID, uuid5

import msgspec
from msgspec import Raw, Struct

from leftfold.messages.command import Command
from leftfold.messages.metadata import Metadata
from leftfold.store.work import AT_ONCE, Begin

__all__ = [
    "COMMAND",
    "Address",
    "Origin",
    "Outgoing",
    "OutgoingStatus",
    "Post",
    "command_id",
    "dump_outgoing",
    "load_outgoing",
    "outgoing",
]

COMMAND: Final = "command/"
"""Ids and queues of commands begin with it."""

OutgoingStatus: TypeAlias = Literal["sending", "retrying", "refused", "dead"]
"""`refused`: the domain said no, and nobody was told. `dead`: it was tried as often as its origin says."""

_NAMESPACE: Final = UUID("0d0b1c4e-6a57-5f0a-9c55-2f6c1d0b7a11")


class Origin(Struct, frozen=True, kw_only=True):
    """Who sends a command.

    Args:
        name: `process/CONTEXT.NAME` or `reaction/CONTEXT.NAME`.
        id: of the instance; the name, when there are no instances.
        key: of the instance; empty when there are none.
    """

    name: str
    id: str
    key: str = ""


class Outgoing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A command on its way.

    Args:
        command: its name.
        payload: its JSON text.
        metadata: that it is sent with.
        origin: who sends it.
        attempts: how often it was tried in vain.
        error: what it met last.
        anew: how often a person had it sent anew after it was refused; it has another id each time.
    """

    command: str
    payload: Raw
    metadata: Metadata
    origin: Origin
    attempts: int = 0
    error: str = ""
    anew: int = 0

    def id_of(self, item: str) -> str:
        """The id that the command is sent with.

        Args:
            item: id of its work item.
        """
        id = item.removeprefix(COMMAND)
        return f"{id}/{self.anew}" if self.anew else id


class Address(Struct, frozen=True):
    """Where a command goes.

    Args:
        context: the one that handles it.
        command: its name.
        payload: its JSON text.
    """

    context: str
    command: str
    payload: bytes


class Post(Protocol):
    """Knows who handles which command, and has it carried out."""

    def address(self, command: Command[object]) -> Address:
        """Where *command* goes.

        Raises:
            UnknownCommand: nothing in this app handles it.
            InvalidInput: a field is not of its declared type.
        """
        ...

    def read(self, context: str, outgoing: Outgoing) -> Command[object]:
        """The command that is on its way to a context.

        Raises:
            UnknownCommand: nothing in this app handles it there.
            InvalidInput: the class of today cannot read it.
        """
        ...

    async def send(self, context: str, command: Command[object], id: str, metadata: Metadata) -> None:
        """Have a command carried out, once for its *id*; raises what refuses it or keeps it from that."""
        ...

    async def is_done(self, context: str, id: str) -> bool:
        """Whether the command of that *id* was carried out; False when it was refused, or its answer is damaged."""
        ...


dump_outgoing: Final[Callable[[Outgoing], bytes]] = msgspec.json.Encoder().encode
"""Write a command on its way as JSON text."""
load_outgoing: Final[Callable[[bytes], Outgoing]] = msgspec.json.Decoder(Outgoing).decode
"""Read a command on its way; raises `ValueError` when it is damaged, or of newer code."""


def command_id(origin: Origin, cause: str, number: int) -> UUID:
    """The id of the command number *number* that *origin* sends because of *cause*; the same at every try."""
    return uuid5(_NAMESPACE, f"{origin.id}\n{cause}\n{number}")


def outgoing(post: Post, command: Command[object], id: UUID, origin: Origin, metadata: Metadata) -> Begin:
    """What puts *command* on its way.

    Raises:
        UnknownCommand, InvalidInput: see `Post.address`.
    """
    address = post.address(command)
    kept = Outgoing(command=address.command, payload=Raw(address.payload), metadata=metadata, origin=origin)
    return Begin(
        id=f"{COMMAND}{id}",
        queue=f"{COMMAND}{address.context}",
        status="sending",
        state=dump_outgoing(kept),
        wake=AT_ONCE,
        unless_there=True,
    )
