"""Which context handles which command and answers which query."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final, cast

from leftfold.app.assembly import Assembly
from leftfold.errors import DefinitionError, UnknownCommand, UnknownQuery
from leftfold.messages.command import Command
from leftfold.messages.event import Event
from leftfold.messages.query import Query
from leftfold.processes.saga import Saga

__all__ = ["Directory"]

_INSTEAD: Final[tuple[tuple[type, str], ...]] = (
    (type, "It is a class; give a value of it, with its fields"),
    (Command, "It is a command; send it"),
    (Query, "It is a query; ask it"),
    (Saga, "It is a saga; start it"),
    (Event, "It is an event, which is recorded and neither sent nor asked"),
)


class Directory:
    """Finds contexts by what they handle.

    Raises:
        DefinitionError: two contexts handle one class, or two classes of one name.
    """

    def __init__(self, assemblies: Sequence[Assembly]) -> None:
        self._contexts = {one.context.name: one for one in assemblies}
        self._commands: dict[type, str] = {}
        self._queries: dict[type, str] = {}
        self._names: dict[str, dict[str, tuple[str, type]]] = {"command": {}, "query": {}}
        findings: list[str] = []
        for assembly in assemblies:
            context = assembly.context.name
            for routes, known in ((assembly.commands, self._commands), (assembly.queries, self._queries)):
                for route in routes:
                    form = route.form
                    if (other := known.setdefault(form.cls, context)) != context:
                        findings.append(f"contexts {other} and {context} both handle {form.cls.__qualname__}; keep one")
                    named = self._names[form.kind].setdefault(form.name, (context, form.cls))
                    if named[1] is not form.cls:
                        findings.append(
                            f"contexts {named[0]} and {context} both have a {form.kind} {form.name!r}; give one name="
                        )
        if findings:
            raise DefinitionError(*dict.fromkeys(findings))

    def assembly(self, context: str | None = None) -> Assembly:
        """What a context, by its name, comes to; the only one when left out.

        Raises:
            DefinitionError: there is no such context, or there are several and none is named.
        """
        known = self._contexts
        if context is None and len(known) > 1:
            names, example = ", ".join(known), next(iter(known))
            raise DefinitionError(f"this App has several contexts ({names}); say which: app.events_of({example!r})")
        name = next(iter(known)) if context is None else context
        if not isinstance(cast("object", name), str) or name not in known:
            raise DefinitionError(f"this App has no context {name!r:.80}; it has {', '.join(known)}")
        return known[name]

    def of_command(self, cls: type) -> str:
        """The context that handles commands of *cls*; raises `UnknownCommand`, with near names."""
        if (found := self._commands.get(cls)) is None:
            raise UnknownCommand(cls.__name__, self._near("command", cls.__name__), _advice(cls, Command))
        return found

    def of_query(self, cls: type) -> str:
        """The context that answers queries of *cls*; raises `UnknownQuery`, with near names."""
        if (found := self._queries.get(cls)) is None:
            raise UnknownQuery(cls.__name__, self._near("query", cls.__name__), _advice(cls, Query))
        return found

    def command_named(self, name: str) -> str:
        """The context that has a command of that name; raises `UnknownCommand`, with near names."""
        if (found := self._names["command"].get(name)) is None:
            raise UnknownCommand(name, self._near("command", name))
        return found[0]

    def query_named(self, name: str) -> str:
        """The context that has a query of that name; raises `UnknownQuery`, with near names."""
        if (found := self._names["query"].get(name)) is None:
            raise UnknownQuery(name, self._near("query", name))
        return found[0]

    def _near(self, kind: str, name: str) -> list[str]:
        return get_close_matches(name, self._names[kind], n=3)


def _advice(cls: type, wanted: type) -> str:
    """What to do with what nothing handles: *cls* is its class, and *wanted* what it was taken for."""
    if issubclass(cls, wanted):
        return "Register a handler for it"
    return next((advice for kind, advice in _INSTEAD if issubclass(cls, kind)), f"It is no {wanted.__name__.lower()}")
