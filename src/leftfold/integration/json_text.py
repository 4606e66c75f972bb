"""JSON text from outside, held to what everybody reads alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final, NoReturn, cast

import msgspec

from leftfold.errors import InvalidCloudEvent

if TYPE_CHECKING:
    from json import JSONDecoder

__all__ = ["Fraction", "Members", "Whole", "checked_json", "hold_to_single_names", "members_of"]

_validate: Final = msgspec.json.Decoder(msgspec.Raw).decode
_SPACE: Final = b" \t\n\r"


class Whole(str):
    """Digits of a JSON number without fraction and exponent, as they were written."""

    __slots__ = ()


class Fraction(str):
    """A JSON number with fraction or exponent, as it was written."""

    __slots__ = ()


class Members(list[tuple[str, object]]):
    """What a JSON object names, in its order, a name perhaps more than once."""

    __slots__ = ()


def members_of(text: bytes) -> dict[str, object]:
    """The members of the JSON object *text*; numbers in it are `Whole` and `Fraction`, objects in it are `Members`.

    Raises:
        InvalidCloudEvent: *text* is not one JSON object in UTF-8, or names a member twice.
    """
    found = _parsed(text, None, _loose())
    if not isinstance(found, Members):
        raise InvalidCloudEvent(None, f"is a JSON {_kind(found)}, no object; write each attribute as a member of one")
    if twice := _twice(found):
        raise InvalidCloudEvent(twice, "is there twice; write it once")
    return dict(found)


def checked_json(text: bytes) -> bytes:
    """The JSON *text* of `data`, from outside, without the white space around it.

    Raises:
        InvalidCloudEvent: it is not one JSON text in UTF-8, an object in it names a member twice, or it holds a lone
            surrogate, which not everybody reads alike.

    Source: RFC 8259, section 4, on names that are not unique, and section 8.2 on surrogates.
    """
    _parsed(text, "data", _strict())
    try:
        _validate(text)
    except (ValueError, RecursionError) as error:
        reason = f"is JSON that holds a lone surrogate, or is nested too deep ({error}); mend its writer"
        raise InvalidCloudEvent("data", reason) from error
    return text.strip(_SPACE)


def hold_to_single_names(text: str) -> None:
    """See that no object in the JSON *text* names a member twice.

    Raises:
        ValueError: one does, or it is no JSON.
    """
    _strict().decode(text)


@cache
def _loose() -> JSONDecoder:
    return _decoder(Members)


@cache
def _strict() -> JSONDecoder:
    return _decoder(_object)


def _decoder(hook: Callable[[list[tuple[str, object]]], object]) -> JSONDecoder:
    from json import JSONDecoder  # msgspec takes the last of two members of one name, and says nothing

    return JSONDecoder(object_pairs_hook=hook, parse_int=Whole, parse_float=Fraction, parse_constant=_no_constant)


def _parsed(text: bytes, attribute: str | None, decoder: JSONDecoder) -> object:
    try:
        return cast("object", decoder.decode(text.decode()))
    except (ValueError, RecursionError) as error:
        raise InvalidCloudEvent(attribute, f"is no JSON text in UTF-8 ({error}); mend its writer") from error


def _object(pairs: list[tuple[str, object]]) -> None:
    if twice := _twice(pairs):
        raise ValueError(f"an object in it names its member {twice!r:.80} twice")


def _twice(pairs: list[tuple[str, object]]) -> str | None:
    if len(dict(pairs)) == len(pairs):
        return None
    return Counter(name for name, _ in pairs).most_common(1)[0][0]


def _kind(value: object) -> str:
    match value:
        case list():
            return "array"
        case Whole() | Fraction():
            return "number"
        case str():
            return "string"
        case _:
            return "null" if value is None else "Boolean"


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
