"""From handlers to what carries out each command and answers each query."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Generic, TypeAlias, TypeVar, cast

from msgspec import Struct

from leftfold.domain.aggregate import Aggregate
from leftfold.domain.decider import Decider
from leftfold.errors import DefinitionError, UnknownCommand, UnknownQuery
from leftfold.handling.handlers import CommandHandler, Decision, QueryHandler
from leftfold.handling.injection import Handling, Scope, Supply
from leftfold.handling.loading import stream_of
from leftfold.handling.refusals import refused_as_it_is
from leftfold.handling.tracking import Tracking
from leftfold.messages.requests import RequestForm, answer_type
from leftfold.messages.values import ValueCodec

__all__ = ["CommandRoute", "QueryRoute", "Routes", "Run", "command_routes", "query_routes"]

Run: TypeAlias = Callable[[Any, Handling], Awaitable[object]]
"""Runs a handler once."""


class CommandRoute(Struct, frozen=True):
    """What carries out one class of commands.

    Args:
        handler: as it was registered.
        form: how the commands are written and read.
        result: how their results are.
        run: carries one out, once.
    """

    handler: Decision | CommandHandler
    form: RequestForm[Any]
    result: ValueCodec
    run: Run


class QueryRoute(Struct, frozen=True):
    """What answers one class of queries.

    Args:
        handler: as it was registered.
        form: how the queries are written and read.
        cached: how answers are kept, and how long; None when they are not.
        run: answers one.
    """

    handler: QueryHandler
    form: RequestForm[Any]
    cached: tuple[ValueCodec, timedelta] | None
    run: Run


T = TypeVar("T", CommandRoute, QueryRoute)


class Routes(Generic[T]):
    """Routes by class and by name.

    Args:
        routes: one for each class.
        unknown: makes the error for what has none, from its name and those that are near.
    """

    def __init__(
        self, routes: Sequence[T], unknown: Callable[[str, Sequence[str]], UnknownCommand | UnknownQuery]
    ) -> None:
        self._by_class: Mapping[type, T] = {route.form.cls: route for route in routes}
        self._by_name: Mapping[str, T] = {route.form.name: route for route in routes}
        self._unknown = unknown

    def __iter__(self) -> Iterator[T]:
        """Every route, in the order of registration."""
        return iter(self._by_class.values())

    def of(self, message: object) -> T:
        """The route of a command or query; raises `UnknownCommand` or `UnknownQuery` when there is none."""
        found = self._by_class.get(type(message))
        if found is None:
            raise self._error(type(message).__name__)
        return found

    def named(self, name: str) -> T:
        """The route of a name; raises `UnknownCommand` or `UnknownQuery` when there is none."""
        found = self._by_name.get(name)
        if found is None:
            raise self._error(name)
        return found

    def _error(self, name: str) -> UnknownCommand | UnknownQuery:
        return self._unknown(name, get_close_matches(name, self._by_name, n=3))


def command_routes(handlers: Sequence[Decision | CommandHandler], scope: Scope) -> Routes[CommandRoute]:
    """What carries out each command.

    Raises:
        DefinitionError: a command has two handlers or no exact JSON text, two have one name, or something that a
            handler needs is not to be had. It lists every finding.
    """
    findings: list[str] = []
    routes: list[CommandRoute] = []
    for handler in handlers:
        run = _deciding(handler) if isinstance(handler, Decision) else _running(handler, scope, findings)
        try:
            form: RequestForm[Any] = RequestForm(handler.command)
            result = ValueCodec(answer_type(handler.command), f"command {handler.command.__qualname__}", "result")
            routes.append(CommandRoute(handler, form, result, run))
        except DefinitionError as error:
            findings.extend(error.findings)
    findings.extend(_twice(routes))
    if findings:
        raise DefinitionError(*dict.fromkeys(findings))
    return Routes(routes, UnknownCommand)


def query_routes(handlers: Sequence[QueryHandler], scope: Scope) -> Routes[QueryRoute]:
    """What answers each query.

    Raises:
        DefinitionError: a query has two handlers or no exact JSON text, or a cached one's answer has none, two have
            one name, or something that a handler needs is not to be had. It lists every finding.
    """
    findings: list[str] = []
    routes: list[QueryRoute] = []
    for handler in handlers:
        run = _running(handler, scope, findings)
        try:
            form: RequestForm[Any] = RequestForm(handler.query)
            routes.append(QueryRoute(handler, form, _cached(handler), run))
        except DefinitionError as error:
            findings.extend(error.findings)
    findings.extend(_twice(routes))
    if findings:
        raise DefinitionError(*dict.fromkeys(findings))
    return Routes(routes, UnknownQuery)


def _cached(handler: QueryHandler) -> tuple[ValueCodec, timedelta] | None:
    if handler.cache is None:
        return None
    return ValueCodec(answer_type(handler.query), f"query {handler.query.__qualname__}", "answer"), handler.cache


def _twice(routes: Sequence[CommandRoute] | Sequence[QueryRoute]) -> Iterator[str]:
    classes: dict[type, CommandRoute | QueryRoute] = {}
    names: dict[str, type] = {}
    for route in routes:
        cls = route.form.cls
        other = classes.setdefault(cls, route)
        if other is not route:
            yield f"{other.handler.where} and {route.handler.where} both handle {cls.__qualname__}; keep one"
        if (first := names.setdefault(route.form.name, cls)) is not cls:
            yield (
                f"{first.__qualname__} and {cls.__qualname__} both are {route.form.kind} {route.form.name!r}; give one "
                "of them another name="
            )


def _running(handler: CommandHandler | QueryHandler, scope: Scope, findings: list[str]) -> Run:
    supplies: dict[str, Supply] = {}
    for name, annotation in handler.needs.items():
        supply = scope.resolve(annotation)
        if supply is None:
            findings.append(f"{handler.where}, parameter {name!r}: {scope.missing(annotation)}")
        else:
            supplies[name] = supply

    def run(message: object, handling: Handling) -> Awaitable[object]:
        given = {name: supply(handling) for name, supply in supplies.items()}
        return handler.function(**{handler.message: message}, **given)

    return run


def _deciding(decision: Decision) -> Run:
    subject = decision.subject

    async def decide(command: object, handling: Handling) -> object:
        tracking, id = cast("Tracking", handling.tracking), cast("str", getattr(command, decision.id))
        if isinstance(subject, Decider):
            await tracking.decide(subject, id, command)
            return None
        aggregate: Aggregate[Any] = await tracking.load(subject, id)
        if decision.exists is not None:
            stream = stream_of(handling.loader.plan(subject).core, id)
            if (refusal := refused_as_it_is(stream, aggregate.version, exists=decision.exists)) is not None:
                raise refusal
        return decision.decide(command, aggregate)

    return decide
