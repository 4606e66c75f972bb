"""What an error of the bank is over HTTP, for whatever serves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from leftfold import AlreadyExists, Conflict, DomainError, NotCaughtUp, NotFound, StoreUnavailable
from leftfold.errors import CommandIdReused, InvalidInput, NoWorker, TableMissing

__all__ = ["STATUSES", "answer_to", "detail_of"]

STATUSES: Final[Mapping[type[Exception], int]] = {
    DomainError: 409,  # the domain refuses
    Conflict: 409,  # others were faster, every time
    NotFound: 404,
    AlreadyExists: 409,
    InvalidInput: 422,
    CommandIdReused: 422,  # one Idempotency-Key for two requests
    NotCaughtUp: 503,  # the rows may be there in a moment
    TableMissing: 503,  # they are being built for the first time
    NoWorker: 503,  # they will not be there before somebody follows
    StoreUnavailable: 503,  # nothing was stored
}
"""The status of each kind of error; of any other, the program is to blame."""

_SOON: Final = (NotCaughtUp, TableMissing, StoreUnavailable)
_RETRY_AFTER_S: Final = 1


def answer_to(error: Exception) -> tuple[int, dict[str, str]] | None:
    """The status and the headers that *error* is answered with; None for what nobody expected."""
    status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), None)
    if status is None:
        return None
    return status, {"Retry-After": str(_RETRY_AFTER_S)} if isinstance(error, _SOON) else {}


def detail_of(error: Exception) -> str:
    """What is told of *error*; of a store out of reach, not where it is."""
    return "the store is out of reach, and nothing was stored" if isinstance(error, StoreUnavailable) else str(error)
