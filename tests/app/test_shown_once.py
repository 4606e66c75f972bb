"""Rows that are shown are shown: whoever built them does not try to show them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leftfold import App, Context, Event
from leftfold.ids import new_id
from leftfold.store import Expected, MemoryStore, NewEvent, ToStream
from leftfold.store.checkpoints import Checkpoint


class Seen(Event):
    name: str


@dataclass(frozen=True)
class Guest:
    name: str


class _Noting(MemoryStore):
    """Notes whose checkpoints are looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_at: list[str] = []

    async def checkpoints(self, prefix: str = "") -> Sequence[Checkpoint]:
        self.looked_at.append(prefix)
        return await super().checkpoints(prefix)


async def test_a_worker_that_has_shown_rows_asks_no_more_whether_to_show_them() -> None:
    hotel, store = Context("hotel"), _Noting()

    @hotel.projection(key="name")
    def guests(row: Guest | None, event: Seen) -> Guest:
        return row or Guest(event.name)

    news = NewEvent(id=new_id(), type="Seen", data=b'{"name": "ann"}', metadata=b"{}")
    await store.append(ToStream("door", Expected.NO_STREAM, [news]))  # so that the rows have to be built
    async with App(hotel, store=store) as app:
        await app.settle()
        before = store.looked_at.count("guests@1.")
        for n in range(5):
            await app.events.append("door", Seen(name=f"{n}"), expected=Expected.ANY)
            await app.settle()
        assert (before > 0, store.looked_at.count("guests@1.") - before) == (True, 0)
