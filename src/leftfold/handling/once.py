"""A command that was sent with an id: carried out once, answered every time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from leftfold.domain.errors import DomainError
from leftfold.errors import CommandIdReused, Conflict, StoreError, UnreadableAnswer
from leftfold.handling.answers import Answer, Answers, insert_of
from leftfold.handling.loading import Loader
from leftfold.handling.receipt import Receipt
from leftfold.handling.refusals import refusal_of, refused_again
from leftfold.handling.routing import CommandRoute
from leftfold.handling.tracking import Tracking, check_decided
from leftfold.messages.metadata import Metadata
from leftfold.store.events import ToStream
from leftfold.store.transaction import Write

__all__ = ["Once"]


class Once:
    """One command and its id.

    Args:
        loader: of the store to work on.
        answers: of that store.
        route: what carries the command out.
        id: as its sender gave it.
        digest: of its content.
    """

    def __init__(self, loader: Loader, answers: Answers, route: CommandRoute, id: str, digest: str) -> None:
        self._loader = loader
        self._answers = answers
        self._route = route
        self._answer = Answer(id=id, command=route.form.name, digest=digest)

    async def decide(self, work: Callable[[Tracking], Awaitable[object]], metadata: Metadata) -> Receipt[object]:
        """Decide once, unless the command is answered already, and store the answer with what was recorded.

        Raises:
            Conflict: another writer was faster; decide again.
            CommandIdReused, UnreadableAnswer, DomainError: see `CommandBus.send`.
        """
        id = self._answer.id
        if (first := await self._answers.find(id)) is not None:
            return await self._repeated(first)
        tracking = Tracking(self._loader, metadata)
        try:
            return await self._decided(tracking, work)
        except (Conflict, DomainError, StoreError):
            raise
        except Exception:  # whoever was faster may have carried out this very command, and what it did was in the way
            if (first := await self._answers.find(id)) is None:
                raise
        return await self._repeated(first)

    async def _decided(self, tracking: Tracking, work: Callable[[Tracking], Awaitable[object]]) -> Receipt[object]:
        try:
            result = await work(tracking)
        except DomainError as refusal:
            answer = msgspec.structs.replace(self._answer, refusal=refusal_of(refusal))
            await self._loader.events.commit(writes=[insert_of(await self._answers.placed(answer, ()))])
            raise
        check_decided(result)
        answer = msgspec.structs.replace(self._answer, result=Raw(self._route.result.dump(result)))

        async def beside(parts: Sequence[ToStream]) -> Sequence[Write]:
            nonlocal answer
            answer = await self._answers.placed(answer, parts)
            return [insert_of(answer)]

        appended = await tracking.commit(beside)
        if appended is None:
            return Receipt(result=result, position=answer.position)
        return Receipt(result=result, position=appended.position, repeated=appended.repeated)

    async def _repeated(self, first: Answer) -> Receipt[Any]:
        if (first.command, first.digest) != (self._answer.command, self._answer.digest):
            raise CommandIdReused(first.id, first.command)
        if first.refusal is not None:
            raise refused_again(first, first.refusal)
        try:
            result = self._route.result.load(bytes(first.result))
        except Exception as error:  # a `__post_init__` may raise anything
            reason = f"its result is not of the type that the command declares now: {error}"
            raise UnreadableAnswer(first.id, first.command, reason) from error
        return Receipt(result=result, position=await self._answers.position_of(first), repeated=True)
