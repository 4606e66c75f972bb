"""Read models made for their queries.

The same events, folded three times: a list, a detail with tags, and a text to search, each with its own table and
checkpoint. Search is the database's own, with ranking, beginnings of words, and tags as a filter. The tag
`high-balance` is there while the balance is above 10,000, and gone once it is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from examples.tour.ledger import (
    Credit,
    Debit,
    Ledger,
    LedgerDebited,
    LedgerEvent,
    LedgerOpened,
    Open,
    credit,
    debit,
    open_account,
)
from leftfold import App, Context, Query, ReadModel
from leftfold.ids import new_id
from leftfold.store import Compare, Where

HIGH = Decimal(10_000)

context = Context("desks", purpose="Find accounts")
context.decides(Ledger, id="account", exists=False)(open_account)
context.decides(Ledger, id="account", exists=True)(credit)
context.decides(Ledger, id="account", exists=True)(debit)


@dataclass(frozen=True)
class ListedAccount:
    """A line of the list."""

    account: str
    balance: Decimal


@dataclass(frozen=True)
class AccountDetail:
    """Everything about an account."""

    account: str
    owner: str
    balance: Decimal
    tags: tuple[str, ...]


@dataclass(frozen=True)
class FoundAccount:
    """What a search looks through."""

    account: str
    text: str
    balance: Decimal
    branch: str
    tags: tuple[str, ...]


def _change(event: LedgerEvent) -> Decimal:
    return -event.amount if isinstance(event, LedgerDebited) else event.amount


def _tags(tags: tuple[str, ...], balance: Decimal) -> tuple[str, ...]:
    others = tuple(tag for tag in tags if tag != "high-balance")
    return tuple(sorted((*others, "high-balance"))) if balance > HIGH else others


@context.projection(key="account")
def account_list(row: ListedAccount | None, event: LedgerEvent) -> ListedAccount:
    """One line an account."""
    return ListedAccount(event.account, (row.balance if row else Decimal(0)) + _change(event))


@context.projection(key="account")
def account_details(row: AccountDetail | None, event: LedgerEvent) -> AccountDetail | None:
    """Everything about an account."""
    if isinstance(event, LedgerOpened):
        row = AccountDetail(event.account, event.owner, Decimal(0), ("active", "new-account"))
    if row is None:
        return None
    balance = row.balance + _change(event)
    return replace(row, balance=balance, tags=_tags(row.tags, balance))


@context.projection(key="account", search=("text",), index=("branch",))
def account_search(row: FoundAccount | None, event: LedgerEvent) -> FoundAccount | None:
    """The words that an account is found by."""
    if isinstance(event, LedgerOpened):
        row = FoundAccount(event.account, "", Decimal(0), event.branch, ("active", "new-account"))
    if row is None:
        return None
    balance = row.balance + _change(event)
    tags = _tags(row.tags, balance)
    return replace(row, balance=balance, tags=tags, text=" ".join((row.account, *tags)))


class ListBalance(Query[Decimal | None]):
    """What does the list say?"""

    account: str


class Details(Query[AccountDetail | None]):
    """What is known about an account?"""

    account: str


class FindAccounts(Query[list[FoundAccount]]):
    """Which accounts of a branch fit these words, best first?"""

    branch: str
    text: str


@context.query
async def list_balance(query: ListBalance, rows: ReadModel[ListedAccount]) -> Decimal | None:
    """Look up one line."""
    row = await rows.get(query.account)
    return row.balance if row else None


@context.query
async def details(query: Details, rows: ReadModel[AccountDetail]) -> AccountDetail | None:
    """Look up one row."""
    return await rows.get(query.account)


@context.query
async def find_accounts(query: FindAccounts, rows: ReadModel[FoundAccount]) -> list[FoundAccount]:
    """Ask the database's search."""
    hits = await rows.search(query.text, Where("branch", Compare.EQUAL, query.branch))
    return [hit.row for hit in hits]


FIGURES: Mapping[str, object] = {
    "list_balance": "20000",
    "search_hits": 1,
    "tags": ["active", "high-balance", "new-account"],
    "tags_after_withdrawal": ["active", "new-account"],
}


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    branch, account, other = f"BRANCH-{new_id()}", f"ACC-001-{new_id()}", f"ACC-002-{new_id()}"
    async with App(context, store=store) as app:
        await app.send(Open(account=other, branch=branch, owner="USER-002", amount=Decimal(50)))
        await app.send(Open(account=account, branch=branch, owner="USER-001", amount=Decimal(5_000)))
        rich = await app.send(Credit(account=account, amount=Decimal(15_000)))
        balance = await app.ask(ListBalance(account=account), after=rich)
        hits = await app.ask(FindAccounts(branch=branch, text="high-bal*"), after=rich)
        before = await app.ask(Details(account=account), after=rich)
        poor = await app.send(Debit(account=account, amount=Decimal(10_000)))
        after = await app.ask(Details(account=account), after=poor)
        assert before is not None
        assert after is not None
        return {
            "list_balance": str(balance),
            "search_hits": len(hits),
            "tags": list(before.tags),
            "tags_after_withdrawal": list(after.tags),
        }
