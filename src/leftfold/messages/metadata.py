"""What is known about an event beside its own content."""

from __future__ import annotations

import msgspec

from leftfold.errors import DamagedPayload, InvalidInput, InvalidPayload
from leftfold.messages.flaws import find_flaw

__all__ = ["NO_METADATA", "Metadata", "check_metadata", "dump_metadata", "load_metadata"]


class Metadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is stored beside an event.

    Args:
        correlation_id: the same for everything that one outside request led to.
        causation_id: the id of the event, or of the instance of a saga, that led to the command it was recorded for; to
            the event itself, when there was no command. None when that came from outside.
        command_id: the id of the command it was recorded for.
        command: the name of that command.
        via: what sent the command, or recorded the event without one: `reaction/shop.refund`,
            `process/shop.fulfilment`, `saga/shop.PlaceOrder/reserve`. None when it came from outside.
        actor: who asked for it.
        tenant: reserved: whose data it is.
        subject: reserved: the person it is about, whose data may have to be forgotten.
        extra: anything else, text to text.
    """

    correlation_id: str | None = None
    causation_id: str | None = None
    command_id: str | None = None
    command: str | None = None
    via: str | None = None
    actor: str | None = None
    tenant: str | None = None
    subject: str | None = None
    extra: dict[str, str] = {}

    def caused_by(self, cause: str, *, via: str | None = None) -> Metadata:
        """Of what an event, or an instance, with this metadata leads to: the conversation goes on, who asked for it
        stays, and nothing else is said about a command.

        Args:
            cause: id of the event or instance; also the correlation id, when there was none.
            via: what of the program it goes through.
        """
        correlation = cause if self.correlation_id is None else self.correlation_id
        return msgspec.structs.replace(
            self, correlation_id=correlation, causation_id=cause, command_id=None, command=None, via=via
        )


NO_METADATA = Metadata()
"""Nothing is known."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Metadata).decode


def check_metadata(metadata: object) -> None:
    """Raise `InvalidInput` unless *metadata* is some, whatever a caller without types hands in."""
    if not isinstance(metadata, Metadata):
        raise InvalidInput(f"metadata={metadata!r:.80}: give a Metadata, as in Metadata(actor='ann')")


def dump_metadata(metadata: Metadata) -> bytes:
    """Write *metadata* as the JSON object a store keeps; `{}` when nothing is known.

    Raises:
        InvalidPayload: a text holds NUL or a lone surrogate, or a value is no text.
    """
    if metadata is NO_METADATA:
        return b"{}"
    try:
        data = _encode(metadata)
        readable = _decode(data) == metadata
    except (TypeError, ValueError) as error:
        raise _refused(metadata, str(error)) from error
    if not readable or (0x5C in data and find_flaw(metadata) is not None):
        raise _refused(metadata, "does not read back as it was written")
    return data


def load_metadata(data: bytes | str, *, stream: str, version: int, type: str, schema_version: int) -> Metadata:
    """Read the metadata stored beside the event at *version* of *stream*; members it does not know are passed over.

    Raises:
        DamagedPayload: it is not a JSON object, or a known member has the wrong type.
    """
    try:
        return _decode(data)
    except ValueError as error:
        raise DamagedPayload(stream, version, type, schema_version, f"its metadata cannot be read: {error}") from error


def _refused(metadata: Metadata, reason: str) -> InvalidPayload:
    flaw = find_flaw(metadata)
    return InvalidPayload(f"metadata, field {flaw.path!r}" if flaw else "metadata", flaw.reason if flaw else reason)
