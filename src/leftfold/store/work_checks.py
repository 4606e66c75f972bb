"""What every store asks of work before it touches a machine, alike for all."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from leftfold.errors import InvalidInput, InvalidPayload, TooLarge
from leftfold.messages.flaws import json_flaw
from leftfold.messages.given import are_texts, is_count
from leftfold.store.checkpoints import check_lease
from leftfold.store.limits import MAX_EVENT_BYTES
from leftfold.store.names import flaw_of
from leftfold.store.row_columns import time_fits
from leftfold.store.work import Begin, End, Hold, Keep, Revise, Wake, WorkWrite

__all__ = ["check_claiming", "check_holding", "check_ids", "check_queues", "check_work_write", "woken"]


def check_work_write(write: WorkWrite) -> None:
    """Raise a typed error unless *write* can be stored."""
    _check_name("work item", write.id)
    if isinstance(write, End):
        return
    if flaw := flaw_of(write.status):
        raise InvalidInput(f"status of {_place(write)}: {write.status!r:.80} {flaw}")
    queue = write.queue or ""
    if (isinstance(write, Begin) or write.queue is not None) and (flaw := flaw_of(queue)):
        raise InvalidInput(f"queue of {_place(write)}: {queue!r:.80} {flaw}")
    _check_state(write)
    _check_wake(write)


def check_claiming(queues: Collection[str], owner: str, lease_s: float, limit: int) -> timedelta:
    """The lease of a claim on work; raises `InvalidInput` unless all of it makes sense."""
    check_queues(queues)
    if not is_count(limit):
        raise InvalidInput(f"limit={limit!r:.80}: a claim is for at least one work item")
    return check_holding(owner, lease_s)


def check_holding(owner: str, lease_s: float) -> timedelta:
    """The lease; raises `InvalidInput` unless it is one and *owner* can be stored."""
    _check_name("owner", owner)
    return check_lease(lease_s)


def check_queues(queues: Collection[str]) -> None:
    """Raise `InvalidInput` unless *queues* are names that can be stored."""
    _check_several("queues", queues)
    for queue in queues:
        _check_name("queue", queue)


def check_ids(ids: Collection[str]) -> list[str]:
    """Those of *ids* that can be stored, each once; raises `InvalidInput` when it is one text."""
    _check_several("ids", ids)
    return [id for id in dict.fromkeys(ids) if not flaw_of(id)]


def woken(wake: Wake, now: datetime) -> tuple[str | None, datetime | None]:
    """Who holds what is written with *wake* at *now*, and when it is due, in UTC."""
    match wake:
        case None:
            return None, None
        case Hold(owner=owner, lease_s=lease_s):
            return owner, now + timedelta(seconds=lease_s)
        case _:
            return None, max(wake.astimezone(UTC), now)


def _check_name(what: str, name: str) -> None:
    if flaw := flaw_of(name):
        raise InvalidInput(f"{what}: {name!r:.80} {flaw}")


def _check_several(what: str, names: Collection[str]) -> None:
    if isinstance(names, str):
        raise InvalidInput(f"{what} are several texts, not one text; write [{names!r:.80}]")
    if not are_texts(names):
        raise InvalidInput(f"{what}={names!r:.80}; give a list of texts")


def _place(write: Begin | Revise) -> str:
    return f"work item {write.id!r:.80}"


def _check_state(write: Begin | Revise) -> None:
    state = write.state
    if len(state) > MAX_EVENT_BYTES:
        raise TooLarge(f"state of {_place(write)} in bytes", len(state), MAX_EVENT_BYTES, "MAX_EVENT_BYTES")
    if flaw := json_flaw(state):
        raise InvalidPayload(f"state of {_place(write)}", flaw)
    if not state.startswith(b"{") and state.lstrip()[:1] != b"{":
        raise InvalidPayload(f"state of {_place(write)}", "is not a JSON object")


def _check_wake(write: Begin | Revise) -> None:
    match wake := write.wake:
        case None | Keep():
            return
        case Hold(owner=owner, lease_s=lease_s):
            check_holding(owner, lease_s)
        case _ if wake.utcoffset() is None:
            raise InvalidInput(f"{_place(write)}: wake={wake} has no zone; give one, as in datetime.now(UTC)")
        case _ if not time_fits(wake):
            raise InvalidInput(f"{_place(write)}: wake={wake} is not in the years 1 to 9999 in UTC")
        case _:
            return
