"""Rows of projections that a context does not have any more: of older versions, and of projections that are gone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from leftfold.errors import NotPossible, TableMissing
from leftfold.projections.generations import GENERATIONS, Generation
from leftfold.store.port import Store
from leftfold.store.tables import Table
from leftfold.store.transaction import Delete, Transaction
from leftfold.subscriptions.letters import forget_letters

__all__ = ["Leftover", "forget_rows", "leftovers"]

_PAGE: Final = 500
_LEASE_S: Final = 60.0
_load: Final = msgspec.json.Decoder(Generation).decode


class Leftover(Struct, frozen=True, kw_only=True):
    """Rows that no projection of a context makes.

    Args:
        projection: its name and version: `balances@1`.
        generations: how many there are of its rows.
        owner: the worker that follows it all the same, as one of an older release does; None when none does.
    """

    projection: str
    generations: int
    owner: str | None


async def leftovers(store: Store, known: Collection[str]) -> Sequence[Leftover]:
    """What is left in *store*, by name and version.

    Args:
        known: name and version of each projection that the context has.
    """
    found: dict[str, list[Generation]] = {}
    for one in await _generations(store):
        if one.projection not in known:
            found.setdefault(one.projection, []).append(one)
    owners = await _owners(store)
    return [
        Leftover(projection=name, generations=len(of), owner=_owner(owners, of)) for name, of in sorted(found.items())
    ]


async def forget_rows(store: Store, projection: str, known: Collection[str], owner: str) -> None:
    """Drop all rows of a projection that the context does not have any more, its letters, and how far it was.

    Code that still has the projection finds no rows, and its workers would make them anew: stop it first. When this
    ends half-way, do it again; after a crash, a minute later.

    Args:
        projection: name and version, as `leftovers` tells.
        known: see `leftovers`.
        owner: who does it, for others to see.

    Raises:
        NotPossible: the context has it, there are no such rows, or a worker follows it.
        AccessDenied, AppendRefused, StoreBusy: see `Tables.remove`; nothing was dropped.
    """
    generations = [one for one in await _generations(store) if one.projection == projection]
    if projection in known:
        raise NotPossible(projection, "forget", "the app has it; take it out first, or rebuild it")
    if not generations:
        raise NotPossible(projection, "forget", "there are no such rows; ask what there is, without a name")
    claimed = await _claimed(store, projection, generations, owner)
    try:
        name, _, version = projection.rpartition("@")
        await store.remove(Table(name=name, version=int(version)))
        for checkpoint in claimed:
            await store.forget(checkpoint)
        for one in generations:
            await forget_letters(store, one.subscription)
        keys = [one.subscription for one in generations]
        await store.transact(Transaction(writes=[Delete(table=GENERATIONS, keys=keys)]))
    except BaseException:
        await _release(store, claimed)
        raise


async def _claimed(store: Store, projection: str, generations: Sequence[Generation], owner: str) -> Mapping[str, int]:
    """The checkpoints of all parts, with the token that shows that they are ours: nobody follows meanwhile."""
    claimed: dict[str, int] = {}
    for name in (name for one in generations for name in one.checkpoints):
        claim = await store.claim(name, owner, _LEASE_S)
        if claim is None:
            await _release(store, claimed)
            worker = _owner(await _owners(store), generations)
            raise NotPossible(projection, "forget", f"worker {worker} follows it; stop the workers that have it first")
        claimed[name] = claim.token
    return claimed


async def _release(store: Store, claimed: Mapping[str, int]) -> None:
    for name, token in claimed.items():
        await store.release(name, token)


async def _generations(store: Store) -> Sequence[Generation]:
    found: list[Generation] = []
    after = ""
    try:
        while page := await store.scan(GENERATIONS, after=after, limit=_PAGE):
            found += [_load(row) for _, row in page]
            after = page[-1][0]
    except TableMissing:  # nothing was ever followed here
        pass
    return found


async def _owners(store: Store) -> Mapping[str, str | None]:
    """Who holds each checkpoint that somebody holds."""
    return {one.name: one.owner for one in await store.checkpoints() if one.held}


def _owner(owners: Mapping[str, str | None], generations: Sequence[Generation]) -> str | None:
    return next((owners[name] for one in generations for name in one.checkpoints if name in owners), None)
