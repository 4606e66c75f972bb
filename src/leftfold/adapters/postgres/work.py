"""Work items: claimed, held and read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Final

import asyncpg

from leftfold.adapters.postgres.calls import plain_array
from leftfold.adapters.postgres.connecting import Connection, Readers, transaction_on
from leftfold.adapters.postgres.queries import MAX_BIGINT, big
from leftfold.adapters.postgres.work_news import WorkNews
from leftfold.errors import InvalidQuery
from leftfold.store.checks import check_timeout
from leftfold.store.names import first_above, flaw_of, name_range
from leftfold.store.restoring import check_items, new_items
from leftfold.store.work import WorkItem
from leftfold.store.work_checks import check_claiming, check_holding, check_ids, check_queues
from leftfold.store.work_paging import looked_at

__all__ = ["Work"]

_COLUMNS: Final = (
    "id, queue, status, state, token, owner, wake_at, created_at, changed_at, owner is not null and wake_at > {now}"
)
_MOST_CLAIMED: Final = 10_000
_DURABLY: Final = (
    "select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'"
)

_NEAR: Final = f"""select {_COLUMNS} from (select * from {{work}} where id >= $3 order by id limit $6) n
where queue >= $1 and queue < $2 and ($4::text[] is null or status = any ($4)) order by id limit $5"""
"""What is chosen of the items that come next."""

# Each kind, a queue and a status, is sought behind the one before it.
_FIND: Final = f"""with recursive kinds as (
(select w.queue, w.status from {{work}} w where w.queue >= $1 and w.queue < $2 order by w.queue, w.status limit 1)
union all select n.* from kinds k cross join lateral (
select w.queue, w.status from {{work}} w where (w.queue, w.status) > (k.queue, k.status) and w.queue < $2
order by w.queue, w.status limit 1) n)
select {_COLUMNS} from {{work}} where id in (
select f.id from kinds k cross join lateral (
select w.id from {{work}} w where w.queue = k.queue and w.status = k.status and w.id >= $3 order by w.id limit $5) f
where $4::text[] is null or k.status = any ($4) order by f.id limit $5) order by id"""
"""A page of chosen items: of each kind no more than a page is looked at, in an index; of the table, only the page."""

_COUNT: Final = "select queue, status, count(*) from {work} where queue >= $1 and queue < $2 group by queue, status"


class Work:
    """Keeps work over the connections that read; each call is one statement, which may be repeated.

    Args:
        news: wakes those who wait for work.
    """

    def __init__(self, readers: Readers, news: WorkNews, schema: str) -> None:
        work, now = f'"{schema}".work', f'"{schema}".now_v1()'
        self._readers = readers
        self._news = news
        columns = _COLUMNS.format(now=now)
        self._claim = f'select {columns} from "{schema}".work_claim_v1($1, $2, $3::interval, $4)'
        # The limit keeps it at one look an item, whatever the planner thinks of the table.
        self._extend = (
            "with k as materialized (select l.id from unnest($1::text[], $2::text::bigint[]) h (id, token) "
            f"cross join lateral (select w.id from {work} w where w.id = h.id and w.token >= h.token and w.owner = $3 "
            f"limit 1 for update) l) update {work} w set wake_at = {now} + $4::interval "
            "where w.id = any (array(select k.id from k)) returning w.id"
        )
        self._get = f"select {columns} from {work} where id = any ($1::text[])"
        self._near, self._find = _NEAR.format(work=work, now=now), _FIND.format(work=work, now=now)
        self._count = _COUNT.format(work=work)
        self._page = f"select {columns} from {work} where id >= $1 order by id limit $2"
        self._tokens = f"select id, token from {work} where id = any ($1::text[]) order by id for update"
        self._restore = (
            f"insert into {work} (id, queue, status, state, token, wake_at, created_at, changed_at) "
            "select id, queue, status, state, token, wake_at::timestamptz, created_at::timestamptz, "
            "changed_at::timestamptz from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]::bigint[], "
            "$6::text[], $7::text[], $8::text[]) "
            "i (id, queue, status, state, token, wake_at, created_at, changed_at) on conflict do nothing returning id"
        )
        self._pause = (
            f"select extract(epoch from min(d.wake_at) - {now})::double precision from unnest($1::text[]) q (queue) "
            f"cross join lateral (select w.wake_at from {work} w where w.queue = q.queue and w.wake_at is not null "
            "order by w.wake_at limit 1) d"
        )

    async def claim_due(self, queues: Collection[str], owner: str, lease_s: float, limit: int) -> Sequence[WorkItem]:
        """See `WorkItems.claim_due`."""
        lease = check_claiming(queues, owner, lease_s, limit)
        rows = await self._readers.write(self._claim, sorted(set(queues)), owner, lease, min(limit, _MOST_CLAIMED))
        return [_item_of(row) for row in rows]

    async def extend(self, held: Mapping[str, int], owner: str, lease_s: float) -> Collection[str]:
        """See `WorkItems.extend`."""
        lease = check_holding(owner, lease_s)
        known = {id: max(0, min(held[id], MAX_BIGINT)) for id in sorted(check_ids(held))}
        rows = await self._readers.write(self._extend, list(known), plain_array(list(known.values())), owner, lease)
        return {row[0] for row in rows}

    async def work(self, ids: Collection[str]) -> Mapping[str, WorkItem]:
        """See `WorkItems.work`."""
        rows = await self._readers.fetch(self._get, check_ids(ids))
        return {row[0]: _item_of(row) for row in rows}

    async def find_work(self, queues: str, statuses: Collection[str], after: str, limit: int) -> Sequence[WorkItem]:
        """See `WorkItems.find_work`."""
        if limit < 1:
            raise InvalidQuery(f"limit={limit}: a page has at least one work item")
        if queues and flaw_of(queues):
            return []
        known = [status for status in statuses if not flaw_of(status)] if statuses else None
        start, most = first_above(after), big(limit)
        if not queues and not statuses:
            return [_item_of(row) for row in await self._readers.fetch(self._page, start, most)]
        asked = (*name_range(queues), start, known, most)
        near = looked_at(limit)
        rows: Sequence[asyncpg.Record] = []
        if near:
            rows = await self._readers.fetch(self._near, *asked, near)
        if len(rows) < limit:
            rows = await self._readers.fetch(self._find, *asked)
        return [_item_of(row) for row in rows]

    async def count_work(self, queues: str) -> Mapping[tuple[str, str], int]:
        """See `WorkItems.count_work`."""
        if queues and flaw_of(queues):
            return {}
        found = await self._readers.fetch(self._count, *name_range(queues))
        return {(queue, status): count for queue, status, count in found}

    async def await_work(self, queues: Collection[str], timeout: float) -> None:
        """See `WorkItems.await_work`."""
        check_queues(queues)
        check_timeout(timeout)
        await self._news.wait(queues, partial(self._pause_of, sorted(set(queues))), timeout)

    async def restore(self, items: Sequence[WorkItem]) -> int:
        """See `Restorable.restore_work`."""
        check_items(items)
        stored = await self._readers.repeat(partial(self._restored, items))
        self._news.due({item.queue for item in items if item.wake_at is not None})
        return stored

    async def _restored(self, items: Sequence[WorkItem], connection: Connection) -> int:
        ids = sorted(item.id for item in items)
        async with transaction_on(connection, _DURABLY):
            new = new_items(items, _tokens_of(await connection.fetch(self._tokens, ids)))
            columns = zip(*map(_row_of, sorted(new, key=lambda item: item.id)), strict=True)
            stored = await connection.fetch(self._restore, *columns) if new else ()
            if len(stored) < len(new):  # another restore was faster
                new_items(items, _tokens_of(await connection.fetch(self._tokens, ids)))
        return len(stored)

    async def _pause_of(self, queues: Sequence[str]) -> float:
        rows = await self._readers.fetch(self._pause, queues)
        pause: float | None = rows[0][0]
        return float("inf") if pause is None else pause


def _tokens_of(rows: Sequence[asyncpg.Record]) -> dict[str, int]:
    return {row[0]: row[1] for row in rows}


def _row_of(item: WorkItem) -> tuple[object, ...]:
    # As text, for the driver takes the last moment for infinity.
    times = (None if at is None else at.isoformat() for at in (item.wake_at, item.created_at, item.changed_at))
    return item.id, item.queue, item.status, item.state.decode(), str(min(item.token, MAX_BIGINT)), *times


def _item_of(row: asyncpg.Record) -> WorkItem:
    id, queue, status, state, token, owner, wake_at, created_at, changed_at, held = row
    return WorkItem(
        id=id,
        queue=queue,
        status=status,
        state=state.encode(),
        token=token,
        owner=owner,
        wake_at=wake_at,
        created_at=created_at,
        changed_at=changed_at,
        held=held,
    )
