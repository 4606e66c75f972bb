"""Projections.

A read model is a fold too: a pure function of a row and an event, one row for each key. It is filled by following the
log, rows and checkpoint in one commit, and it is a table that a person can query with SQL. What is shown can be thrown
away: `Rebuild` folds the history again beside it, tells what would differ, and shows the new rows in one step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from examples.tour.ledger import (
    Credit,
    Debit,
    Ledger,
    LedgerCredited,
    LedgerDebited,
    LedgerEvent,
    LedgerOpened,
    Open,
    credit,
    debit,
    open_account,
)
from leftfold import App, Context, Query, ReadModel, RecordedEvent
from leftfold.ids import new_id
from leftfold.projections import Rebuild
from leftfold.store import Compare, Where

context = Context("ledgers", purpose="Show what accounts come to")
context.decides(Ledger, id="account", exists=False)(open_account)
context.decides(Ledger, id="account", exists=True)(credit)
context.decides(Ledger, id="account", exists=True)(debit)


@dataclass(frozen=True)
class LedgerSummary:
    """What one account comes to."""

    account: str
    branch: str
    last_at: datetime
    deposits: Decimal = Decimal(0)
    withdrawals: Decimal = Decimal(0)
    balance: Decimal = Decimal(0)
    transactions: int = 0


@dataclass(frozen=True)
class LedgerVolume:
    """What all accounts of a branch come to."""

    branch: str
    deposits: Decimal = Decimal(0)
    withdrawals: Decimal = Decimal(0)


@context.projection(key="account", index=("branch",))
def ledger_summary(
    row: LedgerSummary | None, event: LedgerEvent, recorded: RecordedEvent[LedgerEvent]
) -> LedgerSummary:
    """One row an account."""
    row = replace(row or LedgerSummary(event.account, event.branch, recorded.recorded_at), last_at=recorded.recorded_at)
    came = Decimal(0) if isinstance(event, LedgerDebited) else event.amount
    went = event.amount if isinstance(event, LedgerDebited) else Decimal(0)
    return replace(
        row,
        deposits=row.deposits + came,
        withdrawals=row.withdrawals + went,
        balance=row.balance + came - went,
        transactions=row.transactions + 1,
    )


@context.projection(key="branch")
def ledger_volume(row: LedgerVolume | None, event: LedgerEvent) -> LedgerVolume:
    """One row a branch, from the events of many streams."""
    row = row or LedgerVolume(event.branch)
    match event:
        case LedgerOpened(amount=amount) | LedgerCredited(amount=amount):
            return replace(row, deposits=row.deposits + amount)
        case LedgerDebited(amount=amount):
            return replace(row, withdrawals=row.withdrawals + amount)


class Summary(Query[LedgerSummary | None]):
    """What does an account come to?"""

    account: str


class Active(Query[list[LedgerSummary]]):
    """Which accounts of a branch did something since then?"""

    branch: str
    since: datetime


class Volume(Query[LedgerVolume | None]):
    """What does a branch come to?"""

    branch: str


@context.query
async def summary(query: Summary, rows: ReadModel[LedgerSummary]) -> LedgerSummary | None:
    """Look up one row."""
    return await rows.get(query.account)


@context.query
async def active(query: Active, rows: ReadModel[LedgerSummary]) -> list[LedgerSummary]:
    """Ask the table."""
    return await rows.find(Where("last_at", Compare.AT_LEAST, query.since), branch=query.branch)


@context.query
async def volume(query: Volume, rows: ReadModel[LedgerVolume]) -> LedgerVolume | None:
    """Look up one row."""
    return await rows.get(query.branch)


FIGURES: Mapping[str, object] = {
    "summary": {"deposits": "1500", "withdrawals": "200", "balance": "1300", "transactions": 3},
    "volume": {"deposits": "3800", "withdrawals": "200"},
    "active": 2,
    "rebuilt_equal": True,
}


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    branch, first, second = (f"{name}-{new_id()}" for name in ("BRANCH", "ACC-001", "ACC-002"))
    async with App(context, store=store) as app:
        await app.send(Open(account=first, branch=branch, owner="USER-001", amount=Decimal(1000)))
        await app.send(Credit(account=first, amount=Decimal(500)))
        await app.send(Debit(account=first, amount=Decimal(200)))
        await app.send(Open(account=second, branch=branch, owner="USER-002", amount=Decimal(2000)))
        last = await app.send(Credit(account=second, amount=Decimal(300)))
        found = await app.ask(Summary(account=first), after=last)
        total = await app.ask(Volume(branch=branch), after=last)
        assert found is not None
        assert total is not None
        moment = found.last_at - timedelta(seconds=60)
        rebuild = Rebuild[LedgerSummary](app.running().followers["ledger_summary"], f"tour-{new_id()}")
        await rebuild.build(lambda _done, _head: None)
        differences = [one async for one in rebuild.differences()]
        await rebuild.show(lambda _done, _head: None)
        return {
            "summary": {
                "deposits": str(found.deposits),
                "withdrawals": str(found.withdrawals),
                "balance": str(found.balance),
                "transactions": found.transactions,
            },
            "volume": {"deposits": str(total.deposits), "withdrawals": str(total.withdrawals)},
            "active": len(await app.ask(Active(branch=branch, since=moment))),
            "rebuilt_equal": not differences and await app.ask(Summary(account=first)) == found,
        }
