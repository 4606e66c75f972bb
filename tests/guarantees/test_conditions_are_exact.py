"""G1 with append conditions: of those who book a seat if nobody has, exactly one books it, in whatever process."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

import pytest

from leftfold.testing.conformance.stores import log_of
from tests.guarantees.children import Child, begin_together
from tests.guarantees.places import Place
from tests.guarantees.working import Won

_PROCESSES: Final = 3
_TASKS: Final = 3


@pytest.mark.parametrize("seats", [40, pytest.param(1_000, marks=pytest.mark.long)])
async def test_each_seat_that_many_processes_want_is_booked_exactly_once(place: Place, seats: int) -> None:
    store = await place.open()
    with ExitStack() as stack:
        children = [
            stack.enter_context(Child("working", "book", place.url, str(seats), str(_TASKS))) for _ in range(_PROCESSES)
        ]
        begin_together(children)
        won = [win for child in children for win in child.finish(Won)]
    booked = [event for event in await log_of(store) if event.type == "Booked"]
    await store.close()
    assert sorted(event.tags[0] for event in booked) == sorted(f"seat:{seat}" for seat in range(seats))
    assert {(win.stream, win.position, win.id) for win in won} == {
        (event.tags[0], event.position, event.id) for event in booked
    }
