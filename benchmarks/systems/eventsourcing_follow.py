"""eventsourcing: its projection runner with a tracking recorder, on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from benchmarks.databases import Database
from benchmarks.durability import Settings
from benchmarks.servers import Servers
from benchmarks.systems.eventsourcing import TABLES, environment, make_place, open_bank
from benchmarks.systems.subject import Blocking, Plan, Subject
from benchmarks.works import Task

if TYPE_CHECKING:
    from benchmarks.systems.eventsourcing_bank import Bank

__all__ = ["EventsourcingFollow"]

_HUNDRED = 100
_SHARE = 20


@dataclass(frozen=True, slots=True)
class EventsourcingFollow:
    """eventsourcing on one database; every event is a transaction, so a twentieth of the log tells the rate."""

    database: Database
    tasks: frozenset[Task] = frozenset({Task.FOLLOW_STREAMS, Task.FOLLOW_EVENTS, Task.ANSWER})

    @property
    def name(self) -> str:
        """Its name in the report."""
        return f"eventsourcing {self.database.name}"

    @asynccontextmanager
    async def store(self, servers: Servers, *, slow_flush: bool) -> AsyncGenerator[str]:
        """See `System.store`."""
        url = await make_place(self.database, servers, slow_flush=slow_flush)
        open_bank(self.database, url, CREATE_TABLE="yes").close()
        yield url

    def open(self, url: str) -> AbstractAsyncContextManager[Subject]:
        """See `System.open`."""
        return self._open(url)

    async def rows(self, url: str) -> int:
        """See `System.rows`."""
        return await self.database.count(url, TABLES[self.database.name])

    @asynccontextmanager
    async def _open(self, url: str) -> AsyncGenerator[_Subject]:
        with closing(open_bank(self.database, url)) as bank, ExitStack() as stack:
            yield _Subject(self.database, url, bank, stack)


class _Subject:
    def __init__(self, database: Database, url: str, bank: Bank, stack: ExitStack) -> None:
        self._database = database
        self._url = url
        self._bank = bank
        self._stack = stack
        self._size = 0
        self._id: UUID | None = None

    async def prepare(self, task: Task, aggregates: int) -> int:
        if task is Task.ANSWER:
            self._id = self._bank.new_account()
            return 1
        pattern = self._bank.pattern(_HUNDRED)
        for _ in range(max(aggregates // _SHARE, 1)):
            id = uuid4()
            self._bank.recorder.insert_events([self._bank.copied(event, id) for event in pattern])
            self._size += _HUNDRED
        return self._size

    def plan(self, task: Task, callers: int) -> Plan:
        from benchmarks.systems.eventsourcing_views import Answering, follow

        env = environment(self._database, self._url)
        if self._id is not None:
            answering = self._stack.enter_context(Answering(env, self._id))
            return Blocking([answering.answer], 1, 1, "ProjectionRunner, woken, then its row")
        call = partial(
            follow,
            env,
            self._bank.recorder.max_notification_id() or 0,
            each=task is Task.FOLLOW_EVENTS,
        )
        return Blocking([call], self._size, 0, f"ProjectionRunner, {self._size:,} events, each in a commit", 1)

    async def durability(self) -> Settings:
        return await self._database.settings(self._url)
