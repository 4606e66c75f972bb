"""What is wrong with the parts of a context, each kind by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

from leftfold.app.published import Published
from leftfold.contexts.context import Context
from leftfold.handling.injection import Scope
from leftfold.handling.routing import CommandRoute, Routes
from leftfold.handling.signatures import described, place_of
from leftfold.messages.metadata import Metadata
from leftfold.messages.recorded import RecordedEvent
from leftfold.processes.sending import Sender, commands_of
from leftfold.projections.projection import Projection
from leftfold.projections.read_model import ReadModel
from leftfold.store.event_store import EventStore
from leftfold.subscriptions.reaction import Attempt

if TYPE_CHECKING:
    from leftfold.processes.definition import SagaDefinition
    from leftfold.processes.process import Family
    from leftfold.processes.starting import SagaStart

__all__ = [
    "inline_flaws",
    "migration_flaws",
    "no_rows",
    "process_flaws",
    "reaction_flaws",
    "saga_flaws",
    "sends_flaws",
    "start_flaws",
    "translation_flaws",
    "twice",
]

_OF_REACTIONS: Final[tuple[object, ...]] = (Attempt, RecordedEvent, Metadata, EventStore, Sender)
_OF_STEPS: Final[tuple[object, ...]] = (Attempt, Sender)


def twice(names: Sequence[str]) -> Iterator[str]:
    """Names of what follows logs that stand more than once."""
    for name in dict.fromkeys(name for name in names if names.count(name) > 1):
        count = names.count(name)
        yield f"{name!r} is the name of {count} projections, reactions and processes; give each its own with name="


def inline_flaws(inline: Sequence[Projection[Any]], foreign: Collection[str]) -> Iterator[str]:
    """Projections that no append can write.

    Args:
        foreign: names of what folds events of another context.
    """
    for one in inline:
        if one.name in foreign:
            yield f"inline: {one.name!r} folds what another context publishes, so no append here can write it"
        if one.needs_record:
            yield f"inline: {one.name!r} has a key that takes the RecordedEvent, which is not known before the append"
        if one.shards > 1:
            yield f"inline: {one.name!r} has shards, which are for following"


def no_rows(annotation: object) -> str | None:
    """Why there is no read model of *annotation*; None when it is of none."""
    if get_origin(annotation) is not ReadModel:
        return None
    row = described(get_args(annotation)[0])
    return f"no projection here has rows of {row}; add one to this context, or ask the context that has it"


def reaction_flaws(context: Context, scope: Scope) -> Iterator[str]:
    """Parameters of reactions that nothing is known for."""
    for reaction in context.reactions:
        for name, hint in reaction.needs.items():
            if (
                all(hint is not one for one in _OF_REACTIONS)
                and get_origin(hint) is not RecordedEvent
                and scope.resolve(hint) is None
            ):
                yield f"reaction {reaction.name!r}, parameter {name!r}: {scope.missing(hint)}"


def sends_flaws(context: Context) -> Iterator[str]:
    """Commands that `sends` says a function of `reacts` or `translates` sends, and its annotation does not, or more."""
    for one in context.command_reactions:
        said = commands_of(one.function)
        if said is not None and said != frozenset(one.sends):
            names, returned = (", ".join(sorted(cls.__qualname__ for cls in each)) for each in (said, one.sends))
            yield (
                f"reaction {one.name!r} ({one.where}) says @sends({names}), and its annotation that it returns "
                f"{returned}; it sends what it returns, so take @sends away"
            )


def process_flaws(context: Context, processes: Sequence[Family], published: Published) -> Iterator[str]:
    """Events of processes that may not be followed."""
    for family in processes:
        for cls in family.events:
            yield from (f"process {family.name!r}: {flaw}" for flaw in published.flaws(cls, context))


def start_flaws(context: Context, sagas: Mapping[str, SagaDefinition]) -> Iterator[str]:
    """Sagas that are begun and not registered, and those that two functions begin from one event."""
    known = {definition.cls: definition.name for definition in sagas.values()}
    begun: dict[tuple[type, str], SagaStart] = {}
    for one in context.saga_starts:
        for cls in (cls for cls in one.sagas if cls not in known):
            yield f"start {one.name!r} begins {cls.__qualname__}, which is no saga of this context; register it"
        for cls in (cls for cls in one.sagas if cls in known):
            for event in sorted(one.events, key=lambda event: event.__qualname__):
                if (other := begun.setdefault((event, known[cls]), one)) is not one:
                    yield (
                        f"starts {other.name!r} and {one.name!r} both begin {cls.__qualname__} from "
                        f"{event.__qualname__}, whose id is that of one instance, so another would be lost; decide in "
                        "one function, or give each a saga of its own"
                    )


def saga_flaws(sagas: Mapping[str, SagaDefinition], scope: Scope) -> Iterator[str]:
    """Parameters of steps, and of functions that do steps, that nothing is known for."""
    for definition in sagas.values():
        for what, name, hint in _needs_of(definition):
            if all(hint is not one for one in _OF_STEPS) and scope.resolve(hint) is None:
                where = f"saga {definition.cls.__qualname__}, {what}, parameter {name!r}"
                yield f"{where}: {scope.missing(hint)}"


def _needs_of(definition: SagaDefinition) -> Iterator[tuple[str, str, object]]:
    from leftfold.processes.definition import GuidedDefinition

    for plan in definition.plans:
        for name, hint in (*plan.needs.items(), *plan.undo_needs.items()):
            yield f"step {plan.name!r}", name, hint
    if isinstance(definition, GuidedDefinition):
        for name, hint in definition.function.needs.items():
            yield "run", name, hint


def migration_flaws(context: Context, sagas: Mapping[str, SagaDefinition]) -> Iterator[str]:
    """Migrations between definitions that are unknown, or do not fit."""
    if not context.saga_migrations:
        return
    from leftfold.processes.migrating import migration_flaw

    known = {definition.cls: definition for definition in sagas.values()}
    for migration in context.saga_migrations:
        place = place_of(migration.function)
        missing = [cls.__qualname__ for cls in (migration.old, migration.new) if cls not in known]
        if missing:
            yield f"{place} names {', '.join(missing)}, which is no saga of this context; register it with saga()"
        elif flaw := migration_flaw(known[migration.old], known[migration.new], migration.function):
            yield flaw


def translation_flaws(context: Context, commands: Routes[CommandRoute]) -> Iterator[str]:
    """Translations into commands of another context."""
    own = {route.form.cls for route in commands}
    for one in context.translations:
        for cls in (cls for cls in one.sends if cls not in own):
            yield (
                f"translation {one.name!r} gives {cls.__qualname__}, which context {context.name!r} does not "
                "handle; it translates into commands of its own context"
            )
