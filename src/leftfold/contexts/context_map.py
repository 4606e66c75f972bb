"""The context map: which contexts there are, and how each two of them relate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import cast

from leftfold.contexts.context import Context
from leftfold.contexts.edges import Edge, contradictions, merged
from leftfold.contexts.findings import Finding, in_order
from leftfold.contexts.relations import Relation, SharedKernel
from leftfold.errors import DefinitionError
from leftfold.messages.message import name_flaw

__all__ = ["ContextMap", "MapBroken", "check_context_map"]


class ContextMap:
    """Contexts and their relations. Two contexts that no relation names have nothing to do with each other.

    Args:
        name: of the whole: the company, the product.
        relations: how contexts relate; two may relate in several ways, as a host and who translates what it says.
        alone: contexts without any relation.

    Raises:
        DefinitionError: something is of another type; two contexts have one name, or two kernels; the package of a
            context or a kernel is inside another's.

    Source: Evans 2003, "Domain-Driven Design", chapter 14.
    """

    def __init__(self, name: str, /, *relations: Relation, alone: tuple[Context, ...] = ()) -> None:
        if findings := [f"map {name!r:.80}: {finding}" for finding in _flaws(name, relations, alone)]:
            raise DefinitionError(*findings)
        self.name = name
        self.relations = relations
        named = {id(one): one for relation in relations for one in relation.contexts} | {id(one): one for one in alone}
        self.contexts: tuple[Context, ...] = tuple(sorted(named.values(), key=lambda one: one.name))
        self._said = tuple(edge for relation in relations for edge in relation.edges())
        self.edges: tuple[Edge, ...] = merged(self._said)
        self._between: dict[tuple[str, str], tuple[Edge, ...]] = {}
        for edge in self.edges:
            self._between[edge.pair] = (*self._between.get(edge.pair, ()), edge)
        self._check()

    def __repr__(self) -> str:
        return f"ContextMap({self.name!r}, {len(self.contexts)} contexts, {len(self.relations)} relations)"

    @property
    def kernels(self) -> tuple[SharedKernel, ...]:
        """What is shared, by name."""
        found = [relation for relation in self.relations if isinstance(relation, SharedKernel)]
        return tuple(sorted(found, key=lambda one: one.kernel))

    def require(self, contexts: Sequence[Context]) -> None:
        """Raise `DefinitionError` unless each of *contexts* is on the map."""
        missing = sorted(one.name for one in contexts if one not in self.contexts)
        if missing:
            raise DefinitionError(
                f"map {self.name!r} does not know {', '.join(missing)}; relate each, or name it in alone=(...)"
            )

    def between(self, one: str, other: str) -> tuple[Edge, ...]:
        """All that is said of two contexts, by their names."""
        return self._between.get((min(one, other), max(one, other)), ())

    def findings(self) -> tuple[Finding, ...]:
        """What the map says that cannot all be; empty when it is in itself sound."""
        return in_order(contradictions(self._said))

    def _check(self) -> None:
        findings: list[str] = []
        for one, other in pairwise(self.contexts):
            if one.name == other.name:
                findings.append(f"two contexts are named {one.name!r}, at {one.place} and {other.place}")
        packaged = [(f"{one.package}.", one.name) for one in self.contexts if one.package]
        packaged = sorted([*packaged, *((f"{one.package}.", f"kernel {one.kernel!r}") for one in self.kernels)])
        for (outer, owner), (inner, other_owner) in pairwise(packaged):
            if inner.startswith(outer):
                findings.append(f"package {inner[:-1]!r} of {other_owner} is inside {outer[:-1]!r} of {owner}")
        kernels = [kernel.kernel for kernel in self.kernels]
        findings += [f"two kernels are named {name!r}" for name in sorted({n for n in kernels if kernels.count(n) > 1})]
        if findings:
            raise DefinitionError(*(f"map {self.name!r}: {finding}" for finding in findings))


def check_context_map(given: object) -> None:
    """Raise `DefinitionError` unless *given* is a map."""
    if not isinstance(given, ContextMap):
        raise DefinitionError(f"{given!r:.80} is no ContextMap; give the map, as in ContextMap(name, *relations)")


def _flaws(name: object, relations: Sequence[object], alone: object) -> Iterator[str]:
    """What of the words of a map is of another type."""
    if flaw := name_flaw(name):
        yield f"its name {flaw}"
    for one in relations:
        if not isinstance(one, Relation):
            yield f"{one!r:.80} is no relation; give one, or name a context in alone=(...)"
    if isinstance(alone, Context):
        yield f"alone={alone!r:.80} is one context; give a tuple, as in alone=(context,)"
        return
    for one in cast("Sequence[object]", alone) if isinstance(alone, list | tuple) else (alone,):
        if not isinstance(one, Context):
            yield f"alone={one!r:.80} is no context; give a tuple of them"


class MapBroken(DefinitionError):
    """Handlers do what the map of their app does not allow: declare a relation that allows it, or change them.

    Args:
        context_map: the map; `leftfold context check` tells all that breaks it.
        findings: what the app is refused for.
    """

    def __init__(self, context_map: ContextMap, findings: Sequence[Finding]) -> None:
        self.context_map = context_map
        super().__init__(
            *(
                f"map {context_map.name!r}, {one.rule}: {one.message}"
                + (f"; found at {one.found_at}" if one.found_at else "")
                + (f"; declared at {one.declared_at}" if one.declared_at else "")
                for one in findings
            )
        )
