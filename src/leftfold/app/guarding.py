"""The context map at run time: what it does not allow is refused, when an app is made and when a command is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

from leftfold.app.directory import Directory
from leftfold.handling.receipt import Receipt
from leftfold.messages.command import Command
from leftfold.messages.metadata import Metadata
from leftfold.processes.sending import Send

if TYPE_CHECKING:
    from leftfold.contexts.context import Context
    from leftfold.contexts.context_map import ContextMap

__all__ = ["Guarding", "guarding"]


class Guarding:
    """Lets contexts of an app send what its map allows.

    Args:
        context_map: that says who may follow whom.
        directory: which context handles what.
    """

    def __init__(self, context_map: ContextMap, directory: Directory) -> None:
        from leftfold.borders.refusing import Guard

        self._guard = Guard(context_map)
        self._directory = directory

    def allow(self, context: str, command: Command[Any]) -> None:
        """Say nothing when *context* may send *command* to whoever handles it.

        Raises:
            NotRelated: it may not.
            UnknownCommand: nobody here handles it.
        """
        cls = type(command)
        self._guard.pass_command(context, self._directory.of_command(cls), cls.__name__)

    def guarded(self, context: str, send: Send) -> Send:
        """*send* for a context, which raises `NotRelated` where the map does not allow it."""

        def allowed(command: Command[Any], *, id: str | None, metadata: Metadata) -> Awaitable[Receipt[Any]]:
            self.allow(context, command)
            return send(command, id=id, metadata=metadata)

        return allowed


def guarding(context_map: ContextMap | None, contexts: Sequence[Context], directory: Directory) -> Guarding | None:
    """What holds contexts to a map from now on; None without a map.

    Raises:
        MapBroken: their handlers take events, or send commands, that the map does not allow; it lists all.
    """
    if context_map is None:
        return None
    from leftfold.borders.refusing import refused
    from leftfold.contexts.context_map import MapBroken

    if findings := refused(context_map, contexts):
        raise MapBroken(context_map, findings)
    return Guarding(context_map, directory)
