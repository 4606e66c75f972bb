"""`leftfold sagas list`: in which order instances are listed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from datetime import datetime
from heapq import nsmallest
from typing import Final

from leftfold.app.sagas import Sagas
from leftfold.processes.saga_view import SagaView

__all__ = ["listed"]

_UNDER_WAY: Final = frozenset({"running", "compensating", "stuck"})
_OVER: Final = frozenset({"completed", "compensated"})
_SPARE: Final = 100


async def listed(sagas: Sagas, saga: str | None, statuses: Collection[str], limit: int) -> AsyncIterator[SagaView]:
    """Instances under way or stuck, the one unchanged for longest first; then those that are over, by saga and id.

    All that are not over are read, and at most some more than *limit* kept; what is over is read as it is asked for,
    for that piles up until it is forgotten.

    Args:
        saga: only its instances; those of all sagas when left out.
        statuses: only those; empty for all.
        limit: how many of them are looked at.
    """
    wanted = frozenset(statuses) or _UNDER_WAY | _OVER
    told: set[tuple[str, str]] = set()
    if under_way := wanted & _UNDER_WAY:
        first: list[SagaView] = []
        async for view in sagas.find(saga, statuses=under_way):
            first.append(view)
            if len(first) > 2 * limit + _SPARE:
                first = nsmallest(limit, first, key=_age)
        for view in nsmallest(limit, first, key=_age):
            told.add((view.saga, view.id))
            yield view
    if over := wanted & _OVER:
        async for view in sagas.find(saga, statuses=over):
            if (view.saga, view.id) not in told:  # it may have ended meanwhile
                yield view


def _age(view: SagaView) -> tuple[datetime, str, str]:
    return view.changed_at, view.saga, view.id
