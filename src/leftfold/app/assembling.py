"""From what an app is given to contexts that are checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from leftfold.app.assembly import Assembly, Plan
from leftfold.contexts.context import Context
from leftfold.contexts.registered import Part
from leftfold.domain.aggregate import Aggregate
from leftfold.domain.decider import Decider
from leftfold.errors import DefinitionError
from leftfold.subscriptions.worker import Timing

__all__ = ["assembled", "check_workers", "contexts_of"]


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
    if strange := [one for one in others if not _is_part(one)]:
        raise DefinitionError(f"App got {strange[0]!r:.80}; give it contexts, or aggregate classes and deciders")
    names = [context.name for context in contexts]
    if twice := [one for one in names if names.count(one) > 1]:
        raise DefinitionError(f"App got {names.count(twice[0])} contexts called {twice[0]!r}")
    if contexts:
        return contexts
    made = Context(name)
    made.includes(*others)
    return [made]


def check_workers(workers: object) -> None:
    """Raise `DefinitionError` unless *workers* says whether, or how, this process follows logs."""
    if workers is not None and not isinstance(workers, bool | Timing):
        raise DefinitionError(f"workers={workers!r:.80}; give True, False or a Timing")


def _is_part(given: object) -> bool:
    return isinstance(given, Decider) or (isinstance(given, type) and issubclass(given, Aggregate))


def _is_mapping(given: object) -> bool:
    """Whether it is one, whatever a caller without types hands in."""
    return isinstance(given, Mapping)


def assembled(contexts: Sequence[Context], plan: Plan) -> list[Assembly]:
    """Every context, checked.

    Raises:
        DefinitionError: it lists every finding of all contexts.
    """
    if isinstance(plan.inline, str):
        raise DefinitionError(f"inline={plan.inline!r} is one text; give a list of names, inline=[{plan.inline!r}]")
    if not _is_mapping(plan.provide):
        raise DefinitionError(f"provide={plan.provide!r:.80}; give a mapping, as in provide={{Mail: Mail()}}")
    assemblies: list[Assembly] = []
    findings: list[str] = []
    for context in contexts:
        try:
            assemblies.append(Assembly(context, plan))
        except DefinitionError as error:
            findings += error.findings
    if not findings:
        findings += _unheard(contexts, assemblies)
    known = {one.name for context in contexts for one in context.projections}
    findings += [f"inline: there is no projection {name!r}" for name in plan.inline if name not in known]
    if findings:
        raise DefinitionError(*dict.fromkeys(findings))
    return assemblies


def _unheard(contexts: Sequence[Context], assemblies: Sequence[Assembly]) -> Iterator[str]:
    """Commands that reactions send and nothing handles."""
    handled = {route.form.cls for one in assemblies for route in one.commands}
    for context in contexts:
        for reaction in context.command_reactions:
            for cls in (cls for cls in reaction.sends if cls not in handled):
                yield f"reaction {context.name}.{reaction.name} sends {cls.__qualname__}, which nothing here handles"
