"""G1: of writers in many processes that expect the same version exactly one wins."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

import pytest

from leftfold.testing.conformance.stores import log_of
from tests.guarantees.children import Child, begin_together
from tests.guarantees.places import Place
from tests.guarantees.working import Won

_PROCESSES: Final = 4
_TASKS: Final = 4


@pytest.mark.parametrize("goal", [200, pytest.param(5_000, marks=pytest.mark.long)])
async def test_each_version_of_a_stream_that_many_processes_write_has_exactly_one_winner(
    place: Place, goal: int
) -> None:
    store = await place.open()
    with ExitStack() as stack:
        children = [
            stack.enter_context(Child("working", "race", place.url, "race-1", str(goal), str(_TASKS)))
            for _ in range(_PROCESSES)
        ]
        begin_together(children)
        won = [win for child in children for win in child.finish(Won)]
    stored = await log_of(store)
    await store.close()
    assert [event.version for event in stored] == list(range(1, len(stored) + 1))
    assert goal <= len(stored) < goal + _PROCESSES * _TASKS
    assert {event.stream for event in stored} == {"race-1"}
    won.sort(key=lambda win: win.version)
    assert [(win.version, win.position, win.id) for win in won] == [
        (event.version, event.position, event.id) for event in stored
    ]
