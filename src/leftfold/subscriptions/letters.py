"""Dead letters as people see them: which ones there are, and what is asked of whoever holds their checkpoint."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from enum import Enum
from hashlib import blake2b
from typing import Final, Literal

import msgspec
from msgspec import Struct

from leftfold.errors import NotAnswered, TableMissing
from leftfold.store.port import Store
from leftfold.store.tables import Compare, Selection, Table, Where
from leftfold.store.transaction import Delete, Put, Transaction
from leftfold.subscriptions.monitor import check_followed
from leftfold.subscriptions.parking import (
    LETTERS,
    PARKED,
    REQUESTS,
    Letter,
    ParkedSubject,
    Request,
    letter_key,
    load_letter,
    load_parked,
    of_subscription,
    request_key,
    selected,
    subject_key,
)

__all__ = [
    "DeadLetter",
    "LetterState",
    "ask",
    "first_letters",
    "forget_letters",
    "letters_at",
    "letters_left",
    "letters_of",
    "wait_until_answered",
]

_PAGE: Final = 500
_LOOK_S: Final = 0.05
_FOLLOWED_S: Final = 1.0
_ID_BYTES: Final = 4

_dump: Final = msgspec.json.Encoder().encode


class LetterState(Enum):
    """What becomes of a letter when nobody asks for anything."""

    RETRYING = "retrying"
    """It is tried again when its time has come."""

    DEAD = "dead"
    """It was tried as often as its policy says, and holds up what follows for its subject."""

    WAITING = "waiting"
    """It waits behind an earlier letter of its subject."""

    SKIPPED = "skipped"
    """Its subject went on without it."""


class DeadLetter(Struct, frozen=True, kw_only=True):
    """An event that is not done for a subject.

    Args:
        id: short, and the same as long as it is there: `POSITION-DIGITS`.
        subscription: of the projection's generation, or of the reaction.
        part: the shard it belongs to, from 0.
        subject: the key of the row, or the stream, that it is not done for.
        position: of the event in the log that is followed.
        attempts: how often its subject was tried; 1 when it was skipped.
        due: when it is tried again; None for never.
        error: what it raised last; empty when it waits.
        context: name of the context that the follower belongs to; empty when nobody said.
    """

    id: str
    subscription: str
    part: int
    subject: str
    position: int
    type: str
    stream: str
    version: int
    state: LetterState
    attempts: int
    due: datetime | None
    error: str
    context: str = ""


async def letters_of(store: Store, subscription: str) -> AsyncIterator[DeadLetter]:
    """The letters of one subscription, those of a subject one after another in their order.

    After each page the loop has a turn, for an embedded store answers without waiting.

    Args:
        store: the one with its checkpoints.
    """
    last: Letter | None = None
    while page := await _behind(store, subscription, last):
        parked = await _parked(store, page)
        for letter in page:
            first = last is None or letter.subject != last.subject
            yield _described(letter, parked.get(letter.subject), first=first)
            last = letter
        await asyncio.sleep(0)


async def _behind(store: Store, subscription: str, last: Letter | None) -> list[Letter]:
    """A page of the letters behind *last*, which may be gone by now: those of its subject, or else of the next ones."""
    where: tuple[Where, ...] = (of_subscription(subscription),)
    rows: Sequence[bytes] = ()
    if last is not None:
        place = (Where("subject", Compare.EQUAL, last.subject), Where("position", Compare.MORE, last.position))
        rows = await selected(store, LETTERS, Selection(where=(*where, *place), order_by=("position",), limit=_PAGE))
        where = (*where, Where("subject", Compare.MORE, last.subject))
    if not rows:
        rows = await selected(store, LETTERS, Selection(where=where, order_by=("subject", "position"), limit=_PAGE))
    return [load_letter(row) for row in rows]


async def first_letters(store: Store, subscription: str, most: int) -> Sequence[Letter]:
    """The letters of one subscription as they are stored, by subject and position; *most* at most."""
    where = (of_subscription(subscription),)
    selection = Selection(where=where, order_by=("subject", "position"), limit=most)
    return [load_letter(row) for row in await selected(store, LETTERS, selection)]


async def letters_at(store: Store, position: int, subscription: str) -> Sequence[DeadLetter]:
    """The letters of one subscription that are about the event at *position*."""
    where = (of_subscription(subscription), Where("position", Compare.EQUAL, position))
    return await _looked_up(store, await selected(store, LETTERS, Selection(where=where, limit=_PAGE)))


async def letters_left(store: Store, letters: Sequence[DeadLetter]) -> list[DeadLetter]:
    """Those of *letters* that are still there, as they are now; after each page the loop has a turn."""
    left: list[DeadLetter] = []
    for subscription in dict.fromkeys(one.subscription for one in letters):
        keys = [letter_key(_request(one)) for one in letters if one.subscription == subscription]
        for start in range(0, len(keys), _PAGE):
            rows = await store.get(LETTERS, keys[start : start + _PAGE])
            left += await _looked_up(store, [rows[key] for key in keys[start : start + _PAGE] if key in rows])
            await asyncio.sleep(0)
    return left


async def ask(store: Store, letters: Sequence[DeadLetter], action: Literal["replay", "drop"]) -> None:
    """Ask whoever holds the checkpoints of *letters* to replay or drop them.

    Replaying tries the whole subject again, from its first letter on. After a drop, what waited behind is tried.

    Raises:
        NoWorker: nobody follows; nothing was asked.
    """
    await _check_held(store, letters)
    requests = [_request(one, action) for one in letters]
    for start in range(0, len(requests), _PAGE):  # others write in between
        rows = {request_key(request): _dump(request) for request in requests[start : start + _PAGE]}
        await store.transact(Transaction(writes=[Put(table=REQUESTS, rows=rows)]))


async def wait_until_answered(
    store: Store, letters: Sequence[DeadLetter], action: Literal["replay", "drop"], timeout_s: float
) -> None:
    """Wait until what was asked for *letters*, to replay or drop them, is done.

    Raises:
        NotAnswered: it was not when the time was over; it is still asked for.
        NoWorker: nobody follows any more; it is still asked for.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout_s
    look_at = loop.time() + _FOLLOWED_S
    keys = sorted(request_key(_request(one, action)) for one in letters)  # as they are answered
    while keys := await _still_asked(store, keys):
        now = loop.time()
        if now >= end:
            raise NotAnswered(letters[0].subscription, await _count_asked(store, keys))
        if now >= look_at:
            look_at = now + _FOLLOWED_S
            await _check_held(store, letters)
        await asyncio.sleep(_LOOK_S)


async def forget_letters(store: Store, subscription: str) -> None:
    """Delete every letter of *subscription*, what is parked and what is asked for; nobody may follow it any more."""
    for table in (REQUESTS, LETTERS, PARKED):
        while keys := await _keys(store, table, f"{subscription}/"):
            await store.transact(Transaction(writes=[Delete(table=table, keys=keys)]))


async def _keys(store: Store, table: Table, begin: str) -> list[str]:
    """A page of the keys that begin so, without looking at others."""
    try:
        return [key for key, _ in await store.scan(table, after=begin, limit=_PAGE) if key.startswith(begin)]
    except TableMissing:  # no worker has been here yet
        return []


def _request(letter: DeadLetter, action: Literal["replay", "drop"] = "replay") -> Request:
    return Request(
        subscription=letter.subscription,
        part=letter.part,
        subject=letter.subject,
        position=letter.position,
        action=action,
    )


async def _still_asked(store: Store, keys: Sequence[str]) -> list[str]:
    """*keys* without what is answered at their beginning: behind the first page with something left nobody looks."""
    for start in range(0, len(keys), _PAGE):
        if left := await store.get(REQUESTS, keys[start : start + _PAGE]):
            return [*left, *keys[start + _PAGE :]]
    return []


async def _count_asked(store: Store, keys: Sequence[str]) -> int:
    pages = (keys[start : start + _PAGE] for start in range(0, len(keys), _PAGE))
    return sum([len(await store.get(REQUESTS, page)) for page in pages])


async def _check_held(store: Store, letters: Sequence[DeadLetter]) -> None:
    for subscription, part in dict.fromkeys((one.subscription, one.part) for one in letters):
        at = await store.checkpoints(f"{subscription}/{part}.")
        await check_followed(subscription, at[0].name if at else "", store)


async def _looked_up(store: Store, rows: Sequence[bytes]) -> list[DeadLetter]:
    """Letters of one subscription, each of which may stand anywhere in the order of its subject."""
    page = [load_letter(row) for row in rows]
    parked = await _parked(store, page)
    return [_described(one, parked.get(one.subject), first=await _is_first(store, one)) for one in page]


async def _parked(store: Store, letters: Sequence[Letter]) -> dict[str, ParkedSubject]:
    keys = list({subject_key(one.subscription, one.subject) for one in letters})
    rows = (await store.get(PARKED, keys)).values() if keys else ()
    return {parked.subject: parked for parked in map(load_parked, rows)}


async def _is_first(store: Store, letter: Letter) -> bool:
    where = (
        of_subscription(letter.subscription),
        Where("subject", Compare.EQUAL, letter.subject),
        Where("position", Compare.LESS, letter.position),
    )
    return not await store.select(LETTERS, Selection(where=where, limit=1))


def _described(letter: Letter, parked: ParkedSubject | None, *, first: bool) -> DeadLetter:
    if parked is None:
        state = LetterState.SKIPPED
    elif not first:
        state = LetterState.WAITING
    else:
        state = LetterState.DEAD if parked.dead else LetterState.RETRYING
    tried = parked if first else None
    return DeadLetter(
        id=f"{letter.position}-{blake2b(letter_key(letter).encode(), digest_size=_ID_BYTES).hexdigest()}",
        subscription=letter.subscription,
        part=letter.part,
        subject=letter.subject,
        position=letter.position,
        type=letter.type,
        stream=letter.stream,
        version=letter.version,
        state=state,
        attempts=0 if state is LetterState.WAITING else 1 if tried is None else tried.attempts,
        due=None if tried is None else tried.due,
        error=letter.error if tried is None else tried.error,
    )
