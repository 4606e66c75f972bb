"""A snapshot is saved whole or not at all: kill -9 at every single call of the database driver."""

from __future__ import annotations

import signal

import msgspec

from tests.guarantees.children import Child
from tests.guarantees.nursery import Ended, Order
from tests.guarantees.places import Place
from tests.guarantees.snapping import Changed, changes_of, check_snapshots
from tests.guarantees.strides import every_call

_MANY = 1_000


def _live(nursery: Child, order: Order) -> tuple[int, int]:
    nursery.tell(msgspec.json.encode(order).decode())
    acknowledged = 0
    while True:
        match nursery.hear(dict[str, int]):
            case {"ended": code}:
                return acknowledged, Ended(code).ended
            case line:
                acknowledged = msgspec.convert(line, Changed).changes


@every_call(5)
async def test_a_process_killed_while_it_saves_snapshots_leaves_the_old_one_or_the_new_one_whole(
    place: Place, stride: int
) -> None:
    store = await place.open()
    await store.close()
    acknowledged = partial = step = 0
    with Child("nursery") as nursery:
        for step in range(1, _MANY, stride):
            acknowledged, code = _live(nursery, Order(place.url, step, step, "snapshots"))
            await place.quiet()
            store = await place.open()
            await check_snapshots(store, step, acknowledged)
            assert await store.head() == 0
            await store.close()
            if code == 0:
                break
            assert code == -signal.SIGKILL
            partial += bool(acknowledged)
    assert acknowledged == len(changes_of(0))
    assert step > 20, "the driver was not wrapped"
    assert partial * stride > acknowledged, "no kill fell between two acknowledgements"
