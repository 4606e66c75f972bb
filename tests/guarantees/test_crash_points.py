"""G1, G3, G4: kill -9 at every single call of the database driver, from opening the store to closing it."""

from __future__ import annotations

import signal

import msgspec

from leftfold.app.opening import open_schema
from tests.guarantees.children import Child
from tests.guarantees.nursery import Ended, Order
from tests.guarantees.places import Place
from tests.guarantees.plan import Acknowledged, check_run, plan_of
from tests.guarantees.strides import every_call

_MANY = 1_000


def _live(nursery: Child, order: Order) -> tuple[list[Acknowledged], int]:
    nursery.tell(msgspec.json.encode(order).decode())
    acknowledged: list[Acknowledged] = []
    while True:
        match nursery.hear(dict[str, object]):
            case {"ended": int(code)}:
                return acknowledged, Ended(code).ended
            case line:
                acknowledged.append(msgspec.convert(line, Acknowledged))


@every_call(5)
async def test_a_writer_killed_at_any_call_of_its_driver_leaves_whole_appends_and_every_acknowledged_one(
    place: Place, stride: int
) -> None:
    head = partial = step = 0
    acknowledged: list[Acknowledged] = []
    with Child("nursery") as nursery:
        for step in range(1, _MANY, stride):
            acknowledged, code = _live(nursery, Order(place.url, step, step))
            await place.quiet()
            store = await place.open()
            head = await check_run(store, step, acknowledged, head)
            await store.close()
            if code == 0:
                break
            assert code == -signal.SIGKILL
            partial += bool(acknowledged)
    appends = sum(map(len, plan_of(0)))
    assert step > 50, "the driver was not wrapped"
    assert partial * stride > appends, "no kill fell between two acknowledgements"
    assert len(acknowledged) == appends


async def test_a_process_killed_while_it_makes_the_store_leaves_all_of_it_or_nothing(place: Place) -> None:
    schema = open_schema(place.url)
    step = 0
    with Child("nursery") as nursery:
        for step in range(1, _MANY):
            acknowledged, code = _live(nursery, Order(place.url, 1, step))
            await place.quiet()
            status = await schema.status()
            assert (status.found, bool(status.pending)) in ((0, True), (status.needed, False))
            assert (code, acknowledged) == (-signal.SIGKILL, [])
            if status.found:
                break
    assert step > 5, "the driver was not wrapped"
    store = await place.open()
    await check_run(store, 1, [], 0)
    await store.close()
