"""Brings running instances of a saga to a newer version of it."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from leftfold.errors import DefinitionError, Fenced, UnreadableState
from leftfold.handling.signatures import place_of, signature_of
from leftfold.processes.definition import GuidedDefinition, SagaDefinition
from leftfold.processes.journal import StepRecord, dump_journal
from leftfold.processes.saga import Saga
from leftfold.store.port import Store
from leftfold.store.transaction import Transaction
from leftfold.store.work import AT_ONCE, Revise, Wake, WorkItem
from leftfold.store.work_paging import work_items

__all__ = ["Migrated", "SagaMigration", "migrated", "migration_flaw", "saga_migration_of"]

_RUNNING: Final = ("running", "compensating", "stuck")


class SagaMigration(Struct, frozen=True):
    """How the fields of one version become those of a newer one.

    Args:
        old: the class of the version that instances come from.
        new: that of the version that they go to.
        function: makes the one of the other.
    """

    old: type[Saga]
    new: type[Saga]
    function: Callable[..., object]


class Migrated(Struct, frozen=True, kw_only=True):
    """What became of an instance.

    Args:
        saga: name of the context and the saga.
        id: of the instance.
        old: the version that it ran by.
        new: the version that it runs by now, or would.
        reason: why it stays with the old one; None when it does not.
    """

    saga: str
    id: str
    old: int
    new: int
    reason: str | None


def saga_migration_of(function: Callable[..., object]) -> SagaMigration:
    """Read a migration from a pure function that takes a saga of the old class and returns one of the new.

    Raises:
        DefinitionError: it is async, or its annotations name no two classes of sagas.
    """
    where, signature = place_of(function), signature_of(function)
    classes = [*signature.parameters.values(), signature.returned]
    findings = list(signature.findings)
    if inspect.iscoroutinefunction(function):
        findings.append(f"{where} is async; what migrates fields is pure, write a plain def")
    sagas = [cls for cls in classes if isinstance(cls, type) and issubclass(cls, Saga)]
    if not findings and (len(classes) != 2 or len(sagas) != 2):
        findings.append(f"{where} takes a saga of the old class and returns one of the new, and nothing else")
    if findings:
        raise DefinitionError(*findings)
    return SagaMigration(sagas[0], sagas[1], function)


def migration_flaw(old: SagaDefinition, new: SagaDefinition, function: Callable[..., object]) -> str | None:
    """Why *function* does not lead from one version to a newer one of the same saga; None when it does."""
    if old.name == new.name and old.version < new.version:
        return None
    return (
        f"{place_of(function)} leads from {old.name} version {old.version} to {new.name} version {new.version}; it has "
        "to be the same saga in a newer version"
    )


async def migrated(
    store: Store,
    definitions: Mapping[type[Saga], SagaDefinition],
    migration: SagaMigration,
    *,
    try_only: bool,
) -> AsyncIterator[Migrated]:
    """Bring every instance that has not ended to the newer version, each in a commit of its own.

    One whose steps do not fit stays with the version that it has, and so does one that a worker carries on: one whose
    lease has ended was killed, and only a worker that knows the old version would take the instance over from it.

    Args:
        try_only: change nothing, and tell what would be done.
    """
    old, new = definitions[migration.old], definitions[migration.new]
    async for item in work_items(store, old.queue, _RUNNING):
        if item.queue == old.queue:
            if item.held:
                reason: str | None = f"{item.owner} carries it on just now; migrate again"
            else:
                reason = await _moved(store, item, (old, new), migration, try_only=try_only)
            id = item.id.removeprefix(old.item_id(""))
            yield Migrated(saga=new.name, id=id, old=old.version, new=new.version, reason=reason)


async def _moved(
    store: Store,
    item: WorkItem,
    definitions: tuple[SagaDefinition, SagaDefinition],
    migration: SagaMigration,
    *,
    try_only: bool,
) -> str | None:
    old, new = definitions
    try:
        journal = old.read(item)
    except UnreadableState as error:
        return error.reason
    renamed = {was: plan.name for plan in new.plans for was in plan.step.was}
    steps = tuple(_renamed(one, renamed.get(one.name, one.name)) for one in journal.steps)
    if (reason := _misfit(new, steps)) is not None:
        return reason
    try:
        fields = Raw(msgspec.json.encode(migration.function(old.load(journal.fields))))
        new.load(fields)
    except Exception as error:  # noqa: BLE001 - whatever a user's function raises is told
        return f"{place_of(migration.function)}: {type(error).__name__}: {error}"
    state = dump_journal(replace(journal, fields=fields, outline=new.outline, steps=steps))
    wake: Wake = AT_ONCE if item.wake_at is None else item.wake_at
    revise = Revise(id=item.id, token=item.token, status=item.status, state=state, wake=wake, queue=new.queue)
    if item.status == "stuck":
        revise = replace(revise, wake=None)
    try:
        if not try_only:
            await store.transact(Transaction(writes=[revise]))
    except Fenced:
        return "somebody carried it on meanwhile; migrate again"
    return None


def _renamed(record: StepRecord, name: str) -> StepRecord:
    """A step under another name; who did it under a key knows it by that, so its keys stay as they were."""
    began_as = record.began_as or record.name
    return replace(record, name=name, began_as="" if began_as == name else began_as)


def _misfit(new: SagaDefinition, steps: tuple[StepRecord, ...]) -> str | None:
    """Why an instance with these steps cannot go on by *new*; None when it can."""
    if isinstance(new, GuidedDefinition):
        return None
    if unknown := [one.name for one in steps if one.name not in new.outline]:
        return f"step {unknown[0]!r} was begun, and version {new.version} has none of that name; say was= where it is"
    for one in steps:
        if one.began_as in new.outline:
            return f"step {one.name!r} has the key of {one.began_as!r}, the name of another step now; rename that one"
    begun = {one.name for one in steps}
    untouched: str | None = None
    for group in new.groups:
        known = [plan.name for plan in group if plan.name in begun]
        if known and untouched is not None:
            return f"step {known[0]!r} was begun, and {untouched!r}, which comes before it now, was not"
        if len(known) < len(group):
            untouched = untouched or next(plan.name for plan in group if plan.name not in begun)
    return None
