"""The payment provider."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from examples.shop.sandbox import Sandbox

__all__ = ["Gateway", "SandboxGateway"]


class Gateway(Protocol):
    """What the shop asks of it; a call whose answer nobody heard is repeated with the same key."""

    async def charge(self, key: str, amount: Decimal) -> None:
        """Take money, once for a key; raises `Refused` when nothing was taken and nothing will be."""
        ...

    async def cancel(self, key: str) -> None:
        """Give back what was taken for a key; if nothing was, nothing ever will be."""
        ...


class SandboxGateway(Sandbox):
    """A provider for tests."""

    async def charge(self, key: str, amount: Decimal) -> None:
        """See `Gateway`."""
        await self.perform(key, str(amount))

    async def cancel(self, key: str) -> None:
        """See `Gateway`."""
        await self.undo(key)
