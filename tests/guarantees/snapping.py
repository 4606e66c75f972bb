"""What a child does to snapshots before it is killed, known to its parent beforehand."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from leftfold.store.port import Store
from leftfold.store.snapshots import Snapshot, SnapshotKey, digest_of
from tests.guarantees.children import say

__all__ = ["Changed", "change_snapshots", "changes_of", "check_snapshots"]

Change: TypeAlias = Snapshot | SnapshotKey
"""A snapshot to save, or the key of one to drop."""


class Changed(Struct, frozen=True):
    """How many changes were acknowledged so far."""

    changes: int


def changes_of(run: int) -> list[Change]:
    """The changes of one run: small states and some of many pages, new and instead of another, and a drop."""
    return [
        _snapshot(run, 100, 1),
        _snapshot(run, 200, 20_000),
        _snapshot(run, 100, 30_000),
        _snapshot(run, 100, 2),
        SnapshotKey(f"a-{run}", "one", 200),
        _snapshot(run, 300, 10_000),
    ]


def _snapshot(run: int, version: int, size: int) -> Snapshot:
    key = SnapshotKey(f"a-{run}", "one", version)
    state = b"[" + b",".join(b"%d" % n for n in range(size)) + b"]"
    return Snapshot(key, state, digest_of(key, state))


async def change_snapshots(store: Store, run: int) -> None:
    """Make the changes one after another, saying each acknowledgement."""
    for number, change in enumerate(changes_of(run), 1):
        if isinstance(change, Snapshot):
            await store.save_snapshot(change)
        else:
            assert await store.drop_snapshots([change]) == 1
        say(Changed(number))


async def check_snapshots(store: Store, run: int, acknowledged: int) -> None:
    """Check that a killed run left every change that was acknowledged, and of the next one all or nothing."""
    found = [snapshot for snapshot in await store.read_snapshots() if snapshot.key.stream == f"a-{run}"]
    possible = [_after(run, count) for count in (acknowledged, acknowledged + 1)]
    assert found in possible
    loaded = await store.load_snapshot(f"a-{run}", "one")
    assert loaded == (found[-1] if found else None)
    await store.drop_snapshots([snapshot.key for snapshot in found])


def _after(run: int, count: int) -> list[Snapshot]:
    kept: dict[SnapshotKey, Snapshot] = {}
    for change in changes_of(run)[:count]:
        if isinstance(change, Snapshot):
            kept[change.key] = change
        else:
            del kept[change]
    return sorted(kept.values(), key=lambda snapshot: snapshot.key)
