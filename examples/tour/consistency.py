"""Eventual consistency.

A read model that follows is a little behind, and every read may be fast or exact, knowingly. Here the follower is held
back, so the first read is stale for certain; then it is let go, and reading after the command's receipt waits, woken by
the commit, until the row is there. Waiting for a version that nobody stores ends with an error that says how far it
got.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from examples.tour.ledger import Credit, Ledger, LedgerDebited, LedgerEvent, Open, credit, open_account
from leftfold import App, Context, NotCaughtUp, Query, ReadModel, StreamName
from leftfold.ids import new_id

context = Context("watchers", purpose="Say how far behind a read is")
context.decides(Ledger, id="account", exists=False)(open_account)
context.decides(Ledger, id="account", exists=True)(credit)


@dataclass(frozen=True)
class SeenBalance:
    """The balance of an account, as far as it was seen."""

    account: str
    balance: Decimal


@context.projection(key="account")
def seen_balances(row: SeenBalance | None, event: LedgerEvent) -> SeenBalance:
    """One row an account."""
    change = -event.amount if isinstance(event, LedgerDebited) else event.amount
    return SeenBalance(event.account, change + (row.balance if row else 0))


class SeenBalanceOf(Query[SeenBalance | None]):
    """What was seen of an account?"""

    account: str


@context.query
async def seen_balance_of(query: SeenBalanceOf, rows: ReadModel[SeenBalance]) -> SeenBalance | None:
    """Look up one row."""
    return await rows.get(query.account)


FIGURES: Mapping[str, object] = {"stale_first": True, "caught_up": True, "timeout_names_version": True}


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    account = f"ACC-001-{new_id()}"
    async with App(context, store=store) as app:
        opened = await app.send(Open(account=account, branch="BRANCH-1", owner="USER-001", amount=Decimal(1000)))
        await app.ask(SeenBalanceOf(account=account), after=opened)
    async with App(context, store=store, workers=False) as held:
        receipt = await held.send(Credit(account=account, amount=Decimal(500)))
        stale = await held.ask(SeenBalanceOf(account=account))
    async with App(context, store=store) as app:
        fresh = await app.ask(SeenBalanceOf(account=account), after=receipt)
        return {
            "stale_first": stale == SeenBalance(account, Decimal(1000)),
            "caught_up": fresh == SeenBalance(account, Decimal(1500)),
            "timeout_names_version": await _names_version(app, StreamName("branch_ledger", account)),
        }


async def _names_version(app: App, stream: StreamName) -> bool:
    try:
        await app.monitor.wait_for_version("seen_balances", stream, 3, timeout=0.1)
    except NotCaughtUp as error:
        return (error.wanted, error.reached) == (3, 2) and "3" in str(error)
    return False
