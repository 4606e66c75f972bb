"""What the bank holds, added up over its accounts."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from examples.bank.account import Account
from leftfold import App


class Totals(Struct, kw_only=True):
    """Sums over all accounts, in crowns."""

    accounts: int = 0
    transactions: int = 0
    credits: Decimal = Decimal("0.00")
    withdrawals: Decimal = Decimal("0.00")

    @property
    def net(self) -> Decimal:
        """What came, less what went."""
        return self.credits - self.withdrawals


async def totals(app: App) -> Totals:
    """Fold every account, and add them up."""
    accounts, sums = app.repository(Account), Totals()
    for id in await account_ids(app):
        account = await accounts.get(id)
        sums.accounts += 1
        sums.transactions += account.transactions
        sums.credits += account.credits
        sums.withdrawals += account.withdrawals
    return sums


async def account_ids(app: App) -> list[str]:
    """Every account that has a history, in the order they began."""
    found: dict[str, None] = {}
    position, end = 0, await app.store.head()
    while position < end:
        page = await app.store.read_log(after=position, category="bank_account", limit=5000)
        found |= dict.fromkeys(event.stream.partition("-")[2] for event in page.events)
        position = page.position
    return list(found)
