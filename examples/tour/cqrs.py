"""Commands and queries.

A command is an intention and may be refused; a query is a question and changes nothing. Both find their handler by
their class. A command sent twice with one id is carried out once and answered twice. What nobody handles is an error
that names what is near.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from examples.tour.ledger import (
    Credit,
    Ledger,
    LedgerCredited,
    LedgerDebited,
    LedgerEvent,
    LedgerOpened,
    Open,
    credit,
    open_account,
)
from leftfold import App, Command, Context, Query, ReadModel, UnknownCommand
from leftfold.ids import new_id

context = Context("tellers", purpose="Take orders, answer questions")
context.decides(Ledger, id="account", exists=False)(open_account)
context.decides(Ledger, id="account", exists=True)(credit)


class Credits(Command):
    """A command that nobody handles."""


@dataclass(frozen=True)
class OwnedAccount:
    """An account, as its owner sees it."""

    account: str
    owner: str
    balance: Decimal


@context.projection(key="account", index=("owner",))
def owned_accounts(row: OwnedAccount | None, event: LedgerEvent) -> OwnedAccount | None:
    """One row an account."""
    match row, event:
        case None, LedgerOpened(account=account, owner=owner, amount=amount):
            return OwnedAccount(account, owner, amount)
        case OwnedAccount(), LedgerCredited(amount=amount):
            return replace(row, balance=row.balance + amount)
        case OwnedAccount(), LedgerDebited(amount=amount):
            return replace(row, balance=row.balance - amount)
        case _:
            return row


class BalanceOf(Query[Decimal | None]):
    """What is on an account?"""

    account: str


class AccountsOf(Query[list[OwnedAccount]]):
    """Which accounts does somebody own?"""

    owner: str


@context.query
async def balance_of(query: BalanceOf, rows: ReadModel[OwnedAccount]) -> Decimal | None:
    """Look up one row."""
    row = await rows.get(query.account)
    return None if row is None else row.balance


@context.query
async def accounts_of(query: AccountsOf, rows: ReadModel[OwnedAccount]) -> list[OwnedAccount]:
    """Ask the table."""
    return await rows.find(owner=query.owner, order_by="account")


FIGURES: Mapping[str, object] = {"balance": "1500", "owner_accounts": 1, "unknown_command": "UnknownCommand"}


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    account, owner, id = f"ACC-001-{new_id()}", f"USER-001-{new_id()}", str(new_id())
    async with App(context, store=store) as app:
        await app.send(Open(account=account, branch="BRANCH-1", owner=owner, amount=Decimal(1000)))
        receipt = await app.send(Credit(account=account, amount=Decimal(500)), id=id)
        receipt = await app.send(Credit(account=account, amount=Decimal(500)), id=id)
        unknown = "handled"
        try:
            await app.send(Credits())
        except UnknownCommand as error:
            unknown = type(error).__name__
        return {
            "balance": str(await app.ask(BalanceOf(account=account), after=receipt)),
            "owner_accounts": len(await app.ask(AccountsOf(owner=owner), after=receipt)),
            "unknown_command": unknown,
        }
