"""State as JSON text and back, from the annotations of what holds it; no user code has a part in it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final, Generic, TypeVar, cast

import msgspec
from msgspec import UNSET, Struct

from leftfold.domain.aggregate import Aggregate
from leftfold.domain.decider import Decider
from leftfold.domain.definition import definition_of
from leftfold.domain.recording import OWN_ATTRIBUTES
from leftfold.domain.sharing import find_shared
from leftfold.errors import DefinitionError, InvalidPayload
from leftfold.messages.flaws import find_flaw
from leftfold.messages.lock import schema_digest
from leftfold.messages.ordering import ordered
from leftfold.messages.shape import Shape, shape_of_fields

__all__ = ["StateCodec", "state_codec"]

_S = TypeVar("_S")
_STATE: Final = "state"
_encode = msgspec.json.Encoder().encode


class StateCodec(Struct, Generic[_S], frozen=True):
    """Writes and reads the states of one aggregate class or decider, exactly, or not at all.

    Args:
        name: of what has the state, for errors.
        fingerprint: of the class, or the decider's `evolve`, that folds the state, and of the state's schema, its
            defaults and the version that its author counts. A state written under another one means something else.
        take: the attributes of a state that are set.
        defaults: of attributes, which a state has as long as they are not set.
        make: a state from its id and attributes.
        whole: whether the state is one value, as a decider's is, and no object with attributes.
    """

    name: str
    fingerprint: str
    take: Callable[[_S], dict[str, object]]
    make: Callable[[str, Mapping[str, object]], _S]
    defaults: Mapping[str, object]
    whole: bool
    _struct: type[Struct]
    _shape: Shape
    _decode: Callable[[bytes | str], Struct]

    def dump(self, state: _S) -> bytes:
        """Write *state* as JSON text; what `load` makes of it has equal attributes.

        Raises:
            DefinitionError: an attribute is set and not annotated, so it would be lost.
            InvalidPayload: a value would not read back as it is; the message names it.
        """
        return self._written(self.take(state))

    def shared(self, state: _S) -> InvalidPayload | None:
        """Why *state* would fold on differently once it was read back; None when it would not.

        That is so when a value that can change is at two places: it would be two values then.
        """
        if (shared := find_shared(self.take(state))) is None:
            return None
        return InvalidPayload(
            f"{self.name}, attribute {shared.again!r}",
            f"it is the very {shared.kind} that is at {shared.first!r}, and in a snapshot it would be another one, "
            "which does not change with it. Keep it at one place, and its key at the other, or make its class frozen",
        )

    def _written(self, values: Mapping[str, object]) -> bytes:
        struct = self._struct(**values)
        back: Struct | None = None
        try:
            data = _encode(ordered(struct) if self._shape.sets else struct)
            back = self._decode(data)
            exact = _encode(ordered(back) if self._shape.sets else back) == data
        except Exception as error:  # a `__post_init__` may raise anything
            raise self._refused(struct, back, str(error)) from error
        if not exact or back != struct or (b"\\u" in data and find_flaw(struct)):
            raise self._refused(struct, back, "it does not read back as it was written")
        return data

    def load(self, id: str, data: bytes | str) -> _S:
        """The state of *id* that *data* was written from.

        Raises:
            Exception: *data* is damaged: `msgspec.DecodeError`, or what a `__post_init__` raises.
        """
        struct = self._decode(data)
        values = ((name, getattr(struct, name)) for name in struct.__struct_fields__)
        return self.make(id, {name: value for name, value in values if value is not UNSET})

    def plain(self, state: _S) -> dict[str, object]:
        """What is in *state*, as JSON values by name, defaults too; the one value without names is called `state`.

        Raises:
            DefinitionError, InvalidPayload: see `dump`.
        """
        values: dict[str, object] = msgspec.json.decode(
            self._written({**self.defaults, **self.take(state)}), type=dict[str, object]
        )
        inner = values.get(_STATE)
        return cast("dict[str, object]", inner) if self.whole and isinstance(inner, dict) else values

    def _refused(self, struct: Struct, back: Struct | None, reason: str) -> InvalidPayload:
        for name in struct.__struct_fields__:
            value = getattr(struct, name)
            if value is UNSET:
                continue
            if flaw := find_flaw(value, name):
                return InvalidPayload(f"{self.name}, attribute {flaw.path!r}", flaw.reason)
            if back is not None and ((reads := getattr(back, name)) != value or _text(reads) != _text(value)):
                return InvalidPayload(
                    f"{self.name}, attribute {name!r}", f"{value!r:.80} would read back as {reads!r:.80}"
                )
        return InvalidPayload(f"state of {self.name}", f"{reason}. Give every attribute a value of its annotated type")


def _text(value: object) -> bytes:
    return _encode(ordered(value))


def state_codec(subject: type[Aggregate[Any]] | Decider[Any, Any, Any]) -> StateCodec[Any]:
    """How the states of an aggregate class or a decider are written.

    Raises:
        DefinitionError: an annotation is unknown at run time, or of a type without exact JSON text. It lists every
            finding.
    """
    return _of_decider(subject) if isinstance(subject, Decider) else _of_aggregate(subject)


def _unknown(where: str, error: NameError) -> str:
    return f"{where}: the name {error.name!r} is not known at run time; import it outside TYPE_CHECKING"


def _of_aggregate(cls: type[Aggregate[Any]]) -> StateCodec[Any]:
    definition, name = definition_of(cls), f"aggregate {cls.__qualname__}"
    hints = definition.attributes()
    unknown = {attribute: hint for attribute, hint in hints.items() if isinstance(hint, NameError)}
    if unknown:
        raise DefinitionError(*(_unknown(f"{name}, attribute {each!r}", error) for each, error in unknown.items()))

    def take(state: Aggregate[Any]) -> dict[str, object]:
        held = {name: value for name, value in vars(state).items() if name not in OWN_ATTRIBUTES}
        if lost := held.keys() - hints.keys():
            raise DefinitionError(
                f"{name}: {', '.join(map(repr, sorted(lost)))} set but not annotated, so a snapshot would lose it; "
                "annotate every attribute in the class"
            )
        return held

    def make(id: str, values: Mapping[str, object]) -> Aggregate[Any]:
        state = cls(id)
        vars(state).update(values)
        return state

    defaults = {attribute: getattr(cls, attribute) for attribute in hints if hasattr(cls, attribute)}
    return _codec(name, hints, (_place(cls), definition.core.state_version, defaults), take, make)


def _of_decider(decider: Decider[Any, Any, Any]) -> StateCodec[Any]:
    name, hint = f"decider {decider.category!r}", decider.state_type
    if isinstance(hint, NameError):
        raise DefinitionError(_unknown(f"{name}, state", hint))
    began = _place(decider.evolve), decider.state_version, {_STATE: decider.initial}
    return _codec(
        name, {_STATE: hint}, began, lambda state: {_STATE: state}, lambda _id, values: values[_STATE], whole=True
    )


def _codec(
    name: str,
    hints: Mapping[str, object],
    began: tuple[str, int, Mapping[str, object]],
    take: Callable[[Any], dict[str, object]],
    make: Callable[[str, Mapping[str, object]], Any],
    *,
    whole: bool = False,
) -> StateCodec[Any]:
    shape = shape_of_fields(hints, name, "attribute")
    if shape.findings:
        raise DefinitionError(*shape.findings)
    fields = [(field, hint, UNSET) for field, hint in sorted(hints.items())]
    struct = msgspec.defstruct("State", cast("list[tuple[str, type, object]]", fields), kw_only=True)
    folder, state_version, defaults = began
    try:
        text = _encode((folder, schema_digest(struct), state_version, ordered(struct(**defaults))))
    except (TypeError, ValueError) as error:
        raise DefinitionError(f"{name}: a default is not of its annotated type: {error}") from error
    decode = msgspec.json.Decoder(struct).decode
    return StateCodec(name, sha256(text).hexdigest()[:32], take, make, defaults, whole, struct, shape, decode)


def _place(folder: object) -> str:
    """Where a class or function is, so that two of one category never read each other's states."""
    module = getattr(folder, "__module__", "")
    main = _main() if module in {"__main__", "__mp_main__"} else None
    return f"{main or module}:{getattr(folder, '__qualname__', '')}"


def _main() -> str | None:
    """What the running program is called where it is imported, so that both read the same states."""
    main = sys.modules["__main__"]
    spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
    return spec.name if spec else _stem(file) if file else None


def _stem(file: str) -> str:
    return file.replace("\\", "/").rpartition("/")[2].removesuffix(".py")
