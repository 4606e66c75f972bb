"""Leftfold on a database: how its stores are made and counted, whatever is measured on them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar

from benchmarks.databases import Database
from benchmarks.servers import Servers
from benchmarks.systems.subject import Subject
from leftfold.app.opening import open_schema

__all__ = ["OnDatabase"]


@dataclass(frozen=True)
class OnDatabase(ABC):
    """Leftfold on one database; a class of its own for each thing that is measured."""

    database: Database

    counted: ClassVar[str] = "events"
    """The table whose rows are what was stored."""

    @property
    def name(self) -> str:
        """Its name in the report."""
        return f"leftfold {self.database.name}"

    @asynccontextmanager
    async def store(self, servers: Servers, *, slow_flush: bool) -> AsyncGenerator[str]:
        """See `System.store`."""
        url = self.database.place(servers, slow_flush=slow_flush)
        await open_schema(url).migrate()
        yield url

    @abstractmethod
    def open(self, url: str) -> AbstractAsyncContextManager[Subject]:
        """See `System.open`."""

    async def rows(self, url: str) -> int:
        """See `System.rows`."""
        return await self.database.count(url, self.counted)
