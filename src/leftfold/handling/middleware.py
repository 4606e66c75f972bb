"""What happens around every command and query."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from time import perf_counter
from typing import Final, Literal, TypeAlias, cast

from msgspec import Struct

from leftfold.domain.errors import DomainError
from leftfold.errors import DefinitionError, Forbidden
from leftfold.handling.correlation import handling
from leftfold.messages.metadata import Metadata
from leftfold.messages.requests import Request

__all__ = ["Call", "Kind", "Middleware", "Proceed", "around", "authorised", "logged", "timed"]

_log: Final = logging.getLogger("leftfold")


class Kind(Enum):
    """What is being handled."""

    COMMAND = "command"
    QUERY = "query"


class Call(Struct, frozen=True, kw_only=True):
    """A command or a query on its way to its handler.

    Args:
        kind: which of the two.
        name: of its class, outside this program.
        message: itself.
        metadata: who, why; of a command, it is stored beside its events and has its id.
        id: what the sender of a command gave, to be able to send it again; None when nothing was given.
    """

    kind: Kind
    name: str
    message: Request
    metadata: Metadata
    id: str | None = None


Proceed: TypeAlias = Callable[[Call], Awaitable[object]]
"""Goes on with a call, inwards; returns the `Receipt` of a command, the answer of a query."""

Middleware: TypeAlias = Callable[[Call, Proceed], Awaitable[object]]
"""Runs once around a command or query, and returns what *proceed* does. It may hand on a changed call, refuse by
raising, or wait; what it does is no part of the command's commit, and is not repeated after a conflict.
"""


def around(middleware: Sequence[Middleware], inmost: Proceed) -> Proceed:
    """*inmost* with every middleware around it, the first of them outermost."""
    for one in reversed(middleware):
        inmost = _within(one, inmost)

    async def proceed(call: Call) -> object:
        with handling(call.metadata):
            return await inmost(call)

    return proceed


def logged(logger: logging.Logger = _log) -> Middleware:
    """Log every command and query when it is done: info when it succeeded or the domain refused it, else a warning.

    The records have `correlation_id`, `command_id` and `actor`, for formatters that write them.
    """

    async def log(call: Call, proceed: Proceed) -> object:
        ids = {name: getattr(call.metadata, name) for name in ("correlation_id", "command_id", "actor")}
        what = call.kind.value, call.name, call.metadata.command_id or "-", call.metadata.actor or "-"
        began = perf_counter()
        try:
            answer = await proceed(call)
        except DomainError as refusal:
            logger.info("%s %s (id %s, actor %s) refused: %s", *what, refusal, extra=ids)
            raise
        except BaseException as error:
            logger.warning("%s %s (id %s, actor %s) failed: %r", *what, error, extra=ids)
            raise
        logger.info("%s %s (id %s, actor %s) done in %.1f ms", *what, (perf_counter() - began) * 1_000, extra=ids)
        return answer

    return log


def timed(report: Callable[[Call, float, Literal["done", "refused", "failed"]], None]) -> Middleware:
    """Report how long every command and query took, whatever came of it.

    Args:
        report: gets the call, the seconds, and how it ended.
    """

    async def time(call: Call, proceed: Proceed) -> object:
        began = perf_counter()
        ended: Literal["done", "refused", "failed"] = "failed"
        try:
            answer = await proceed(call)
            ended = "done"
        except DomainError:
            ended = "refused"
            raise
        finally:
            report(call, perf_counter() - began, ended)
        return answer

    return time


def authorised(check: Callable[[Call], bool | Awaitable[bool]]) -> Middleware:
    """Let only those calls through that *check* says yes to; raises `Forbidden` for others, and nothing is done.

    Args:
        check: looks at the call, a function or a coroutine function.
    """

    async def authorise(call: Call, proceed: Proceed) -> object:
        verdict = check(call)
        if not (await verdict if inspect.isawaitable(verdict) else verdict):
            raise Forbidden(call.name, call.metadata.actor)
        return await proceed(call)

    return authorise


def _within(one: Middleware, inner: Proceed) -> Proceed:
    def proceed(call: Call) -> Awaitable[object]:
        answer = cast("object", one(call, inner))
        if not inspect.isawaitable(answer):
            name = getattr(one, "__name__", repr(one))
            raise DefinitionError(
                f"middleware {name:.80} gives a {type(answer).__qualname__} to await; write it as an async def that "
                "returns `await proceed(call)`"
            )
        return answer

    return proceed
