"""What people look at: summaries, statements, busy days and a search, each filled by following the accounts' events."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from examples.bank.account import Account, AccountEvent, AccountOpened, MoneyCredited, MoneyWithdrawn
from leftfold import Context, Query, ReadModel, RecordedEvent
from leftfold.projections import Hit

NOTHING = Decimal("0.00")

bank = Context("bank", team="Accounts", purpose="Keep balances and their history")
bank.includes(Account)


def account_of(_event: AccountEvent, recorded: RecordedEvent[AccountEvent]) -> str:
    """The account whose stream the event is in."""
    return recorded.stream.partition("-")[2]


class AccountSummary(Struct, frozen=True, kw_only=True):
    """What one account comes to; *last_activity* is when its last transaction happened."""

    account: str
    deposits: Decimal = NOTHING
    withdrawals: Decimal = NOTHING
    balance: Decimal = NOTHING
    transactions: int = 0
    last_activity: datetime | None = None


class MonthlyStatement(Struct, frozen=True, kw_only=True):
    """What happened on one account in one month, like 1993-05."""

    account: str
    month: str
    deposits: Decimal = NOTHING
    withdrawals: Decimal = NOTHING
    transactions: int = 0


class BusyDay(Struct, frozen=True, kw_only=True):
    """How many transactions there were on one day."""

    day: str
    transactions: int = 0
    turnover: Decimal = NOTHING


class BookedText(Struct, frozen=True, kw_only=True):
    """The words of one transaction."""

    account: str
    text: str
    amount: Decimal
    day: str


def _moved(event: AccountEvent) -> tuple[Decimal, Decimal]:
    match event:
        case MoneyCredited(amount=amount):
            return amount, NOTHING
        case MoneyWithdrawn(amount=amount):
            return NOTHING, amount
        case AccountOpened():
            return NOTHING, NOTHING


@bank.projection(key=account_of, index=("balance",))
def account_summary(
    row: AccountSummary | None, event: AccountEvent, recorded: RecordedEvent[AccountEvent]
) -> AccountSummary:
    """One row an account."""
    row = row or AccountSummary(account=account_of(event, recorded))
    if isinstance(event, AccountOpened):
        return row
    came, went = _moved(event)
    at = recorded.occurred_at
    return AccountSummary(
        account=row.account,
        deposits=row.deposits + came,
        withdrawals=row.withdrawals + went,
        balance=row.balance + came - went,
        transactions=row.transactions + 1,
        last_activity=at if row.last_activity is None else max(row.last_activity, at),
    )


def _month(event: MoneyCredited | MoneyWithdrawn, recorded: RecordedEvent[AccountEvent]) -> str:
    return f"{account_of(event, recorded)}/{recorded.occurred_at:%Y-%m}"


@bank.projection(key=_month, index=("account", "month"))
def monthly_statement(
    row: MonthlyStatement | None,
    event: MoneyCredited | MoneyWithdrawn,
    recorded: RecordedEvent[MoneyCredited | MoneyWithdrawn],
) -> MonthlyStatement:
    """One row a month of an account."""
    came, went = _moved(event)
    if row is None:
        account, month = recorded.stream.partition("-")[2], f"{recorded.occurred_at:%Y-%m}"
        row = MonthlyStatement(account=account, month=month)
    return MonthlyStatement(
        account=row.account,
        month=row.month,
        deposits=row.deposits + came,
        withdrawals=row.withdrawals + went,
        transactions=row.transactions + 1,
    )


def _day(_event: MoneyCredited | MoneyWithdrawn, recorded: RecordedEvent[AccountEvent]) -> str:
    return f"{recorded.occurred_at:%Y-%m-%d}"


@bank.projection(key=_day, index=("transactions",))
def busy_day(
    row: BusyDay | None,
    event: MoneyCredited | MoneyWithdrawn,
    recorded: RecordedEvent[MoneyCredited | MoneyWithdrawn],
) -> BusyDay:
    """One row a day."""
    row = row or BusyDay(day=f"{recorded.occurred_at:%Y-%m-%d}")
    return BusyDay(day=row.day, transactions=row.transactions + 1, turnover=row.turnover + event.amount)


def _transaction(_event: MoneyCredited | MoneyWithdrawn, recorded: RecordedEvent[AccountEvent]) -> UUID:
    return recorded.id


@bank.projection(key=_transaction, search=("text",), index=("account",))
def booked_text(
    _row: BookedText | None,
    event: MoneyCredited | MoneyWithdrawn,
    recorded: RecordedEvent[MoneyCredited | MoneyWithdrawn],
) -> BookedText:
    """One row a transaction, with the words that it is found by."""
    booking = event.booking
    words = (booking.operation, booking.purpose, booking.partner_bank, booking.partner_account) if booking else ()
    account = recorded.stream.partition("-")[2]
    return BookedText(
        account=account, text=" ".join((account, *words)), amount=event.amount, day=f"{recorded.occurred_at:%Y-%m-%d}"
    )


class GetSummary(Query[AccountSummary | None]):
    """What does an account come to?"""

    account: str


class GetStatements(Query[list[MonthlyStatement]]):
    """What happened on an account, month by month?"""

    account: str


class GetBusiestDays(Query[list[BusyDay]]):
    """On which days was the most done?"""

    days: int = 10


class FindTransactions(Query[list[BookedText]]):
    """Which transactions hold these words, best first?"""

    text: str
    limit: int = 20


@bank.query
async def get_summary(query: GetSummary, rows: ReadModel[AccountSummary]) -> AccountSummary | None:
    """Look up one row."""
    return await rows.get(query.account)


@bank.query
async def get_statements(query: GetStatements, rows: ReadModel[MonthlyStatement]) -> list[MonthlyStatement]:
    """Ask the table."""
    return await rows.find(account=query.account, order_by="month")


@bank.query
async def get_busiest_days(query: GetBusiestDays, rows: ReadModel[BusyDay]) -> list[BusyDay]:
    """Ask the table."""
    return await rows.find(order_by=("-transactions", "day"), limit=query.days)


@bank.query
async def find_transactions(query: FindTransactions, rows: ReadModel[BookedText]) -> list[BookedText]:
    """Ask the database's search."""
    hits: list[Hit[BookedText]] = await rows.search(query.text, limit=query.limit)
    return [hit.row for hit in hits]
