"""Cached queries.

`cache=` keeps the answer of a query for a while. An event that changes a row drops every answer that came from that
row, whoever wrote the event, so a reader sees the old value for milliseconds and not for the rest of the minute. Of
many who ask for the same thing at once, one loads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from examples.tour.ledger import Credit, Ledger, LedgerDebited, LedgerEvent, Open, credit, open_account
from leftfold import App, Context, Query, ReadModel
from leftfold.ids import new_id
from leftfold.projections import CacheStats

context = Context("counters", purpose="Answer the same question often")
context.decides(Ledger, id="account", exists=False)(open_account)
context.decides(Ledger, id="account", exists=True)(credit)


@dataclass(frozen=True)
class ShownBalance:
    """What the counter shows."""

    account: str
    balance: Decimal


@context.projection(key="account")
def shown_balances(row: ShownBalance | None, event: LedgerEvent) -> ShownBalance:
    """One row an account."""
    change = -event.amount if isinstance(event, LedgerDebited) else event.amount
    return ShownBalance(event.account, change + (row.balance if row else 0))


class ShowBalance(Query[Decimal | None]):
    """What is on an account?"""

    account: str


@context.query(cache=timedelta(seconds=60))
async def show_balance(query: ShowBalance, rows: ReadModel[ShownBalance]) -> Decimal | None:
    """Look up one row."""
    row = await rows.get(query.account)
    return row.balance if row else None


FIGURES: Mapping[str, object] = {
    "reads": ["miss", "hit", "invalidated", "miss", "hit"],
    "balances": ["1000", "1000", "1500", "1500"],
}


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    query = ShowBalance(account=f"ACC-001-{new_id()}")
    reads: list[str] = []
    balances: list[str] = []
    async with App(context, store=store) as app:

        def stats() -> CacheStats:
            return app.monitor.cache_stats()[context.name]

        async def read() -> None:
            before = stats()
            balances.append(str(await app.ask(query)))
            reads.append(_told(before, stats()))

        opened = await app.send(Open(account=query.account, branch="BRANCH-1", owner="USER-001", amount=Decimal(1000)))
        await app.monitor.wait_for_cache("shown_balances", position=opened.position)
        await read()
        await read()
        before = stats().dropped
        receipt = await app.send(Credit(account=query.account, amount=Decimal(500)))
        await app.monitor.wait_for_cache("shown_balances", position=receipt.position)
        reads += ["invalidated"] * (stats().dropped - before)
        await read()
        await read()
    return {"reads": reads, "balances": balances}


def _told(before: CacheStats, after: CacheStats) -> str:
    return "hit" if after.hits > before.hits else "miss"
