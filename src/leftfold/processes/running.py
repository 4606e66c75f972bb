"""A process at work on the store of its context: reads instances, decides, and says what is to be written."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any, Final, Literal, TypeVar

from msgspec import Struct

from leftfold.errors import TableMissing, UnreadableState
from leftfold.messages.recorded import RecordedEvent
from leftfold.processes.instance import Instance, dump_instance, load_instance
from leftfold.processes.measuring import Measuring, Mishap
from leftfold.processes.outgoing import Origin, Post
from leftfold.processes.process import Family, Process
from leftfold.processes.transition import Cause, Taken, taken
from leftfold.store.port import Store
from leftfold.store.tables import Compare, Selection, Where
from leftfold.store.work import Begin, Revise, Wake, WorkItem
from leftfold.subscriptions.admitting import STREAM, Unread
from leftfold.subscriptions.parking import PARKED, subject_key
from leftfold.subscriptions.subscription import Subscription

__all__ = ["PROCESS", "Following", "RunningProcess"]

S = TypeVar("S")

_BEHIND_STREAMS: Final = f"{STREAM[:-1]}{chr(ord(STREAM[-1]) + 1)}"
"""The first text that sorts behind all that begin with `STREAM`."""

PROCESS: Final = "process/"
"""Ids and queues of instances begin with it."""


class Following(Struct, frozen=True, kw_only=True):
    """How a process follows one log.

    Args:
        source: name of the context whose log it is.
        events: classes of the events that it takes from there.
        subscription: its target is where the instances are.
    """

    source: str
    events: frozenset[type]
    subscription: Subscription


class RunningProcess:
    """Every version of one process, at work.

    Args:
        family: its versions.
        context: name of the context that it belongs to.
        store: where its instances are.
        follows: the logs that it follows, one or more.
        post: where its commands go.
        measuring: is told what goes wrong; None measures nothing.
    """

    def __init__(
        self,
        family: Family,
        context: str,
        store: Store,
        follows: Sequence[Following],
        post: Post,
        measuring: Measuring | None = None,
    ) -> None:
        self.family = family
        self.name: str = f"{context}.{family.name}"
        self.store = store
        self.follows = follows
        self.post = post
        self._measuring = measuring

    @property
    def queues(self) -> tuple[str, ...]:
        """Of the versions that this code knows."""
        return tuple(self.queue(version) for version in self.family.versions)

    def queue(self, version: int) -> str:
        """Of the instances of one version."""
        return f"{PROCESS}{self.name}/{version}"

    def item_id(self, key: str) -> str:
        """The id of an instance."""
        return f"{PROCESS}{self.name}/{key}"

    def key_of(self, item: WorkItem) -> str:
        """The key of an instance."""
        return item.id.removeprefix(f"{PROCESS}{self.name}/")

    def origin(self, key: str) -> Origin:
        """An instance, as what sends commands."""
        return Origin(name=f"{PROCESS}{self.name}", id=self.item_id(key), key=key)

    def process(self, item: WorkItem | None) -> Process[Any]:
        """The definition that an instance goes by; the newest, while there is none.

        Raises:
            UnreadableState: this code does not have it.
        """
        if item is None:
            return self.family.newest
        version = item.queue.removeprefix(f"{PROCESS}{self.name}/")
        if version.isdecimal() and int(version) in self.family.versions:
            return self.family.versions[int(version)]
        known = ", ".join(map(str, sorted(self.family.versions)))
        raise UnreadableState(item.id, item.queue, f"process {self.name!r} is here in version {known} only")

    def instance(self, item: WorkItem | None) -> Instance:
        """What is kept of an instance; one that has not begun, when nothing is.

        Raises:
            UnreadableState: it is damaged, or of newer code.
        """
        if item is None:
            return Instance()
        try:
            return load_instance(item.state)
        except ValueError as error:
            raise UnreadableState(item.id, item.queue, str(error)) from error

    def state(self, process: Process[S], key: str, instance: Instance) -> S | None:
        """The state of an instance; None before it has begun.

        Raises:
            UnreadableState: the class of today cannot read it.
        """
        if not instance.begun:
            return None
        try:
            return process.load(bytes(instance.state))
        except Exception as error:
            raise UnreadableState(self.item_id(key), self.queue(process.version), str(error)) from error

    def went_wrong(self, kind: Literal["event", "timer"], status: str) -> None:
        """Tell whoever measures."""
        if self._measuring is not None:
            self._measuring.went_wrong(Mishap(sender=self.name, kind=kind, status=status))

    def take(self, process: Process[Any], key: str, instance: Instance, cause: Cause) -> Taken:
        """Hand *cause* to the function; see `taken`, and `state` for what it raises beside that."""
        return taken(process, self.state(process, key, instance), instance, cause, self.origin(key), self.post)

    def written(self, item: WorkItem | str, process: Process[Any], instance: Instance, wake: Wake) -> Begin | Revise:
        """What writes *instance*.

        Args:
            item: as it was read; the id when there was none.
        """
        state, queue = dump_instance(instance), self.queue(process.version)
        if isinstance(item, str):
            return Begin(id=item, queue=queue, status=instance.status, state=state, wake=wake)
        moved = None if queue == item.queue else queue
        return Revise(
            id=item.id,
            token=item.token,
            status=instance.status,
            state=state,
            wake=wake,
            queue=moved,
            was=item.status,
        )

    def holds(self, process: Process[Any], key: str, recorded: RecordedEvent[object]) -> bool:
        """Whether an event is for that instance of that version."""
        return type(recorded.event) in process.events and process.key(recorded) == key

    async def event_at(self, source: str, position: int) -> Sequence[RecordedEvent[object]]:
        """What the event at *position* of a log reads as; nothing when it is not there.

        Args:
            source: name of the context whose log it is.

        Raises:
            UnreadableEvent, UnreadableMessage: this code cannot read it.
        """
        for log in (one.subscription.source for one in self.follows if one.source == source):
            page = await log.store.read_log(after=position - 1, upto=position, limit=1)
            found = [recorded for stored in page.events for recorded in log.events.recorded(stored)]
            for recorded in found:
                if isinstance(recorded.event, Unread):
                    raise recorded.event.error
            return found
        return []

    async def heads(self) -> Sequence[int]:
        """The last position of each log that it follows, in their order."""
        return [await one.subscription.source.store.head() for one in self.follows]

    async def caught_up(self, heads: Sequence[int], timeout_s: float) -> bool:
        """Wait until every event up to *heads* was handed in; False when the time was over before."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        for one, head in zip(self.follows, heads, strict=True):
            for part in one.subscription.parts:
                if await self.store.reached(part.checkpoint, head, max(end - loop.time(), 0.0)) < head:
                    return False
        return True

    async def parked(self, key: str) -> bool:
        """Whether events of the instance wait behind one that the function raised at."""
        return bool(await self.held_up([key]))

    async def held_up(self, keys: Sequence[str]) -> Collection[str]:
        """Those of *keys* whose instances have events that wait behind one that the function raised at.

        All of them, while a stream waits: whose its events are cannot be told.
        """
        subjects = {subject_key(one.subscription.name, key): key for one in self.follows for key in keys}
        streams = (
            Where("subscription", Compare.ONE_OF, tuple(one.subscription.name for one in self.follows)),
            Where("subject", Compare.AT_LEAST, STREAM),
            Where("subject", Compare.LESS, _BEHIND_STREAMS),
        )
        try:
            if await self.store.select(PARKED, Selection(where=streams, limit=1)):
                return keys
            return {subjects[found] for found in await self.store.get(PARKED, list(subjects))}
        except TableMissing:  # nobody has followed yet, so nothing is parked
            return ()
