"""Who handles which command, for what sends commands out of commits."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from leftfold.errors import UnknownCommand, UnreadableAnswer
from leftfold.messages.command import Command
from leftfold.messages.metadata import Metadata
from leftfold.processes.outgoing import Address, Outgoing

if TYPE_CHECKING:
    from leftfold.app.guarding import Guarding
    from leftfold.app.running import Running

__all__ = ["Posting"]


class Posting:
    """The contexts of an open app, as a `Post`.

    Args:
        contexts: at work, by name.
        sender: name of the context that posts.
        guarding: holds it to a map; None without one.
    """

    def __init__(self, contexts: Mapping[str, Running], sender: str, guarding: Guarding | None) -> None:
        self._sender = sender
        self._guarding = guarding
        self._contexts = contexts
        self._forms = {
            route.form.cls: (name, route.form)
            for name, running in contexts.items()
            for route in running.assembly.commands
        }

    def address(self, command: Command[object]) -> Address:
        """See `Post.address`; raises `NotRelated` where the map says no."""
        if (found := self._forms.get(type(command))) is None:
            name, known = type(command).__name__, [cls.__name__ for cls in self._forms]
            raise UnknownCommand(name, get_close_matches(name, known, n=3))
        if self._guarding is not None:
            self._guarding.allow(self._sender, command)
        context, form = found
        return Address(context, form.name, form.dump(form.checked(command)))

    def read(self, context: str, outgoing: Outgoing) -> Command[object]:
        """See `Post.read`."""
        running = self._contexts.get(context)
        if running is None:
            raise UnknownCommand(outgoing.command)
        command: Command[object] = running.assembly.commands.named(outgoing.command).form.load(bytes(outgoing.payload))
        return command

    async def send(self, context: str, command: Command[object], id: str, metadata: Metadata) -> None:
        """See `Post.send`."""
        await self._contexts[context].commands.send(command, id=id, metadata=metadata)

    async def is_done(self, context: str, id: str) -> bool:
        """See `Post.is_done`."""
        if (running := self._contexts.get(context)) is None:
            return False
        try:
            answer = await running.answers.find(id)
        except UnreadableAnswer:
            return False
        return answer is not None and answer.refusal is None
