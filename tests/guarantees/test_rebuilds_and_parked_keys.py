"""G8: no read is older than one before, also where a rebuild cannot fold what the rows shown have."""

from __future__ import annotations

import asyncio

import pytest

from leftfold import App
from leftfold.clock import SystemClock
from leftfold.errors import NotShown
from leftfold.projections.following import ProjectionFollower
from leftfold.projections.rebuilding import Rebuild
from leftfold.store.port import Store
from tests.guarantees.counting import (
    POISON,
    QUICK,
    Account,
    Counting,
    Total,
    append_counted,
    counting_house,
    folded,
    log_of,
)
from tests.guarantees.kept_up import TOTALS, opened, rows_in
from tests.guarantees.places import Place

_WAIT_S = 30.0
_WELL = Counting(bad=frozenset())


def _silent(_done: int, _head: int) -> None:
    """Nobody looks how far it is."""


async def _shown(store: Store, how: Counting, *amounts: tuple[str, int]) -> ProjectionFollower:
    """Show rows of *amounts*, folded by *how*; what would build them by other code begins from what this returns."""
    async with App(counting_house(how), store=store, workers=QUICK) as app:
        for one in amounts:
            await append_counted(store, [one])
        await app.monitor.wait("totals", position=await store.head(), timeout=_WAIT_S)
        return app.running().followers["totals"]


def _rebuild(follower: ProjectionFollower, how: Counting, *, inline: bool = False) -> Rebuild[Total]:
    projection = counting_house(how).projections[0]
    made = ProjectionFollower(projection, follower.source, follower.target, SystemClock(), inline=inline)
    return Rebuild[Total](made, "one", QUICK)


async def test_a_rebuild_that_cannot_fold_what_is_shown_is_kept_and_not_shown_until_it_can(place: Place) -> None:
    async with opened(place.url) as store, asyncio.timeout(_WAIT_S):
        follower = await _shown(store, _WELL, ("a", 1), ("b", POISON), ("b", 3), ("c", POISON))
        before = await rows_in(store, TOTALS)
        for attempts in (1, 1, 9):  # tried again by itself or not
            with pytest.raises(NotShown, match="--allow-parked") as caught:
                await _rebuild(follower, Counting(attempts=attempts)).show(_silent)
            assert (caught.value.projection, caught.value.keys) == ("totals", ("b", "c"))
        assert await store.generation(TOTALS.table) == 1
        assert await rows_in(store, TOTALS) == before
        compared = _rebuild(follower, Counting())
        await compared.build(_silent)
        assert list(await compared.parked()) == ["b", "c"]
        assert list(await compared.parked(1)) == ["b"]
        await _rebuild(follower, _WELL).show(_silent)
        assert await store.generation(TOTALS.table) == 2
        assert await rows_in(store, TOTALS) == folded(await log_of(store)), "what was parked was not tried again"


async def test_a_rebuild_is_shown_without_what_it_cannot_fold_when_that_is_wanted(place: Place) -> None:
    async with opened(place.url) as store, asyncio.timeout(_WAIT_S):
        follower = await _shown(store, _WELL, ("a", 1), ("a", POISON), ("b", 3))
        await _rebuild(follower, Counting()).show(_silent, allow_parked=True)
        assert await store.generation(TOTALS.table) == 2
        assert await rows_in(store, TOTALS) == folded(await log_of(store), left_out={"a": [2]})


@pytest.mark.parametrize("sooner", [False, True])
async def test_what_is_parked_in_both_keeps_nothing_back_unless_it_is_so_at_an_earlier_event(
    place: Place, *, sooner: bool
) -> None:
    async with opened(place.url) as store, asyncio.timeout(_WAIT_S):
        follower = await _shown(store, Counting(), ("a", 1), ("a", 7), ("a", POISON), ("b", 3))
        new = _rebuild(follower, Counting(bad=frozenset({7, POISON} if sooner else {POISON})))
        if sooner:
            with pytest.raises(NotShown, match="'a'"):
                await new.show(_silent)
        else:
            await new.show(_silent)
        assert await store.generation(TOTALS.table) == (1 if sooner else 2)
        assert (await rows_in(store, TOTALS))["a"].count == 2


async def test_rows_that_every_append_writes_are_never_shown_without_what_is_parked(place: Place) -> None:
    async with opened(place.url) as store, asyncio.timeout(_WAIT_S):
        async with App(counting_house(_WELL), store=store, workers=QUICK, inline=["totals"]) as app:
            await app.repository(Account).edit("a", Account.count, POISON)
            follower = app.running().followers["totals"]
            with pytest.raises(NotShown) as caught:
                await _rebuild(follower, Counting(), inline=True).show(_silent, allow_parked=True)
        assert "--allow-parked" not in str(caught.value)
        assert await rows_in(store, TOTALS) == folded(await log_of(store))
