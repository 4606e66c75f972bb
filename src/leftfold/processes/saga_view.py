"""An instance of a saga, as people see it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Raw, Struct

from leftfold.errors import UnreadableState
from leftfold.processes.definition import SagaDefinition
from leftfold.processes.journal import Intervention, Journal, StepRecord
from leftfold.processes.reading import read_journal
from leftfold.store.work import WorkItem

__all__ = ["SagaView", "known_definition", "saga_view"]


class SagaView(Struct, frozen=True, kw_only=True):
    """An instance of a saga, as it stands.

    Args:
        saga: name of the context and the saga: `shop.PlaceOrder`.
        version: of the definition that it runs by.
        id: as whoever began it gave it.
        status: `running`, `compensating`, `completed`, `compensated` or `stuck`.
        fields: of the saga, as JSON text.
        steps: in the order in which they were begun.
        reason: why it was undone, or cannot be read.
        overdue: whether its deadline has passed with no way back.
        back: whether it is being undone, or was.
        interventions: what people did, in order.
        owner: who carries it on now.
        wake_at: when it goes on by itself; None when it does not.
        began_at: by the database's clock, like *changed_at*; as far as it was heard here, while it is carried on here.
    """

    saga: str
    version: int
    id: str
    status: str
    fields: str
    steps: tuple[StepRecord, ...]
    reason: str | None
    overdue: bool
    back: bool
    interventions: tuple[Intervention, ...]
    owner: str | None
    wake_at: datetime | None
    began_at: datetime
    changed_at: datetime


def known_definition(definition: SagaDefinition | None, item: WorkItem) -> SagaDefinition:
    """*definition*, which *item* runs by; raises `UnreadableState` when there is none here."""
    if definition is None:
        raise UnreadableState(item.id, item.queue, "no saga of this name and version is registered here")
    return definition


def saga_view(definition: SagaDefinition | None, item: WorkItem) -> SagaView:
    """How *item*, which runs by *definition*, stands; where this code cannot read it, the reason says so."""
    saga, _, version = item.queue.removeprefix("saga/").rpartition("/")
    reason: str | None = None
    try:
        journal = read_journal(known_definition(definition, item), item)
    except UnreadableState as error:
        journal, reason = Journal(fields=Raw(item.state), outline=()), str(error)
    return SagaView(
        saga=saga,
        version=int(version),
        id=item.id.removeprefix(f"saga/{saga}/"),
        status=item.status,
        fields=bytes(journal.fields).decode(errors="backslashreplace"),
        steps=journal.steps,
        reason=reason or journal.reason,
        overdue=journal.overdue,
        back=journal.back,
        interventions=journal.interventions,
        owner=item.owner,
        wake_at=item.wake_at,
        began_at=item.created_at,
        changed_at=item.changed_at,
    )
