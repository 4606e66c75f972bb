"""An instance of a saga, as people see it."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from leftfold.errors import InvalidInput, UnreadableState
from leftfold.messages.message import declaration_in
from leftfold.processes.definition import SagaDefinition
from leftfold.processes.journal import NOTHING, Intervention, Journal, StepRecord
from leftfold.processes.saga import Saga, check_saga_class
from leftfold.store.work import WorkItem

__all__ = ["SagaView", "known_definition", "saga_view", "waits_for"]

S = TypeVar("S", bound=Saga)


class SagaView(Struct, frozen=True, kw_only=True):
    """An instance of a saga, as it stands.

    Args:
        saga: name of the context and the saga: `shop.PlaceOrder`.
        version: of the definition that it runs by.
        id: as whoever began it gave it.
        status: `running`, `compensating`, `completed`, `compensated` or `stuck`.
        fields: of the saga, as JSON text, or all that is kept of one that cannot be read; `read` gives them typed.
        steps: in the order in which they were begun.
        reason: why it was undone, cannot be read, or is stuck with nothing parked.
        unreadable: why this code cannot read it; None when it can.
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
    unreadable: str | None
    overdue: bool
    back: bool
    interventions: tuple[Intervention, ...]
    owner: str | None
    wake_at: datetime | None
    began_at: datetime
    changed_at: datetime

    def read(self, saga: type[S]) -> S:
        """The saga itself, with its fields as they were when this was looked at; what is changed in it is not kept.

        Args:
            saga: its class, of the version that it runs by.

        Returns:
            A new object each time.

        Raises:
            InvalidInput: the class is another saga's, or of another version.
            UnreadableState: this code cannot read it, see *unreadable*.
            DefinitionError: it is given no class of sagas.
        """
        check_saga_class(saga)
        declared = declaration_in(saga)
        if declared is None or (declared.name, declared.version) != (self.saga.partition(".")[2], self.version):
            known = "" if declared is None else f", which is {declared.name!r:.80} version {declared.version}"
            raise InvalidInput(
                f"{self.saga} {self.id!r:.80} runs by version {self.version}, and is read as {saga.__qualname__}{known}"
                "; give the class that it runs by"
            )
        item, queue = f"saga/{self.saga}/{self.id}", f"saga/{self.saga}/{self.version}"
        if self.unreadable is not None:
            raise UnreadableState(item, queue, self.unreadable)
        try:
            return msgspec.json.decode(self.fields, type=saga)
        except Exception as error:  # a `__post_init__` may raise anything
            raise UnreadableState(item, queue, str(error)) from error


def known_definition(definition: SagaDefinition | None, item: WorkItem) -> SagaDefinition:
    """*definition*, which *item* runs by; raises `UnreadableState` when there is none here."""
    if definition is None:
        raise UnreadableState(item.id, item.queue, "no saga of this name and version is registered here")
    return definition


def saga_view(definition: SagaDefinition | None, item: WorkItem) -> SagaView:
    """How *item*, which runs by *definition*, stands; where this code cannot read it, the reason says so."""
    saga, _, version = item.queue.removeprefix("saga/").rpartition("/")
    reason: str | None = None
    unreadable: str | None = None
    try:
        journal = known_definition(definition, item).read(item)
    except UnreadableState as error:
        journal, reason = Journal(fields=Raw(item.state), outline=()), str(error)
        unreadable = error.reason
    if item.status == "stuck":
        reason = reason or journal.misread
    changed = item.status == "completed" and bytes(journal.left) != bytes(NOTHING)
    return SagaView(
        saga=saga,
        version=int(version),
        id=item.id.removeprefix(f"saga/{saga}/"),
        status=item.status,
        fields=bytes(journal.left if changed else journal.fields).decode(errors="backslashreplace"),
        steps=journal.steps,
        reason=reason or journal.reason,
        unreadable=unreadable,
        overdue=journal.overdue,
        back=journal.back,
        interventions=journal.interventions,
        owner=item.owner,
        wake_at=item.wake_at,
        began_at=item.created_at,
        changed_at=item.changed_at,
    )


def waits_for(view: SagaView) -> str | None:
    """Which steps, or undos of them, are tried again later, when and why; None when none is."""
    again: list[str] = []
    for one in view.steps:
        if one.due is not None and one.error is not None:
            at = one.due.isoformat(" ", "milliseconds")
            what = "the undo of step" if one.status == "undoing" else "step"
            again.append(f"{what} {one.name!r} is tried again at {at}, after {one.error}")
    return "; ".join(again) or None
