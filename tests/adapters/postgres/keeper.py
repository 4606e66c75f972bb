"""A process of its own that keeps snapshots: `python keeper.py URL FILLER COUNT`, all under one key."""

from __future__ import annotations

import asyncio
import sys

from leftfold.adapters.postgres import open_postgres
from leftfold.store import Snapshot, SnapshotKey, digest_of


async def _main(url: str, filler: str, count: int) -> None:
    store = await open_postgres(url)
    key = SnapshotKey("shared-1", "f", 7)
    for n in range(count):
        state = f'["{filler * (n % 50 * 100)}"]'.encode()
        await store.save_snapshot(Snapshot(key, state, digest_of(key, state)))
    await store.close()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
