"""Several processes share a store: none starves, and together they store exactly what was acknowledged."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import Final

import pytest

from leftfold.testing.conformance.stores import log_of
from tests.guarantees.children import Child, begin_together
from tests.guarantees.places import Place
from tests.guarantees.working import Won

_PROCESSES: Final = 4
_WRITERS: Final = 8
_LONGEST_S: Final = 5.0
_SMALLEST_SHARE: Final = 1 / 20


@pytest.mark.parametrize("appends", [1_500, pytest.param(60_000, marks=pytest.mark.long)])
async def test_every_writer_of_every_process_gets_its_turn(place: Place, appends: int) -> None:
    store = await place.open()
    with ExitStack() as stack:
        children = [stack.enter_context(Child("working", "write", place.url, str(_WRITERS))) for _ in range(_PROCESSES)]
        begin_together(children)
        while await store.wake(appends - 1, 60.0) < appends:
            pass
        won = [child.finish(Won, stop=True) for child in children]
    stored = {(event.stream, event.version, event.position, event.id) for event in await log_of(store)}
    await store.close()
    everything = [win for wins in won for win in wins]
    assert len(stored) == len(everything) >= appends
    assert {(win.stream, win.version, win.position, win.id) for win in everything} == stored
    shares = [len(wins) for wins in won]
    assert min(shares) >= max(shares) * _SMALLEST_SHARE, shares
    for wins in won:
        assert set(Counter(win.writer for win in wins)) == set(range(_WRITERS))
    assert max(win.seconds for win in everything) < _LONGEST_S
