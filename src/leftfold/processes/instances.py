"""The sagas of one context, for whoever begins, looks at, waits for or mends them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import datetime
from typing import Final, TypeVar

from msgspec.structs import replace

from leftfold.clock import Clock
from leftfold.errors import DefinitionError, Fenced, KeyTaken, NotEnded, UnknownInstance
from leftfold.messages.metadata import NO_METADATA, Metadata, check_metadata
from leftfold.processes.definition import SagaDefinition
from leftfold.processes.engine import Engine
from leftfold.processes.forgetting import forgotten_sagas
from leftfold.processes.intervening import Verb, intervened
from leftfold.processes.journal import Parent, dump_journal, load_journal
from leftfold.processes.planning import is_under_way, planned, turned_back
from leftfold.processes.saga import Saga
from leftfold.processes.saga_view import SagaView, known_definition, saga_view, waits_for
from leftfold.processes.watching import Watchers, heard_within
from leftfold.store.checks import check_id, check_statuses
from leftfold.store.port import Store
from leftfold.store.transaction import Transaction
from leftfold.store.work import AT_ONCE, Begin, Hold, Revise, Wake, WorkItem
from leftfold.store.work_paging import by_status, work_items

__all__ = ["ENDED", "SagaInstances"]

S = TypeVar("S", bound=Saga)

ENDED: Final = frozenset({"completed", "compensated", "stuck"})
"""How a saga can have ended."""

_STATUSES: Final = ("running", "compensating", "completed", "compensated", "stuck")
_TRIES: Final = 20
_LOOK_S: Final = 0.25


class SagaInstances:
    """The instances of the sagas of one context.

    Args:
        context: its name.
        definitions: of its sagas, every version.
        store: of the context.
        engine: gives the one that runs here; None when none does.
    """

    def __init__(
        self,
        context: str,
        definitions: Collection[SagaDefinition],
        store: Store,
        clock: Clock,
        engine: Callable[[], Engine | None] = lambda: None,
    ) -> None:
        self._context = context
        self._by_queue = {one.queue: one for one in definitions}
        self._by_class = {one.cls: one for one in definitions}
        self._store = store
        self._clock = clock
        self._engine = engine
        self._full_names = {short: one.name for one in definitions for short in (one.name.partition(".")[2], one.name)}
        self.watchers: Watchers = Watchers()
        """Who waits here for one of them to end."""

    @property
    def definitions(self) -> Mapping[str, SagaDefinition]:
        """By their queues."""
        return self._by_queue

    def knows(self, cls: type[Saga]) -> bool:
        """Whether its instances can be here."""
        return cls in self._by_class

    def definition_of(self, cls: type[Saga]) -> SagaDefinition:
        """Of a class.

        Raises:
            DefinitionError: it does not know it, see `knows`.
        """
        if (found := self._by_class.get(cls)) is None:
            raise DefinitionError(
                f"{cls.__qualname__} is no saga of this context; register it: @context.saga above the class"
            )
        return found

    async def begin(
        self, saga: Saga, id: str, metadata: Metadata = NO_METADATA, *, parent: Parent | None = None
    ) -> bool:
        """Begin an instance; durable when this returns. False when it has begun before, whatever its fields were.

        Args:
            parent: what waits until it has ended.

        Raises:
            DefinitionError: its class is not registered with this context.
            InvalidPayload: a field cannot be stored.
            InvalidInput: id or metadata cannot be stored.
        """
        definition = self.definition_of(type(saga))
        check_id(id)
        check_metadata(metadata)
        journal = definition.journal(saga, metadata)
        if parent is not None:
            journal = journal.of_parent(parent)
        engine = self._engine()
        hold = engine.hold if engine is not None else None
        # Begun, claimed and its first step noted in one commit.
        if engine is not None and hold is not None and definition.groups:
            journal, _ = planned(definition, journal, engine.now(), None)
        begin = Begin(
            id=definition.item_id(id),
            queue=definition.queue,
            status="running",
            state=dump_journal(journal),
            wake=hold or AT_ONCE,
        )
        try:
            await self._write(begin, engine if begin.wake is hold else None)
        except KeyTaken:
            return False
        if engine is not None and hold is not None:
            now = engine.now()
            item = WorkItem(
                id=begin.id,
                queue=begin.queue,
                status=begin.status,
                state=begin.state,
                token=1,
                owner=hold.owner,
                wake_at=None,
                created_at=now,
                changed_at=now,
            )
            engine.take(item)
        return True

    async def is_child(self, name: str, id: str, parent: Parent) -> bool:
        """Whether an instance was begun as a child of *parent*; so is one that cannot be read.

        Raises:
            UnknownInstance: there is none.
        """
        item = await self._item(name, id)
        try:
            return load_journal(item.state).is_of(parent)
        except ValueError:
            return True

    async def forestall(self, saga: Saga, id: str, metadata: Metadata, parent: Parent) -> bool:
        """Have a child ended, undone, before it has begun: whoever comes to begin it afterwards is too late.

        Returns:
            False when it has begun before; nothing was done then.
        """
        definition = self.definition_of(type(saga))
        journal = definition.journal(saga, metadata).of_parent(parent)
        journal = turned_back(definition, journal, "its parent was undone before it began")
        end = Begin(
            id=definition.item_id(id),
            queue=definition.queue,
            status="compensated",
            state=dump_journal(journal),
            wake=None,
        )
        try:
            await self._store.transact(Transaction(writes=[end]))
        except KeyTaken:
            return False
        return True

    async def show(self, name: str, id: str) -> SagaView:
        """An instance.

        Args:
            name: of the saga, with or without its context.

        Raises:
            UnknownInstance: there is none.
        """
        return self._view(await self._item(name, id))

    async def find(self, name: str, statuses: Collection[str]) -> AsyncIterator[SagaView]:
        """Every instance, by saga and id.

        Args:
            name: of the saga; empty for all.
            statuses: only those; empty for all.

        Raises:
            InvalidQuery: there is no such status.
        """
        check_statuses(statuses, _STATUSES)
        async for item in work_items(self._store, self._queues(name), statuses):
            yield self._view(item)

    async def count(self, name: str) -> Mapping[str, int]:
        """How many instances there are of each status.

        Args:
            name: of the saga; empty for all.
        """
        return by_status(await self._store.count_work(self._queues(name)))

    async def forget(self, name: str, before: datetime, *, try_only: bool) -> AsyncIterator[SagaView]:
        """Delete instances that ended before a moment, and tell which; see `forgotten_sagas`.

        Args:
            name: of the saga; empty for all.
        """
        async for item in forgotten_sagas(self._store, self._queues(name), before, try_only=try_only):
            yield self._view(item)

    async def intervene(self, name: str, id: str, verb: Verb) -> SagaView:
        """Do what a person wants; it is noted in the journal with who and why.

        While another process is in the midst of the instance, it goes on when the lease of that one ends: it lets go
        before that, so that nothing is undone while it is still being done.

        Raises:
            UnknownInstance: there is none.
            NotPossible: it does not fit how it stands.
            UnreadableState: this code cannot read it.
        """
        for tries in range(1, _TRIES + 1):
            item = await self._item(name, id)
            definition = known_definition(self._by_queue.get(item.queue), item)
            known = definition.read(item)
            journal = intervened(definition, item, known, verb, self._clock.now())
            if journal is known:
                break
            status, engine = "compensating" if journal.back else "running", self._holding(item)
            held = item.owner is not None or is_under_way(known)  # another verb may have taken it from its owner
            wake: Wake = item.wake_at if held and item.wake_at is not None else AT_ONCE
            if engine is not None and engine.hold is not None:
                wake = engine.hold
            revise = Revise(id=item.id, token=item.token, status=status, state=dump_journal(journal), wake=wake)
            try:
                await self._write(revise, engine if isinstance(wake, Hold) else None)
            except Fenced:
                if tries == _TRIES:
                    raise
                continue
            if engine is not None and isinstance(wake, Hold):
                engine.take(replace(item, token=item.token + 1, status=status, state=revise.state))
            break
        return await self.show(name, id)

    async def _write(self, write: Begin | Revise, engine: Engine | None) -> None:
        """Store a write; *engine* is who takes the item afterwards, and leaves it when nobody hears how that ended."""
        try:
            await self._store.transact(Transaction(writes=[write]))
        except (Fenced, KeyTaken):
            raise
        except BaseException:
            if engine is not None:
                engine.leave(write.id)
            raise

    def _holding(self, item: WorkItem) -> Engine | None:
        """The engine here, when it is in the midst of *item*: it stops what it does there, and goes on with it."""
        engine = self._engine()
        hold = engine.hold if engine is not None else None
        return engine if hold is not None and item.owner == hold.owner else None

    async def nudge(self, item_id: str) -> None:
        """Have an instance look at once at what it waits for."""
        for _ in range(_TRIES):
            found = (await self._store.work([item_id])).get(item_id)
            if found is None or found.wake_at is None:
                return
            revise = Revise(id=found.id, token=found.token, status=found.status, state=found.state, wake=AT_ONCE)
            try:
                if found.owner is None:  # whoever holds it looks anyway
                    await self._store.transact(Transaction(writes=[revise]))
            except Fenced:
                continue
            return

    async def ended(self, name: str, id: str, timeout_s: float) -> SagaView:
        """Wait until an instance has ended.

        Raises:
            NotEnded: it had not when the time was over.
            UnknownInstance: there is none.
        """
        loop = asyncio.get_running_loop()
        end, engine = loop.time() + timeout_s, self._engine()
        key = self._item_id(name, id)
        here = engine is not None and engine.carries(key)  # then there is nothing to read before it is let go of
        while True:
            heard = self.watchers.watch(key)
            try:
                left_s = end - loop.time()
                if not here:
                    item = await self._item(name, id)
                    if item.status in ENDED:
                        return self._view(item)
                    if left_s <= 0:
                        raise NotEnded(item.id, item.status, timeout_s, waits_for(self._view(item)))
                # another process may carry it on, and tells nobody here
                last = await heard_within(heard, max(min(left_s, _LOOK_S), 0.0))
                if last is not None and last.status in ENDED:
                    return self._view(last)
            finally:
                self.watchers.leave(key, heard)
            here = False

    async def _item(self, name: str, id: str) -> WorkItem:
        key = self._item_id(name, id)
        found = await self._store.work([key])
        if key not in found:
            raise UnknownInstance(key)
        return found[key]

    def _item_id(self, name: str, id: str) -> str:
        return f"saga/{self._full(name)}/{id}"

    def _queues(self, name: str) -> str:
        """What the queues of a saga begin with, or of all of this context."""
        return f"saga/{self._full(name)}/" if name else f"saga/{self._context}."

    def _full(self, name: str) -> str:
        """The name with its context."""
        return self._full_names.get(name, name)

    def _view(self, item: WorkItem) -> SagaView:
        return saga_view(self._by_queue.get(item.queue), item)
