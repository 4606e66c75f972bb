"""G8: a rebuild beside the live read model, under load: readers see the old one or the new one, whole, never older."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from leftfold.store.events import StoredEvent
from tests.guarantees.children import Child
from tests.guarantees.counting import Counting, Total, append_counted, folded, log_of, mailed_in
from tests.guarantees.following import Read
from tests.guarantees.kept_up import TOTALS, opened, rows_in
from tests.guarantees.places import Place

_WAIT_S = 60.0
_EVENTS = 12_000


def _begin(stack: ExitStack, role: str, place: Place, how: Counting) -> Child:
    child = stack.enter_context(Child("following", role, place.url, msgspec.json.encode(how).decode()))
    if role != "build":
        child.hear(dict[str, Any])
    return child


async def test_readers_see_the_old_or_the_new_rows_of_one_moment_while_a_rebuild_is_cancelled_resumed_and_shown(
    place: Place, tmp_path: Path
) -> None:
    mailed = str(tmp_path / "mailed")
    old, new = Counting(mailed=mailed, bad=frozenset()), Counting(factor=2, bad=frozenset())
    async with opened(place.url) as store:
        with ExitStack() as stack:
            _begin(stack, "work", place, old)
            for start in range(0, _EVENTS, 500):
                await append_counted(store, [(f"{number % 10}", start + number) for number in range(500)])
            for name in ("totals@1.1/0.1", "mail/0.1"):
                assert await store.reached(name, _EVENTS, _WAIT_S) >= _EVENTS
            readers = [_begin(stack, role, place, old) for role in ("read", "view")]
            load = _begin(stack, "count", place, old)
            cancelled = _begin(stack, "build", place, new)
            while cancelled.hear(dict[str, int])["done"] == 0:
                pass
            cancelled.process.send_signal(signal.SIGINT)
            said = cancelled.finish(dict[str, int])
            assert {} not in said
            (built,) = await store.checkpoints("totals@1.2/")
            assert built.position > 0
            resumed = _begin(stack, "build", place, new)
            assert resumed.hear(dict[str, int])["done"] >= built.position, "it began again"
            assert resumed.finish(dict[str, int])[-1] == {}
            shown = await store.head()
            assert await store.reached("totals@1.2/0.1", shown + 20, _WAIT_S) > shown
            load.finish(dict[str, Any], stop=True)
            told = [reader.finish(Read, stop=True)[0] for reader in readers]
            head = await store.head()
            for name in ("totals@1.2/0.1", "mail/0.1"):
                assert await store.reached(name, head, _WAIT_S) == head
        log = await log_of(store)
        for read in told:
            assert _check_states(log, read.states) == {1, 2}, "it never saw the switch"
            assert read.reads > 50
        assert await rows_in(store, TOTALS) == folded(log, factor=2)
        positions = [position for position, _, _ in mailed_in(mailed)]
        assert positions == list(range(1, head + 1)), "a rebuild reacted"


def _check_states(log: Sequence[StoredEvent], states: Sequence[Mapping[str, Total]]) -> set[int]:
    """Each state is a fold of a beginning of the log, with one factor, and none is older than the one before."""
    seen: list[int] = []
    rows: dict[int, dict[str, Total]] = {1: {}, 2: {}}
    done, before = 0, (1, 0)
    for state in states:
        (factor,) = {row.factor for row in state.values()}
        position = max(row.position for row in state.values())
        assert (factor, position) >= before, "it went backwards"
        assert position >= before[1], "it went backwards"
        for each, known in list(rows.items()):
            rows[each] = folded(log[done:position], factor=each, rows=known)
        assert state == rows[factor], f"at {position} it is no fold of the log"
        done, before = position, (factor, position)
        seen.append(factor)
    return set(seen)
