"""What logs show that contexts take from each other: counted, and written to a file that a check is given."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from leftfold.borders.uses import Evidence, Use
from leftfold.errors import InvalidObservation
from leftfold.messages.message import MAX_VERSION

__all__ = ["Observed", "dump_observed", "load_observed", "observed_uses"]

_Name: TypeAlias = Annotated[str, Meta(min_length=1)]
_Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]


class Observed(Struct, frozen=True, kw_only=True, order=True):
    """How often one context took something of another.

    Args:
        kind: what it is.
        source: name of the context whose event it is; of a command, of the context that sent it.
        type: stored name of the event, or the name of the command.
        version: schema version of the event, counted from 1; 0 for a command.
        consumer: name of the context that reacted to the event, or carried out the command.
        count: events that show it.
        first: when the first of them was recorded; a moment without a time zone is refused.
        last: when the last was.
    """

    kind: Literal["event", "command"]
    source: _Name
    type: _Name
    version: Annotated[int, Meta(ge=0, le=MAX_VERSION)]
    consumer: _Name
    count: Annotated[int, Meta(ge=1)]
    first: _Moment
    last: _Moment

    def __post_init__(self) -> None:
        if self.kind == "event" and self.version == 0:
            raise ValueError("versions of events count from 1")


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal[1]
    observed: tuple[Observed, ...]


def observed_uses(observed: Iterable[Observed]) -> Evidence:
    """The same as evidence; that of nothing when there is none."""
    uses = tuple(_use(one) for one in sorted(observed) if one.source != one.consumer)
    return Evidence(origins=frozenset({"observed"}) if uses else frozenset(), uses=uses)


def dump_observed(observed: Iterable[Observed]) -> str:
    """Write it as sorted JSON, a line for each."""
    lines = ",\n".join(f"  {msgspec.json.encode(one).decode()}" for one in sorted(observed))
    return f'{{"format": 1, "observed": [\n{lines}\n]}}\n' if lines else '{"format": 1, "observed": []}\n'


def load_observed(path: Path | str) -> Sequence[Observed]:
    """Read what `dump_observed` wrote.

    Raises:
        InvalidObservation: it is no such file.
        OSError: it cannot be read.
    """
    data = Path(path).read_bytes().removeprefix(BOM_UTF8)
    try:
        return msgspec.json.decode(data, type=_File).observed
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidObservation(str(path), _line(data, str(error)), str(error)) from error


def _line(data: bytes, reason: str) -> int:
    """Where the reader stopped; of an entry that is wrong, its own line, as each has one."""
    if "truncated" in reason:
        return max(len(data.splitlines()), 1)
    for word, first in (("(byte ", 1), ("$.observed[", 2)):
        _, found, rest = reason.partition(word)
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        if found and digits:
            return data[: int(digits)].count(b"\n") + 1 if first == 1 else int(digits) + first
    return 1


def _use(one: Observed) -> Use:
    user, used = (one.consumer, one.source) if one.kind == "event" else (one.source, one.consumer)
    version = f" v{one.version}" if one.version else ""
    note = f"seen {one.count:,} time{'' if one.count == 1 else 's'}, last on {one.last:%Y-%m-%d}"
    return Use(user=user, used=used, kind=one.kind, subject=f"{one.type}{version}", origin="observed", note=note)
