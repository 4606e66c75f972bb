"""`python -m examples.bank VERB ... [--store URL]`: record a bank's history, decide on top of it, add it up."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, TypeAlias

import cyclopts
from cyclopts.types import ExistingFile
from msgspec import structs
from rich import progress
from rich.console import Console
from rich.table import Table

from examples.bank.account import Account, transfer
from examples.bank.importing import Import
from examples.bank.pkdd99 import BadRow, NotTransactions
from examples.bank.reading import FindTransactions, bank
from examples.bank.reporting import balance_on, totals
from leftfold import App, DomainError, LeftfoldError

StoreUrl: TypeAlias = Annotated[str, cyclopts.Parameter(name="--store", env_var="LEFTFOLD_STORE")]


def _amount(_: object, tokens: Sequence[cyclopts.Token]) -> Decimal:
    try:
        return Decimal(tokens[0].value)
    except InvalidOperation as error:
        raise ValueError(f"{tokens[0].value!r} is no amount; write one like 1234.50") from error


Amount: TypeAlias = Annotated[Decimal, cyclopts.Parameter(converter=_amount)]


def _day(_: object, tokens: Sequence[cyclopts.Token]) -> date:
    try:
        return date.fromisoformat(tokens[0].value)
    except ValueError as error:
        raise ValueError(f"{tokens[0].value!r} is no day; write one like 1993-05-31") from error


Day: TypeAlias = Annotated[date, cyclopts.Parameter(converter=_day)]

cli = cyclopts.App(name="python -m examples.bank", version_flags=(), help="A bank: recorded history, decisions, sums.")
out, err = Console(highlight=False), Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


@cli.command(name="import")
async def import_(file: ExistingFile, /, *, store: StoreUrl) -> None:
    """Record the transactions of a PKDD'99 `trans.asc` as the history of their accounts.

    Bad rows are named on stderr with their line and left out; the exit code is 0 all the same. It may be run again,
    after a crash too, and twice at once: every row is stored once.

    Args:
        file: The transactions.
        store: Where to record them.
    """

    def tell(row: BadRow) -> None:
        err.print(f"line {row.line} left out: {row.reason}")

    async with App(Account, store=store) as app:
        history = Import(app.events, tell)
        with progress.open(file, "rb", description="import", console=err, disable=not err.is_terminal) as lines:
            await history.run(lines)
    print(f"{history.recorded} rows recorded, {history.repeated} stored before, {history.left_out} left out")


@cli.command
async def report(
    *, store: StoreUrl, as_json: Annotated[bool, cyclopts.Parameter(name="--json", negative="")] = False
) -> None:
    """Fold every account as of now and as of the end of each of its days, and add them up.

    Args:
        store: Where the accounts are.
        as_json: One JSON object, for programs.
    """
    async with App(Account, store=store) as app:
        sums = await totals(app)
    counts = {"accounts": sums.accounts, "transactions": sums.transactions} | structs.asdict(sums.days)
    amounts = {"credits": sums.credits, "withdrawals": sums.withdrawals, "net": sums.net}
    if as_json:
        print(json.dumps(counts | {name: f"{amount:.2f}" for name, amount in amounts.items()}))
        return
    table = Table(box=None, show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    for name, count in counts.items():
        table.add_row(name, f"{count:,}")
    for name, amount in amounts.items():
        table.add_row(name, f"{amount:,.2f} CZK")
    out.print(table)


@cli.command
async def follow(*, store: StoreUrl) -> None:
    """Fill the read models from the events that are there, and tell what they hold.

    Afterwards `account_summary`, `monthly_statement`, `busy_day` and `booked_text` are tables for SQL, on PostgreSQL in
    the schema `leftfold_read`. Running it again goes on from where it was.

    Args:
        store: Where the accounts are.
    """
    async with App(bank, store=store) as app:
        head = await app.store.head()
        for projection in bank.projections:
            await app.monitor.wait(projection.name, position=head, timeout=600.0)
            print(f"{projection.name} holds everything up to position {head}")


@cli.command
async def find(text: str, /, *, store: StoreUrl) -> None:
    """Find transactions by their words; `word*` matches what it begins.

    Args:
        text: Words that all have to be there.
        store: Where the accounts are, and what `follow` has filled.
    """
    async with App(bank, store=store, workers=False) as app:
        for row in await app.ask(FindTransactions(text=text)):
            print(f"{row.day}  {row.account:>6}  {row.amount:>12.2f}  {row.text}")


@cli.command
async def balance(account: str, /, *, on: Day | None = None, store: StoreUrl) -> None:
    """Tell the balance of an account.

    Args:
        account: Which one.
        on: A day, like 1993-05-31: what it held at the end of it, as far as it is known now. Left out, what it holds.
        store: Where the accounts are.
    """
    async with App(Account, store=store) as app:
        if on is None:
            await _tell(app, account)
        else:
            print(f"{account}: {await balance_on(app, account, on):.2f} CZK at the end of {on}")


@cli.command(name="open")
async def open_(account: str, owner: str, /, *, store: StoreUrl) -> None:
    """Open an account."""
    async with App(Account, store=store) as app:
        await app.repository(Account).edit(account, Account.open, owner)
        await _tell(app, account)


@cli.command
async def deposit(account: str, amount: Amount, /, *, store: StoreUrl) -> None:
    """Pay money into an account."""
    async with App(Account, store=store) as app:
        await app.repository(Account).edit(account, Account.deposit, amount)
        await _tell(app, account)


@cli.command
async def withdraw(account: str, amount: Amount, /, *, store: StoreUrl) -> None:
    """Take money out of an account, unless that is more than there is."""
    async with App(Account, store=store) as app:
        await app.repository(Account).edit(account, Account.withdraw, amount)
        await _tell(app, account)


@cli.command(name="transfer")
async def transfer_(source: str, target: str, amount: Amount, /, *, store: StoreUrl) -> None:
    """Move money from one account to another, in one commit."""
    async with App(Account, store=store) as app:
        await app.transact(lambda unit: transfer(unit, source, target, amount))
        await _tell(app, source, target)


async def _tell(app: App, *accounts: str) -> None:
    for id in accounts:
        account = await app.repository(Account).get(id)
        print(f"{id}: {account.balance:.2f} CZK after {account.transactions} transactions")


if __name__ == "__main__":
    try:
        cli()
    except (DomainError, LeftfoldError, NotTransactions) as no:
        sys.exit(str(no))
