"""Single values as JSON text and back, exactly, or not at all."""

from __future__ import annotations

import msgspec

from leftfold.errors import DefinitionError, InvalidPayload
from leftfold.messages.flaws import find_flaw
from leftfold.messages.ordering import ordered
from leftfold.messages.shape import shape_of_fields

__all__ = ["ValueCodec"]

_encode = msgspec.json.Encoder().encode


class ValueCodec:
    """Writes and reads the values of one type.

    Args:
        hint: the type, resolved.
        owner: what has the value, for errors.
        part: what the value is called there.

    Raises:
        DefinitionError: the type has no exact JSON text.
    """

    def __init__(self, hint: object, owner: str, part: str) -> None:
        shape = shape_of_fields({part: hint}, owner, "value")
        if shape.findings:
            raise DefinitionError(*shape.findings)
        self._what = f"{owner}, {part}"
        self._sets = shape.sets
        self._decoder: msgspec.json.Decoder[object] = msgspec.json.Decoder(hint)

    def dump(self, value: object) -> bytes:
        """Write *value* as JSON text; what `load` makes of it is equal.

        Raises:
            InvalidPayload: it would not read back as it is, which is so for values of another type.
        """
        try:
            data = self._encoded(value)
            back = self._decoder.decode(data)
            exact = back == value and self._encoded(back) == data
        except Exception as error:  # a `__post_init__` may raise anything
            raise InvalidPayload(self._what, f"{value!r:.80} has no JSON text of its type: {error}") from error
        if flaw := find_flaw(value):
            raise InvalidPayload(f"{self._what} {flaw.path}".rstrip(), flaw.reason)
        if not exact:
            raise InvalidPayload(self._what, f"{value!r:.80} would read back as {back!r:.80}")
        return data

    def load(self, data: bytes | str) -> object:
        """The value that *data* was written from.

        Raises:
            Exception: *data* is of another type: `msgspec.DecodeError`, or what a `__post_init__` raises.
        """
        return self._decoder.decode(data)

    def _encoded(self, value: object) -> bytes:
        return _encode(ordered(value) if self._sets else value)
