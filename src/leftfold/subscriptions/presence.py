"""A sign of life of a worker that follows no log but carries work on, so that others see that somebody works."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Final

from leftfold.errors import StoreError
from leftfold.store.checkpoints import Claim
from leftfold.store.port import Store
from leftfold.subscriptions.monitor import PRESENCE

__all__ = ["Presence"]

_log: Final = logging.getLogger("leftfold")
_FAREWELL_S: Final = 1.0


class Presence:
    """Holds a checkpoint that says that *owner* works, from `begin` to `end`, and asks the store three times a lease.

    Args:
        store: holds the checkpoint.
        owner: the worker's name, unlike that of every other.
        lease_s: seconds until a dead one is not counted any more.
    """

    def __init__(self, store: Store, owner: str, lease_s: float) -> None:
        self._store = store
        self._owner = owner
        self._lease_s = lease_s
        self._name = f"{PRESENCE}{owner}"
        self._claim: Claim | None = None
        self._staying: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Be there, before any work begins; raises `StoreError` when the store is out of reach."""
        self._claim = await self._store.claim(self._name, self._owner, self._lease_s)
        self._staying = asyncio.create_task(self._stay(), name=f"leftfold is there as {self._owner}")

    async def end(self) -> None:
        """Be gone."""
        if self._staying is not None:
            self._staying.cancel()
            await asyncio.gather(self._staying, return_exceptions=True)
        with suppress(StoreError, TimeoutError):  # then its lease runs out by itself
            async with asyncio.timeout(_FAREWELL_S):
                await self._store.forget(self._name)

    async def _stay(self) -> None:
        while True:
            await asyncio.sleep(self._lease_s / 3)
            try:
                await self._stay_alive()
            except StoreError as error:
                _log.warning("worker %s cannot say that it is there: %s", self._owner, error)

    async def _stay_alive(self) -> None:
        if self._claim is None or not await self._store.renew(self._name, self._claim.token, self._lease_s):
            self._claim = await self._store.claim(self._name, self._owner, self._lease_s)
        for one in await self._store.checkpoints(PRESENCE):
            if not one.held:
                await self._store.forget(one.name)  # a dead worker; one that comes back claims it again
