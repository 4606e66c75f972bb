"""What is parked, for those who do not follow: whether it is waited for, holds back a rebuild, is to be tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Final

import msgspec

from leftfold.errors import TableMissing
from leftfold.store.port import Store
from leftfold.store.tables import Compare, Selection, Table, Where
from leftfold.store.transaction import Put, Transaction
from leftfold.subscriptions.parking import (
    LETTERS,
    PARKED,
    REQUESTS,
    ParkedSubject,
    Request,
    letter_place,
    load_letter,
    load_parked,
    of_subscription,
    request_key,
    selected,
    subject_key,
)

__all__ = ["any_parked", "parked_at", "parked_sooner", "tried_again", "try_again"]

_PAGE: Final = 500

_dump: Final = msgspec.json.Encoder().encode


async def parked_at(
    store: Store, subscription: str, position: int, subjects: Callable[[], Awaitable[Iterable[str]]]
) -> ParkedSubject | None:
    """The subject of *subscription* for which the event at *position* waits; None when it waits for none.

    An event that was passed over waits for nothing. However much is parked, only what the event is about is looked at.

    Args:
        store: the one with its checkpoints.
        position: from 1.
        subjects: tells what the event may wait for; asked when anything is parked.
    """
    try:
        if not await _any(store, PARKED, subscription):
            return None
        of = {letter_place(subscription, one, position): subject_key(subscription, one) for one in await subjects()}
        keys = [of[letter] for letter in await store.get(LETTERS, list(of))]
        found = [load_parked(row) for row in (await store.get(PARKED, keys)).values()]
    except TableMissing:  # no worker has been here yet
        return None
    return min(found, key=lambda one: one.subject, default=None)


async def any_parked(store: Store, subscription: str) -> bool:
    """Whether anything is parked in *subscription*."""
    return await _any(store, PARKED, subscription)


async def parked_sooner(store: Store, subscription: str, shown: str, limit: int) -> list[str]:
    """Subjects parked in *subscription* at an earlier event than in *shown*, or in that one not at all.

    Args:
        limit: how many at most, 1 or more.

    Returns:
        In their order; empty when rows of the one lack no event that those of the other have.
    """
    found: list[str] = []
    async for page in _pages(store, subscription):
        rows = await store.get(PARKED, [subject_key(shown, one.subject) for one in page])
        also = {load_parked(row).subject for row in rows.values()}
        for one in page:
            first = await _first(store, subscription, one.subject)
            other = await _first(store, shown, one.subject) if one.subject in also else None
            if first is not None and (other is None or first < other):
                found.append(one.subject)
                if len(found) == limit:
                    return found
    return found


async def try_again(store: Store, subscription: str) -> None:
    """Ask whoever follows *subscription* next to try everything that is parked again, however often it was tried."""
    async for page in _pages(store, subscription):
        asked: dict[str, bytes] = {}
        for one in page:
            first = await _first(store, subscription, one.subject) or 0
            request = Request(
                subscription=subscription, part=one.part, subject=one.subject, position=first, action="replay"
            )
            asked[request_key(request)] = _dump(request)
        await store.transact(Transaction(writes=[Put(table=REQUESTS, rows=asked)]))


async def tried_again(store: Store, subscription: str) -> bool:
    """Whether nothing that was asked of *subscription* is still to be done."""
    return not await _any(store, REQUESTS, subscription)


async def _pages(store: Store, subscription: str) -> AsyncIterator[Sequence[ParkedSubject]]:
    """By subject; each behind the last subject seen, which may be let go meanwhile."""
    where: tuple[Where, ...] = (of_subscription(subscription),)
    while rows := await selected(store, PARKED, Selection(where=where, order_by=("subject",), limit=_PAGE)):
        page = [load_parked(row) for row in rows]
        yield page
        where = (of_subscription(subscription), Where("subject", Compare.MORE, page[-1].subject))


async def _first(store: Store, subscription: str, subject: str) -> int | None:
    """The position of the first event that waits for *subject*."""
    where = (of_subscription(subscription), Where("subject", Compare.EQUAL, subject))
    rows = await store.select(LETTERS, Selection(where=where, order_by=("position",), limit=1))
    return load_letter(rows[0]).position if rows else None


async def _any(store: Store, table: Table, subscription: str) -> bool:
    """Whether *table* has a row of *subscription*, with which its keys begin: others are not looked at."""
    begin = f"{subscription}/"
    try:
        first = await store.scan(table, after=begin, limit=1)
    except TableMissing:  # no worker has been here yet
        return False
    return bool(first) and first[0][0].startswith(begin)
