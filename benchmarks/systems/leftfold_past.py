"""Logs that came about over days: made here, taken over by a store with their recorded times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from benchmarks.payloads import CATEGORY
from leftfold import App
from leftfold.ids import new_id
from leftfold.store.events import StoredEvent
from leftfold.store.port import Restorable

__all__ = ["ACCOUNTS", "BY_THE_DAY", "THE_DAY", "every_account", "minute", "one_stream", "take_over"]

ACCOUNTS = 1_229
BY_THE_DAY = 40
_DAYS = 50
_BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
_BATCH = 2_000

THE_DAY = _BEGIN + timedelta(days=BY_THE_DAY, seconds=-1)
"""The end of a day; by then every account has `BY_THE_DAY` of its events."""


def minute(number: int) -> datetime:
    """The recorded time of the event of this version in `one_stream`."""
    return _BEGIN + timedelta(minutes=number)


def one_stream(app: App, stream: str, size: int, make: Callable[[], object]) -> Iterator[StoredEvent]:
    """A log of one stream, an event a minute."""
    for version in range(1, size + 1):
        yield _stored(app, version, stream, version, make(), minute(version))


def every_account(app: App, make: Callable[[], object]) -> Iterator[StoredEvent]:
    """A log of `ACCOUNTS` accounts that each get an event every day, on more days than `THE_DAY` knows of."""
    position = 0
    for day in range(_DAYS):
        for number in range(ACCOUNTS):
            position += 1
            recorded_at = _BEGIN + timedelta(days=day, seconds=number)
            yield _stored(app, position, f"{CATEGORY}-{number:04}", day + 1, make(), recorded_at)


async def take_over(app: App, events: Iterator[StoredEvent]) -> int:
    """Store *events* as they are; returns how many they were."""
    store, count = app.store, 0
    if not isinstance(store, Restorable):
        raise TypeError(f"{type(store).__name__} cannot take over a log")
    log = list(events)
    for at in range(0, len(log), _BATCH):
        count += await store.restore(log[at : at + _BATCH])
    return count


def _stored(app: App, position: int, stream: str, version: int, event: object, recorded_at: datetime) -> StoredEvent:
    encoded = app.codec.encode(event)
    return StoredEvent(
        position=position,
        stream=stream,
        version=version,
        id=new_id(),
        type=encoded.type,
        schema_version=encoded.schema_version,
        data=encoded.data,
        metadata=b"{}",
        occurred_at=recorded_at,
        recorded_at=recorded_at,
    )
