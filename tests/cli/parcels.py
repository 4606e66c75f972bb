"""An app with a saga whose steps can be made to fail, and how its instances are begun."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from typing import Final

from leftfold import App, Context, DomainError, Outcome, Retry, Saga, step
from leftfold.processes import SagaView

__all__ = ["APP", "BROKEN", "LATER", "MIGRATING", "NONE", "begun", "carried_on", "migrating"]

APP: Final = "tests.cli.parcels:app"
LATER: Final = "tests.cli.parcels:later"
MIGRATING: Final = "tests.cli.parcels:migrating"
NONE: Final = "tests.cli.parcels:none"
BROKEN: Final = "PARCELS_BROKEN"
"""Names of steps, and of undos, that fail while this is set."""
_ONCE: Final = Retry(attempts=1)


class NoAddress(DomainError):
    """Nobody lives there."""

    parcel: str


def _check(name: str) -> None:
    if name in os.environ.get(BROKEN, "").split():
        raise RuntimeError(f"{name} is broken")


parcels = Context("parcels")


@parcels.saga
class Ship(Saga, name="Ship", deadline=timedelta(days=1)):
    parcel: str

    @step
    async def pack(self) -> str:
        return f"box of {self.parcel}"

    @pack.undo(retry=_ONCE)
    async def unpack(self, was: Outcome[str]) -> None:
        _check("unpack")

    @step(undoable=False)
    async def label(self) -> None:
        if self.parcel == "nowhere":
            raise NoAddress(parcel=self.parcel)

    @step(pivot=True, retry=_ONCE)
    async def hand_over(self) -> int:
        _check("hand_over")
        return 7

    @step(retry=_ONCE)
    async def mail(self) -> None:
        _check("mail")


app = App(parcels, store="memory:")


def none() -> App:
    """An app without sagas."""
    return App(store="memory:")


def later() -> App:
    """The same app after its saga has changed, and nobody has kept the old class."""
    changed = Context("parcels")

    @changed.saga
    class Ship2(Saga, name="Ship", version=2):
        parcel: str

        @step(undoable=False)
        async def send(self) -> None:
            pass

    return App(changed, store="memory:")


def migrating() -> App:
    """The same app after its saga has changed, with both classes and what leads from one to the other."""
    changed = Context("parcels")
    changed.saga(Ship)

    @changed.saga
    class Ship2(Saga, name="Ship", version=2):
        parcels: tuple[str, ...]

        @step(undoable=False)
        async def pack(self) -> str:
            return "boxes"

        @step(undoable=False)
        async def label(self) -> None:
            pass

        @step(pivot=True, was=("hand_over",))
        async def give(self) -> int:
            return 7

    @changed.migrates
    def to_several(old: Ship) -> Ship2:
        return Ship2(parcels=(old.parcel,))

    return App(changed, store="memory:")


def begun(url: str, *parcels: str) -> None:
    """Begin an instance for each of *parcels*, by its name, and wait until all have ended."""

    async def work() -> None:
        async with app.with_settings(store=url, workers=True) as opened:
            for parcel in parcels:
                await opened.start(Ship(parcel=parcel), id=parcel)
            for parcel in parcels:
                await opened.sagas.ended("Ship", parcel)

    asyncio.run(work())


def carried_on(url: str, parcel: str) -> SagaView:
    """Carry on what is due until an instance has ended; how it stands then."""

    async def work() -> SagaView:
        async with app.with_settings(store=url, workers=True) as opened:
            return await opened.sagas.ended("Ship", parcel)

    return asyncio.run(work())
