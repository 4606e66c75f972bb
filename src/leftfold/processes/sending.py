"""Sending commands from outside of any commit: out of steps of sagas, and reactions."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, Protocol, TypeVar

from leftfold.handling.receipt import Receipt
from leftfold.messages.command import Command
from leftfold.messages.metadata import Metadata

__all__ = ["Send", "Sender"]

R = TypeVar("R")


class Send(Protocol):
    """Carries out a command in the context that handles it, as `App.send` does."""

    def __call__(self, command: Command[Any], *, id: str | None, metadata: Metadata) -> Awaitable[Receipt[Any]]:
        """See `App.send`."""
        ...


class Sender:
    """Sends commands to any context of the app, each in a commit of its own.

    A step of a saga and a reaction are given one for a parameter of this class; a command handler is not, for it has
    one commit.

    Args:
        send: carries them out.
        metadata: of what is sent: it belongs to whatever is going on.
    """

    def __init__(self, send: Send, metadata: Metadata) -> None:
        self._send = send
        self._metadata = metadata

    async def send(self, command: Command[R], *, id: str) -> Receipt[R]:
        """Carry out *command*; sent again with the same id, it is not carried out again and has the same answer.

        Args:
            id: `Attempt.key`, or text that begins with it when several commands are sent.

        Raises:
            DomainError: the domain refused it.
            UnknownCommand, InvalidInput, NotFound, Conflict: see `App.send`.
        """
        return await self._send(command, id=id, metadata=self._metadata)
