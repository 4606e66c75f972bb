"""The reference store's checkpoints; leases go by the store's clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

from msgspec.structs import replace

from leftfold.errors import Fenced, InvalidInput
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
from leftfold.store.memory_log import OpenedLog
from leftfold.store.memory_tables import Undo
from leftfold.store.transaction import Advance

__all__ = ["MemoryCheckpoints"]


class MemoryCheckpoints(OpenedLog):
    """See `Checkpoints`."""

    async def claim(self, name: str, owner: str, lease_s: float) -> Claim | None:
        """See `Checkpoints.claim`."""
        self._check_open()
        lease = check_claim(name, owner, lease_s)
        now = self._clock.now().astimezone(UTC)
        known = self._log.checkpoints.get(name)
        if known is not None and known.owner not in (None, owner) and self._runs(known):
            return None
        self._log.tokens += 1
        claimed = known or Checkpoint(
            name=name,
            position=0,
            event_id=None,
            token=0,
            owner=None,
            held=False,
            until=None,
            moved_at=now,
            note=None,
        )
        self._log.checkpoints[name] = replace(
            claimed, token=self._log.tokens, owner=owner, until=now + lease, note=None
        )
        return Claim(name, self._log.tokens, claimed.position, claimed.event_id)

    async def renew(self, name: str, token: int, lease_s: float) -> bool:
        """See `Checkpoints.renew`."""
        self._check_open()
        check_token(token)
        lease = check_lease(lease_s)
        known = self._log.checkpoints.get(name)
        if known is None or known.token != token or known.owner is None:
            return False
        self._log.checkpoints[name] = replace(known, until=self._clock.now().astimezone(UTC) + lease)
        return True

    async def release(self, name: str, token: int, note: str | None = None) -> None:
        """See `Checkpoints.release`."""
        self._check_open()
        check_release(token, note)
        known = self._log.checkpoints.get(name)
        if known is not None and known.token == token:
            self._log.checkpoints[name] = replace(known, owner=None, until=None, note=note)

    async def checkpoints(self, prefix: str = "") -> Sequence[Checkpoint]:
        """See `Checkpoints.checkpoints`."""
        self._check_open()
        check_prefix(prefix)
        names = sorted(name for name in self._log.checkpoints if name.startswith(prefix))
        kept = (self._log.checkpoints[name] for name in names)
        return [replace(each, held=self._runs(each)) for each in kept]

    async def forget(self, name: str) -> None:
        """See `Checkpoints.forget`."""
        self._check_open()
        self._log.checkpoints.pop(name, None)

    async def reached(self, name: str, position: int, timeout: float) -> int:
        """See `Checkpoints.reached`."""
        check_position(position)
        await self._until(lambda: self._reached(name) >= position, timeout)
        return self._reached(name)

    def _reached(self, name: str) -> int:
        known = self._log.checkpoints.get(name)
        return known.position if known else 0

    def _runs(self, checkpoint: Checkpoint) -> bool:
        return checkpoint.until is not None and checkpoint.until > self._clock.now()

    def _advance(self, write: Advance, undo: Undo) -> None:
        known = self._log.checkpoints.get(write.name)
        if known is None or known.token != write.token:
            raise Fenced(write.name, write.token)
        if write.position < known.position:
            raise InvalidInput(
                f"checkpoint {write.name!r:.80} is at {known.position} and does not go back to {write.position}"
            )
        moved = replace(
            known, position=write.position, event_id=write.event_id, moved_at=self._clock.now().astimezone(UTC)
        )
        undo.put(self._log.checkpoints, write.name, moved)
