"""What people decide about what waits or was given up: try it again, or let it go; noted with who and why."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from leftfold.clock import Clock
from leftfold.errors import Fenced, KeyTaken, NotPossible, UnknownInstance
from leftfold.processes.instance import Entry, Instance
from leftfold.processes.missing import MISSING, MissingEvent, load_missing
from leftfold.processes.next import MARK
from leftfold.processes.outgoing import COMMAND, dump_outgoing, load_outgoing
from leftfold.processes.running import PROCESS, RunningProcess
from leftfold.processes.transition import event_causes
from leftfold.store.port import Store
from leftfold.store.transaction import Transaction
from leftfold.store.work import AT_ONCE, End, Revise, WorkItem, WorkWrite

__all__ = ["Decree", "Mending"]

_TRIES: Final = 20
_WAIT: Final = timedelta(minutes=10)
_log: Final = logging.getLogger("leftfold")


class Decree(Struct, frozen=True, kw_only=True):
    """What somebody wants.

    Args:
        verb: `retry` or `drop`.
        who: wants it.
        why: in their words.
    """

    verb: Literal["retry", "drop"]
    who: str
    why: str


class Mending:
    """Does what people decide, in one context.

    Args:
        store: of the context.
        processes: of the context.
    """

    def __init__(self, store: Store, processes: Sequence[RunningProcess], clock: Clock) -> None:
        self._store = store
        self._processes = {one.name: one for one in processes}
        self._clock = clock

    async def mend(self, id: str, decree: Decree) -> None:
        """Do it.

        Args:
            id: as `ParkedView` has it.

        Raises:
            UnknownInstance: nothing here has that id, or no more.
            NotPossible: it does not fit how it stands.
            UnreadableState: this code cannot read the instance.
        """
        kinds: tuple[tuple[str, Callable[[str, Decree], Awaitable[list[WorkWrite]]]], ...] = (
            (COMMAND, self._command),
            (MISSING, self._event),
            (PROCESS, self._timer),
        )
        decide = next((decide for prefix, decide in kinds if id.startswith(prefix)), None)
        if decide is None:
            raise UnknownInstance(id, parked=True)
        for tries in range(1, _TRIES + 1):
            try:
                await self._store.transact(Transaction(writes=await decide(id, decree)))
            except (Fenced, KeyTaken):
                if tries == _TRIES:
                    raise
            else:
                _log.info("%s %s: %s (%s)", decree.verb, id, decree.why, decree.who)
                return

    async def _command(self, id: str, decree: Decree) -> list[WorkWrite]:
        item = await self._item(id)
        outgoing = load_outgoing(item.state)
        noted = await self._noted(outgoing.origin.id, decree, outgoing.command)
        if decree.verb == "drop":
            return [End(id=id, token=item.token), *noted]
        if item.status == "sending":
            raise NotPossible(id, decree.verb, "it is on its way")
        anew = outgoing.anew + (item.status == "refused")  # it was not done, and its id has its answer
        again = replace(outgoing, attempts=0, anew=anew)
        return [
            Revise(id=id, token=item.token, status="sending", state=dump_outgoing(again), wake=AT_ONCE),
            *noted,
        ]

    async def _event(self, id: str, decree: Decree) -> list[WorkWrite]:
        item = await self._item(id)
        event = load_missing(item.state)
        running = self._running(event.process, id)
        known = (await self._store.work([running.item_id(event.key)])).get(running.item_id(event.key))
        instance = running.instance(known)
        if known is None or not instance.begun:
            return self._without(running, (known, instance), (item, event), decree)
        process, end = running.process(known), End(id=id, token=item.token)
        entry = self._entry(decree, event.type, event.position)
        if decree.verb == "drop":
            return [end, running.written(known, process, instance.noted(entry), instance.wake_at)]
        instance, commands = instance.noted(entry), list[WorkWrite]()
        parts = await running.event_at(event.source, event.position)
        wanted = [one for one in parts if running.holds(process, event.key, one)]
        for cause in event_causes(wanted, running.origin(event.key)):
            if instance.ended:
                raise NotPossible(id, decree.verb, "the instance has ended; drop the event")
            result = running.take(process, event.key, instance, cause)
            instance = result.instance
            commands += result.commands
        return [end, running.written(known, process, instance, instance.wake_at), *commands]

    def _without(
        self,
        running: RunningProcess,
        kept: tuple[WorkItem | None, Instance],
        parked: tuple[WorkItem, MissingEvent],
        decree: Decree,
    ) -> list[WorkWrite]:
        """What it comes to while the instance has not begun: wait again, or wait no more."""
        (known, instance), (item, event) = kept, parked
        others = tuple(place for place in instance.parked if place != event.place)
        if decree.verb == "drop":
            places, again = others, list[WorkWrite]([End(id=item.id, token=item.token)])
            if not places:
                return [*again, End(id=known.id, token=known.token)] if known is not None else again
        else:  # whoever begins the instance meets the place, which may have been left out of what was given up
            places, wake = (*others, event.place), self._clock.now() + (running.family.newest.missing or _WAIT)
            again = [Revise(id=item.id, token=item.token, status="waiting", state=item.state, wake=wake)]
        noted = replace(instance.noted(self._entry(decree, event.type, event.position)), parked=places)
        return [*again, running.written(known or running.item_id(event.key), running.family.newest, noted, None)]

    async def _timer(self, id: str, decree: Decree) -> list[WorkWrite]:
        place, _, name = id.rpartition(MARK)
        item = await self._item(place)
        running = self._running(item.queue.removeprefix(PROCESS).rpartition("/")[0], id)
        process, instance = running.process(item), running.instance(item)
        timer = instance.timers.get(name)
        if timer is None:
            raise UnknownInstance(id, parked=True)
        if not timer.attempts:
            due = timer.due.isoformat(" ", "seconds")
            raise NotPossible(id, decree.verb, f"the timer has not failed, and fires by itself at {due}")
        again = None if decree.verb == "drop" else replace(timer, attempts=0, again=None, dead=False)
        changed = instance.with_timer(name, again).noted(self._entry(decree, name))
        return [running.written(item, process, changed, changed.wake_at)]

    async def _noted(self, instance: str, decree: Decree, what: str) -> list[WorkWrite]:
        """The note in the journal of an instance; nothing when there is none."""
        item = (await self._store.work([instance])).get(instance)
        if item is None:
            return []
        running = self._running(item.queue.removeprefix(PROCESS).rpartition("/")[0], instance)
        noted = running.instance(item).noted(self._entry(decree, what))
        return [running.written(item, running.process(item), noted, noted.wake_at)]

    def _entry(self, decree: Decree, what: str, position: int = 0) -> Entry:
        kind: Literal["retried", "dropped"] = "retried" if decree.verb == "retry" else "dropped"
        note = f"{decree.who}: {decree.why}"
        return Entry(kind=kind, what=what, at=self._clock.now(), position=position, note=note)

    async def _item(self, id: str) -> WorkItem:
        found = (await self._store.work([id])).get(id)
        if found is None:
            raise UnknownInstance(id, parked=True)
        return found

    def _running(self, name: str, id: str) -> RunningProcess:
        if name not in self._processes:
            raise NotPossible(id, "find its process", f"no process {name!r} is registered here")
        return self._processes[name]
