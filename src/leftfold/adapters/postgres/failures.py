"""PostgreSQL's errors, told once in the words of the error tree."""

from __future__ import annotations

from typing import Final

from leftfold.adapters.postgres.migrations import NEWEST
from leftfold.errors import (
    AccessDenied,
    AppendRefused,
    LeftfoldError,
    SchemaMismatch,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreUnavailable,
)
from leftfold.store.urls import migrating

__all__ = [
    "ALREADY_THERE",
    "BREAKS_LOG",
    "FAILED_BEFORE",
    "FORBIDDEN",
    "ID_TAKEN",
    "LOCKED",
    "NO_COLUMN",
    "NO_TABLE",
    "NO_TRANSACTION",
    "WRONG_ENCODING",
    "WRONG_ISOLATION",
    "behind",
    "denied",
    "is_lost",
    "is_refusal",
    "is_retriable",
    "sqlstate_of",
    "translated",
]

ID_TAKEN = "23505"
NO_TRANSACTION = "25P01"
FAILED_BEFORE = "25P02"
FORBIDDEN = "42501"
LOCKED = "55P03"
NO_COLUMN = "42703"
NO_TABLE = "42P01"
ALREADY_THERE = ("42P07", "42710", "42723")
_TOO_LONG = "54000"
WRONG_ISOLATION = "LF001"
BREAKS_LOG = "LF003"
WRONG_ENCODING = "LF004"

_ADVICE: Final = {
    "25006": "connect to the primary, or end default_transaction_read_only",
    "53300": "run fewer processes, give them a smaller ?pool=, or raise max_connections or the limit of the role",
    "57014": "see what held it up, or raise statement_timeout for this role",
}
_LOST = ("57P01", "57P02", "57P03", "25P03", "57P05")
_BATCH_WIDE = ("08", "25", "28", "40", "42", "3D", "3F", "53", "55", "57", "58", "XX")
_MISSING = ("3F000", NO_TABLE, NO_COLUMN, "42883")


def sqlstate_of(error: BaseException | None) -> str | None:
    """The five-character code of an error of asyncpg, psycopg, psycopg2 or SQLAlchemy, None when there is none."""
    while error is not None:
        for name in ("sqlstate", "pgcode"):
            code: object = getattr(error, name, None)
            if isinstance(code, str):
                return code
        error = getattr(error, "orig", None)
    return None


def behind(error: Exception) -> Exception:
    """What the database said, where the driver only complains that a connection is closed by then."""
    said = error.__context__
    return said if isinstance(said, Exception) and sqlstate_of(error) is None and sqlstate_of(said) else error


def is_lost(error: Exception) -> bool:
    """Whether the connection broke: the outcome of what was sent is unknown.

    Whatever has no SQLSTATE counts, the driver's internal errors included: they follow killed backends.
    """
    if isinstance(error, LeftfoldError):
        return False
    code = sqlstate_of(error)
    return code is None or code.startswith("08") or code in _LOST


def is_retriable(error: Exception) -> bool:
    """Whether the database rolled the transaction back for another's sake: a deadlock, a serialization failure."""
    return (sqlstate_of(error) or "").startswith("40")


def is_refusal(error: Exception) -> bool:
    """Whether the fault lies in what was sent, so that the rest of a batch may succeed without it."""
    return (sqlstate_of(error) or "XX")[:2] not in _BATCH_WIDE


def denied(error: Exception, where: str) -> AccessDenied:
    """What to say of a role that may not do what was asked of it.

    Args:
        where: the store, or what of it.
    """
    advice = "give the role its rights by `leftfold migrate --role NAME`; let the owner do what only the owner may"
    return AccessDenied(f"{where}: {error}", advice, FORBIDDEN)


def translated(error: Exception, where: str, url: str | None = None) -> StoreError:
    """The error of our tree that says what *error* means and what to do.

    Args:
        where: the store, without its password.
        url: what to write for the store in a command; *where* when left out.
    """
    error = behind(error)
    code = sqlstate_of(error) or ""
    told = f"PostgreSQL store {where}: {str(error) or type(error).__name__}" + (f" ({code})" if code else "")
    if code == "53100":
        return StoreFull(f"{told}. Nothing was stored; free some space and try again")
    if code == LOCKED:
        return StoreBusy(f"{told}. Another transaction held the log past the deadline; nothing was stored. End it")
    if code in _MISSING:
        return SchemaMismatch(0, NEWEST, f"{error}; run `{migrating(url or where)}`")
    if code == FORBIDDEN:
        return denied(error, f"PostgreSQL store {where}")
    if code == WRONG_ISOLATION:
        return AppendRefused(f"{error}; begin it as READ COMMITTED", code)
    if code == NO_TRANSACTION:
        return AppendRefused("append_within needs an open transaction; begin one, append last, commit", code)
    if code in ALREADY_THERE:
        return SchemaMismatch(0, NEWEST, f"the schema holds objects of another application: {error}. Choose ?schema=")
    if code == WRONG_ENCODING:
        return SchemaMismatch(0, NEWEST, f"{error}")
    if code and is_refusal(error):
        return AppendRefused(_too_long(error) if code == _TOO_LONG else str(error), code)
    return StoreUnavailable(f"{told}. Nothing was stored; {_ADVICE.get(code, 'mend the cause')}, and try again")


def _too_long(error: Exception) -> str:
    said = str(error).partition("\n")[0]  # the database goes on with advice for whoever makes indexes by hand
    return f"{said}. Where it is about an index, name no column of long texts in index="
