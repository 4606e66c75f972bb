"""Who brings parcels."""

from __future__ import annotations

from typing import Protocol

from examples.shop.sandbox import Sandbox

__all__ = ["Carrier", "SandboxCarrier"]


class Carrier(Protocol):
    """What the shop asks of it; a call whose answer nobody heard is repeated with the same key."""

    async def collect(self, key: str, warehouse: str) -> None:
        """Take a parcel along, once for a key; raises `Refused` when it was not taken and will not be."""
        ...

    async def bring_back(self, key: str) -> None:
        """Bring back what was taken along for a key; if nothing was, nothing ever will be."""
        ...


class SandboxCarrier(Sandbox):
    """A carrier for tests."""

    async def collect(self, key: str, warehouse: str) -> None:
        """See `Carrier`."""
        await self.perform(key, f"a parcel from {warehouse}")

    async def bring_back(self, key: str) -> None:
        """See `Carrier`."""
        await self.undo(key)
