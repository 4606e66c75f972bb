"""Everything the store reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from leftfold.adapters.postgres.calls import plain_array
from leftfold.adapters.postgres.connecting import Readers
from leftfold.adapters.postgres.queries import Queries, big
from leftfold.adapters.postgres.rows import event_of
from leftfold.store.events import Fact, Page, QueryItem, StoredEvent
from leftfold.store.names import flaw_of
from leftfold.store.port import WrongTag

__all__ = ["Reading"]


class Reading:
    """Reads over a pool of connections. Arguments are those of the store port, checked already."""

    def __init__(self, readers: Readers, schema: str) -> None:
        self._readers = readers
        self._queries = Queries(schema)

    async def stream(
        self, stream: str, after: int, upto: int | None, limit: int, *, backward: bool
    ) -> Sequence[StoredEvent]:
        """Events of one stream."""
        if flaw_of(stream):
            return []
        sql = self._queries.backward if backward else self._queries.forward
        rows = await self._readers.fetch(sql, str(stream), big(after), big(upto), big(limit))
        return [event_of(row) for row in rows]

    async def facts(
        self, stream: str, after: int, upto: int | None, limit: int, *, valid: datetime | None = None
    ) -> Sequence[Fact]:
        """Version, type, schema version and payload of the events of one stream."""
        if flaw_of(stream):
            return []
        values = (str(stream), big(after), big(upto), big(limit))
        if valid is None:
            rows = await self._readers.fetch(self._queries.facts, *values)
        else:
            rows = await self._readers.fetch(self._queries.valid_facts, *values, valid.isoformat())
        return list(map(tuple, rows))

    async def log(
        self, match: tuple[QueryItem, ...], category: str | None, after: int, upto: int | None, limit: int
    ) -> Page:
        """Events of the log, and how far was looked."""
        limit = big(limit)
        if not match and category is None:
            rows = await self._readers.fetch(self._queries.log, big(after), big(upto), limit)
            end = rows[-1]["position"] if rows else after  # there are no gaps: the last one read is how far it looked
        else:
            sql, values = self._queries.filtered(match, category, big(after), upto, limit)
            rows = await self._readers.fetch(sql, *values)
            end = max(after, rows[0]["upto"])
            if rows[0]["position"] is None:
                return Page([], end)
            if len(rows) == limit:
                end = rows[-1]["position"]
        return Page([event_of(row) for row in rows], end)

    async def wrong_tags(self) -> Sequence[WrongTag]:
        """Where the table of tags is not what the events say."""
        return [WrongTag(*row) for row in await self._readers.search(self._queries.wrong_tags)]

    async def head(self) -> int:
        """The position of the last event, 0 when there is none."""
        rows = await self._readers.fetch(self._queries.head)
        head: int = rows[0][0]
        return head

    async def by_id(self, ids: Iterable[UUID]) -> dict[UUID, StoredEvent]:
        """The stored events among *ids*."""
        rows = await self._readers.fetch(self._queries.by_id, plain_array(list(ids)))
        return {event.id: event for event in map(event_of, rows)}

    async def versions(self, streams: Iterable[str]) -> Mapping[str, int]:
        """The versions of those *streams* that exist."""
        rows = await self._readers.fetch(self._queries.versions, list(streams))
        return {row["stream"]: row["version"] for row in rows}
