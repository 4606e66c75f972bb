"""Which context handles which command and answers which query."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from leftfold.app.assembly import Assembly
from leftfold.errors import DefinitionError, UnknownCommand, UnknownQuery

__all__ = ["Directory"]


class Directory:
    """Finds contexts by what they handle.

    Raises:
        DefinitionError: two contexts handle one class, or two classes of one name.
    """

    def __init__(self, assemblies: Sequence[Assembly]) -> None:
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

    def of_command(self, cls: type) -> str:
        """The context that handles commands of *cls*; raises `UnknownCommand`, with near names."""
        if (found := self._commands.get(cls)) is None:
            raise UnknownCommand(cls.__name__, self._near("command", cls.__name__))
        return found

    def of_query(self, cls: type) -> str:
        """The context that answers queries of *cls*; raises `UnknownQuery`, with near names."""
        if (found := self._queries.get(cls)) is None:
            raise UnknownQuery(cls.__name__, self._near("query", cls.__name__))
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
