"""The keywords of JSON Schema 2020-12, read one by one from a schema object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Final, TypeAlias, TypeVar, cast

from leftfold.schemas.document import InvalidSchema, step_into
from leftfold.schemas.node import ANYTHING, ARRAY, BOOLEAN, NULL, NUMBER, OBJECT, STRING, Kinds, Texts
from leftfold.schemas.numbers import Number, Numbers, exact
from leftfold.schemas.values import is_json, same

__all__ = ["Raw", "count", "kinds", "listed", "named", "number", "numbers", "of", "texts", "truth", "values", "words"]

T = TypeVar("T")
Raw: TypeAlias = Mapping[str, object]
"""One schema object as it stands in a document."""

_KINDS: Final[Mapping[str, Kinds]] = {
    "null": NULL,
    "boolean": BOOLEAN,
    "integer": NUMBER,
    "number": NUMBER,
    "string": STRING,
    "array": ARRAY,
    "object": OBJECT,
}


def kinds(raw: Raw, path: str) -> tuple[Kinds, bool]:
    """What `type` allows, and whether numbers are integers."""
    said = raw.get("type")
    if said is None and "type" not in raw:
        return ANYTHING, False
    names = [said] if isinstance(said, str) else listed(said, step_into(path, "type"), "a type or a list of types")
    found = 0
    for name in names:
        if not isinstance(name, str) or name not in _KINDS:
            raise InvalidSchema(step_into(path, "type"), f"{name!r} is no type; use one of {', '.join(_KINDS)}")
        found |= _KINDS[name]
    return found, "integer" in names and "number" not in names


def values(raw: Raw, path: str) -> tuple[object, ...] | None:
    """The only values that `enum` and `const` allow; None for any."""
    found: list[object] | None = None
    if "enum" in raw:
        place = step_into(path, "enum")
        found = [_json(each, place) for each in listed(raw["enum"], place, "a list of values")]
    if "const" in raw:
        const = _json(raw["const"], step_into(path, "const"))
        found = [const] if found is None or any(same(const, each) for each in found) else []
    return None if found is None else tuple(found)


def numbers(raw: Raw, path: str) -> Numbers:
    """What is asked of a number."""
    low, low_open = _tighter(of(raw, "minimum", path, number), of(raw, "exclusiveMinimum", path, number), 1)
    high, high_open = _tighter(of(raw, "maximum", path, number), of(raw, "exclusiveMaximum", path, number), -1)
    step = of(raw, "multipleOf", path, number)
    if step is not None and step <= 0:
        raise InvalidSchema(step_into(path, "multipleOf"), f"{raw['multipleOf']} is not above 0")
    return Numbers(low, low_open, high, high_open, step)


def texts(raw: Raw, path: str) -> Texts:
    """What is asked of a string."""
    return Texts(
        shortest=of(raw, "minLength", path, count) or 0,
        longest=of(raw, "maxLength", path, count),
        pattern=of(raw, "pattern", path, _text),
        format=of(raw, "format", path, _text),
        content=(raw.get("contentEncoding"), raw.get("contentMediaType")),
    )


def of(raw: Raw, key: str, path: str, read: Callable[[object, str], T]) -> T | None:
    """What *read* makes of the value of *key*; None when it is not there."""
    return read(raw[key], step_into(path, key)) if key in raw else None


def number(value: object, path: str) -> Number:
    """A number, exactly."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        try:
            return exact(value)
        except ValueError as error:
            raise InvalidSchema(path, str(error)) from error
    raise InvalidSchema(path, f"{value!r} is no number")


def count(value: object, path: str) -> int:
    """A number of things, from 0 on."""
    found = number(value, path)
    if not isinstance(found, int) or found < 0:
        raise InvalidSchema(path, f"{value!r} is no integer from 0 on")
    return found


def truth(value: object, path: str) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise InvalidSchema(path, f"{value!r} is neither true nor false")
    return value


def words(value: object, path: str) -> frozenset[str]:
    """A list of names."""
    names = listed(value, path, "a list of names")
    return frozenset(_text(name, path) for name in names)


def listed(value: object, path: str, what: str) -> list[object] | tuple[object, ...]:
    """A list."""
    if not isinstance(value, list | tuple):
        raise InvalidSchema(path, f"{value!r:.80} is not {what}")
    return cast("list[object] | tuple[object, ...]", value)


def named(value: object, path: str) -> Iterator[tuple[str, object]]:
    """An object's members."""
    if not isinstance(value, Mapping):
        raise InvalidSchema(path, f"{value!r:.80} is no object")
    for name, part in cast("Mapping[object, object]", value).items():
        yield _text(name, path), part


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise InvalidSchema(path, f"{value!r:.80} is no string")
    if not is_json(value):
        raise InvalidSchema(path, f"{value!r:.80} holds a lone surrogate, which no JSON text can; take it out")
    return value


def _json(value: object, path: str) -> object:
    if not is_json(value):
        raise InvalidSchema(path, f"{value!r:.80} is no JSON")
    return value


def _tighter(closed: Number | None, opened: Number | None, sign: int) -> tuple[Number | None, bool]:
    if opened is None:
        return closed, False
    if closed is None or opened * sign >= closed * sign:
        return opened, True
    return closed, False
