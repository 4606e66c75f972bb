"""Taking over a log with its positions and times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from leftfold.adapters.postgres.calls import plain_array, tags_literal
from leftfold.adapters.postgres.connecting import Readers
from leftfold.adapters.postgres.failures import BREAKS_LOG
from leftfold.adapters.postgres.reading import Reading
from leftfold.errors import AccessDenied, AppendRefused, RestoreMismatch
from leftfold.store.events import StoredEvent
from leftfold.store.restoring import check_continues

__all__ = ["Restorer"]


class Restorer:
    """Compares what is here, then adds what is new under the writer's lock, where continuity is checked again."""

    def __init__(self, readers: Readers, reading: Reading, schema: str) -> None:
        self._readers = readers
        self._reading = reading
        self._schema = schema
        self._sql = (
            f'select "{schema}".restore_v1($1::bigint, $2::text[], $3::text::integer[], $4::text[], '
            "$5::text::integer[], $6::text[], $7::text::smallint[], $8::text::uuid[], $9::text[], $10::text[], "
            "$11::text[]::timestamptz[], $12::text[]::timestamptz[], $13::text[])"
        )

    async def restore(self, events: Sequence[StoredEvent]) -> int:
        """See `Restorable.restore`."""
        while new := await self._new(events):
            head = new[0].position - 1
            try:
                rows = await self._readers.fetch(self._sql, *_arguments(new))
            except AppendRefused as refusal:
                await self._explain(refusal, new, head)
            except AccessDenied as error:
                reason = f"only the owner of schema {self._schema!r} takes over a log"
                raise AccessDenied(reason, "name its owner in the URL of the store", error.code) from error
            else:
                count: int = rows[0][0]
                return count
        return 0

    async def _new(self, events: Sequence[StoredEvent]) -> list[StoredEvent]:
        """Those that are not here; what is compared is read again when the log has grown meanwhile."""
        while events:
            head = await self._reading.head()
            try:
                return await self._above(head, events)
            except RestoreMismatch:
                if await self._reading.head() == head:
                    raise
        return []

    async def _above(self, head: int, events: Sequence[StoredEvent]) -> list[StoredEvent]:
        first, last = events[0].position, min(events[-1].position, head)
        count = max(last - first + 1, 0)
        known = await self._between(first, last, count)
        tail = await self._between(head, head, 1)
        here = {event.position: event for event in known}
        versions = await self._reading.versions({event.stream for event in events if event.position > head})
        return check_continues(events, here, tail[0] if tail else None, lambda stream: versions.get(stream, 0))

    async def _between(self, first: int, last: int, count: int) -> Sequence[StoredEvent]:
        return (await self._reading.log((), None, first - 1, last, count)).events if count and last else []

    async def _explain(self, refusal: AppendRefused, new: Sequence[StoredEvent], head: int) -> None:
        """Return when others appended meanwhile, so that the comparison is repeated; raise otherwise."""
        for event in (await self._reading.by_id(event.id for event in new)).values():
            if event.position <= head:
                reason = f"event id {event.id} is here at position {event.position} already"
                raise RestoreMismatch(head + 1, reason) from refusal
        if refusal.code != BREAKS_LOG or await self._reading.head() == head:
            raise RestoreMismatch(head + 1, refusal.reason) from refusal


def _arguments(new: Sequence[StoredEvent]) -> tuple[object, ...]:
    firsts: dict[str, int] = {}
    for event in new:
        firsts.setdefault(event.stream, event.version)
    return (
        new[0].position,
        list(firsts),
        plain_array(list(firsts.values())),
        [event.stream for event in new],
        plain_array([event.version for event in new]),
        [event.type for event in new],
        plain_array([event.schema_version for event in new]),
        plain_array([event.id for event in new]),
        [event.data.decode() for event in new],
        [event.metadata.decode() for event in new],
        # Times as text: the driver takes the first and the last moment there is for infinity.
        [event.occurred_at.astimezone(UTC).isoformat() for event in new],
        [event.recorded_at.astimezone(UTC).isoformat() for event in new],
        [tags_literal(event.tags) if event.tags else None for event in new],
    )
