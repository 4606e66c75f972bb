"""Versions of events.

A deposit once had no currency, then it had one, now it says where it was made, too. Stored events stay as they were
written; what changes is how they are read. An upcast is a function from an old class to the next one, and all that
reads goes through the chain: the aggregate knows only the newest class.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256

from leftfold import Aggregate, App, Event, StreamName, applies
from leftfold.ids import new_id
from leftfold.messages import event_version


class DepositedV1(Event, name="WalletDeposited", version=1):
    """As it was first: dollars, of course."""

    amount: Decimal


class DepositedV2(Event, name="WalletDeposited", version=2):
    """As it was when a second currency came."""

    amount: Decimal
    currency: str


class Deposited(Event, name="WalletDeposited", version=3):
    """As it is now."""

    amount: Decimal
    currency: str
    channel: str


def to_v2(old: DepositedV1) -> DepositedV2:
    """There were only dollars."""
    return DepositedV2(amount=old.amount, currency="USD")


def to_v3(old: DepositedV2) -> Deposited:
    """There was only the counter."""
    return Deposited(amount=old.amount, currency=old.currency, channel="counter")


class FirstWallet(Aggregate[DepositedV1], category="wallet"):
    """The wallet of the first release."""

    def deposit(self, amount: Decimal) -> None:
        """Take dollars in."""
        self.record(DepositedV1(amount=amount))

    @applies
    def _deposited(self, event: DepositedV1) -> None: ...


class SecondWallet(Aggregate[DepositedV2], category="wallet"):
    """The wallet of the second release."""

    def deposit(self, amount: Decimal, currency: str) -> None:
        """Take money in."""
        self.record(DepositedV2(amount=amount, currency=currency))

    @applies
    def _deposited(self, event: DepositedV2) -> None: ...


class Wallet(Aggregate[Deposited], category="wallet"):
    """The wallet of today; no word of older deposits."""

    balances: dict[str, Decimal] = {}  # noqa: RUF012 - each wallet gets an empty one of its own

    @applies
    def _deposited(self, event: Deposited) -> None:
        self.balances[event.currency] = self.balances.get(event.currency, Decimal(0)) + event.amount


FIGURES: Mapping[str, object] = {"USD": "1000", "EUR": "500", "chain": 3, "stored_bytes_unchanged": True}


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    id = f"WAL-{new_id()}"
    stream = StreamName("wallet", id)
    async with App(FirstWallet, store=store) as first:
        await first.repository(FirstWallet).edit(id, FirstWallet.deposit, Decimal(1000))
    async with App(SecondWallet, store=store, upcasts=[to_v2]) as second:
        await second.repository(SecondWallet).edit(id, SecondWallet.deposit, Decimal(500), "EUR")
    async with App(Wallet, store=store, upcasts=[to_v2, to_v3]) as today:
        stored = await _digest(today, stream)
        wallet = await today.repository(Wallet).get(id)
        oldest, *_ = await today.events.read(stream)
        unchanged = stored == await _digest(today, stream)
    return {
        **{currency: str(amount) for currency, amount in wallet.balances.items()},
        "chain": event_version(type(oldest.event)) - oldest.schema_version + 1,
        "stored_bytes_unchanged": unchanged,
    }


async def _digest(app: App, stream: StreamName) -> str:
    return sha256(b"\0".join(event.data for event in await app.store.read_stream(stream))).hexdigest()
