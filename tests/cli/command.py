"""The command as these tests call it, and what they put into a store first."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from leftfold.app import open_store
from leftfold.ids import new_id
from leftfold.store import Expected, NewEvent, Page, StoredEvent, ToStream

__all__ = ["Leftfold", "Ran", "command", "environment", "event", "record", "run_apart", "stored"]


class Ran(NamedTuple):
    """What became of a call."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, object]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Leftfold = Callable[..., Ran]
"""Runs the command in this process with the given arguments."""


def command(*arguments: str) -> list[str]:
    """The command as a process of its own."""
    return [sys.executable, "-m", "leftfold", *arguments]


def environment(**more: str) -> Mapping[str, str]:
    """What a process of its own sees: nothing of a store or a terminal but what is given here."""
    hidden = {"LEFTFOLD_STORE", "LEFTFOLD_APP", "FORCE_COLOR", "NO_COLOR", "COLUMNS"}
    return {**{name: value for name, value in os.environ.items() if name not in hidden}, **more}


def event(type: str = "Happened", data: str = "{}", *, tags: tuple[str, ...] = (), metadata: str = "{}") -> NewEvent:
    """A new event."""
    return NewEvent(id=new_id(), type=type, data=data.encode(), metadata=metadata.encode(), tags=tags)


def record(url: str, *parts: tuple[str, Sequence[NewEvent]]) -> None:
    """Append to the store at *url*, one append for each of *parts*."""

    async def append() -> None:
        store = await open_store(url)
        for stream, events in parts:
            await store.append(ToStream(stream, Expected.ANY, events))
        await store.close()

    asyncio.run(append())


def stored(url: str) -> Sequence[StoredEvent]:
    """The whole log of the store at *url*."""

    async def read() -> Page:
        store = await open_store(url)
        try:
            return await store.read_log(limit=1_000_000)
        finally:
            await store.close()

    return asyncio.run(read()).events


def run_apart(*arguments: str, cwd: Path | None = None, stdin: bytes = b"", **more: str) -> Ran:
    """Run the command as a process of its own."""
    ran = subprocess.run(
        command(*arguments), cwd=cwd, env=environment(**more), input=stdin, capture_output=True, check=False
    )
    return Ran(ran.returncode, ran.stdout.decode(), ran.stderr.decode())
