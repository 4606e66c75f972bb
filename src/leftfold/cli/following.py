"""How far a follower is, as `leftfold projections --json` and a worker's health port say it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from leftfold.subscriptions.monitor import Lag

__all__ = ["FollowerState", "follower_of"]


class FollowerState(Struct, frozen=True, kw_only=True):
    """A projection or reaction; see `Lag`."""

    name: str
    context: str
    state: str
    building: bool
    position: int
    head: int
    behind: int
    seconds: float
    parked: int
    letters: int
    owners: Sequence[str | None]
    notes: Sequence[str]


def follower_of(lag: Lag) -> FollowerState:
    """*lag* in words that stay."""
    return FollowerState(
        name=lag.name,
        context=lag.context,
        state=lag.state.value,
        building=lag.building,
        position=lag.position,
        head=lag.head,
        behind=lag.behind,
        seconds=lag.seconds,
        parked=lag.parked,
        letters=lag.letters,
        owners=lag.owners,
        notes=lag.notes,
    )
