"""Writes of work items as one call of the SQL function: its argument, and what its result means."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from leftfold.adapters.postgres.gathering import Place, Refusal
from leftfold.adapters.postgres.work_single import MICROSECOND, storable_token
from leftfold.errors import Fenced, KeyTaken
from leftfold.store.work import Begin, End, Hold, Keep, WorkWrite

__all__ = ["WorkCall", "work_write_sql"]

_BEGIN, _BEGIN_UNLESS_THERE, _REVISE, _END = range(4)


class _Write(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One write, as the function reads it."""

    n: int
    unit: int
    kind: int
    id: str
    token: int = 0
    queue: str | None = None
    status: str = ""
    state: str = ""
    wake: datetime | None = None
    lease: int | None = None
    owner: str | None = None
    keep: bool = False


def work_write_sql(schema: str) -> str:
    """The statement that calls the function of *schema*: client and number of the batch, writes, see `WorkCall`."""
    return (
        f'select refused::text, soon from "{schema}".work_write_v1($1::uuid, $2::bigint, $3::text::json, $4::boolean)'
    )


class WorkCall:
    """The writes of one call; no item is in it twice."""

    def __init__(self) -> None:
        self._writes: dict[str, tuple[Place, WorkWrite]] = {}
        self._several = False

    def __len__(self) -> int:
        return len(self._writes)

    def add(self, place: Place, write: WorkWrite) -> bool:
        """Add one write; False, adding nothing, when one of the same item is here."""
        return self._writes.setdefault(write.id, (place, write))[0] == place

    def take(self, member: int, writes: Sequence[WorkWrite]) -> bool:
        """Add all writes of a member, of items that differ; False, adding nothing, when one of them is here."""
        known = self._writes
        if known and not known.keys().isdisjoint([write.id for write in writes]):
            return False
        for step, write in enumerate(writes):
            known[write.id] = (member, step), write
        self._several = self._several or len(writes) > 1
        return True

    @property
    def locks_first(self) -> bool:
        """Whether all is judged, and what is there is locked, before anything is written.

        A member with several writes needs it, for it is written as a whole. So does who begins one item and revises
        another: what is there comes before what is new in everybody's order, or two wait for each other in a circle.
        Who only revises is spared it. Should it be an item that the other has not seen when it looked and begins
        itself, the database ends one of the two, and its call is sent again.
        """
        return self._several or len({isinstance(write, Begin) for _, write in self._writes.values()}) > 1

    @property
    def only(self) -> WorkWrite | None:
        """The one write that there is; None when there are more."""
        if len(self._writes) != 1:
            return None
        [(_, write)] = self._writes.values()
        return write

    def before(self, place: Place) -> WorkCall:
        """Those that come before *place*."""
        some = WorkCall()
        some._writes = {id: one for id, one in self._writes.items() if one[0] < place}
        return some

    def text(self, *, apart: bool = False) -> str:
        """The writes as JSON, in the order of their ids: nobody waits for another in a circle.

        Args:
            apart: each refused by itself, for who takes all back when one is.
        """
        writes = [
            _written(number, number if apart else place[0], write)
            for number, (place, write) in enumerate(self._ordered())
        ]
        return msgspec.json.encode(writes).decode()

    def refusals(self, numbers: Sequence[int]) -> list[Refusal]:
        """Why members are refused, in the order of their writes.

        Args:
            numbers: what the function said.
        """
        ordered = self._ordered()
        refused = sorted((ordered[number] for number in numbers), key=lambda each: each[0])
        return [Refusal(place, _error(write), sure=True) for place, write in refused]

    def _ordered(self) -> list[tuple[Place, WorkWrite]]:
        return [self._writes[id] for id in sorted(self._writes)]


def _written(number: int, unit: int, write: WorkWrite) -> _Write:
    if isinstance(write, End):
        return _Write(n=number, unit=unit, kind=_END, id=write.id, token=storable_token(write.token))
    wake = write.wake
    hold = wake if isinstance(wake, Hold) else None
    if isinstance(write, Begin):
        kind, token = _BEGIN_UNLESS_THERE if write.unless_there else _BEGIN, 0
    else:
        kind, token = _REVISE, storable_token(write.token)
    return _Write(
        n=number,
        unit=unit,
        kind=kind,
        id=write.id,
        token=token,
        queue=write.queue,
        status=write.status,
        state=write.state.decode(),
        wake=wake.astimezone(UTC) if isinstance(wake, datetime) else None,
        lease=timedelta(seconds=hold.lease_s) // MICROSECOND if hold else None,
        owner=hold.owner if hold else None,
        keep=isinstance(wake, Keep),
    )


def _error(write: WorkWrite) -> Exception:
    return KeyTaken("work", write.id) if isinstance(write, Begin) else Fenced(write.id, write.token, "work item")
