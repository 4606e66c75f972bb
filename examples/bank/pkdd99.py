"""The bank's file: transactions of the PKDD'99 challenge, `trans.asc`, one line each.

Semicolons, quotes, Latin-1; dates YYMMDD of the twentieth century; amounts and balances in Czech crowns, two decimals.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from msgspec import Struct

from examples.bank.account import Booking, MoneyCredited, MoneyWithdrawn

HEADER: Final = "trans_id;account_id;date;type;operation;amount;balance;k_symbol;bank;account"

_EVENTS: Final[Mapping[str, type[MoneyCredited | MoneyWithdrawn]]] = {
    "PRIJEM": MoneyCredited,
    "VYDAJ": MoneyWithdrawn,
    "VYBER": MoneyWithdrawn,
}
_COLUMNS: Final = HEADER.count(";") + 1
_NUMBER = re.compile(r"[0-9]{1,12}")
_DATE = re.compile(r"[0-9]{6}")
_AMOUNT = re.compile(r"[0-9]{1,12}\.[0-9]{2}")
_BALANCE = re.compile(r"-?[0-9]{1,12}\.[0-9]{2}")


class NotTransactions(ValueError):
    """The file's first line is not the header of such a file; nothing was read."""


class Row(Struct, frozen=True, kw_only=True):
    """A line that makes sense."""

    line: int
    trans_id: int
    account: str
    date: datetime
    event: MoneyCredited | MoneyWithdrawn


class BadRow(Struct, frozen=True, kw_only=True):
    """A line that is left out, counted from 1 with the header, and why."""

    line: int
    reason: str


def read(lines: Iterable[bytes]) -> Iterator[Row | BadRow]:
    """Every line below the header, one by one; a bad one takes no other with it.

    A transaction that stands in the file again, word for word, is the same one; in other words it is a bad row.

    Raises:
        NotTransactions: the first line is not the header.
    """
    rest = iter(lines)
    if next(rest, b"").replace(b'"', b"").rstrip() != HEADER.encode():
        raise NotTransactions(f"line 1 is not the header of PKDD'99 transactions, {HEADER}; nothing was recorded")
    seen: dict[int, int] = {}
    for number, line in enumerate(rest, start=2):
        try:
            fields = next(csv.reader([line.decode("latin-1").rstrip("\r\n")], delimiter=";", strict=True))
            row, content = _row(number, fields), hash(tuple(fields))
            if seen.setdefault(row.trans_id, content) != content:
                raise ValueError(f"trans_id {row.trans_id} stands above with other content")
        except csv.Error as flaw:
            yield BadRow(line=number, reason=f"its columns cannot be told apart: {flaw}")
        except ValueError as flaw:
            yield BadRow(line=number, reason=str(flaw))
        else:
            yield row


def _row(line: int, fields: list[str]) -> Row:
    if len(fields) != _COLUMNS:
        raise ValueError(f"{len(fields)} columns instead of {_COLUMNS}")
    trans_id, account, date, type, operation, amount, balance, purpose, bank, partner = fields
    if type not in _EVENTS:
        raise ValueError(f"type {type!r:.40} is none of {', '.join(_EVENTS)}")
    booking = Booking(
        trans_id=int(_text(trans_id, _NUMBER, "trans_id")),
        type=type,
        operation=operation,
        purpose=purpose,
        balance=Decimal(_text(balance, _BALANCE, "balance")),
        partner_bank=bank,
        partner_account=partner,
    )
    return Row(
        line=line,
        trans_id=booking.trans_id,
        account=str(int(_text(account, _NUMBER, "account_id"))),
        date=_date(date),
        event=_EVENTS[type](amount=Decimal(_text(amount, _AMOUNT, "amount")), booking=booking),
    )


def _date(text: str) -> datetime:
    digits = _text(text, _DATE, "date")
    try:
        return datetime(1900 + int(digits[:2]), int(digits[2:4]), int(digits[4:]), tzinfo=UTC)
    except ValueError as flaw:
        raise ValueError(f"date {digits}: {flaw}") from flaw


def _text(text: str, form: re.Pattern[str], name: str) -> str:
    if not form.fullmatch(text):
        raise ValueError(f"{name} {text!r:.40} cannot be read")
    return text
