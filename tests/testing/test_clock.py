from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from leftfold import App, Context
from leftfold.clock import Clock
from leftfold.errors import DefinitionError, InvalidInput
from leftfold.testing import ManualClock

START = datetime(2030, 5, 1, 12, tzinfo=UTC)


def test_it_stands_still_until_it_is_moved() -> None:
    clock = ManualClock(START)
    told: Clock = clock
    assert told.now() == told.now() == START
    assert clock.advance(timedelta(seconds=31)) == told.now() == START + timedelta(seconds=31)
    clock.advance(timedelta(0))
    assert told.now() == START + timedelta(seconds=31)


def test_it_has_a_start_of_its_own_with_a_zone() -> None:
    assert ManualClock().now().utcoffset() == timedelta(0)


def test_it_advances_forward_only() -> None:
    clock = ManualClock(START)
    with pytest.raises(InvalidInput, match="set"):
        clock.advance(timedelta(microseconds=-1))
    assert clock.now() == START


def test_it_advances_by_the_time_that_passes_whatever_clocks_on_the_wall_do_meanwhile() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for before in (datetime(2030, 3, 30, 12, tzinfo=berlin), datetime(2030, 10, 26, 12, tzinfo=berlin)):
        clock = ManualClock(before)
        assert clock.advance(timedelta(days=1)) == before.astimezone(UTC) + timedelta(days=1)
        clock.set(before)
        assert clock.advance(timedelta(hours=36)) == before.astimezone(UTC) + timedelta(hours=36)


def test_it_is_put_back_only_on_purpose() -> None:
    clock = ManualClock(START)
    clock.set(START - timedelta(days=1))
    assert clock.now() == START - timedelta(days=1)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidInput, match="zone"):
        ManualClock(datetime(2030, 1, 1))  # noqa: DTZ001
    clock = ManualClock(START)
    with pytest.raises(InvalidInput, match="zone"):
        clock.set(datetime(2030, 1, 1))  # noqa: DTZ001
    assert clock.now() == START


def test_what_is_no_time_is_refused_with_what_to_give() -> None:
    with pytest.raises(InvalidInput, match="5 is no datetime; give one with a zone"):
        ManualClock(cast("Any", 5))
    with pytest.raises(InvalidInput, match=r"advance\(5\); give a timedelta"):
        ManualClock().advance(cast("Any", 5))
    clock = ManualClock(START)
    with pytest.raises(InvalidInput, match="is beyond the year 9999; move it less far"):
        clock.advance(timedelta.max)
    assert clock.now() == START


async def test_a_store_on_postgresql_refuses_it_for_it_would_move_no_timers_there() -> None:
    app = App(Context("club"), store="postgresql://ann@nowhere/club", clock=ManualClock())
    with pytest.raises(DefinitionError, match="moves no timers there; leave clock= out, or run this test on memory:"):
        await app.__aenter__()
