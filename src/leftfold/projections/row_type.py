"""What a row type becomes: a table, and JSON text and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import lru_cache
from types import UnionType
from typing import Final, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct, UnsetType, inspect

from leftfold.errors import DefinitionError
from leftfold.messages.ordering import ordered
from leftfold.messages.shape import shape_of_fields
from leftfold.store.tables import Column, ColumnType, Table

__all__ = ["RowCodec", "fields_of", "nullable_fields", "row_codec", "row_table"]

Row = TypeVar("Row")

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,39}")
_STORES_OWN: Final = ("leftfold_", "sqlite_")
_TAKEN: Final = frozenset({"key", "row", "shard"})
_TYPES: Final[dict[type, ColumnType]] = {
    inspect.StrType: ColumnType.TEXT,
    inspect.EnumType: ColumnType.TEXT,
    inspect.LiteralType: ColumnType.TEXT,
    inspect.IntType: ColumnType.INTEGER,
    inspect.FloatType: ColumnType.REAL,
    inspect.DecimalType: ColumnType.DECIMAL,
    inspect.BoolType: ColumnType.BOOLEAN,
    inspect.DateTimeType: ColumnType.TIME,
    inspect.DateType: ColumnType.DATE,
    inspect.UUIDType: ColumnType.UUID,
}
_encode: Final = msgspec.json.Encoder().encode


class RowCodec(Struct, Generic[Row], frozen=True):
    """Writes and reads rows of one type.

    Args:
        dump: a row as a JSON object.
        load: the row that *dump* wrote.
    """

    dump: Callable[[Row], bytes]
    load: Callable[[bytes], Row]


def row_codec(row_type: type[Row]) -> RowCodec[Row]:
    """How rows of *row_type*, which `row_table` has looked at, are written and read."""
    sets = shape_of_fields(_hints_of(row_type), row_type.__qualname__, "field").sets
    dump: Callable[[Row], bytes] = (lambda row: _encode(ordered(row))) if sets else _encode
    return RowCodec(dump, msgspec.json.Decoder(row_type).decode)


def row_table(
    name: str, version: int, row_type: type, indexes: Sequence[str | tuple[str, ...]], search: Sequence[str]
) -> Table:
    """The table that rows of *row_type* are kept in.

    Args:
        indexes: columns that are looked up, or tuples of them.
        search: columns of text for full text search.

    Raises:
        DefinitionError: the type is no frozen dataclass or struct, a field cannot be kept or is stored under another
            name, or an index or search names no field. It lists every finding.
    """
    where = f"projection {name!r}, row {row_type.__qualname__}"
    if not fields_of(row_type):
        raise DefinitionError(f"{where}: make it a frozen dataclass or a msgspec Struct with fields")
    hints = _hints_of(row_type)
    findings = [*shape_of_fields(hints, where, "field").findings, *_member_flaws(row_type, where)]
    if not _is_name(name):
        findings.append(f"{where}: a projection's name is a table's, 1 to 40 of a-z, 0-9 and _; give it name=")
    elif name.startswith(_STORES_OWN):
        findings.append(f"{where}: names that begin with {' and '.join(_STORES_OWN)} are the store's; choose another")
    findings += [
        f"{where}, field {field!r}: a field is a column; 1 to 40 of a-z, 0-9 and _, not key, row, shard"
        for field in hints
        if field in _TAKEN or not _NAME.fullmatch(field)
    ]
    index_columns = [(index,) if isinstance(index, str) else tuple(index) for index in indexes]
    findings += [
        f"{where}: index= and search= name fields, and {column!r} is none"
        for column in (*(name for index in index_columns for name in index), *search)
        if column not in hints
    ]
    if findings:
        raise DefinitionError(*findings)
    columns = tuple(Column(field, _column_type(hint)) for field, hint in hints.items())
    types = {column.name: column.type for column in columns}
    if unfit := [name for name in search if types[name] is not ColumnType.TEXT]:
        raise DefinitionError(*(f"{where}: search= looks through text, and {name!r} is none" for name in unfit))
    return Table(name=name, version=version, columns=columns, indexes=tuple(index_columns), search=tuple(search))


def _member_flaws(row_type: type, where: str) -> Iterator[str]:
    """What makes the JSON of a row another object than its fields say: columns would be null, and queries find none."""
    if not issubclass(row_type, Struct):
        return
    config = row_type.__struct_config__
    if config.array_like:
        yield f"{where}: array_like=True makes it a JSON list, which has no columns; leave it out"
    if config.omit_defaults:
        yield f"{where}: omit_defaults=True lets columns with a default be null, so no query finds them; leave it out"
    for field, member in zip(row_type.__struct_fields__, row_type.__struct_encode_fields__, strict=True):
        if field != member:
            yield (
                f"{where}: field {field!r} is stored as {member!r}, and a column is called as its field; leave rename= "
                "out, and name= of msgspec.field"
            )


def _is_name(given: object) -> bool:
    return isinstance(given, str) and _NAME.fullmatch(given) is not None


def fields_of(cls: type) -> tuple[str, ...]:
    """The names of the fields of a struct or dataclass, in order."""
    names: tuple[str, ...] = getattr(cls, "__struct_fields__", ())
    return tuple(field.name for field in fields(cls)) if is_dataclass(cls) else names


@lru_cache(maxsize=1024)
def nullable_fields(row_type: type) -> frozenset[str]:
    """The fields of *row_type*, which `row_table` has looked at, that can be None or unset: null, as columns."""
    return frozenset(name for name, hint in _hints_of(row_type).items() if _is_nullable(hint))


def _is_nullable(hint: object) -> bool:
    if UnsetType in get_args(hint):
        return True
    try:
        msgspec.json.Decoder(hint).decode(b"null")
    except msgspec.ValidationError:
        return False
    return True


def _hints_of(row_type: type) -> dict[str, object]:
    try:
        hints = get_type_hints(row_type, include_extras=True)
    except NameError as error:
        raise DefinitionError(
            f"row {row_type.__qualname__}: the name {error.name!r} of an annotation is not known at run time; import "
            "it outside TYPE_CHECKING, and define the row in a module"
        ) from error
    return {name: hints[name] for name in fields_of(row_type)}


def _column_type(hint: object) -> ColumnType:
    if get_origin(hint) in (Union, UnionType):
        kinds = [part for part in get_args(hint) if part is not type(None)]
        if len(kinds) == 1:
            return _column_type(kinds[0])
    try:
        kind = inspect.type_info(hint)
    except TypeError:
        return ColumnType.JSON
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    if isinstance(kind, inspect.EnumType) and not issubclass(kind.cls, str):
        return ColumnType.JSON if not issubclass(kind.cls, int) else ColumnType.INTEGER
    if isinstance(kind, inspect.LiteralType) and not all(isinstance(value, str) for value in kind.values):
        return ColumnType.JSON
    return _TYPES.get(type(kind), ColumnType.JSON)
