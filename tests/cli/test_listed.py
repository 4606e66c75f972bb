"""In which order instances are listed, while they change."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

from leftfold.cli.listed import PROCESSES, listed
from leftfold.processes.viewing import ProcessView

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _view(key: str, status: str) -> ProcessView:
    return ProcessView(
        process="club.fee",
        version=1,
        key=key,
        status=status,
        state="{}",
        transitions=1,
        timers={},
        journal=(),
        parked=(),
        reason=None,
        wake_at=None,
        began_at=_NOON,
        changed_at=_NOON,
    )


async def test_one_that_is_stuck_by_the_time_the_others_are_read_is_listed_too() -> None:
    status = {"a": "stuck", "b": "waiting", "c": "waiting"}

    async def find(statuses: Sequence[str]) -> AsyncIterator[ProcessView]:
        for key, now in list(status.items()):
            if now in statuses:
                yield _view(key, now)

    told = listed(find, PROCESSES, (), 100)
    first = await anext(told)
    status |= {"a": "waiting", "b": "stuck"}
    rest = [view async for view in told]
    assert [(view.key, view.status) for view in (first, *rest)] == [("a", "stuck"), ("b", "stuck"), ("c", "waiting")]
