"""From what an app is given to contexts that are checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from leftfold.app.assembly import Assembly, Plan
from leftfold.app.settings import check_plan
from leftfold.contexts.context import Context
from leftfold.contexts.context_map import ContextMap
from leftfold.contexts.registered import Part, check_parts
from leftfold.domain.lifecycle import core_of
from leftfold.errors import DefinitionError

__all__ = ["ContextsBroken", "assembled", "contexts_of"]


class ContextsBroken(DefinitionError):
    """Contexts that make up no app, though what they publish is known: mend every finding.

    Args:
        contexts: all that the app was given.
        context_map: of the app.
        findings: what it is refused for.
    """

    def __init__(self, contexts: Sequence[Context], context_map: ContextMap | None, findings: Iterable[str]) -> None:
        self.contexts = contexts
        self.context_map = context_map
        super().__init__(*findings)


def contexts_of(parts: Sequence[Context | Part], name: str) -> Sequence[Context]:
    """The contexts of an app: those given, or one made up of aggregates and deciders.

    Raises:
        DefinitionError: both were given, or two contexts of one name.
    """
    contexts = [part for part in parts if isinstance(part, Context)]
    others = [part for part in parts if not isinstance(part, Context)]
    if contexts and others:
        raise DefinitionError(
            f"App got contexts and, beside them, {others[0]!r:.80}; add it to one: context.includes(...)"
        )
    check_parts("App", others, "contexts, or ")
    names = [context.name for context in contexts]
    if twice := [one for one in names if names.count(one) > 1]:
        raise DefinitionError(f"App got {names.count(twice[0])} contexts called {twice[0]!r}")
    if contexts:
        return contexts
    made = Context(name)
    made.includes(*others)
    return [made]


def assembled(contexts: Sequence[Context], plan: Plan, context_map: ContextMap | None) -> list[Assembly]:
    """Every context, checked.

    Raises:
        ContextsBroken: it lists every finding of all contexts.
    """
    check_plan(plan)
    assemblies: list[Assembly] = []
    findings: list[str] = []
    for context in contexts:
        try:
            assemblies.append(Assembly(context, plan))
        except DefinitionError as error:
            findings += error.findings
    if not findings:
        findings += (*_unheard(contexts, assemblies), *_elsewhere(assemblies), *_sagas_of_several(contexts))
    known = {one.name for context in contexts for one in context.projections}
    findings += [f"inline: there is no projection {name!r}" for name in plan.inline if name not in known]
    if findings:
        raise ContextsBroken(contexts, context_map, dict.fromkeys(findings))
    return assemblies


def _unheard(contexts: Sequence[Context], assemblies: Sequence[Assembly]) -> Iterator[str]:
    """Commands that reactions send and nothing handles."""
    handled = {route.form.cls for one in assemblies for route in one.commands}
    for context in contexts:
        for reaction in context.command_reactions:
            for cls in (cls for cls in reaction.sends if cls not in handled):
                yield f"reaction {context.name}.{reaction.name} sends {cls.__qualname__}, which nothing here handles"


def _elsewhere(assemblies: Sequence[Assembly]) -> Iterator[str]:
    """Events that a context takes for its own, and another one records: they are in another log."""
    recorded = {one: {cls for part in one.parts for cls in core_of(part).vocabulary} for one in assemblies}
    for one in assemblies:
        context = one.context
        takes = [(f"{each.name!r} follows", cls) for each in one.followers for cls in each.events]
        takes += [(f"publishes {_names(each.gives)} of", cls) for each in context.publications for cls in each.takes]
        for does, cls in ((does, cls) for does, cls in takes if cls not in recorded[one]):
            if other := next((each.context.name for each in assemblies if cls in recorded[each]), None):
                yield (
                    f"context {context.name!r}, {does} {cls.__qualname__}, which context {other!r} records in a log of "
                    f"its own, so it never comes; publish it there, by @{other}.publishes, and follow that"
                )


def _sagas_of_several(contexts: Sequence[Context]) -> Iterator[str]:
    """Sagas that several contexts register: `App.start` is told the class alone, which says no context."""
    owners: dict[type, Context] = {}
    for context in contexts:
        for cls in context.sagas:
            if (other := owners.setdefault(cls, context)) is not context:
                yield (
                    f"contexts {other.name!r} and {context.name!r} both register the saga {cls.__qualname__}, and "
                    f"App.start would begin it in {other.name!r} alone; keep one, or write a class for each"
                )


def _names(classes: Iterable[type]) -> str:
    return " or ".join(cls.__qualname__ for cls in classes)
