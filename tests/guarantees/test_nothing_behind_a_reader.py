"""G2: whatever writers do, no event ever appears behind a reader."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

import msgspec
import pytest

from leftfold.store.events import ToStream
from leftfold.testing.conformance.stores import event, log_of
from tests.guarantees.children import Child, begin_together
from tests.guarantees.places import Place
from tests.guarantees.working import Saw, Won

_READERS: Final = 2


@pytest.mark.parametrize("rounds", [4, pytest.param(100, marks=pytest.mark.long)])
async def test_readers_see_the_log_exactly_and_in_order_while_writers_are_slow_abort_and_are_killed(
    place: Place, rounds: int
) -> None:
    acknowledged: list[Won] = []
    store = await place.open()
    with ExitStack() as stack:
        readers = [stack.enter_context(Child("working", "tail", place.url)) for _ in range(_READERS)]
        steady = stack.enter_context(Child("working", "write", place.url, "3"))
        begin_together([*readers, steady])
        for kills in range(rounds):
            with (
                Child("working", "write", place.url, "4") as doomed,
                Child("working", "dawdle", place.url) as dawdler,
            ):
                begin_together([doomed, dawdler])
                acknowledged += [doomed.hear(Won) for _ in range(30 + 10 * kills % 40)]
                acknowledged += _heard(doomed.kill())
                acknowledged += [steady.hear(Won) for _ in range(20)]
                acknowledged += _heard(dawdler.kill())
        acknowledged += steady.finish(Won, stop=True)
        last = await store.append(ToStream("last-1", 0, [event()]))
        seen = [reader.finish(Saw, stop=True) for reader in readers]
    log = [Saw(stored.position, stored.id) for stored in await log_of(store)]
    await store.close()
    for passed in seen:
        assert passed == log[: len(passed)], "the log has changed behind a reader"
        assert passed[-1].position >= last.position
    assert [saw.position for saw in log] == list(range(1, len(log) + 1))
    there = {(saw.position, saw.id) for saw in log}
    assert {(win.position, win.id) for win in acknowledged} <= there
    assert len(acknowledged) > 50 * rounds


def _heard(lines: list[bytes]) -> list[Won]:
    return [msgspec.json.decode(line, type=Won) for line in lines]
