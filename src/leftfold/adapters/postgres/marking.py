"""What a transaction is known by that moves no checkpoint: a row among the batches of work, which the next one changes.

A server that crashed gives an id that it had not written down to another transaction, so the id alone tells nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final
from uuid import UUID, uuid4

from msgspec import Struct

from leftfold.adapters.postgres.calls import plain_array
from leftfold.adapters.postgres.connecting import Connection, Readers

__all__ = ["Mark", "Marks"]

_LAST_WORD_S: Final = 1.0


class Mark(Struct, frozen=True):
    """Of one transaction.

    Args:
        client: whose row it is; nobody else's meanwhile.
        number: unlike that of every other transaction with this row.
    """

    client: UUID
    number: int


class Marks:
    """Hands out marks, each for one attempt at a transaction."""

    def __init__(self, schema: str) -> None:
        batches = f'"{schema}".work_batches'
        self._write = (
            f'insert into {batches} (client, batch, written_at) values ($1::uuid, $2::bigint, "{schema}".now_v1()) '
            "on conflict (client) do update set batch = excluded.batch, written_at = excluded.written_at"
        )
        self._there = f"select exists (select from {batches} where client = $1::uuid and batch = $2::bigint)"
        self._forget = f"delete from {batches} where client = any ($1::text::uuid[])"
        self._free: list[UUID] = []
        self._number = 0

    def take(self) -> Mark:
        """A new one."""
        self._number += 1
        return Mark(self._free.pop() if self._free else uuid4(), self._number)

    def give_back(self, mark: Mark) -> None:
        """Let the next transaction have its row; not while it is unknown what became of the one it was given to."""
        self._free.append(mark.client)

    async def leave(self, mark: Mark, connection: Connection) -> None:
        """Write it in the open transaction."""
        await connection.fetch(self._write, mark.client, mark.number)

    async def is_there(self, mark: Mark, connection: Connection) -> bool:
        """Whether the transaction that left it was committed, once it is not under way any more."""
        there: bool = await connection.fetchval(self._there, mark.client, mark.number)
        return there

    async def forget(self, readers: Readers) -> None:
        """Take the rows away, within a second; one that stays is forgotten after a day, like those of work."""
        if self._free:
            with suppress(Exception):
                async with asyncio.timeout(_LAST_WORD_S):
                    await readers.fetch(self._forget, plain_array(self._free))
            self._free.clear()
