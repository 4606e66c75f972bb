"""A rebuild ends with what its store refuses for good, and goes on when the store was only out of reach."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from leftfold import App, Context, Event
from leftfold.errors import AccessDenied, AppendRefused, RebuildStopped, StoreError, StoreUnavailable
from leftfold.ids import new_id
from leftfold.projections.rebuilding import Rebuild
from leftfold.store import Expected, MemoryStore, NewEvent, ToStream
from leftfold.store.checkpoints import Claim
from leftfold.store.transaction import Point, Transaction
from leftfold.subscriptions import Timing

REFUSED: Final = AccessDenied("must be owner of view 'heights'", "let the owner do it", "42501")
REFUSED_BY_ITSELF: Final = AppendRefused("a trigger said no")
QUICK: Final = Timing(poll_s=0.001)


class Grown(Event, name="grown"):
    plant: str


class Height(Event, name="height"):
    plant: str
    count: int


garden = Context("garden")


@garden.projection(key="plant")
def heights(row: Height | None, event: Grown) -> Height:
    return Height(plant=event.plant, count=1 + (row.count if row else 0))


class Refusing(MemoryStore):
    """A store that refuses one kind of call, as often as there are errors."""

    def __init__(self, call: str) -> None:
        super().__init__()
        self.call = call
        self.errors: list[StoreError] = []

    async def claim(self, name: str, owner: str, lease_s: float) -> Claim | None:
        self._refuse("claim")
        return await super().claim(name, owner, lease_s)

    async def transact(self, transaction: Transaction) -> None:
        if any(isinstance(write, Point) for write in transaction.writes):
            self._refuse("show")
        await super().transact(transaction)

    def _refuse(self, call: str) -> None:
        if call == self.call and self.errors:
            raise self.errors.pop(0)


@asynccontextmanager
async def rebuilding(store: Refusing) -> AsyncGenerator[Rebuild[Any]]:
    event = NewEvent(id=new_id(), type="grown", data=b'{"plant": "fern"}', metadata=b"{}")
    async with App(garden, store=store, workers=False) as app:
        await store.append(ToStream("garden-1", Expected.ANY, [event]))
        yield Rebuild(app.running("garden").followers["heights"], "me", QUICK)


@pytest.mark.parametrize("call", ["claim", "show"])
async def test_what_the_store_refuses_for_good_ends_a_rebuild_and_says_what_to_do(call: str) -> None:
    async with rebuilding(store := Refusing(call)) as rebuild:
        store.errors = [REFUSED] * 1_000
        with pytest.raises(AccessDenied, match="let the owner do it"):
            await rebuild.show(lambda _done, _head: None)
        assert len(store.errors) == 999, "it was not asked again"


@pytest.mark.parametrize("call", ["claim", "show"])
async def test_anything_else_that_the_store_refuses_for_good_stops_a_rebuild_by_name(call: str) -> None:
    async with rebuilding(store := Refusing(call)) as rebuild:
        store.errors = [REFUSED_BY_ITSELF] * 1_000
        with pytest.raises(RebuildStopped, match=r"heights.*AppendRefused: .* a trigger said no") as stopped:
            await rebuild.show(lambda _done, _head: None)
        assert (stopped.value.projection, stopped.value.__cause__) == ("heights", REFUSED_BY_ITSELF)
        assert len(store.errors) == 999, "it was not asked again"


@pytest.mark.parametrize("call", ["claim", "show"])
async def test_a_rebuild_goes_on_once_the_store_is_back(call: str) -> None:
    async with rebuilding(store := Refusing(call)) as rebuild:
        store.errors = [StoreUnavailable("no answer")] * 2
        await rebuild.show(lambda _done, _head: None)
        assert not store.errors
