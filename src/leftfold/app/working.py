"""What this process does for one context by itself: it follows logs, carries on work, and deletes old answers."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from leftfold.app.conduct import Conduct
from leftfold.errors import LeftfoldError
from leftfold.handling.answers import Answers
from leftfold.ids import new_id
from leftfold.store.checks import check_loop
from leftfold.store.port import Store
from leftfold.subscriptions.presence import Staying
from leftfold.subscriptions.worker import Follower, Worker

if TYPE_CHECKING:
    from leftfold.processes.engine import Carrier, Engine

__all__ = ["Working"]

_log: Final = logging.getLogger("leftfold")
_PURGE_S: Final = 3_600.0
_FIRST_PURGE_S: Final = 60.0


class Working:
    """What this process does for one context, from `begin` to `stop`; before, and without any, it does nothing.

    Args:
        name: of the context.
        store: its own.
        answers: to its commands, of which old ones are deleted; None when it has no commands.
    """

    def __init__(self, name: str, store: Store, answers: Answers | None, conduct: Conduct) -> None:
        self._name = name
        self._store = store
        self._answers = answers
        self._conduct = conduct
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{str(new_id())[-6:]}"
        self._worker: Worker | None = None
        self._following: asyncio.Task[None] | None = None
        self._purging: asyncio.Task[None] | None = None
        self.engine: Engine | None = None
        """What carries on, while it does."""
        self._carrying: asyncio.Task[None] | None = None
        self._staying: Staying | None = None

    @property
    def follows(self) -> bool:
        """Whether this process follows logs now."""
        return self._worker is not None

    async def begin(self, followers: Sequence[Follower], carriers: Sequence[Carrier]) -> None:
        """Follow logs, and carry on what is due; raises `StoreError` when the store is out of reach."""
        if carriers:
            await self._carry(carriers, alone=not followers)
        if followers:
            await self._follow(followers)
        if self._answers is not None:
            self._purging = asyncio.create_task(self._purge(self._answers))

    async def followed(self) -> None:
        """Wait as long as this process follows the log or carries on what is due; raises what ended it.

        It returns at once if it does neither.
        """
        tasks = [task for task in (self._following, self._carrying) if task is not None]
        if tasks:
            check_loop(tasks[0].get_loop())
            await asyncio.gather(*map(asyncio.shield, tasks))

    async def ready(self) -> None:
        """Wait until others see that it works, or until it has ended; raises what `followed` raises.

        It returns at once if it follows nothing.
        """
        if self._worker is None or self._following is None:
            return
        check_loop(self._following.get_loop())
        run, looked = self._following, asyncio.create_task(self._worker.looked.wait())
        try:
            await asyncio.wait([run, looked], return_when=asyncio.FIRST_COMPLETED)
        finally:
            looked.cancel()
        if run.done():
            await asyncio.shield(run)

    async def idle(self) -> int:
        """Wait until no work is due; returns how much was carried on so far."""
        return 0 if self.engine is None else await self.engine.idle()

    async def stop(self) -> None:
        """Finish what is under way."""
        engine, self.engine = self.engine, None
        worker, self._worker = self._worker, None
        for one in (engine, worker):  # both, before either is waited for: they have one time to end in
            if one is not None:
                one.stop()
        if self._purging is not None:
            self._purging.cancel()
        try:
            if engine is not None and self._carrying is not None:
                await asyncio.gather(self._carrying, return_exceptions=True)
        finally:
            if self._staying is not None:
                await self._staying.end()
        left = [task for task in (self._following, self._purging) if task is not None]
        await asyncio.gather(*left, return_exceptions=True)

    async def _carry(self, carriers: Sequence[Carrier], *, alone: bool) -> None:
        from leftfold.processes.engine import Engine

        if (telemetry := self._conduct.telemetry) is not None:
            carriers = [telemetry.work.carrier(one) for one in carriers]
        if alone:
            self._staying = Staying(self._store, self._owner, self._conduct.timing.lease_s)
            await self._staying.begin()
        self.engine = Engine(self._store, carriers, self._owner, self._conduct.timing, self._conduct.clock)
        self._carrying = asyncio.create_task(self.engine.run(), name=f"leftfold carries on for {self._name}")

    async def _follow(self, followers: Sequence[Follower]) -> None:
        if (telemetry := self._conduct.telemetry) is not None:
            followers = [telemetry.follower(one) for one in followers]
        worker = Worker(self._store, followers, self._owner, self._conduct.timing)
        await worker.prepare()
        self._worker = worker
        self._following = asyncio.create_task(worker.run())

    async def _purge(self, answers: Answers) -> None:
        await asyncio.sleep(_FIRST_PURGE_S)  # soon, for those who never run for long
        while True:
            try:
                await answers.purge()
            except LeftfoldError as error:
                _log.warning("old answers of %s were not deleted: %s", self._name, error)
            await asyncio.sleep(_PURGE_S)
