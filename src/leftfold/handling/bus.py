"""From a command to its one commit."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TypeVar, cast

import msgspec

from leftfold.errors import DefinitionError
from leftfold.handling.answers import Answers
from leftfold.handling.injection import Handling
from leftfold.handling.loading import Loader
from leftfold.handling.middleware import Call, Kind, Middleware, around
from leftfold.handling.once import Once
from leftfold.handling.receipt import Receipt
from leftfold.handling.retry import decided_again
from leftfold.handling.routing import CommandRoute, Routes
from leftfold.handling.tracking import Tracking, committed
from leftfold.ids import new_id
from leftfold.messages.command import Command
from leftfold.messages.metadata import NO_METADATA, Metadata, check_metadata
from leftfold.store.checks import check_id

__all__ = ["CommandBus"]

R = TypeVar("R")


class CommandBus:
    """Carries out commands, each in one commit.

    Args:
        loader: of the store to work on.
        routes: what carries out each command.
        answers: what commands with an id were answered.
        middleware: what happens around every command, the first of it outermost.
    """

    def __init__(
        self, loader: Loader, routes: Routes[CommandRoute], answers: Answers, middleware: Sequence[Middleware] = ()
    ) -> None:
        self._loader = loader
        self._routes = routes
        self._answers = answers
        self._proceed = around(middleware, self._carry_out)

    async def send(self, command: Command[R], *, id: str | None = None, metadata: Metadata = NO_METADATA) -> Receipt[R]:
        """Carry out *command*, and store what its aggregates recorded in one commit when its handler returns.

        On a conflict the handler runs again from the start, with fresh aggregates. When it raises, nothing is stored.

        With an *id*, the answer is stored in the same commit, and a command sent again with that id is not carried out
        again: it gets the first receipt, with *repeated* set, or is refused by the same `DomainError`. That holds for
        senders in any process, at the same moment, and across crashes, for as long as answers are kept; see `Answers`.

        Args:
            command: of a class that has a handler.
            id: given to be able to send it again; text of at most 512 UTF-8 bytes, unique in the store.
            metadata: stored beside every event; the command's id and name are filled in, and its id as the correlation
                id, too, unless that is given.

        Raises:
            UnknownCommand: nothing handles it.
            InvalidInput: a field is not of its declared type, or id or metadata cannot be stored.
            CommandIdReused: the id belongs to another command, or to one with other content.
            UnreadableAnswer: it was carried out before, and its answer cannot be read by this code.
            NotFound: what it is about has to be there, and is not.
            AlreadyExists: what it is about must not be there, and is.
            Conflict: other writers were faster every time.
            DomainError: the domain refused it.
        """
        route = self._routes.of(command)
        check_metadata(metadata)
        if id is not None:
            check_id(id)
        known = str(new_id()) if id is None else id
        correlation = known if metadata.correlation_id is None else metadata.correlation_id
        name, message = route.form.name, route.form.checked(command)
        metadata = msgspec.structs.replace(metadata, command_id=known, command=name, correlation_id=correlation)
        answer = await self._proceed(Call(kind=Kind.COMMAND, name=name, message=message, metadata=metadata, id=id))
        if not isinstance(answer, Receipt):
            raise DefinitionError(
                f"a middleware answers {name!r} with a {type(answer).__qualname__}; hand on the Receipt"
            )
        return cast("Receipt[R]", answer)

    async def _carry_out(self, call: Call) -> Receipt[object]:
        route = self._routes.of(call.message)

        def work(tracking: Tracking) -> Awaitable[object]:
            return route.run(call.message, Handling(self._loader, call.metadata, tracking))

        if call.id is None:
            return await committed(self._loader, work, call.metadata)
        once = Once(self._loader, self._answers, route, call.id, route.form.digest(call.message))
        return await decided_again(self._loader.turns, lambda: once.decide(work, call.metadata))
