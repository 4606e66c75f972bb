"""Projections: rows folded from events, each a pure function of the row so far and one event."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from enum import Enum
from types import FrameType, UnionType
from typing import Any, Final, Generic, TypeAlias, TypeVar, Union, cast, get_args, get_origin
from uuid import UUID

from msgspec import Struct

from leftfold.errors import DefinitionError, InvalidInput, InvalidPayload
from leftfold.messages.annotations import annotation_flaw, parameter_types, recorded_flaw, resolved
from leftfold.messages.consumer_view import followed_flaw
from leftfold.messages.given import are_texts, is_count, texts_flaw
from leftfold.messages.recorded import RecordedEvent
from leftfold.projections.row_type import RowCodec, fields_of, row_codec, row_table
from leftfold.store.table_checks import check_table
from leftfold.store.tables import Table
from leftfold.subscriptions.policy import Policy, policy_flaw

__all__ = [
    "MAX_SHARDS",
    "ONE_ROW",
    "Key",
    "Keys",
    "Projection",
    "ProjectionOptions",
    "finder_flaws",
    "finds_key",
    "key_text",
    "needs_record",
    "number_flaws",
    "projection_of",
]

Row = TypeVar("Row")

Key: TypeAlias = str | int | UUID | date
"""What a row is found by; in a table it is text."""

Keys: TypeAlias = "str | Callable[..., Key | Iterable[Key] | None] | None"
"""Whose rows an event changes: the field that holds one key, several or None; a function of the event, or of event and
`RecordedEvent`, that gives so; or None for one row in all. An event without a key changes no row."""

_FindKeys: TypeAlias = "Callable[[object, RecordedEvent[object] | None], tuple[str, ...]]"

ONE_ROW: Final = "all"
"""The key of the one row of a projection with `key=None`."""

MAX_SHARDS: Final = 64
"""Parts of one projection."""


class ProjectionOptions(Struct, frozen=True):
    """What the author of a projection may choose; see `Context.projection`."""

    key: Keys
    name: str | None
    version: int
    index: Sequence[str | tuple[str, ...]]
    search: Sequence[str]
    shards: int
    policy: Policy


class Projection(Struct, Generic[Row], frozen=True, eq=False):
    """A read model's definition.

    Args:
        name: of the projection, its table and its view.
        version: from 1; another version is built beside and has a table of its own.
        row_type: frozen dataclass or struct.
        events: classes of today that it folds; others do not change it.
        fold: gives the row after an event; None for no row, before and after.
        keys: the keys of the rows that an event changes; the second argument is None where it is about to be appended.
        needs_record: whether they cannot be known then.
        key: what finds them, as its author calls it: a field or function; None when there is one row in all.
        shards: how many may be followed at the same time, 1 to 64, each with its share of the streams.
        policy: what becomes of an event that cannot be folded.
    """

    name: str
    version: int
    row_type: type[Row]
    events: frozenset[type]
    fold: Callable[[Row | None, RecordedEvent[object]], Row | None]
    keys: _FindKeys
    needs_record: bool
    key: str | None
    table: Table
    codec: RowCodec[Row]
    shards: int
    policy: Policy

    def dump(self, row: Row) -> bytes:
        """*row* as JSON text; `InvalidPayload` when it is no row of this projection, or could not be read again."""
        if not isinstance(row, self.row_type):
            raise InvalidPayload(
                f"projection {self.name!r}", f"its fold returned {row!r:.80}, no {self.row_type.__name__}"
            )
        try:
            data = self.codec.dump(row)
            self.codec.load(data)  # a fold may put anything into a field, and a row nobody can read stops every reader
        except (TypeError, ValueError) as error:
            raise InvalidPayload(f"projection {self.name!r}, row {row!r:.80}", str(error)) from error
        return data

    def load(self, data: bytes) -> Row:
        """The row that *data* was written from; `InvalidPayload` when it is of another shape."""
        try:
            return self.codec.load(data)
        except ValueError as error:
            advice = f"where the row type has changed, raise version=, or: leftfold rebuild {self.name}"
            raise InvalidPayload(f"projection {self.name!r}, stored row", f"{error}; {advice}") from error

    @property
    def id(self) -> str:
        """Name and version, as checkpoints begin with them."""
        return f"{self.name}@{self.version}"


def projection_of(
    function: Callable[..., object], options: ProjectionOptions, caller: FrameType | None = None
) -> Projection[Any]:
    """Read a projection from the annotations of its function `(row, event)` or `(row, event, recorded)`.

    Raises:
        DefinitionError: an annotation is missing or names no row or event, a field of *key* is missing in an event, or
            the row cannot be kept. It lists every finding.
    """
    name = options.name or str(getattr(function, "__name__", ""))
    where = f"projection {name!r:.80}"
    events = parameter_types(function, 1, caller)
    row_type = _row_type(function, caller, where)
    findings = [f"{where}: {flaw}" for cls in events if (flaw := followed_flaw(cls))]
    findings += [f"{where}: {flaw}" for flaw in number_flaws(options.version, options.shards)]
    findings += _key_flaws(options.key, events, where, caller)
    if _takes(function, 3) and (flaw := recorded_flaw(function, 2, caller)):
        findings.append(f"{where} {flaw}")
    if flaw := policy_flaw(options.policy):
        findings.append(f"{where}: {flaw}")
    if options.shards != 1 and options.key is None:
        findings.append(f"{where}: key=None is one row for all streams; it cannot have shards")
    listed = [f"{where}: {flaw}" for flaw in _list_flaws(options.index, options.search)]
    findings += listed
    index, search = ((), ()) if listed else (options.index, options.search)
    try:
        table = row_table(name, options.version, row_type, index, search)
    except DefinitionError as error:
        raise DefinitionError(*findings, *error.findings) from error
    if findings:
        raise DefinitionError(*findings)
    try:
        check_table(table)
    except InvalidInput as error:
        raise DefinitionError(f"{where}: {error}") from error
    return Projection(
        name=name,
        version=options.version,
        row_type=row_type,
        events=frozenset(events),
        fold=_fold_of(function, where),
        keys=_keys_of(options.key),
        needs_record=needs_record(options.key),
        key=_key_name(options.key),
        table=table,
        codec=row_codec(row_type),
        shards=options.shards,
        policy=options.policy,
    )


def number_flaws(version: object, shards: object) -> Iterator[str]:
    """What is wrong with the numbers of what follows a log, whatever a caller without types hands in."""
    if not is_count(version):
        yield f"version={version!r:.80}; versions count from 1"
    if not isinstance(shards, int) or not is_count(shards) or shards > MAX_SHARDS:
        yield f"shards={shards!r:.80}; there are 1 to {MAX_SHARDS}"


def finds_key(given: object) -> bool:
    """Whether it is a field's name or a function, whatever a caller without types hands in."""
    return isinstance(given, str) or (callable(given) and not isinstance(given, type))


def _are_fields(given: object) -> bool:
    return isinstance(given, tuple) and are_texts(cast("object", given))


def _list_flaws(index: object, search: object) -> Iterator[str]:
    one_by_one: object = index
    if isinstance(index, list | tuple):
        one_by_one = [one for one in cast("Sequence[object]", index) if not _are_fields(one)]
    if flaw := texts_flaw("index", one_by_one, "fields"):
        yield flaw
    if flaw := texts_flaw("search", search, "fields"):
        yield flaw


def key_text(key: object) -> str:
    """How *key* is written as the key of a row; `InvalidInput` when it is none."""
    if isinstance(key, str):
        return key
    if not isinstance(key, int | float | Decimal | UUID | date | Enum):
        raise InvalidInput(f"{key!r:.80} is no key; a key is a text, a number, a UUID or a date")
    return key.isoformat() if isinstance(key, date) else str(key)


def _row_type(function: Callable[..., object], caller: FrameType | None, where: str) -> type:
    signature = inspect.signature(function)
    first = next(iter(signature.parameters.values()))
    hints = {
        part: _hint(annotation, function, caller, f"{where}, {part}")
        for part, annotation in (("its row", first.annotation), ("what it returns", signature.return_annotation))
    }
    classes = {_member(hint, f"{where}, {part}") for part, hint in hints.items()} - {None}
    if len(classes) != 1:
        raise DefinitionError(f"{where} takes `row: Row | None` and returns `Row` or `Row | None`, of one class")
    cls = cast("type", classes.pop())
    if hints["its row"] is cls:
        raise DefinitionError(
            f"{where}: its row is None before the first event of a key; annotate `{cls.__name__} | None`"
        )
    return cls


def _hint(annotation: object, function: Callable[..., object], caller: FrameType | None, where: str) -> object:
    if annotation is inspect.Parameter.empty:
        raise DefinitionError(f"{where}: annotate it with the class of the rows")
    try:
        return resolved(annotation, getattr(function, "__globals__", {}), caller)
    except NameError as error:
        raise DefinitionError(f"{where}: {annotation_flaw(error)}") from error


def _member(hint: object, where: str) -> type | None:
    if get_origin(hint) in (Union, UnionType):
        kinds = [part for part in get_args(hint) if part is not type(None)]
        hint = kinds[0] if len(kinds) == 1 else hint
    if hint is None or hint is type(None):
        return None
    if not isinstance(hint, type):
        raise DefinitionError(f"{where}: {hint!r:.80} is no class; a projection has rows of one class")
    return hint


def finder_flaws(find: Callable[..., object], caller: FrameType | None) -> Iterator[str]:
    """What is wrong with a function that finds keys of events."""
    name = f"{getattr(find, '__name__', find)!s:.80}, which finds its key,"
    if inspect.iscoroutinefunction(find):
        yield f"{name} is a coroutine function; make it a plain one"
    elif not (_takes(find, 1) or _takes(find, 2)):
        yield f"{name} takes (event), or (event, recorded) to see stream, position and tags"
    elif _takes(find, 2) and (flaw := recorded_flaw(find, 1, caller)):
        yield f"{name} {flaw}"


def _key_flaws(key: Keys, events: Sequence[type], where: str, caller: FrameType | None) -> list[str]:
    if key is not None and not finds_key(key):
        return [f"{where}: key={key!r:.80}; give the name of a field, a function of the event, or None"]
    if callable(key):
        return [f"{where}: {flaw}" for flaw in finder_flaws(key, caller)]
    if key is None:
        return []
    return [
        f"{where}: key={key!r} is no field of {cls.__qualname__}; give a function that finds the key"
        for cls in events
        if key not in fields_of(cls)
    ]


def _takes(function: Callable[..., object], count: int) -> bool:
    """Whether *function* can be called with so many arguments by place, and has no more parameters."""
    try:
        signature = inspect.signature(function)
        signature.bind(*[None] * count)
    except (TypeError, ValueError):  # the latter for what is written in C and does not say
        return False
    return len(signature.parameters) == count


def _key_name(key: Keys) -> str | None:
    if key is None or isinstance(key, str):
        return key
    name = str(getattr(key, "__name__", type(key).__name__))
    return "key" if name == "<lambda>" else name


def _keys_of(key: Keys) -> _FindKeys:
    if key is None:
        return lambda _event, _recorded: (ONE_ROW,)
    if isinstance(key, str):
        name = key
        return lambda event, _recorded: _texts(getattr(event, name))
    function = key
    if needs_record(key):
        return lambda event, recorded: _texts(function(event, recorded))
    return lambda event, _recorded: _texts(function(event))


def needs_record(key: Keys) -> bool:
    """Whether a key function takes the recorded event too, so that its keys are not known before the append."""
    return callable(key) and len(inspect.signature(key).parameters) > 1


def _texts(found: object) -> tuple[str, ...]:
    if isinstance(found, str):
        return (found,)
    if found is None:
        return ()
    if isinstance(found, Iterable) and not isinstance(found, bytes):
        return tuple(dict.fromkeys(map(key_text, cast("Iterable[object]", found))))
    return (key_text(found),)


def _fold_of(function: Callable[..., object], where: str) -> Callable[[Any, RecordedEvent[object]], Any]:
    if _takes(function, 2):
        return lambda row, recorded: function(row, recorded.event)
    if _takes(function, 3):
        return lambda row, recorded: function(row, recorded.event, recorded)
    raise DefinitionError(f"{where} takes (row, event), or (row, event, recorded) to see times, position and actor")
