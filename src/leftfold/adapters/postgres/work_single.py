"""A batch of one write, as who works alone sends it: a plain statement that does what the function does, for less.

The statement writes only while the batch's number is above the one that the database knows of this client. It answers
nothing when it is not, or when the client is not known yet: the function settles that. It waits for the disk as its
session does, see `Sender`.

Who keeps what he holds, or lets it rest for good, needs no number: whether the write to which no answer was heard was
his tells the item itself.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

from leftfold.adapters.postgres.queries import MAX_BIGINT, Query
from leftfold.store.work import Begin, End, Hold, Keep, Revise, Wake, WorkWrite

__all__ = ["MICROSECOND", "SingleWrite", "storable_token"]

MICROSECOND: Final = timedelta(microseconds=1)

_Woken: TypeAlias = tuple[str | None, int | None, str | None]

_DUE: Final = (
    "case when ${0}::text is null then m.now + ${1}::bigint * interval '1 microsecond' "
    "else greatest(${0}::text::timestamptz, m.now) end"  # as text: the driver takes the last moment for infinity
)


class SingleWrite:
    """The statements of one schema. Their first two values are client and number of the batch."""

    def __init__(self, schema: str) -> None:
        work = f'"{schema}".work'
        soon = "wake_at <= changed_at + interval '1 second' as soon"
        self._begin = _kept(
            schema,
            f"insert into {work} (id, queue, status, state, token, owner, wake_at, created_at, changed_at) "
            f"select $3, $4, $5, $6, 1, $7, {_DUE.format(8, 9)}, m.now, m.now from m where exists (select from b) "
            f"on conflict (id) do nothing returning queue, {soon}",
            "not exists (select from t) and not $10::boolean",
        )
        self._revise = _kept(
            schema,
            f"update {work} w set token = token + 1, queue = coalesce($4, queue), status = $5, state = $6, "
            "owner = case when $11::boolean then owner else $7 end, "
            f"wake_at = case when $11::boolean then wake_at else {_DUE.format(8, 9)} end, changed_at = m.now from m "
            f"where exists (select from b) and id = $3 and token = $10::bigint returning queue, {soon}",
            "not exists (select from t)",
        )
        self._end = _kept(
            schema,
            f"delete from {work} where exists (select from b) and id = $3 and token = $4::bigint "
            "returning queue, false as soon",
            "not exists (select from t)",
        )

        self._keep, self._rest = (
            f"update {work} set token = token + 1, queue = coalesce($2, queue), status = $3, state = $4, {let_go}"
            f'changed_at = "{schema}".now_v1() where id = $1 and token = $5::bigint returning true'
            for let_go in ("", "owner = null, wake_at = null, ")
        )
        self._left = (
            "select token - $4::bigint as ahead, "
            "status = $2 and state::text = $3 and owner is not distinct from $5 as same, "
            f"owner is not distinct from $6 as held from {work} where id = $1"
        )

    def known(self, write: WorkWrite) -> Query | None:
        """The statement of a write that is known again by the item it leaves, with all its values; None of others.

        It answers nothing when it refuses. Whose answer was missed asks for what is left first: another item may have
        been begun by the same id, and have the same token.
        """
        if not isinstance(write, Revise) or write.owner is None or not 0 < write.token < MAX_BIGINT:
            return None
        if write.wake is not None and not isinstance(write.wake, Keep):  # others may take it further at once
            return None
        sql = self._rest if write.wake is None else self._keep
        return sql, (write.id, write.queue, write.status, write.state.decode(), write.token)

    def left(self, write: Revise) -> Query:
        """Asks how far an item's token is ahead of that of *write*, and whether it is as that leaves it or finds it."""
        owner = None if write.wake is None else write.owner
        return self._left, (write.id, write.status, write.state.decode(), write.token, owner, write.owner)

    def query(self, write: WorkWrite) -> Query:
        """The statement of *write*, and its values after the first two; its answer is like that of the function."""
        match write:
            case Begin():
                return self._begin, (*_content(write), write.unless_there)
            case Revise():
                return self._revise, (*_content(write), storable_token(write.token), isinstance(write.wake, Keep))
            case End():
                return self._end, (write.id, storable_token(write.token))


def storable_token(token: int) -> int:
    """One that the database can take; no item has 0."""
    return token if 0 < token <= MAX_BIGINT else 0


def _content(write: Begin | Revise) -> tuple[object, ...]:
    due, lease, owner = _woken(write.wake)
    return write.id, write.queue, write.status, write.state.decode(), owner, due, lease


def _woken(wake: Wake | Keep) -> _Woken:
    match wake:
        case Hold(owner=owner, lease_s=lease_s):
            return None, timedelta(seconds=lease_s) // MICROSECOND, owner
        case datetime():
            return wake.astimezone(UTC).isoformat(), None, None
        case None | Keep():
            return None, None, None


def _kept(schema: str, write: str, refused: str) -> str:
    """*write* as `t`, and what it came to, kept for whoever missed the answer."""
    batches = f'"{schema}".work_batches'
    return (
        f"with b as materialized (select from {batches} where client = $1::uuid and batch < $2::bigint for update), "
        f'm as materialized (select "{schema}".now_v1() as now), t as ({write}) '
        f"update {batches} set batch = $2::bigint, refused = case when {refused} then array[0] end, "
        "soon = (select array[queue] from t where soon), written_at = m.now from m "
        "where client = $1::uuid and exists (select from b) returning refused::text, soon"
    )
