"""All contexts that anybody described, and what follows from all of them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, cast

from msgspec import Struct
from msgspec.structs import replace

from leftfold.borders.observed import Observed
from leftfold.catalog.canonical import digest_of, normalised, same_text
from leftfold.catalog.descriptor import Consumption, Descriptor, Handler, Published
from leftfold.catalog.errors import UnknownSubject
from leftfold.catalog.seen import last_seen, seen_takers, unsaid
from leftfold.contexts.edges import Edge, merged
from leftfold.errors import InvalidInput

__all__ = ["Catalog", "Neighbours", "Pattern", "Taken", "check_catalog"]

Pattern: TypeAlias = Literal[
    "partnership",
    "shared-kernel",
    "separate-ways",
    "supplier",
    "customer",
    "open-host-service",
    "published-language",
    "conformist",
    "anti-corruption-layer",
]
"""What a context can be to another one."""

_NO_FILES: Final[Mapping[str, Sequence[str]]] = MappingProxyType({})


class Neighbours(Struct, frozen=True):
    """Contexts on one side of another one.

    Args:
        declared: those that it names itself, in the order in which it does.
        others: those that it does not name, and that say so themselves or take its events; sorted.
    """

    declared: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Everybody."""
        return (*self.declared, *self.others)


class Taken(Struct, frozen=True):
    """An event taken by a context, and what takes it.

    Args:
        context: who takes it.
        consumption: what of it.
        handler: what that leads to; None when nobody says.
        last_seen: when it was seen last, as ISO 8601; empty when it was not.
    """

    context: str
    consumption: Consumption
    handler: Handler | None
    last_seen: str = ""


class Catalog:
    """Descriptors of many repositories as one whole; it does not matter in which order they come, or how often.

    Names that relations mention and nobody describes are kept, apart from the others. Where two descriptors of one
    name differ, one of them stands for both, always the same one, and `conflicts` has all of them; of an external
    context, which has no repository of its own, what several say is taken together.

    Args:
        descriptors: of contexts, in any order.
        files: where the descriptors of a name come from, for findings.
        observed: what logs show. Whoever was seen taking an event that is published takes it, though nobody says so.

    Raises:
        InvalidInput: *descriptors* are none, or one of them is.
    """

    def __init__(
        self,
        descriptors: Iterable[Descriptor],
        *,
        files: Mapping[str, Sequence[str]] = _NO_FILES,
        observed: Iterable[Observed] = (),
    ) -> None:
        variants: dict[str, list[Descriptor]] = {}
        if not isinstance(cast("object", descriptors), Iterable):
            raise InvalidInput(
                f"Catalog takes descriptors, and {descriptors!r:.80} is none; make them with descriptors_of(contexts)"
            )
        for one in descriptors:
            if not isinstance(cast("object", one), Descriptor):
                raise InvalidInput(
                    f"Catalog takes descriptors, and {one!r:.80} is none; make them with descriptors_of(contexts)"
                )
            variants.setdefault(one.name, []).append(one)
        self.files = files
        self.by_name: Mapping[str, Descriptor] = {}
        """Every context that is registered, by its name, in order."""
        self.conflicts: Mapping[str, tuple[Descriptor, ...]] = {}
        """Descriptors of one name with different content, where there are some."""
        chosen, conflicts = dict[str, Descriptor](), dict[str, tuple[Descriptor, ...]]()
        for name in sorted(variants):
            different = _different(variants[name])
            chosen[name] = different[0]
            if len(different) > 1:
                conflicts[name] = different
        self.by_name, self.conflicts = MappingProxyType(chosen), MappingProxyType(conflicts)
        self.edges: tuple[Edge, ...] = merged(edge for one in chosen.values() for edge in one.relations)
        """Every relation that anybody declares, both sides taken together."""
        self._index(observed)

    def __repr__(self) -> str:
        return f"Catalog({len(self.by_name)} contexts, {len(self.edges)} relations)"

    def _index(self, observed: Iterable[Observed]) -> None:
        self._edges: dict[tuple[str, str], list[Edge]] = {}
        self._related: dict[str, dict[str, None]] = {name: {} for name in self.by_name}
        for edge in self.edges:
            self._edges.setdefault(edge.pair, []).append(edge)
            for one, other in (edge.pair, edge.pair[::-1]):
                self._related.setdefault(one, {})[other] = None
        self._published: dict[str, list[tuple[str, Published]]] = {}
        self._taken: dict[str, list[Taken]] = {}
        self._takes: dict[str, list[Taken]] = {}
        for name, described in self.by_name.items():
            for published in described.publishes:
                self._published.setdefault(published.name, []).append((name, published))
        publishers = {event: {name for name, _ in them} for event, them in self._published.items()}
        seen = seen_takers(observed, publishers)
        for name, described in self.by_name.items():
            handlers = {handler.name: handler for handler in described.handlers}
            for consumption in described.consumes:
                last = last_seen(seen, name, consumption)
                self._add(Taken(name, consumption, handlers.get(consumption.by), last))
        said = [(one.context, one.consumption) for takers in self._taken.values() for one in takers]
        for name, event, version, last in unsaid(seen, said):
            if name not in publishers[event]:
                self._related.setdefault(name, {})
                self._add(Taken(name, Consumption(event=event, versions=version, evidence="observed"), None, last))
        for takers in self._taken.values():
            takers.sort(key=lambda one: one.context)
        self._listens = {
            (taken.context, publisher)
            for event, takers in self._taken.items()
            for publisher, _ in self._published.get(event, ())
            for taken in takers
        }

    def _add(self, taken: Taken) -> None:
        self._taken.setdefault(taken.consumption.event, []).append(taken)
        self._takes.setdefault(taken.context, []).append(taken)

    @property
    def descriptors(self) -> tuple[Descriptor, ...]:
        """One for each name, in the order of names."""
        return tuple(self.by_name.values())

    @property
    def everything(self) -> tuple[Descriptor, ...]:
        """What makes up this catalog again: of a name with conflicts, every descriptor."""
        return tuple(one for name in self.by_name for one in self.conflicts.get(name, (self.by_name[name],)))

    @property
    def unregistered(self) -> tuple[str, ...]:
        """Names that relations mention, or logs, and nobody describes, sorted."""
        return tuple(sorted(name for name in self._related if name not in self.by_name))

    @property
    def events(self) -> tuple[str, ...]:
        """Names of all events that are published, sorted."""
        return tuple(sorted(self._published))

    @property
    def consumed(self) -> tuple[str, ...]:
        """Names of all events that are taken, published or not, sorted."""
        return tuple(sorted(self._taken))

    @property
    def kernels(self) -> Mapping[str, tuple[str, ...]]:
        """Who shares what, by the name of the shared kernel."""
        found: dict[str, set[str]] = {}
        for edge in self.edges:
            if edge.kind == "shared-kernel" and edge.kernel:
                found.setdefault(edge.kernel, set()).update(edge.pair)
        return {name: tuple(sorted(found[name])) for name in sorted(found)}

    @property
    def teams(self) -> tuple[str, ...]:
        """Every team that answers for a context, sorted."""
        return tuple(sorted({one.team for one in self.by_name.values() if one.team}))

    def registered(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of *names* that somebody describes, in their order."""
        return tuple(name for name in names if name in self.by_name)

    def team_of(self, name: str) -> str:
        """Who answers for a context; empty when nobody says."""
        found = self.by_name.get(name)
        return "" if found is None else found.team

    def place_of(self, name: str) -> str:
        """Where a context is declared, or the file that says so; empty when neither is known."""
        found = self.by_name.get(name)
        files = self.files.get(name, ())
        return (found.place if found is not None else "") or (files[0] if files else "")

    def published(self, event: str) -> Sequence[tuple[str, Published]]:
        """Every version of an event, with the context that publishes it."""
        return self._published.get(event, ())

    def taken(self, event: str) -> Sequence[Taken]:
        """Everything that takes an event, in the order of contexts."""
        return self._taken.get(event, ())

    def takes(self, name: str) -> Sequence[Taken]:
        """Everything that a context takes; of one that nobody describes, what it was seen taking."""
        return self._takes.get(name, ())

    def listens(self, consumer: str, publisher: str) -> bool:
        """Whether a context takes any event that another one publishes."""
        return (consumer, publisher) in self._listens

    def between(self, one: str, other: str) -> Sequence[Edge]:
        """All that is said of two contexts."""
        return self._edges.get((min(one, other), max(one, other)), ())

    def related(self, name: str) -> tuple[str, ...]:
        """Every context that some relation puts beside *name*."""
        return tuple(self._related.get(name, ()))

    def find(
        self,
        *,
        team: str | None = None,
        publishes: str | None = None,
        consumes: str | None = None,
        pattern: Pattern | None = None,
    ) -> tuple[Descriptor, ...]:
        """Contexts of which all of this is true, in the order of names.

        Args:
            team: answers for it.
            publishes: name of an event that it publishes.
            consumes: name of an event that it takes.
            pattern: what it is to some other context.
        """
        return tuple(
            one
            for one in self.by_name.values()
            if (team is None or one.team == team)
            and (publishes is None or any(each.name == publishes for each in one.publishes))
            and (consumes is None or any(each.consumption.event == consumes for each in self.takes(one.name)))
            and (pattern is None or pattern in self._patterns(one.name))
        )

    def dependencies(self, name: str) -> Neighbours:
        """Whom a context follows: its upstreams, and who publishes what it takes.

        Raises:
            UnknownSubject: no context is called so.
        """
        own = self._known(name)
        declared = [edge.upstream for edge in own if edge.kind == "directed" and edge.downstream == name]
        others = {edge.upstream for edge in self._about(name) if edge.kind == "directed" and edge.downstream == name}
        for taken in self.takes(name):
            others.update(publisher for publisher, _ in self.published(taken.consumption.event))
        return _neighbours(name, declared, others)

    def consumers(self, name: str) -> Neighbours:
        """Who follows a context: its downstreams, and who takes what it publishes.

        Raises:
            UnknownSubject: no context is called so.
        """
        own = self._known(name)
        declared = [edge.downstream for edge in own if edge.kind == "directed" and edge.upstream == name]
        others = {edge.downstream for edge in self._about(name) if edge.kind == "directed" and edge.upstream == name}
        found = self.by_name.get(name)
        for published in () if found is None else found.publishes:
            others.update(taken.context for taken in self.taken(published.name))
        return _neighbours(name, declared, others)

    def _about(self, name: str) -> Iterator[Edge]:
        for other in self.related(name):
            yield from self.between(name, other)

    def _patterns(self, name: str) -> set[str]:
        found: set[str] = set()
        for edge in self._about(name):
            if edge.kind != "directed":
                found.add(edge.kind)
            if edge.upstream == name:
                found.update(edge.upstream_roles)
            if edge.downstream == name:
                found.update(edge.downstream_roles)
        return found

    def _known(self, name: str) -> tuple[Edge, ...]:
        found = self.by_name.get(name)
        if found is not None:
            return found.relations
        if name not in self._related:
            raise UnknownSubject(name, "no context is called so", get_close_matches(name, self._related, 3))
        return ()


def check_catalog(given: object) -> None:
    """Raise `InvalidInput` unless *given* is a catalog."""
    if not isinstance(given, Catalog):
        raise InvalidInput(f"{given!r:.80} is no Catalog; make one, as in Catalog(descriptors_of([context]))")


def _neighbours(name: str, declared: Iterable[str], others: set[str]) -> Neighbours:
    named = tuple(dict.fromkeys(one for one in declared if one != name))
    return Neighbours(named, tuple(sorted(others - {name, *named})))


def _different(variants: Sequence[Descriptor]) -> tuple[Descriptor, ...]:
    """One for each content, in an order that does not depend on that of *variants*."""
    if len(variants) == 1:
        return tuple(variants)
    found: dict[str, Descriptor] = {}
    for one in sorted(variants, key=same_text):
        found.setdefault(digest_of(one), one)
    different = tuple(found[digest] for digest in sorted(found))
    if len(different) > 1 and all(one.external for one in different):
        bare = {digest_of(replace(one, relations=())) for one in different}
        if len(bare) == 1:
            every = {edge for one in different for edge in one.relations}
            places = sorted(one.place for one in different)
            return (normalised(replace(different[0], relations=tuple(every), place=places[0])),)
    return different
