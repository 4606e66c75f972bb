"""What commands were answered, kept beside the events, so that a repeated command is answered and not done again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from msgspec import Raw, Struct

from leftfold.clock import Clock, SystemClock
from leftfold.errors import TableMissing, UnreadableAnswer
from leftfold.store.events import ToStream
from leftfold.store.port import Store
from leftfold.store.tables import Column, ColumnType, Compare, Selection, Table, Where
from leftfold.store.transaction import Delete, Insert, Transaction

__all__ = ["ANSWERS", "KEPT", "Answer", "Answers", "Refusal", "insert_of"]

ANSWERS: Final = Table(
    name="leftfold_answers",
    columns=(Column("command", ColumnType.TEXT), Column("at", ColumnType.TIME)),
    indexes=(("at",),),
)
"""One row for every command that was sent with an id."""

KEPT: Final = timedelta(days=30)
"""How long an app keeps answers."""

_PAGE: Final = 500
_NOTHING: Final = Raw(b"null")
_NEVER: Final = datetime.min.replace(tzinfo=UTC)

_encode = msgspec.json.Encoder().encode


class Refusal(Struct, frozen=True):
    """A `DomainError` as it is kept.

    Args:
        error: module and name of its class, as in `shop.orders:SoldOut`.
        fields: JSON text of each of its fields.
    """

    error: str
    fields: dict[str, Raw]


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a command came to.

    Args:
        id: of the command, as its sender gave it.
        command: its name.
        digest: of its content, see `RequestForm.digest`.
        at: when it was carried out.
        position: of the store's last event then, when it recorded nothing.
        stream: the stream of the last event it recorded; None when it recorded nothing.
        version: of that event, counted from 1.
        result: JSON text of its result.
        refusal: what refused it; None when nothing did.
    """

    id: str
    command: str
    digest: str
    at: datetime = _NEVER
    position: int = 0
    stream: str | None = None
    version: int = 0
    result: Raw = _NOTHING
    refusal: Refusal | None = None


_decode = msgspec.json.Decoder(Answer).decode


def insert_of(answer: Answer) -> Insert:
    """What writes *answer*, in the commit of its command's events; it is a `KeyTaken` when another was first."""
    return Insert(table=ANSWERS, key=answer.id, row=_encode(answer))


class Answers:
    """The answers of one store to the commands that were sent with an id.

    An answer is written in the commit of the command's events, so it is there if and only if they are. It is kept for
    some time, and `purge` deletes it after that: a command that is repeated later is carried out as if it were new.

    Args:
        store: where they are kept.
        clock: says when a command was carried out; the machine's clock when left out.
        kept: how long each is kept at least.
    """

    def __init__(self, store: Store, clock: Clock | None = None, *, kept: timedelta = KEPT) -> None:
        self.kept = kept
        self._store = store
        self._clock: Clock = clock or SystemClock()

    async def prepare(self) -> None:
        """Make the table, unless it is there."""
        await self._store.prepare(ANSWERS)

    async def find(self, id: str) -> Answer | None:
        """The answer to the command with this id, if it was carried out before.

        Raises:
            InvalidInput: the id is empty, above 512 UTF-8 bytes, or holds NUL or a lone surrogate.
            UnreadableAnswer: the row is no answer.
        """
        try:
            row = (await self._store.get(ANSWERS, [id])).get(id)
        except TableMissing:  # the store was made anew since
            await self.prepare()
            return None
        if row is None:
            return None
        try:
            return _decode(row)
        except ValueError as error:
            raise UnreadableAnswer(id, "?", f"its row is damaged: {error}") from error

    async def position_of(self, answer: Answer) -> int:
        """The position of the last event the command recorded; of the store's last event then, when it recorded none.

        Raises:
            UnreadableAnswer: the event is not there.
        """
        if answer.stream is None:
            return answer.position
        after = answer.version - 1
        for event in await self._store.read_stream(answer.stream, after=after, upto=answer.version, limit=1):
            return event.position
        reason = f"stream {answer.stream!r} has no version {answer.version}, which it recorded"
        raise UnreadableAnswer(answer.id, answer.command, reason)

    async def placed(self, answer: Answer, parts: Sequence[ToStream]) -> Answer:
        """*answer* with its time and its place.

        Args:
            parts: the events that the command recorded; none, when it recorded nothing.
        """
        now = self._clock.now()
        if not parts:
            return msgspec.structs.replace(answer, at=now, position=await self._store.head())
        last = parts[-1]
        assert isinstance(last.expected, int)  # noqa: S101 - what a decision was based on is a version
        version = last.expected + len(last.events)
        return msgspec.structs.replace(answer, at=now, stream=str(last.stream), version=version)

    async def purge(self) -> int:
        """Delete the answers that were kept long enough, page by page.

        Returns:
            How many were deleted.
        """
        old = Where("at", Compare.LESS, self._clock.now() - self.kept)
        deleted = 0
        while True:
            rows = await self._store.select(ANSWERS, Selection(where=(old,), order_by=("at",), limit=_PAGE))
            if rows:
                keys = [_decode(row).id for row in rows]
                await self._store.transact(Transaction(writes=[Delete(table=ANSWERS, keys=keys)]))
            deleted += len(rows)
            if len(rows) < _PAGE:
                return deleted
