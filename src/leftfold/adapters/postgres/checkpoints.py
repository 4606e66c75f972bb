"""Checkpoints and their leases, by the database's clock."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from leftfold.adapters.postgres.connecting import Readers
from leftfold.adapters.postgres.queries import MAX_BIGINT
from leftfold.adapters.postgres.waking import Waker
from leftfold.store.checkpoints import (
    Checkpoint,
    Claim,
    check_claim,
    check_lease,
    check_prefix,
    check_release,
    check_token,
)
from leftfold.store.checks import check_position
from leftfold.store.names import flaw_of

__all__ = ["Checkpoints"]


class Checkpoints:
    """Keeps checkpoints over the connections that read; each call is one statement, which may be repeated.

    Args:
        waker: wakes those who wait for a checkpoint.
    """

    def __init__(self, readers: Readers, waker: Waker, schema: str) -> None:
        checkpoints, now = f'"{schema}".checkpoints', f'"{schema}".now_v1()'
        self._readers = readers
        self._waker = waker
        self._claim = f'select token, position, event_id from "{schema}".claim_v1($1, $2, $3::interval)'
        self._renew = (
            f"update {checkpoints} set until = {now} + $3::interval "
            "where name = $1 and token = $2::bigint and owner is not null returning 1"
        )
        self._release = (
            f"update {checkpoints} set owner = null, until = null, note = $3::text "
            "where name = $1 and token = $2::bigint"
        )
        self._list = (
            f"select name, position, event_id, token, owner, coalesce(until > {now}, false) as held, until, moved_at, "
            f"note from {checkpoints} where starts_with(name, $1) order by name"
        )
        self._forget = f"delete from {checkpoints} where name = $1"
        self._position = f"select coalesce((select position from {checkpoints} where name = $1), 0)"

    async def claim(self, name: str, owner: str, lease_s: float) -> Claim | None:
        """See `Checkpoints.claim` of the port."""
        lease = check_claim(name, owner, lease_s)
        rows = await self._readers.write(self._claim, name, owner, lease)
        return Claim(name, *rows[0]) if rows else None

    async def renew(self, name: str, token: int, lease_s: float) -> bool:
        """See `Checkpoints.renew` of the port."""
        check_token(token)
        lease = check_lease(lease_s)
        if flaw_of(name) or not _is_token(token):
            return False
        return bool(await self._readers.write(self._renew, name, token, lease))

    async def release(self, name: str, token: int, note: str | None) -> None:
        """See `Checkpoints.release` of the port."""
        check_release(token, note)
        if not flaw_of(name) and _is_token(token):
            await self._readers.write(self._release, name, token, note)

    async def checkpoints(self, prefix: str) -> Sequence[Checkpoint]:
        """See `Checkpoints.checkpoints` of the port."""
        check_prefix(prefix)
        if prefix and flaw_of(prefix):
            return []
        return [Checkpoint(**row) for row in await self._readers.fetch(self._list, prefix)]

    async def forget(self, name: str) -> None:
        """See `Checkpoints.forget` of the port."""
        if not flaw_of(name):
            await self._readers.write(self._forget, name)

    async def reached(self, name: str, position: int, timeout: float) -> int:
        """See `Checkpoints.reached` of the port."""
        check_position(position)
        return await self._waker.wake(partial(self._position_of, name), position - 1, timeout, name)

    async def _position_of(self, name: str) -> int:
        if flaw_of(name):
            return 0
        rows = await self._readers.fetch(self._position, name)
        position: int = rows[0][0]
        return position


def _is_token(token: int) -> bool:
    return 0 < token <= MAX_BIGINT
