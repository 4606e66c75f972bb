"""`leftfold query` and `leftfold send`: what an app answers and does, by name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from math import isfinite
from typing import Annotated, Any, Final, TypeVar

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number
from msgspec import Raw

from leftfold.cli.errors import Refused, UsageError
from leftfold.cli.options import NOTHING_GIVEN, AtLeastZero, Source
from leftfold.cli.output import console, write_json
from leftfold.cli.running import named_app, opened_app
from leftfold.cli.text import pretty, printable
from leftfold.errors import AlreadyExists, InvalidInput, LeftfoldError, NotFound, UnknownCommand, UnknownQuery
from leftfold.handling.receipt import Receipt
from leftfold.messages.flaws import parts_of
from leftfold.messages.metadata import Metadata

__all__ = ["query", "send"]

R = TypeVar("R")
_EMPTY: Final = "{}"
_STANDARD_INPUT: Final = "-"
_Seconds = Annotated[float, Parameter(validator=Number(gt=0, lte=86_400.0))]
_Json = Annotated[str, Parameter(allow_leading_hyphen=True)]


async def query(
    name: str,
    json_text: _Json = _EMPTY,
    /,
    *,
    after: AtLeastZero | None = None,
    timeout: _Seconds = 10.0,
    actor: str | None = None,
    source: Source = NOTHING_GIVEN,
) -> int:
    """Ask an app a query, and print the answer as JSON.

    Args:
        name: Name of the query.
        json_text: Its fields, a JSON object; - reads it from standard input.
        after: Wait first until the read models show everything up to this position.
        timeout: Seconds to wait for that at most.
        actor: Who asks.
    """
    given = _given(json_text)
    async with opened_app(named_app(source), source) as app:
        context = _known(lambda: app.directory.query_named(name))
        form = app.running(context).assembly.queries.named(name).form
        asked = _read(form.load, name, given)
        receipt = None if after is None else Receipt(result=None, position=after)
        with _told_refusals():
            answer = await app.ask(asked, after=receipt, timeout=timeout, metadata=Metadata(actor=actor))
    if _holds_no_number(answer):
        raise LeftfoldError(
            f"what {name!r} returned holds NaN or an infinity, which JSON does not have; answer None there"
        )
    _print(_text_of(name, answer), json=source.json)
    return 0


async def send(
    name: str,
    json_text: _Json = _EMPTY,
    /,
    *,
    id: str | None = None,
    actor: str | None = None,
    source: Source = NOTHING_GIVEN,
) -> int:
    """Send an app a command, and print the receipt as JSON.

    With --id, sending it again does nothing twice. The exit code is 4 when the domain refuses, or does not find what
    the command is about.

    Args:
        name: Name of the command.
        json_text: Its fields, a JSON object; - reads it from standard input.
        id: Id of this one command.
        actor: Who sends it; stored beside its events.
    """
    given = _given(json_text)
    async with opened_app(named_app(source), source) as app:
        context = _known(lambda: app.directory.command_named(name))
        form = app.running(context).assembly.commands.named(name).form
        command = _read(form.load, name, given)
        with _told_refusals():
            receipt: Receipt[Any] = await app.send(command, id=id, metadata=Metadata(actor=actor))
    _print(_text_of(name, receipt), json=source.json)
    return 0


def _given(text: str) -> bytes | str:
    return sys.stdin.buffer.read() if text == _STANDARD_INPUT else text


@contextmanager
def _told_refusals() -> Generator[None]:
    try:
        yield
    except (NotFound, AlreadyExists) as error:
        raise Refused(str(error)) from error


def _known(find: Callable[[], R]) -> R:
    """What *find* returns; a name that is unknown or JSON that does not fit is a wrong command line."""
    try:
        return find()
    except (UnknownCommand, UnknownQuery, InvalidInput) as error:
        raise UsageError(str(error)) from error


def _read(load: Callable[[bytes | str], R], name: str, given: bytes | str) -> R:
    """What *given* describes; of two fields of one name nobody knows which is meant."""
    from leftfold.integration.json_text import hold_to_single_names

    read = _known(lambda: load(given))
    try:
        hold_to_single_names(given if isinstance(given, str) else given.decode())
    except ValueError as error:
        raise UsageError(f"{name!r}: {error}; give it once") from error
    return read


def _text_of(name: str, value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (TypeError, ValueError) as error:
        raise LeftfoldError(f"what {name!r} returned has no JSON text: {error}") from error


def _holds_no_number(value: object) -> bool:
    if isinstance(value, float):
        return not isfinite(value)
    return any(_holds_no_number(part) for _, part in parts_of(value))


def _print(text: bytes, *, json: bool) -> None:
    if json:
        write_json(Raw(text))
    else:
        console().print(printable(pretty(text), keep="\n"))
