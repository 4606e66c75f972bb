"""A follower's step in one statement does and refuses what the long way does and refuses."""

from __future__ import annotations

import pytest

from leftfold.adapters.postgres import PostgresStore
from leftfold.errors import LeftfoldError
from leftfold.ids import new_id
from leftfold.store.tables import Column, ColumnType, Selection, Table
from leftfold.store.transaction import Advance, Delete, Put, Transaction, Write
from leftfold.testing.postgres import PostgresServer
from tests.adapters.postgres.cutting import wired
from tests.adapters.postgres.opened import opened
from tests.adapters.postgres.rowing import COUNTS, SUMMARIES, pointed, row, summary, write

_OTHER_SHAPE = Table(name="counts", columns=(Column("n", ColumnType.INTEGER),))
_MISSING = Table(name="missing")


async def _token(store: PostgresStore) -> int:
    claim = await store.claim("c", "me", 60)
    assert claim is not None
    return claim.token


def _step(token: int, position: int, put: Put) -> list[Write]:
    return [put, Advance(name="c", token=token, position=position, event_id=new_id())]


def _counts(*keys: str, table: Table = COUNTS, generation: int = 1, shard: int = 0) -> Put:
    return Put(table=table, generation=generation, rows={key: row(9) for key in keys}, shard=shard)


@pytest.mark.parametrize(
    ("put", "token", "position"),
    [
        (_counts("a"), 1, 7),
        (_counts("a"), 0, 4),
        (_counts("there", "a", shard=1), 0, 7),
        (_counts("a", generation=2), 0, 7),
        (_counts("a", table=_OTHER_SHAPE), 0, 7),
        (_counts("a", table=_MISSING), 0, 7),
    ],
    ids=["fenced", "back", "shard", "generation", "shape", "table"],
)
async def test_what_is_in_its_way_is_told_like_the_long_way_tells_it_and_nothing_is_stored(
    store_url: str, put: Put, token: int, position: int
) -> None:
    async with opened(store_url) as store:
        await pointed(store, COUNTS)
        held = await _token(store)
        await write(store, *_step(held, 5, Put(table=COUNTS, generation=1, rows={"there": row(1)})))
        told: list[LeftfoldError] = []
        for more in ([], [Delete(table=COUNTS, keys=["nobody"])]):
            with pytest.raises(LeftfoldError) as refused:
                await store.transact(Transaction(writes=[*_step(held + token, position, put), *more]))
            told.append(refused.value)
        assert type(told[0]) is type(told[1])
        assert str(told[0]) == str(told[1])
        assert await store.scan(COUNTS) == [("there", row(1))]
        assert await store.reached("c", 0, 0) == 5


async def test_it_writes_columns_words_and_the_checkpoint_and_writes_them_over(store_url: str) -> None:
    async with opened(store_url) as store:
        await pointed(store, SUMMARIES)
        token = await _token(store)
        for position in (1, 2):
            rows = {key: summary(f"{key} {position}", position) for key in ("b", "a")}
            await write(store, *_step(token, position, Put(table=SUMMARIES, generation=1, rows=rows)))
        move = Advance(name="c", token=token, position=3, event_id=new_id())
        await write(store, move)
        assert await store.scan(SUMMARIES) == [("a", summary("a 2", 2)), ("b", summary("b 2", 2))]
        assert [found.row for found in await store.search(SUMMARIES, "b", Selection())] == [summary("b 2", 2)]
        [checkpoint] = await store.checkpoints("c")
        assert (checkpoint.position, checkpoint.event_id) == (3, move.event_id)


@pytest.mark.parametrize("lost", [b"commit\x00", b"with p as", b"begin isolation"])
async def test_one_that_was_not_answered_is_done_once(postgres: PostgresServer, store_url: str, lost: bytes) -> None:
    async with wired(postgres, store_url) as (wire, store):
        await pointed(store, COUNTS)
        token = await _token(store)
        wire.lose_answer_to(lost)
        await write(store, *_step(token, 7, _counts("a")))
        assert wire.lost == 1
        assert await store.scan(COUNTS) == [("a", row(9))]
        assert await store.reached("c", 7, 0) == 7
