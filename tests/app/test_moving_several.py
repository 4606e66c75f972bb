"""An app of several contexts is moved as one: each to its own store, with everybody who follows."""

from __future__ import annotations

from pathlib import Path

from leftfold import App, Context, Event, Expected
from leftfold.app import move
from leftfold.store import MemoryStore
from leftfold.subscriptions import Timing

QUICK = Timing(poll_s=0.001)


class Sown(Event):
    bed: str


class Sold(Event):
    basket: str


def _garden(done: list[str]) -> Context:
    garden = Context("garden")

    @garden.on()
    async def water(event: Sown) -> None:
        done.append(event.bed)

    return garden


def _stall(done: list[str]) -> Context:
    stall = Context("stall")

    @stall.on()
    async def thank(event: Sold) -> None:
        done.append(event.basket)

    return stall


async def test_every_context_goes_on_in_its_new_store_where_it_was(tmp_path: Path) -> None:
    done = list[str]()
    app = App(_garden(done), _stall(done), store=f"sqlite:///{tmp_path}/{{context}}.db", workers=QUICK)
    async with app:
        await app.running("garden").loader.events.append("bed-1", Sown(bed="1"), expected=Expected.NO_STREAM)
        await app.running("stall").loader.events.append("basket-2", Sold(basket="2"), expected=Expected.NO_STREAM)
        await app.settle()
    assert sorted(done) == ["1", "2"]
    targets = {"garden": MemoryStore(), "stall": MemoryStore()}
    told = list[tuple[str, int]]()
    async with app.with_settings(workers=False) as old:
        moved = await move(old, targets, lambda context, position: told.append((context, position)))
    assert [(one.context, one.events, one.followers) for one in moved] == [("garden", 1, 1), ("stall", 1, 1)]
    assert told == [("garden", 1), ("stall", 1)]
    for name, follower in (("garden", "water"), ("stall", "thank")):
        found = [(one.name, one.position, one.held) for one in await targets[name].checkpoints(follower)]
        assert (await targets[name].head(), found) == (1, [(f"{follower}/0.1", 1, False)])
