"""UmaDB: a server with a log and tags, driven by its synchronous client; a tag is the stream, checked by condition."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from benchmarks.durability import Settings
from benchmarks.payloads import CATEGORY, TYPE, make_payload, read_amount
from benchmarks.servers import Servers
from benchmarks.systems.subject import Blocking, Plan, Subject
from benchmarks.works import Task

if TYPE_CHECKING:
    import umadb

__all__ = ["Umadb"]

_HUNDRED = 100


class Umadb:
    """UmaDB's server from its own package, one for each store."""

    name = "umadb"
    tasks = frozenset({Task.APPEND, Task.APPEND_100, Task.LOAD, Task.COMMAND})

    @asynccontextmanager
    async def store(self, servers: Servers, *, slow_flush: bool) -> AsyncGenerator[str]:
        """See `System.store`; its flushes cannot be made slower."""
        with _server(servers.path(".uma")) as address:
            yield f"http://{address}"

    def open(self, url: str) -> AbstractAsyncContextManager[Subject]:
        """See `System.open`."""
        return self._open(url)

    async def rows(self, url: str) -> int:
        """See `System.rows`: every event is read and counted."""
        client = _connect(url)
        rows = sum(1 for _ in client.read())
        client.close()
        return rows

    @asynccontextmanager
    async def _open(self, url: str) -> AsyncGenerator[_Subject]:
        with _connect(url) as client:
            yield _Subject(client)


class _Subject:
    def __init__(self, client: umadb.Client) -> None:
        self._client = client
        self._tags: list[str] = []

    async def prepare(self, task: Task, aggregates: int) -> int:
        self._tags = [f"{CATEGORY}-{uuid4()}" for _ in range(aggregates)]
        for tag in self._tags:
            self._client.append([_event(tag) for _ in range(_HUNDRED)])
        return aggregates * _HUNDRED

    def plan(self, task: Task, callers: int) -> Plan:
        client = self._client
        shares = [cycle(self._tags[caller::callers]) for caller in range(callers)]
        match task:
            case Task.APPEND | Task.APPEND_SYNC:
                return Blocking([_appends(client, 1) for _ in range(callers)], 1, 1, "append with condition")
            case Task.APPEND_100:
                calls = [_appends(client, _HUNDRED) for _ in range(callers)]
                return Blocking(calls, _HUNDRED, _HUNDRED, "append with condition")
            case Task.LOAD:
                loads = [partial(_load, client, share) for share in shares]
                return Blocking(loads, _HUNDRED, 0, "read by tag, folded by hand")
            case Task.COMMAND:
                commands = [partial(_command, client, share) for share in shares]
                return Blocking(commands, 1, 1, "read by tag, folded by hand")
            case other:
                raise ValueError(f"no append work: {other}")

    async def durability(self) -> Settings:
        return {"settings": "it has none: as documented it always flushes before it answers"}


def _appends(client: umadb.Client, each: int) -> Callable[[], object]:
    tag, position = f"{CATEGORY}-{uuid4()}", 0

    def append() -> None:
        nonlocal position
        position = _append(client, tag, [_event(tag) for _ in range(each)], position)

    return append


def _load(client: umadb.Client, tags: Iterator[str]) -> tuple[str, int, int]:
    tag, balance, position = next(tags), 0, 0
    for found in client.read(_query(tag)):
        balance += read_amount(found.event.data)
        position = found.position
    return tag, balance, position


def _command(client: umadb.Client, tags: Iterator[str]) -> None:
    tag, balance, position = _load(client, tags)
    if balance + 100 > 10**9:
        raise ValueError("no account holds so much")
    _append(client, tag, [_event(tag)], position)


def _append(client: umadb.Client, tag: str, events: list[umadb.Event], after: int) -> int:
    import umadb

    return client.append(events, umadb.AppendCondition(_query(tag), after))


def _query(tag: str) -> umadb.Query:
    import umadb

    return umadb.Query([umadb.QueryItem(tags=[tag])])


def _event(tag: str) -> umadb.Event:
    import umadb

    return umadb.Event(TYPE, make_payload(), [tag], uuid4())


def _connect(url: str) -> umadb.Client:
    import umadb

    return umadb.Client(url)


@contextmanager
def _server(path: Path) -> Generator[str]:
    address = _free_address()
    command = [str(Path(sys.executable).parent / "umadb"), "--listen", address, "--db-path", str(path)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        _wait_started(server)
        yield address
    finally:
        server.terminate()
        server.communicate()


def _wait_started(server: subprocess.Popen[bytes]) -> None:
    output = server.stdout
    lines: list[str] = []
    while output is not None and (line := output.readline().decode()):
        lines.append(line)
        if " started in " in line:
            return
    raise RuntimeError(f"umadb did not start:\n{''.join(lines)}")


def _free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return f"127.0.0.1:{port}"
