"""The sign of life of a worker: a checkpoint that it holds, so that others see that it works."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from leftfold.errors import StoreError
from leftfold.store.checkpoints import Checkpoint, Claim
from leftfold.store.port import Store
from leftfold.subscriptions.trouble import Trouble

__all__ = ["PRESENCE", "WORKERS", "Presence", "Staying"]

WORKERS: Final = "workers"
"""The group of those who follow for an app, or carry its work on."""

PRESENCE: Final = f"leftfold/{WORKERS}/"
"""Begins the names of the checkpoints that living workers hold."""

_FAREWELL_S: Final = 1.0


class Presence:
    """Says that *owner* works, for as long as it says so again within a lease.

    Args:
        store: holds the checkpoint.
        owner: the worker's name, unlike that of every other.
        lease_s: seconds until a dead one is not counted any more.
        group: of the workers that it is one of.
    """

    def __init__(self, store: Store, owner: str, lease_s: float, group: str = WORKERS) -> None:
        self.prefix: str = f"leftfold/{group}/"
        """Begins the names of those of the group."""
        self._store = store
        self._owner = owner
        self._lease_s = lease_s
        self._claim: Claim | None = None

    async def say(self) -> None:
        """Say so, again."""
        if self._claim is None or not await self._store.renew(self._claim.name, self._claim.token, self._lease_s):
            self._claim = await self._store.claim(f"{self.prefix}{self._owner}", self._owner, self._lease_s)

    async def forget_dead(self, checkpoints: Iterable[Checkpoint]) -> None:
        """Forget those of the group, among *checkpoints*, who have not said so for a lease."""
        for name in [one.name for one in checkpoints if not one.held and one.name.startswith(self.prefix)]:
            await self._store.forget(name)  # one that comes back claims it again

    async def leave(self) -> None:
        """Say it no more."""
        if self._claim is not None:
            with suppress(StoreError, TimeoutError):  # then its lease runs out by itself
                async with asyncio.timeout(_FAREWELL_S):
                    await self._store.forget(self._claim.name)


class Staying:
    """Keeps a sign of life up for a worker that follows no log but carries work on, from `begin` to `end`."""

    def __init__(self, store: Store, owner: str, lease_s: float) -> None:
        self._presence = Presence(store, owner, lease_s)
        self._store = store
        self._owner = owner
        self._pause_s = lease_s / 3
        self._trouble = Trouble(
            f"worker {owner} cannot say that it is there", f"worker {owner} says again that it is there"
        )
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Be there, before any work begins; raises `StoreError` when the store is out of reach."""
        await self._presence.say()
        self._task = asyncio.create_task(self._stay(), name=f"leftfold is there as {self._owner}")

    async def end(self) -> None:
        """Be gone."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._presence.leave()

    async def _stay(self) -> None:
        while True:
            await asyncio.sleep(self._pause_s)
            try:
                await self._presence.say()
                await self._presence.forget_dead(await self._store.checkpoints(self._presence.prefix))
                self._trouble.over()
            except StoreError as error:
                self._trouble.met(error)
