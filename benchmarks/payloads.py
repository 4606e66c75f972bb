"""The same event for every system: about a hundred bytes of JSON, made anew for each timed append."""

from __future__ import annotations

from itertools import count

import msgspec

__all__ = [
    "CATEGORY",
    "CURRENCY",
    "NOTE",
    "TYPE",
    "Payload",
    "make_payload",
    "read_amount",
    "read_deposit",
    "reference",
]

TYPE = "Deposited"
CATEGORY = "account"
CURRENCY = "EUR"
NOTE = "rent, flat 4"

_numbers = count(1)


class Payload(msgspec.Struct, frozen=True):
    """What a deposit says."""

    amount: int
    currency: str
    reference: str
    note: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Payload).decode


def reference() -> str:
    """A text that no other event of this process has."""
    return f"RF18-5390-0754-{next(_numbers):010d}"


def make_payload() -> bytes:
    """The JSON of one more deposit."""
    return _encode(Payload(100, CURRENCY, reference(), NOTE))


def read_deposit(data: bytes | str) -> Payload:
    """Decode a deposit."""
    return _decode(data)


def read_amount(data: bytes | str) -> int:
    """Decode a deposit, as a fold does, and return its amount."""
    return _decode(data).amount
