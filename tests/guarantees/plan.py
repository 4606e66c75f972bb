"""What a child appends before it is killed, known to its parent beforehand, and the ledger that the parent keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from msgspec import Struct

from leftfold.store.events import AppendCondition, Appended, Expected, NewEvent, QueryItem, StoredEvent, ToStream
from leftfold.store.port import Store

__all__ = ["Acknowledged", "Planned", "append_planned", "check_run", "plan_of"]

_NAMES = UUID("7d0c6f6e-32a4-4f43-b7a3-9a5d0d8d2f11")


@dataclass(frozen=True)
class Planned:
    """One append of the plan."""

    parts: tuple[ToStream, ...]
    condition: AppendCondition | None = None

    @property
    def ids(self) -> list[UUID]:
        return [event.id for part in self.parts for event in part.events]


class Acknowledged(Struct, frozen=True):
    """What the child was told about one append, by its place in the plan."""

    number: int
    position: int
    versions: Mapping[str, int]
    repeated: bool


def plan_of(run: int) -> list[list[Planned]]:
    """The appends of one run, in rounds; those of a round are sent together.

    Every form is in it: one event, several, several streams, tags, conditions, a group.
    """
    names = _Names(run)
    seat = AppendCondition(none_of=(QueryItem(tags=frozenset({f"seat:{run}"})),))
    hall = AppendCondition(none_of=(QueryItem(tags=frozenset({f"hall:{run}", "free"}), types=frozenset({"Booked"})),))
    return [
        [Planned((names.part("a", 0, 2),))],
        [Planned((names.part("a", 2, 1), names.part("b", Expected.NO_STREAM, 2)))],
        [Planned((names.part("c", 0, 1, f"seat:{run}", f"hall:{run}"),), seat)],
        [
            Planned((names.part("a", 3, 1),)),
            Planned((names.part("d", 0, 3, f"hall:{run}"),)),
            Planned((names.part("e", Expected.ANY, 1, "free"),), hall),
            Planned((names.part("f", 0, 1), names.part("b", Expected.STREAM_EXISTS, 1))),
        ],
        [Planned((names.part("c", 1, 2),))],
    ]


class _Names:
    def __init__(self, run: int) -> None:
        self._run = run
        self._count = 0

    def part(self, stream: str, expected: int | Expected, count: int, *tags: str) -> ToStream:
        return ToStream(f"{stream}-{self._run}", expected, [self._event(tags) for _ in range(count)])

    def _event(self, tags: tuple[str, ...]) -> NewEvent:
        self._count += 1
        id = uuid5(_NAMES, f"{self._run}.{self._count}")
        return NewEvent(id=id, type="Booked", data=b'{"run":%d,"n":%d}' % (self._run, self._count), tags=tags)


async def append_planned(store: Store, planned: Planned) -> Appended:
    """Append it."""
    return await store.append(*planned.parts, condition=planned.condition)


async def check_run(store: Store, run: int, acknowledged: Sequence[Acknowledged], before: int) -> int:
    """Check what a killed run left behind, complete it by repeating it, check again; returns the new head.

    Args:
        store: opened again after the kill.
        run: its number.
        acknowledged: what the child had been told.
        before: the head before the run.
    """
    everything = [planned for together in plan_of(run) for planned in together]
    found = await _since(store, before)
    _check_gapless(found, before)
    there = {event.id: event for event in found}
    for number, planned in enumerate(everything):
        kept = [id in there for id in planned.ids]
        assert all(kept) or not any(kept), f"append {number} is there in part"
    for told in acknowledged:
        planned = everything[told.number]
        assert not told.repeated
        _check_told(told.position, told.versions, planned, there)
    for number, planned in enumerate(everything):
        appended = await append_planned(store, planned)
        assert appended.repeated == (planned.ids[0] in there), f"append {number}"
    found = await _since(store, before)
    _check_gapless(found, before)
    assert sorted(event.id for event in found) == sorted(id for planned in everything for id in planned.ids)
    return found[-1].position


def _check_told(
    position: int, versions: Mapping[str, int], planned: Planned, there: Mapping[UUID, StoredEvent]
) -> None:
    assert all(id in there for id in planned.ids), "an acknowledged append is not there"
    stored = [there[id] for id in planned.ids]
    assert [event.position for event in stored] == list(range(position - len(stored) + 1, position + 1))
    for part in planned.parts:
        for event, id in zip(part.events, [event.id for event in part.events], strict=True):
            kept = there[id]
            assert (kept.stream, kept.data, kept.tags) == (part.stream, event.data, tuple(sorted(event.tags)))
        assert there[part.events[-1].id].version == versions[part.stream]


def _check_gapless(found: Sequence[StoredEvent], before: int) -> None:
    assert [event.position for event in found] == list(range(before + 1, before + 1 + len(found)))
    streams: dict[str, list[int]] = {}
    for event in found:
        streams.setdefault(event.stream, []).append(event.version)
    for stream, versions in streams.items():
        assert versions == list(range(1, len(versions) + 1)), stream
    times = [event.recorded_at for event in found]
    assert times == sorted(times)


async def _since(store: Store, after: int) -> list[StoredEvent]:
    found: list[StoredEvent] = []
    while True:
        page = await store.read_log(after=after)
        if page.position == after:
            return found
        found += page.events
        after = page.position
