"""The followers of a context that is moved: placed in the new store where they were, and held there until all is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from typing import Final, TypeAlias

import msgspec

from leftfold.errors import Fenced, NotPossible, StoreError, TableMissing
from leftfold.ids import new_id
from leftfold.projections.generations import GENERATIONS, Generation
from leftfold.store.checkpoints import Checkpoint
from leftfold.store.port import Store
from leftfold.store.tables import Table
from leftfold.store.transaction import Advance, Transaction

__all__ = ["OWNER", "Holding", "Keep", "built", "check_apart", "check_stopped", "scanned"]

OWNER: Final = "leftfold move"
"""Who holds what is moved."""

Keep: TypeAlias = Callable[[], Awaitable[None]]
"""Called now and then during a move, so that it keeps what it holds; raises `NotPossible` when another has it."""

_NOTE: Final = "moved here; no worker has followed since"
_OWN: Final = "leftfold/"
_PROBE: Final = f"{_OWN}move"
_LEASE_S: Final = 60.0
_PAGE: Final = 500

_generation_of = msgspec.json.Decoder(Generation).decode


async def check_stopped(context: str, store: Store) -> None:
    """Raise `NotPossible` while somebody works on *store*, other than those who move."""
    for one in await store.checkpoints():
        if one.held and not (one.owner or "").startswith(OWNER):
            reason = (
                f"worker {one.owner} runs; stop the workers of both stores first, or wait until the lease of a dead "
                "one ends"
            )
            raise NotPossible(context, "move", reason)


async def check_apart(context: str, target: Store, stores: Sequence[Store]) -> None:
    """Raise `NotPossible` when *target* is one of *stores* by another name: what is written there is seen here."""
    owner = f"{OWNER} {new_id()}"
    await target.forget(_PROBE)
    await target.claim(_PROBE, owner, _LEASE_S)
    try:
        seen = [one.owner for store in stores for one in await store.checkpoints(_PROBE)]
    finally:
        await target.forget(_PROBE)
    if owner in seen:
        raise NotPossible(context, "move", "the new store is the store that is moved; give another one")


async def scanned(store: Store, table: Table, after: str) -> Sequence[tuple[str, bytes]]:
    """A page of the rows of *table*; none when nobody has needed it yet."""
    try:
        return await store.scan(table, after=after, limit=_PAGE)
    except TableMissing:
        return ()


async def built(store: Store) -> Collection[str]:
    """Names of the subscriptions that build rows of projections in *store*, also of those that no app has any more."""
    found, after = set[str](), ""
    while page := await scanned(store, GENERATIONS, after):
        found |= {_generation_of(row).subscription for _, row in page}
        after = page[-1][0]
    return found


class Holding:
    """The followers of one context, in the store it is moved to: they are where they were, and held until `release`.

    A worker that comes too early follows nothing there; one that comes when a move broke finds that the log ends before
    what its follower has handled, and handles nothing.

    Args:
        context: its name.
        store: the one that is moved.
        target: the one that it goes to.
    """

    def __init__(self, context: str, store: Store, target: Store) -> None:
        self.store = store
        self.target = target
        self._context = context
        self._before: dict[str, Checkpoint] = {}
        self._tokens: dict[str, int] = {}
        self._renew_at = 0.0
        self._free: set[str] = set()

    @property
    def names(self) -> Collection[str]:
        """Of the checkpoints that are held."""
        return self._tokens.keys()

    async def take(self) -> None:
        """Place and hold them.

        Raises:
            NotPossible: one goes on there by itself already, or another holds it.
        """
        self._before, there = await _followers(self.store), await _followers(self.target)
        for name, known in there.items():
            if known.position and not _moved(known):
                here = f"at {self._before[name].position:,}" if name in self._before else "not"
                reason = f"{name} is at {known.position:,} there, and {here} here; move to an empty store"
                raise NotPossible(self._context, "move", reason)
        for name in [name for name, known in there.items() if _moved(known) and name not in self._before]:
            await self.target.forget(name)  # an earlier move has left it, and it is gone since
        self._renew_at = asyncio.get_running_loop().time() + _LEASE_S / 4
        self._free = {name for name, known in there.items() if known.note == _NOTE}
        for name, one in self._before.items():
            self._tokens[name] = await self._placed(one, there.get(name))

    async def keep(self) -> None:
        """See `Keep`."""
        now = asyncio.get_running_loop().time()
        if now < self._renew_at:
            return
        self._renew_at = now + _LEASE_S / 4
        for name, token in self._tokens.items():
            if not await self.target.renew(name, token, _LEASE_S):
                raise self._taken(name)

    async def unchanged(self) -> bool:
        """Whether they are in the old store as they were when they were placed: nobody has followed since."""
        now = await _followers(self.store)
        return {name: (one.token, one.position) for name, one in now.items()} == {
            name: (one.token, one.position) for name, one in self._before.items()
        }

    async def release(self) -> None:
        """Let workers follow."""
        for name, token in self._tokens.items():
            await self.target.release(name, token, _NOTE)

    async def give_back(self) -> None:
        """Let workers follow, when a move has failed, what they might before: what an earlier move has let go."""
        with suppress(StoreError):  # then the leases run out by themselves
            for name, token in self._tokens.items():
                if name in self._free:
                    await self.target.release(name, token, _NOTE)

    async def _placed(self, one: Checkpoint, known: Checkpoint | None) -> int:
        if known is not None and known.position > one.position:
            await self.target.forget(one.name)  # an earlier move has placed it; it does not go back
        claim = await self.target.claim(one.name, OWNER, _LEASE_S)
        if claim is None:
            raise self._taken(one.name)
        if one.position:
            at = Advance(name=one.name, token=claim.token, position=one.position, event_id=one.event_id)
            try:
                await self.target.transact(Transaction(writes=[at]))
            except Fenced as error:
                raise self._taken(one.name) from error
        return claim.token

    def _taken(self, name: str) -> NotPossible:
        reason = f"a worker or another move took {name} there meanwhile; stop the workers of both stores first"
        return NotPossible(self._context, "move", reason)


async def _followers(store: Store) -> dict[str, Checkpoint]:
    rows = await built(store)
    found = {one.name: one for one in await store.checkpoints() if not one.name.startswith(_OWN)}
    return {name: one for name, one in found.items() if name.rpartition("/")[0] not in rows}


def _moved(known: Checkpoint) -> bool:
    """Whether a move has placed it, and nobody has followed since."""
    return known.owner == OWNER or known.note == _NOTE
