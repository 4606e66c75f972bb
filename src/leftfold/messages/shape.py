"""What the fields of an event class can hold, and whether JSON text can hold it exactly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, get_origin, get_type_hints

import msgspec
from msgspec import Struct, inspect

from leftfold.messages.fatal_types import is_fatal
from leftfold.messages.type_parts import bare, parts_of

__all__ = ["Shape", "shape_of", "shape_of_fields"]

_CLASSES = (inspect.StructType, inspect.DataclassType, inspect.TypedDictType, inspect.NamedTupleType)
_KEYS = (
    inspect.StrType,
    inspect.IntType,
    inspect.FloatType,
    inspect.DecimalType,
    inspect.UUIDType,
    inspect.DateTimeType,
    inspect.DateType,
    inspect.TimeType,
    inspect.TimeDeltaType,
    inspect.BytesType,
    inspect.EnumType,
    inspect.LiteralType,
    inspect.AnyType,  # has a finding of its own
)


class Shape(Struct, frozen=True):
    """What can be somewhere in an event of a class.

    Args:
        findings: why the class cannot be stored, a sentence each; empty when it can.
        floats: floats, which may be NaN.
        decimals: Decimals, which may be infinite.
        times: datetimes, which may have no zone.
        clocks: times of a day, which may have a zone that says nothing without a date.
        sets: sets, whose order differs from process to process.
    """

    findings: tuple[str, ...]
    floats: bool
    decimals: bool
    times: bool
    clocks: bool
    sets: bool


def shape_of(cls: type) -> Shape:
    """Look at every field of *cls*, nested ones too."""
    try:
        hints = get_type_hints(cls, include_extras=True)
    except NameError as error:
        reason = f"the name {error.name!r} of an annotation is not known at run time; import it outside TYPE_CHECKING"
        finding = f"event {cls.__qualname__}: {reason}, and define it in a module"
        return Shape((finding,), floats=False, decimals=False, times=False, clocks=False, sets=False)
    return shape_of_fields(
        {name: hint for name, hint in hints.items() if get_origin(hint) is not ClassVar and hint is not ClassVar},
        f"event {cls.__qualname__}",
        "field",
    )


def shape_of_fields(hints: Mapping[str, object], owner: str, part: str) -> Shape:
    """Look at everything that fields of these types can hold.

    Args:
        hints: the type of each field, by name.
        owner: what has the fields, in findings.
        part: what a field is called there.
    """
    survey = _Survey(owner, part)
    for name, hint in hints.items():
        survey.field(name, hint)
    kinds = survey.kinds
    return Shape(
        tuple(survey.findings),
        floats=inspect.FloatType in kinds,
        decimals=inspect.DecimalType in kinds,
        times=inspect.DateTimeType in kinds,
        clocks=inspect.TimeType in kinds,
        sets=inspect.SetType in kinds or inspect.FrozenSetType in kinds,
    )


class _Survey:
    def __init__(self, owner: str, part: str) -> None:
        self.findings: list[str] = []
        self.kinds: set[type] = set()
        self._owner = owner
        self._part = part
        self._seen: set[object] = set()

    def field(self, path: str, hint: object) -> None:
        if is_fatal(hint):
            reason = "has a pattern or a bound beside a collection in one union, which no codec can be made of"
            self._found(path, f"{reason}; put one of the two into a Struct")
            return
        try:
            kind = inspect.type_info(hint)
            msgspec.json.Decoder(hint)
        except (TypeError, NameError, ValueError) as error:
            self._found(path, f"has no codec: {error}")
        else:
            self._visit(path, kind)

    def _found(self, path: str, reason: str) -> None:
        self.findings.append(f"{self._owner}, {self._part} {path!r} {reason}")

    def _visit(self, path: str, kind: inspect.Type) -> None:
        self.kinds.add(type(kind))
        match kind:
            case inspect.AnyType():
                self._found(path, "can be anything; name its type, so that it comes back as what it was")
            case inspect.CustomType(cls=cls):
                self._found(path, f"has no codec for {cls!r}; use a builtin type, a dataclass or a Struct")
            case inspect.RawType() | inspect.ExtType():
                self._found(path, "holds raw bytes of the codec; use bytes or a type")
            case inspect.DictType() | inspect.FrozenDictType() if not isinstance(bare(kind.key_type), _KEYS):
                self._found(path, "has keys that are no JSON text; use str, or a list of pairs")
            case _:
                pass
        if isinstance(kind, _CLASSES):
            if kind.cls in self._seen:
                return
            self._seen.add(kind.cls)
        for name, part in parts_of(kind):
            self._visit(f"{path}{name}", part)
