"""What every kill has to leave behind of what follows a log: rows, letters and checkpoints of one moment."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from leftfold.projections.generations import GENERATIONS, Generation
from leftfold.projections.projection import Projection
from leftfold.store.events import StoredEvent
from leftfold.store.port import Store
from leftfold.store.tables import Selection
from leftfold.store.transaction import Put, Transaction
from leftfold.subscriptions.parking import LETTERS, PARKED, REQUESTS, Letter, ParkedSubject, Request, request_key
from tests.guarantees.counting import (
    POISON,
    Arrived,
    Counting,
    Total,
    amount_of,
    counting_house,
    folded,
    id_of_account,
    log_of,
    mailed_in,
    receiving_house,
)
from tests.guarantees.keeping_up import Errand
from tests.guarantees.places import open_place

if TYPE_CHECKING:
    from leftfold.testing.conformance.stores import FullStore

__all__ = [
    "ask_for",
    "check_followed",
    "check_inline",
    "check_rebuilt",
    "check_requests",
    "nothing_waits",
    "opened",
    "rows_in",
]

TOTALS: Final[Projection[Total]] = counting_house(Counting()).projections[0]
ARRIVALS: Final[Projection[Arrived]] = receiving_house().projections[0]

_ALL: Final = Selection(limit=100_000)


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[FullStore]:
    """The store at *url*, opened as another process would."""
    store = await open_place(url)
    try:
        yield store
    finally:
        await store.close()


async def rows_in(store: Store, projection: Projection[Any]) -> dict[str, Any]:
    """Every row that is shown, by key."""
    rows: dict[str, Any] = {}
    after = ""
    while page := await store.scan(projection.table, after=after):
        rows |= {key: projection.load(row) for key, row in page}
        after = page[-1][0]
    return rows


async def check_followed(errand: Errand, *, done: bool) -> None:
    """Each checkpoint, and what was written with it, tell of one beginning of the log, and of all of it when *done*."""
    async with opened(errand.url) as store, opened(errand.also) as other:
        log = await log_of(store)
        position = await _position(store, "totals@")
        assert position == len(log) or not done
        waiting = _behind_poison(log[:position])
        letters = await _letters(store)
        assert {key: sorted(positions) for key, positions in letters.items()} == waiting, "letters of another moment"
        parked = [msgspec.json.decode(row, type=ParkedSubject) for row in await store.select(PARKED, _ALL)]
        assert sorted(one.subject for one in parked) == sorted(waiting), "parked at another moment"
        assert await rows_in(store, TOTALS) == folded(log[:position], left_out=letters), "rows of another moment"
        reacted = await _position(store, "mail/")
        assert reacted == len(log) or not done
        _check_mailed(errand.mailed, log[:reacted])
        position = await _position(other, "arrivals@")
        assert position == len(log) or not done
        published = [event for event in log[:position] if amount_of(event) >= 0]
        rows = {key: Arrived(**asdict(row)) for key, row in folded(published).items()}
        assert await rows_in(other, ARRIVALS) == rows, "rows of another moment in the other store"


async def check_inline(store: Store, acknowledged: Sequence[int]) -> None:
    """Rows are a fold of the whole log, and whatever was acknowledged is in it."""
    log = await log_of(store)
    assert set(acknowledged) <= {event.position for event in log}
    assert await rows_in(store, TOTALS) == folded(log), "rows are no fold of the log"
    assert POISON not in map(amount_of, log)


async def check_rebuilt(store: Store) -> int:
    """One generation is shown, whole, as of its checkpoint; returns which."""
    shown = await store.generation(TOTALS.table)
    known = [msgspec.json.decode(row, type=Generation) for row in await store.select(GENERATIONS, _ALL)]
    assert [one.generation for one in known if one.state == "active"] == [shown]
    position = await _position(store, f"totals@1.{shown}/")
    assert await rows_in(store, TOTALS) == folded(await log_of(store, upto=position)), "a half-built one is shown"
    return shown


async def ask_for(store: Store, account: str, action: Literal["replay", "drop"]) -> int:
    """Ask for the first letter of *account*; returns its position."""
    first = min((await _letters(store))[account])
    name = f"totals@1.{await store.generation(TOTALS.table)}"
    request = Request(subscription=name, part=0, subject=account, position=first, action=action)
    put = Put(table=REQUESTS, rows={request_key(request): msgspec.json.encode(request)})
    await store.transact(Transaction(writes=[put]))
    return first


async def check_requests(store: Store, dropped: Sequence[int]) -> None:
    """Each event is in its row, waits as a letter, or was dropped: exactly one of them."""
    log, letters = await log_of(store), await _letters(store)
    left_out = {
        account: [*positions, *(position for position in dropped if position not in positions)]
        for account, positions in {id_of_account(event): letters.get(id_of_account(event), []) for event in log}.items()
    }
    assert await rows_in(store, TOTALS) == folded(log, left_out=left_out), "an event is lost or doubled"


async def nothing_waits(store: Store, accounts: Sequence[str]) -> bool:
    """Whether nothing is asked for, and nothing of *accounts* waits."""
    parked = [msgspec.json.decode(row, type=ParkedSubject) for row in await store.select(PARKED, _ALL)]
    waiting = {*(await _letters(store)), *(one.subject for one in parked)}
    return not await store.select(REQUESTS, _ALL) and waiting.isdisjoint(accounts)


def _check_mailed(path: str, done: Sequence[StoredEvent]) -> None:
    tries = mailed_in(path)
    assert {event.position for event in done} <= {position for position, _, _ in tries}, "a reaction is lost"
    keys = {(position, key) for position, key, _ in tries}
    assert len(keys) == len({position for position, _ in keys}) == len({key for _, key in keys}), (
        "one key for each event"
    )


def _behind_poison(log: Sequence[StoredEvent]) -> dict[str, list[int]]:
    waiting: dict[str, list[int]] = {}
    for event in log:
        account = id_of_account(event)
        if account in waiting or amount_of(event) == POISON:
            waiting.setdefault(account, []).append(event.position)
    return waiting


async def _letters(store: Store) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in await store.select(LETTERS, _ALL):
        letter = msgspec.json.decode(row, type=Letter)
        found.setdefault(letter.subject, []).append(letter.position)
    return found


async def _position(store: Store, prefix: str) -> int:
    return min((one.position for one in await store.checkpoints(prefix)), default=0)
