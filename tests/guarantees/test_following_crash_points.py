"""G7, G8: kill -9 at every single call of the database driver while a log is followed, or rows are written with it."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import msgspec

from tests.guarantees.children import Child
from tests.guarantees.counting import POISON, Counting, append_counted
from tests.guarantees.keeping_up import Errand, Recorded, catch_up, open_houses, rebuild
from tests.guarantees.kept_up import (
    ask_for,
    check_followed,
    check_inline,
    check_rebuilt,
    check_requests,
    nothing_waits,
    opened,
)
from tests.guarantees.nursery import Ended, Order
from tests.guarantees.places import Place
from tests.guarantees.strides import every_call, places

_REQUESTS = 40
"""Pairs of them in one store, so that what is checked after each of them does not grow."""

_NEAR = 7
"""Places of the driver: fewer than there are behind a switch."""


def _live(nursery: Child, order: Order) -> tuple[list[int], int]:
    nursery.tell(msgspec.json.encode(order).decode())
    recorded: list[int] = []
    while True:
        match nursery.hear(dict[str, Any]):
            case {"ended": int(code)}:
                assert code in (0, -signal.SIGKILL)
                return recorded, Ended(code).ended
            case line:
                recorded.append(msgspec.convert(line, Recorded).recorded)


@every_call(23)
async def test_followers_killed_at_any_call_of_their_driver_leave_rows_letters_and_checkpoints_of_one_moment(
    place: Place, tmp_path: Path, stride: int
) -> None:
    """A projection with a key that fails, a reaction, and a view in another store of what is published."""
    errand = Errand(place.url, place.spare(), str(tmp_path / "mailed"))
    await catch_up(errand, Counting(mailed=errand.mailed))
    steps, step, code = places(stride), 0, 1
    with Child("nursery") as nursery:
        while code:
            step = next(steps)
            async with opened(place.url) as store:
                await append_counted(store, [("a", step), (f"b{step}", 1), ("c", -1)])
                await append_counted(store, [(f"b{step}", POISON if step % 3 == 0 else 2), ("a", 1), (f"b{step}", 3)])
            _, code = _live(nursery, Order(place.url, step, step, "follows", errand.also, errand.mailed))
            await place.quiet()
            await check_followed(errand, done=code == 0)
    assert step > 100, "the driver was not wrapped"


@every_call(23)
async def test_rows_written_with_each_append_are_a_fold_of_the_log_after_a_kill_at_any_call(
    place: Place, stride: int
) -> None:
    errand = Errand(place.url)
    async with open_houses(errand, Counting(), inline=True):
        pass
    steps, code, recorded = places(stride), 1, list[int]()
    partial = 0
    with Child("nursery") as nursery:
        while code:
            step = next(steps)
            recorded, code = _live(nursery, Order(place.url, step, step, "inlines"))
            await place.quiet()
            async with opened(place.url) as store:
                await check_inline(store, recorded)
            partial += bool(recorded) and bool(code)
    assert len(recorded) == 4
    assert partial, "no kill fell between two acknowledgements"


@every_call(47)
async def test_a_rebuild_killed_at_any_call_leaves_one_whole_read_model_shown_and_goes_on(
    place: Place, stride: int
) -> None:
    errand = Errand(place.url)
    async with open_houses(errand, Counting()):
        pass
    steps, shown, behind = places(stride), 1, 0

    async def killed(nursery: Child, step: int) -> bool:
        nonlocal shown, behind
        async with opened(place.url) as store:
            await append_counted(store, [("a", 1), (f"b{step % 5}", 2)])
        _, code = _live(nursery, Order(place.url, step, step, "rebuilds"))
        await place.quiet()
        before = shown
        async with opened(place.url) as store:
            shown = await check_rebuilt(store)
        behind += code != 0 and shown > before
        return code != 0

    with Child("nursery") as nursery:
        while await killed(nursery, end := next(steps)):
            pass
        while not behind and (end := end - _NEAR) > 0:  # some kills may jump over what comes behind a switch
            await killed(nursery, end)
    assert behind, "no kill fell behind a switch"
    last = shown
    await rebuild(errand)
    async with opened(place.url) as store:
        assert await check_rebuilt(store) == last + 1


@every_call(47)
async def test_a_request_for_a_dead_letter_is_carried_out_whole_whatever_call_its_worker_is_killed_at(
    place: Place, stride: int
) -> None:
    steps, code = places(stride), 1
    with Child("nursery") as nursery:
        while code:
            errand, dropped = await _with_letters(place.spare()), list[int]()
            while code and len(dropped) < _REQUESTS:
                step = next(steps)
                async with opened(errand.url) as store:
                    asked = [f"{2 * len(dropped)}", f"{2 * len(dropped) + 1}"]
                    await ask_for(store, asked[0], "replay")
                    dropped.append(await ask_for(store, asked[1], "drop"))
                _, code = _live(nursery, Order(errand.url, step, step, "requests"))
                await place.quiet()
                async with opened(errand.url) as store:
                    await check_requests(store, dropped)
                await catch_up(errand, Counting(bad=frozenset()))
                async with opened(errand.url) as store:
                    assert await nothing_waits(store, asked)
                    await check_requests(store, dropped)


async def _with_letters(url: str) -> Errand:
    """A store where a letter waits for each request."""
    errand = Errand(url)
    async with opened(url) as store:
        for number in range(2 * _REQUESTS):
            await append_counted(store, [(f"{number}", amount) for amount in (1, POISON, 2, 3)])
    await catch_up(errand, Counting())
    return errand
