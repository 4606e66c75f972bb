"""Sending commands from outside of any commit: out of steps of sagas, and reactions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar, cast

from leftfold.domain.errors import DomainError
from leftfold.errors import DefinitionError
from leftfold.handling.receipt import Receipt
from leftfold.messages.command import Command
from leftfold.messages.given import call_flaw
from leftfold.messages.metadata import Metadata

__all__ = ["Send", "Sender", "commands_of", "sends"]

F = TypeVar("F", bound=Callable[..., object])
R = TypeVar("R")

_MARK: Final = "__leftfold_sends__"


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
        anew: how often a person had this tried again.
    """

    def __init__(self, send: Send, metadata: Metadata, anew: int = 0) -> None:
        self._send = send
        self._metadata = metadata
        self._anew = anew

    async def send(self, command: Command[R], *, id: str) -> Receipt[R]:
        """Carry out *command*; sent again with the same id, it is not carried out again and has the same answer.

        When a person has retried the step of a saga, or its undo, and the command was refused before, it is sent with
        another id, since it was not carried out.

        Args:
            id: `Attempt.key`, or text that begins with it when several commands are sent.

        Raises:
            DomainError: the domain refused it.
            UnknownCommand, InvalidInput, NotFound, AlreadyExists, Conflict: see `App.send`.
        """
        for number in range(self._anew):
            try:
                return await self._send(command, id=_anew(id, number), metadata=self._metadata)
            except DomainError:  # it was not carried out, and its id has its answer
                continue
        return await self._send(command, id=_anew(id, self._anew), metadata=self._metadata)


def _anew(id: str, number: int) -> str:
    return f"{id}/anew/{number}" if number else id


def sends(*commands: type[Command[Any]]) -> Callable[[F], F]:
    """Say which commands a reaction, a process, or a step of a saga sends; write it right above the function.

    It is what `leftfold flow` draws, and holds a log to. Without it, the function may send anything.

    Args:
        commands: their classes.

    Raises:
        DefinitionError: one is no class of commands, or it is not written above a function.
    """
    for one in commands:
        if not _is_command(one):
            raise DefinitionError(f"sends({one!r:.80}): give classes of commands, as in @sends(ReserveSeat)")

    def declare(function: F) -> F:
        if flaw := call_flaw(function, "the function that sends: write @sends right above it, below @step"):
            raise DefinitionError(f"sends(...): {flaw}")
        setattr(function, _MARK, frozenset(commands))
        return function

    return declare


def _is_command(given: object) -> bool:
    return isinstance(given, type) and issubclass(given, Command)


def commands_of(function: object) -> frozenset[type[Command[Any]]] | None:
    """Which commands a function says it sends; None when it does not say."""
    return cast("frozenset[type[Command[Any]]] | None", getattr(function, _MARK, None))
