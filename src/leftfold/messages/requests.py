"""What commands and queries have in common: a name, the type of the answer, and JSON text to come in by."""

from __future__ import annotations

import re
import sys
from difflib import get_close_matches
from hashlib import blake2b
from typing import Any, ForwardRef, Generic, TypeAlias, TypeVar, cast, get_args, get_origin

import msgspec

from leftfold.errors import DefinitionError, InvalidInput
from leftfold.messages.annotations import annotation_flaw, resolved
from leftfold.messages.command import Command
from leftfold.messages.flaws import find_float
from leftfold.messages.message import declaration_in
from leftfold.messages.ordering import ordered
from leftfold.messages.query import Query
from leftfold.messages.shape import shape_of_fields

__all__ = ["Request", "RequestForm", "answer_type", "request_name"]

Request: TypeAlias = Command[object] | Query[object]
"""What can be sent or asked."""

M = TypeVar("M", bound=Request)

_encode = msgspec.json.Encoder().encode
_PLACE = re.compile(r"^(?P<reason>.*) - at `(?:key in )?\$\.?(?P<path>.*)`$", re.DOTALL)


class RequestForm(Generic[M]):
    """How the commands or queries of one class are written and read.

    Args:
        cls: the class.

    Raises:
        DefinitionError: a field has no exact JSON text, or its type is not known at run time. It lists every finding.
    """

    def __init__(self, cls: type[M]) -> None:
        self.cls = cls
        self.name: str = request_name(cls)
        """Its name outside this program."""
        self.kind = "command" if issubclass(cls, Command) else "query"
        owner = f"{self.kind} {cls.__qualname__}"
        try:
            fields = {field.encode_name: field.type for field in msgspec.structs.fields(cls)}
        except NameError as error:
            raise DefinitionError(f"{owner}: {annotation_flaw(error)}, and define it in a module") from error
        shape = shape_of_fields(fields, owner, "field")
        if shape.findings:
            raise DefinitionError(*shape.findings)
        self.fields = fields
        """The type of each field, by its name in JSON."""
        self._sets = shape.sets
        self._decimals = shape.decimals
        self._defaults = {field.encode_name: (field.name, _default_of(field)) for field in msgspec.structs.fields(cls)}
        self._decoder: msgspec.json.Decoder[M] = msgspec.json.Decoder(cls)

    def dump(self, message: M) -> bytes:
        """The JSON text of *message*, the same for equal messages.

        Raises:
            InvalidInput: a value has no JSON text; the message names the field.
        """
        try:
            return _encode(ordered(message) if self._sets else message)
        except (TypeError, ValueError) as error:
            raise self._refused(self._unwritten(message), str(error)) from error

    def digest(self, message: M) -> str:
        """32 hexadecimal digits that are the same for messages that say the same.

        Fields at their default do not count, so that a new field with a default changes nothing for messages of old.
        """
        values = {name: (getattr(message, attribute), default) for name, (attribute, default) in self._defaults.items()}
        said = {name: ordered(value) for name, (value, default) in sorted(values.items()) if value != default}
        return blake2b(_encode(said), digest_size=16).hexdigest()

    def load(self, data: bytes | str) -> M:
        """The message that JSON text from outside describes.

        Raises:
            InvalidInput: it is no JSON object, lacks a field, has one too many, or one of another type.
        """
        try:
            given = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
        except (ValueError, RecursionError) as error:  # a text that is no UTF-8, or too deep, included
            raise self._refused("", f"not a JSON object: {error}") from error
        for name in given:
            if name not in self.fields:
                near = get_close_matches(name, self.fields, n=3) or list(self.fields)
                raise self._refused(name, f"there is no such field; there is {', '.join(map(repr, near)) or 'none'}")
        return self._loaded(data)

    def checked(self, message: M) -> M:
        """*message* with every value of its declared type; constructing one checks nothing.

        A value that its type's JSON text allows is converted, as an int is for a Decimal. A float is only where the
        Decimal equals it; give Decimals made from strings.

        Raises:
            InvalidInput: a value is of another type; the message names the field.
        """
        checked = self._loaded(self.dump(message))
        if self._decimals and checked != message and (flaw := find_float(ordered(message), ordered(checked))):
            raise self._refused(*flaw)
        return checked

    def _loaded(self, data: bytes | str) -> M:
        try:
            return self._decoder.decode(data)
        except ValueError as error:
            place = _PLACE.match(str(error))
            raise self._refused(*(place["path"], place["reason"]) if place else ("", str(error))) from error

    def _unwritten(self, message: M) -> str:
        for name in message.__struct_fields__:
            try:
                _encode(ordered(getattr(message, name)))
            except (TypeError, ValueError):
                return name
        return ""

    def _refused(self, field: str, reason: str) -> InvalidInput:
        where = f"{self.kind} {self.name!r}" + (f", field {field!r}" if field else "")
        return InvalidInput(f"{where}: {reason}")


def request_name(cls: type) -> str:
    """The name that commands or queries of this class have outside this program.

    Raises:
        DefinitionError: it is `Command` or `Query` itself.
    """
    declared = declaration_in(cls)
    if declared is None or cls in (Command, Query) or not issubclass(cls, Command | Query):
        name = getattr(cls, "__qualname__", repr(cls))
        raise DefinitionError(f"{name:.80} is no command or query: derive from Command or Query")
    return declared.name


def answer_type(cls: type) -> object:
    """What *cls* was given between the brackets of `Command` or `Query`, through all of its bases; None for nothing.

    Raises:
        DefinitionError: it is left open, or names something that is not known at run time.
    """
    found = _argument(cls, Command if issubclass(cls, Command) else Query)
    if isinstance(found, ForwardRef):
        try:
            found = resolved(found.__forward_arg__, vars(sys.modules[cls.__module__]), None)
        except NameError as error:
            raise DefinitionError(f"{cls.__qualname__}: {annotation_flaw(error)}") from error
    if isinstance(found, TypeVar) or _parameters(found):
        raise DefinitionError(f"{cls.__qualname__} leaves the type of its answer open: {found}; name it")
    return None if found is type(None) else found


def _default_of(field: msgspec.structs.FieldInfo) -> object:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _argument(cls: type, root: type) -> object:
    """What *cls* gives *root* for its one parameter; parameters of *cls* itself stay open."""
    bases = cast("tuple[object, ...]", vars(cls).get("__orig_bases__", cls.__bases__))
    for base in bases:
        origin = cast("type", get_origin(base) or base)
        if not issubclass(origin, root):
            continue
        given = get_args(base)
        if origin is root:
            return given[0] if given else None
        return _filled(_argument(origin, root), dict(zip(_parameters(origin), given, strict=False)))
    return None


def _filled(hint: object, given: dict[object, object]) -> object:
    if isinstance(hint, TypeVar):
        return given.get(hint, hint)
    names, generic = _parameters(hint), cast("Any", hint)
    return generic[tuple(given.get(name, name) for name in names)] if names else hint


def _parameters(hint: object) -> tuple[object, ...]:
    return cast("tuple[object, ...]", getattr(hint, "__parameters__", None) or ())
