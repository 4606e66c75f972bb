"""What every append writes is what a follower would write: each event is handed in as it is read from the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from leftfold import App, Context, Envelope, Event, Expected, Metadata, RecordedEvent


class Moved(Event):
    box: str
    shelf: str


@dataclass(frozen=True)
class Place:
    shelf: str


@dataclass(frozen=True)
class Shelf:
    box: str


async def test_each_inline_projection_is_handed_every_event_as_the_log_has_it_then() -> None:
    house, boxes, shelves = Context("house"), list[RecordedEvent[Moved]](), list[RecordedEvent[Moved]]()

    @house.projection(key="box")
    def by_box(_row: Place | None, event: Moved, recorded: RecordedEvent[Moved]) -> Place | None:
        boxes.append(recorded)
        return Place(event.shelf) if event.shelf != "none" else None

    @house.projection(key="shelf")
    def by_shelf(_row: Shelf | None, event: Moved, recorded: RecordedEvent[Moved]) -> Shelf | None:
        shelves.append(recorded)
        return Shelf(event.box) if event.shelf != "none" else None

    async with App(house, store="memory:", inline=["by_box", "by_shelf"], workers=False) as app:
        long_ago = datetime(2020, 1, 2, tzinfo=UTC)
        tagged = Envelope(
            event=Moved(box="b", shelf="2"), tags=("z", "a", "z"), valid_at=long_ago, metadata=Metadata(actor="me")
        )
        await app.events.append("box-a", Moved(box="a", shelf="1"), expected=Expected.NO_STREAM)
        await app.events.append_together(
            app.events.part("box-a", Moved(box="a", shelf="none"), Moved(box="a", shelf="2"), expected=1),
            app.events.part("box-b", tagged, expected=Expected.NO_STREAM),
        )
        log = list((await app.events.read_log()).events)
        assert len(log) == 4
        assert boxes == log
        assert shelves == log


async def test_rows_are_written_once_an_append_with_what_is_left_of_each() -> None:
    house = Context("house")

    @house.projection(key="box")
    def places(row: Place | None, event: Moved) -> Place | None:
        return Place(f"{row.shelf if row else ''}{event.shelf}") if event.shelf != "none" else None

    async with App(house, store="memory:", inline=["places"], workers=False) as app:
        projection = app.running("house").followers["places"].projection

        async def moved(*shelves: str) -> dict[str, str]:
            """Move boxes on in one append, and say where they are then."""
            events = [Moved(box=shelf[0], shelf=shelf[2:]) for shelf in shelves]
            await app.events.append("boxes", *events, expected=Expected.ANY)
            rows = await app.running("house").store.scan(projection.table, after="", limit=10)
            return {key: projection.load(row).shelf for key, row in rows}

        assert await moved("a:1", "b:1", "a:2") == {"a": "12", "b": "1"}
        assert await moved("a:3", "b:none") == {"a": "123"}
        assert await moved("a:none", "a:4", "b:2") == {"a": "4", "b": "2"}
        assert await moved("a:none") == {"b": "2"}
