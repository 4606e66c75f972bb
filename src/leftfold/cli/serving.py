"""What tells whether a worker is well: a file that is touched, or a port that answers with its lags."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from leftfold.cli.errors import UsageError
from leftfold.cli.following import FollowerState, follower_of
from leftfold.errors import LeftfoldError
from leftfold.subscriptions.monitor import Lag, State
from leftfold.subscriptions.trouble import Trouble

__all__ = ["Lags", "touching", "under_observation"]

_REQUEST_S: Final = 5.0

Lags: TypeAlias = Callable[[], Awaitable["list[Lag]"]]
"""Looks how far all followers are."""


class _Health(msgspec.Struct):
    status: str
    followers: list[FollowerState]


@asynccontextmanager
async def touching(file: Path, every_s: float) -> AsyncGenerator[None]:
    """Touch *file* at once and every *every_s* seconds; who looks at its age knows whether this process runs.

    Raises:
        UsageError: it cannot be touched at the start. Later that is logged, and tried again.
    """
    if await asyncio.to_thread(file.is_dir):  # whose time changes with whatever is put into it
        raise UsageError(f"--health-file {file}: is a directory; name a file in it")
    try:
        await asyncio.to_thread(file.touch)
    except OSError as error:
        raise UsageError(f"--health-file {file}: {error.strerror}; name a file that may be written") from error
    task = asyncio.create_task(_touch(file, every_s))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _touch(file: Path, every_s: float) -> None:
    trouble = Trouble(f"the health file {file} cannot be touched", f"the health file {file} is touched again")
    while True:
        await asyncio.sleep(every_s)
        try:
            await asyncio.to_thread(file.touch)
        except OSError as error:
            trouble.met(error)
        else:
            trouble.over()


@asynccontextmanager
async def under_observation(host: str, port: int, lags: Lags) -> AsyncGenerator[None]:
    """Answer on *port* of *host*, a name or an address here: 200 with the lags as JSON.

    It is 503 when a follower is stopped, and when *lags* raises that a store is out of reach.

    Raises:
        UsageError: the port is taken, or may not be listened on, or *host* is not here.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(_REQUEST_S):
                head = await reader.readuntil(b"\r\n\r\n")
            writer.write(await _response(head, lags))
            await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            pass  # whoever asks this way gets no answer
        finally:
            writer.close()

    try:
        server = await asyncio.start_server(answer, host, port)
    except OSError as error:
        raise UsageError(f"--health-port {port} of {host}: {error.strerror or error}; choose another") from error
    except ValueError as error:  # bytes that are no text, or a name that no machine can have
        raise UsageError(f"--health-host {host!r:.80} is no name of a machine; give one, or an address") from error
    async with server:
        yield


async def _response(head: bytes, lags: Lags) -> bytes:
    method = head.partition(b" ")[0]
    if method not in (b"GET", b"HEAD"):
        return _http(HTTPStatus.METHOD_NOT_ALLOWED, b"", "Allow: GET, HEAD\r\n")
    try:
        found = await lags()
    except LeftfoldError as error:
        body = msgspec.json.encode({"status": "store out of reach", "error": str(error)})
        status = HTTPStatus.SERVICE_UNAVAILABLE
    else:
        stopped = any(lag.state is State.STOPPED for lag in found)
        body = msgspec.json.encode(_Health("stopped" if stopped else "ok", [follower_of(lag) for lag in found]))
        status = HTTPStatus.SERVICE_UNAVAILABLE if stopped else HTTPStatus.OK
    answer = _http(status, body)
    return answer if method == b"GET" else answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"


def _http(status: HTTPStatus, body: bytes, more: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\n{more}Connection: close\r\n\r\n"
    )
    return head.encode() + body
