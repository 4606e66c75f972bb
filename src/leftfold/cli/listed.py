"""In which order `leftfold sagas list` and `leftfold processes list` list instances."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest
from typing import Final, Generic, TypeAlias, TypeVar

from leftfold.processes.saga_view import SagaView
from leftfold.processes.viewing import ProcessView

__all__ = ["PROCESSES", "SAGAS", "Order", "listed"]

V = TypeVar("V", SagaView, ProcessView)
_Place: TypeAlias = tuple[str, str]

_SPARE: Final = 100


@dataclass(frozen=True)
class Order(Generic[V]):
    """Which instances are listed first.

    Args:
        ahead: of these statuses, the one unchanged for longest first.
        behind: statuses of the others, which are listed as they are found: they may be many.
        place: name and key of an instance.
    """

    ahead: frozenset[str]
    behind: frozenset[str]
    place: Callable[[V], _Place]


SAGAS: Final[Order[SagaView]] = Order(
    frozenset({"running", "compensating", "stuck"}),
    frozenset({"completed", "compensated"}),
    lambda view: (view.saga, view.id),
)
"""What is under way or stuck, then what is over."""

PROCESSES: Final[Order[ProcessView]] = Order(
    frozenset({"stuck", "missing"}), frozenset({"waiting", "ended"}), lambda view: (view.process, view.key)
)
"""What waits for a person or for its beginning, then what goes on or has ended: a process may wait for years."""


async def listed(
    find: Callable[[Sequence[str]], AsyncIterator[V]], order: Order[V], statuses: Collection[str], limit: int
) -> AsyncIterator[V]:
    """Instances in an order; all that come first are read, and at most some more than *limit* kept.

    What comes to be one of the first while they are listed is listed behind them.

    Args:
        find: those of some statuses, by name and key.
        statuses: only those; empty for all.
        limit: how many of them are looked at.
    """
    wanted = frozenset(statuses) or order.ahead | order.behind
    told: set[_Place] = set()

    def age(view: V) -> tuple[datetime, _Place]:
        return view.changed_at, order.place(view)

    if ahead := wanted - order.behind:
        first: list[V] = []
        async for view in find(sorted(ahead)):
            first.append(view)
            if len(first) > 2 * limit + _SPARE:
                first = nsmallest(limit, first, key=age)
        for view in nsmallest(limit, first, key=age):
            told.add(order.place(view))
            yield view
    if wanted & order.behind:
        async for view in find(sorted(wanted)):  # those that come first, too, for one may have become so meanwhile
            if order.place(view) not in told:
                yield view
