"""Taking over what another store has kept: what may continue what is here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from leftfold.errors import InvalidInput, NotPossible, RestoreMismatch
from leftfold.messages.given import utc_flaw
from leftfold.store.checks import check_append
from leftfold.store.events import Expected, NewEvent, StoredEvent, ToStream
from leftfold.store.work import AT_ONCE, Begin, WorkItem
from leftfold.store.work_checks import check_work_write

__all__ = ["check_continues", "check_items", "check_stored", "new_items"]


def check_items(items: Sequence[WorkItem]) -> None:
    """Raise a typed error unless these work items can be stored."""
    for item in items:
        check_work_write(
            Begin(id=item.id, queue=item.queue, status=item.status, state=item.state, wake=item.wake_at or AT_ONCE)
        )
        if item.token < 1 or any(at.utcoffset() is None for at in (item.created_at, item.changed_at)):
            raise InvalidInput(f"work item {item.id!r:.80}: its token is at least 1, and its times have a zone")
    if len({item.id for item in items}) < len(items):
        raise InvalidInput("a work item is named twice; an id is unique in a store")


def new_items(items: Sequence[WorkItem], here: Mapping[str, int]) -> list[WorkItem]:
    """Those of *items* that are not here; raises `NotPossible` when one is here with another token.

    Args:
        here: the tokens of those that are here, by id.
    """
    for item in items:
        if (token := here.get(item.id, item.token)) != item.token:
            reason = f"it is here with token {token} instead of {item.token}, so it goes on here already"
            raise NotPossible(item.id, "restore", reason)
    return [item for item in items if item.id not in here]


def check_continues(
    events: Sequence[StoredEvent],
    here: Mapping[int, StoredEvent],
    last: StoredEvent | None,
    version_of: Callable[[str], int],
) -> list[StoredEvent]:
    """Sort out which of *events* are new, or raise `RestoreMismatch` when they belong to another log.

    What cannot be stored is `InvalidInput`.

    Args:
        events: in position order.
        here: what the store holds at the positions of *events*, by position.
        last: the store's last event, None when it is empty.
        version_of: the version of a stream in the store, 0 when there is none.
    """
    new: list[StoredEvent] = []
    versions: dict[str, int] = {}
    for event in events:
        known = here.get(event.position)
        if known is not None:
            if known != event:
                raise RestoreMismatch(event.position, _difference(known, event))
            continue
        _check_next(event, last, versions.get(event.stream) or version_of(event.stream))
        versions[event.stream] = event.version
        last = event
        new.append(event)
    return new


def check_stored(event: StoredEvent) -> None:
    """Raise `InvalidInput` unless a store could have taken what *event* holds from an append."""
    fresh = NewEvent(
        id=event.id,
        type=event.type,
        schema_version=event.schema_version,
        data=event.data,
        metadata=event.metadata,
        tags=event.tags,
        occurred_at=event.occurred_at,
    )
    check_append([ToStream(event.stream, Expected.ANY, [fresh])], None)


def _check_next(event: StoredEvent, last: StoredEvent | None, version: int) -> None:
    head = last.position if last else 0
    if event.position != head + 1:
        raise RestoreMismatch(event.position, f"the log here ends at {head}; position {head + 1} has to follow")
    if event.version != version + 1:
        raise RestoreMismatch(
            event.position, f"stream {event.stream!r} is at version {version}; {event.version} cannot follow"
        )
    if flaw := utc_flaw(event.recorded_at):
        raise InvalidInput(f"position {event.position}: recorded_at={flaw}")
    if last and event.recorded_at < last.recorded_at:
        raise RestoreMismatch(event.position, f"recorded at {event.recorded_at}, before its predecessor")
    check_stored(event)


def _difference(known: StoredEvent, event: StoredEvent) -> str:
    if known.id != event.id:
        return f"event {known.id} is here, event {event.id} was to be restored"
    fields = [name for name in event.__struct_fields__ if getattr(known, name) != getattr(event, name)]
    return f"event {known.id} is here with another {' and another '.join(fields)}"
