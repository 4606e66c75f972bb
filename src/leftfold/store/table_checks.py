"""What every store asks of tables, rows and questions about them before it touches a machine, alike for all."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, cast
from uuid import UUID

from msgspec.structs import replace

from leftfold.errors import InvalidInput, InvalidQuery
from leftfold.messages.given import is_whole, moment_flaw
from leftfold.messages.message import MAX_VERSION, name_flaw
from leftfold.store.names import flaw_of
from leftfold.store.row_columns import LARGEST_INTEGER, check_row, decimal_fits, time_fits
from leftfold.store.tables import Column, ColumnType, Compare, Selection, Table, Value, Where
from leftfold.store.transaction import Advance, Delete, Inline, Insert, Point, Put, Transaction, Write
from leftfold.store.work import Begin, End, Revise
from leftfold.store.work_checks import check_work_write

__all__ = [
    "KEY",
    "MAX_CHOICES",
    "MAX_REST",
    "MAX_WORDS",
    "check_generation",
    "check_keys",
    "check_row_writes",
    "check_search",
    "check_selection",
    "check_table",
    "check_transaction",
    "column_of",
    "in_column",
    "words_in",
    "words_of",
]

MAX_CHOICES: Final = 10_000
"""Values that all conditions of a question compare with."""

MAX_WORDS: Final = 32
"""Words of one search."""

MAX_REST: Final = 500
"""Events that a `Rest` takes in."""

_MAX_NAME: Final = 40
_LARGEST_GENERATION: Final = 2**31 - 1
_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_PHYSICAL = re.compile(r".*__[0-9]+_[0-9]+.*")
_WORD = re.compile(r"([^\W_]+)(\*?)")
_OWN: Final = frozenset(
    {"checkpoints", "events", "log", "meta", "names", "snapshots", "tables", "tags", "tokens", "work"}
)
"""Tables and views of a store itself."""

_ROW_COLUMNS: Final = frozenset({"key", "row", "shard"})
_SYSTEM_COLUMNS: Final = frozenset({"rowid", "_rowid_", "oid", "tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"})
"""What SQLite and PostgreSQL call something else already."""

KEY: Final = Column("key", ColumnType.TEXT)


@lru_cache(maxsize=1024)
def check_table(table: Table) -> None:
    """Raise `InvalidInput` unless every store can make *table*: names, no column twice, indexes and search of columns.

    A column may not be called what a table has already: `key`, `row`, `shard` and the databases' own columns.
    """
    where = f"table {table.name!r:.80}"
    _check_name(where, table.name)
    if table.name in _OWN or _PHYSICAL.fullmatch(table.name) or not table.name[0].isalpha():
        raise InvalidInput(f"{where}: the name is the store's own, or begins with no letter; choose another")
    if not 1 <= table.version <= MAX_VERSION:
        raise InvalidInput(f"{where}: version {table.version} is not in 1..{MAX_VERSION}")
    types = {column.name: column.type for column in table.columns}
    if len(types) != len(table.columns):
        raise InvalidInput(f"{where} names a column twice")
    for name in types:
        _check_name(f"column of {where}", name)
        if name in _ROW_COLUMNS or name in _SYSTEM_COLUMNS:
            raise InvalidInput(f"{where}: every table has something called {name!r} already; choose another name")
    _check_indexes(where, table, types)


def check_keys(keys: Iterable[str]) -> None:
    """Raise `InvalidInput` unless each of *keys* is text of 1..512 UTF-8 bytes without NUL and lone surrogates."""
    if isinstance(keys, str):
        raise InvalidInput(f"keys are a sequence of texts, not one text; write [{keys!r:.80}]")
    for key in keys:
        if flaw := name_flaw(key):
            raise InvalidInput(f"key {key!r:.80} {flaw}")


def check_generation(table: Table, generation: int | None) -> None:
    """Raise `InvalidInput` unless *generation* is None or can be one of *table*."""
    if generation is not None and not 1 <= generation <= _LARGEST_GENERATION:
        raise InvalidInput(f"table {table.name!r}: generation {generation} is not in 1..{_LARGEST_GENERATION}")


def check_transaction(transaction: Transaction) -> None:
    """Raise a typed error unless what *transaction* writes can be stored; its events are for `check_append`.

    What an `Inline` returns is for `check_row_writes`.
    """
    if not transaction.parts and (transaction.inline or transaction.condition is not None):
        raise InvalidInput("a transaction without events has nothing for `inline` or `condition`; give it events")
    if not transaction.parts and not transaction.writes:
        raise InvalidInput("a transaction needs events or writes")
    for write in transaction.writes:
        _check_write(write)
    for inline in transaction.inline:
        _check_reads(inline)


def check_row_writes(writes: object) -> None:
    """Raise a typed error unless *writes*, which an `Inline` returned, are `Put` and `Delete` that can be stored."""
    if not isinstance(writes, Sequence):
        raise InvalidInput(f"an Inline returned a {type(writes).__name__}; it returns a list of Put and Delete")
    for write in cast("Sequence[object]", writes):
        if not isinstance(write, Put | Delete):
            raise InvalidInput(f"an Inline returned a {type(write).__name__}; it returns Put and Delete only")
        _check_write(write)


def check_selection(table: Table, selection: Selection) -> None:
    """Raise `InvalidQuery` unless *table* can answer *selection*.

    `key` is a column of text. Texts are ordered by code points, times by the instant, false before true; a null is
    before every value, so that it comes last in descending order. A column of JSON is only compared by `CONTAINS`,
    and has no order. A value has exactly the type of its column, but whole numbers fit REAL and DECIMAL too. None is
    compared by `EQUAL` and `NOT_EQUAL`, with any column but `key`, and several values by `ONE_OF`.
    """
    values = sum(_check_where(table, where) for where in selection.where)
    if values > MAX_CHOICES:
        raise InvalidQuery(f"table {table.name!r} is asked about {values} values; MAX_CHOICES allows {MAX_CHOICES}")
    for name in selection.order_by:
        if column_of(table, name.removeprefix("-")).type is ColumnType.JSON:
            raise InvalidQuery(f"table {table.name!r}: {name!r} is JSON, which has no order")
    if not (_is_bound(selection.limit, 1) and _is_bound(selection.offset, 0)):
        raise InvalidQuery(
            f"limit={selection.limit!r:.80}, offset={selection.offset!r:.80}: a limit is a whole number from 1, an "
            "offset one from 0"
        )


def check_search(table: Table, selection: Selection) -> None:
    """Raise `InvalidQuery` unless *table* can be searched, and answer *selection*."""
    if not table.search:
        raise InvalidQuery(f"table {table.name!r} has no columns to search; name some in Table(search=...)")
    check_selection(table, selection)


def column_of(table: Table, name: str) -> Column:
    """The column of *table* that is called *name*, the key included; `InvalidQuery` when there is none."""
    if name == KEY.name:
        return KEY
    for column in table.columns:
        if column.name == name:
            return column
    known = ", ".join(sorted({KEY.name, *(column.name for column in table.columns)}))
    raise InvalidQuery(f"table {table.name!r} has no column {name!r:.80}; it has {known}")


def in_column(table: Table, where: Where) -> Where:
    """*where* as its column has values: in a column of real numbers whole ones are real, too."""
    value = where.value
    if value is None or column_of(table, where.column).type is not ColumnType.REAL:
        return where
    return replace(where, value=tuple(map(_real, value)) if isinstance(value, tuple) else _real(value))


def _real(value: Value) -> Value:
    return float(value) if isinstance(value, int) else value


def words_in(text: str) -> list[str]:
    """The words of *text*, casefolded: its runs of letters and digits of any script."""
    return [word.casefold() for word, _ in _WORD.findall(text)]


def words_of(text: str) -> list[tuple[str, bool]]:
    """The words to look for in *text*, casefolded, and whether each is only a beginning.

    A word is a run of letters and digits of any script; a `*` right after it makes it a beginning.

    Raises:
        InvalidQuery: more than `MAX_WORDS` words.
    """
    words = [(word.casefold(), bool(star)) for word, star in _WORD.findall(text)]
    if len(words) > MAX_WORDS:
        raise InvalidQuery(f"a search of {len(words)} words; MAX_WORDS allows {MAX_WORDS}")
    return words


def _check_name(what: str, name: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
        raise InvalidInput(f"{what}: {name!r:.80} is not [a-z_][a-z0-9_]* of at most {_MAX_NAME} characters")


def _check_indexes(where: str, table: Table, types: Mapping[str, ColumnType]) -> None:
    for index in table.indexes:
        if not index or len(set(index)) != len(index) or not set(index) <= types.keys():
            raise InvalidInput(f"{where}: the index {index} is not of columns of the table, each once")
        if any(types[name] is ColumnType.JSON for name in index):
            raise InvalidInput(f"{where}: the index {index} has a column of JSON, which has no order")
    for name in table.search:
        if types.get(name) is not ColumnType.TEXT or table.search.count(name) != 1:
            raise InvalidInput(f"{where}: search looks through columns of text, each once; {name!r} is none")


def _check_write(write: Write) -> None:
    match write:
        case Begin() | Revise() | End():
            check_work_write(write)
        case Put(table=table, rows=rows):
            _check_rows(table, write.generation, rows)
            if not 0 <= write.shard <= MAX_VERSION:
                raise InvalidInput(f"table {table.name!r}: shard {write.shard} is not in 0..{MAX_VERSION}")
            for key, row in rows.items():
                check_row(table, key, row)
        case Insert(table=table, key=key, row=row):
            _check_rows(table, None, [key])
            check_row(table, key, row)
        case Delete(table=table, keys=keys):
            _check_rows(table, write.generation, keys)
        case Advance():
            _check_advance(write)
        case Point(table=table):
            _check_rows(table, write.generation, ())
            _check_view(write)


def _check_rows(table: Table, generation: int | None, keys: Iterable[str]) -> None:
    check_table(table)
    check_generation(table, generation)
    check_keys(keys)


def _check_reads(inline: Inline) -> None:
    for table, keys in inline.reads:
        _check_rows(table, None, keys)


def _check_advance(write: Advance) -> None:
    if flaw := flaw_of(write.name):
        raise InvalidInput(f"checkpoint {write.name!r:.80} {flaw}")
    if not 0 <= write.position <= LARGEST_INTEGER:
        raise InvalidInput(f"checkpoint {write.name!r:.80}: position {write.position} is not in 0..{LARGEST_INTEGER}")
    if (write.position == 0) != (write.event_id is None):
        raise InvalidInput(f"checkpoint {write.name!r:.80}: a position above 0 has the id of its event, 0 has none")


def _check_where(table: Table, where: Where) -> int:
    """Raise `InvalidQuery` unless *table* can answer it; returns how many values there are."""
    column = column_of(table, where.column)
    _check_compare(table, where, column.type)
    values = _values(where)
    for value in values:
        if not _fits(value, column.type):
            flaw = moment_flaw(value) if column.type is ColumnType.TIME else None
            why = f": {flaw}" if flaw else ""
            raise InvalidQuery(f"{value!r:.80} does not fit {where.column!r}, which is {column.type.value}{why}")
    return len(values)


def _check_compare(table: Table, where: Where, type: ColumnType) -> None:
    what = f"table {table.name!r}: {where.column!r}"
    if not isinstance(cast("object", where.compare), Compare):
        known = ", ".join(f"Compare.{one.name}" for one in Compare)
        raise InvalidQuery(f"{what} is compared by {where.compare!r:.80}, which is no comparison; give one of {known}")
    if where.value is None:
        _check_null(table, where)
    elif type is ColumnType.JSON and where.compare is not Compare.CONTAINS:
        raise InvalidQuery(
            f"{what} is json: no {where.compare.name}. A list of texts is compared by CONTAINS, and anything by None; "
            "for all else give the row a field of a simple type, as a Decimal for an amount or a float for seconds"
        )
    elif type is not ColumnType.JSON and where.compare is Compare.CONTAINS:
        raise InvalidQuery(f"{what} is {type.value}: no CONTAINS, which is for lists of texts; compare it by EQUAL")


def _values(where: Where) -> Sequence[object]:
    if where.value is None:
        return ()
    if where.compare is not Compare.ONE_OF:
        return (where.value,)
    if not isinstance(where.value, tuple):
        raise InvalidQuery(f"{where.column!r} ONE_OF {where.value!r:.80}: give a tuple of values")
    return where.value


def _check_null(table: Table, where: Where) -> None:
    if where.column == KEY.name:
        raise InvalidQuery(f"table {table.name!r}: a key is never null; compare it with a text")
    if where.compare not in (Compare.EQUAL, Compare.NOT_EQUAL):
        raise InvalidQuery(
            f"table {table.name!r}: {where.column!r} {where.compare.name} None; a null has no order and holds nothing. "
            "Ask for nulls by EQUAL, for all else by NOT_EQUAL"
        )


def _check_view(write: Point) -> None:
    if write.at_head is not None and write.at_head < 0:
        raise InvalidInput(f"at_head={write.at_head}: a log's last position is 0 or more")
    if write.rest is not None and write.at_head is None:
        raise InvalidInput("rest= has no at_head=, the position behind which it begins; give that too")
    if write.rest is not None and not 1 <= write.rest.limit <= MAX_REST:
        raise InvalidInput(f"rest= has limit={write.rest.limit}, which is not in 1..{MAX_REST}")
    if write.view is None:
        return
    where = f"view of table {write.table.name!r}"
    _check_name(where, write.view)
    if write.view in _OWN or _PHYSICAL.fullmatch(write.view) or write.view.startswith("sqlite_"):
        raise InvalidInput(f"{where}: {write.view!r} is a name of the store itself; choose another")


def _is_bound(given: object, least: int) -> bool:
    return is_whole(given) and least <= given <= LARGEST_INTEGER


def _fits(value: object, type: ColumnType) -> bool:
    match type:
        case ColumnType.TEXT | ColumnType.JSON:
            return isinstance(value, str) and _storable(value)
        case ColumnType.BOOLEAN:
            return isinstance(value, bool)
        case ColumnType.TIME:
            return isinstance(value, datetime) and value.utcoffset() is not None and time_fits(value)
        case ColumnType.DATE:
            return isinstance(value, date) and not isinstance(value, datetime)
        case ColumnType.UUID:
            return isinstance(value, UUID)
        case _:
            return not isinstance(value, bool) and _number_fits(value, type)


def _number_fits(value: object, type: ColumnType) -> bool:
    if isinstance(value, int):
        return -LARGEST_INTEGER <= value <= LARGEST_INTEGER
    if type is ColumnType.REAL:
        return isinstance(value, float) and math.isfinite(value)
    return type is ColumnType.DECIMAL and isinstance(value, Decimal) and decimal_fits(value)


def _storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text
