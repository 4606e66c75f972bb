"""How contexts relate: one object a relation, from which follows what is allowed, checked, refused and approved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from types import FrameType
from typing import ClassVar, Final, cast

from leftfold.contexts.context import Context
from leftfold.contexts.edges import DownstreamRole, Edge, EdgeKind, UpstreamRole
from leftfold.contexts.places import caller, place_in
from leftfold.errors import DefinitionError

__all__ = [
    "AntiCorruptionLayer",
    "Conformist",
    "CustomerSupplier",
    "OpenHostService",
    "Partnership",
    "Relation",
    "SeparateWays",
    "SharedKernel",
    "UpstreamDownstream",
]

_TOLD: Final[UpstreamRole] = "published-language"


class Relation:
    """What all relations have in common; make one of the others.

    Source: Evans 2003, "Domain-Driven Design", chapter 14; ddd-crew, "Context mapping".

    Attributes:
        contexts: whom it relates; of those with a direction, the upstream first.
        place: where it is declared, as `path:line`.
    """

    kind: ClassVar[EdgeKind] = "directed"
    upstream_roles: ClassVar[tuple[UpstreamRole, ...]] = ()
    downstream_roles: ClassVar[tuple[DownstreamRole, ...]] = ()
    veto = False
    layer = kernel = package = reason = ""

    def __init__(self, contexts: Sequence[Context], frame: FrameType | None) -> None:
        self.contexts: tuple[Context, ...] = tuple(contexts)
        self.place: str = place_in(frame)
        for given in cast("tuple[object, ...]", self.contexts):
            if not isinstance(given, Context):
                raise DefinitionError(
                    f"{type(self).__name__} at {self.place}: {given!r:.80} is no context; give a Context"
                )
        names = [context.name for context in self.contexts]
        if len(set(names)) < len(names):
            raise DefinitionError(f"{type(self).__name__} at {self.place}: {', '.join(names)}; name each context once")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(context.name for context in self.contexts)})"

    def edges(self) -> tuple[Edge, ...]:
        """The relation as data: an edge for each two contexts that it relates."""
        return tuple(self._edge(one, other) for one, other in self._pairs())

    def _pairs(self) -> Iterable[tuple[Context, Context]]:
        return combinations(self.contexts, 2)

    def _edge(self, one: Context, other: Context) -> Edge:
        first, second = (one.name, other.name) if self.kind == "directed" else sorted((one.name, other.name))
        return Edge(
            kind=self.kind,
            upstream=first,
            downstream=second,
            upstream_roles=self._roles_of(one),
            downstream_roles=self.downstream_roles,
            veto=self.veto,
            layer=self.layer,
            kernel=self.kernel,
            package=self.package,
            reason=self.reason,
            place=self.place,
        )

    def _roles_of(self, upstream: Context) -> tuple[UpstreamRole, ...]:
        if self.kind != "directed" or upstream.language is None:
            return self.upstream_roles
        return tuple(sorted({*self.upstream_roles, _TOLD}))


class UpstreamDownstream(Relation):
    """The downstream follows the upstream, and nobody has said how they deal with each other.

    The downstream may import the modules that the upstream publishes, take its integration events, and send it
    commands; never the other way round.
    """

    def __init__(self, *, upstream: Context, downstream: Context) -> None:
        super().__init__((upstream, downstream), caller(1))


class CustomerSupplier(Relation):
    """The supplier plans with its customer in mind; what is allowed is that of `UpstreamDownstream`.

    Args:
        veto: a break of what the customer reads needs the customer's approval.
    """

    upstream_roles: ClassVar[tuple[UpstreamRole, ...]] = ("supplier",)
    downstream_roles: ClassVar[tuple[DownstreamRole, ...]] = ("customer",)

    def __init__(self, *, supplier: Context, customer: Context, veto: bool = False) -> None:
        super().__init__((supplier, customer), caller(1))
        self.veto = veto


class Conformist(Relation):
    """The downstream takes the upstream's model as it is, its types included, and has no say in it."""

    downstream_roles: ClassVar[tuple[DownstreamRole, ...]] = ("conformist",)

    def __init__(self, *, upstream: Context, downstream: Context) -> None:
        super().__init__((upstream, downstream), caller(1))


class AntiCorruptionLayer(Relation):
    """The downstream keeps the upstream's words out: one module of its own knows them, and translates.

    Args:
        layer: that module, or the package with all that translate, dotted, inside the downstream's package.

    Raises:
        DefinitionError: the layer is not inside the downstream's package.
    """

    downstream_roles: ClassVar[tuple[DownstreamRole, ...]] = ("anti-corruption-layer",)

    def __init__(self, *, upstream: Context, downstream: Context, layer: str) -> None:
        super().__init__((upstream, downstream), caller(1))
        if not downstream.package:
            raise DefinitionError(
                f"{self} at {self.place}: {downstream.name} has no package, so layer {layer!r} is in none; give it as "
                f'Context({downstream.name!r}, package="...")'
            )
        if not f"{layer}.".startswith(f"{downstream.package}."):
            raise DefinitionError(
                f"{self} at {self.place}: layer {layer!r} is not inside {downstream.package!r}, the package of "
                f"{downstream.name}; translate where it is"
            )
        self.layer = layer


class OpenHostService(Relation):
    """The host serves whoever comes through one door that is the same for all: its API and its published language.

    Args:
        host: who serves.
        consumers: who comes. How each deals with what it gets is a relation of its own, `Conformist` or
            `AntiCorruptionLayer`.

    Raises:
        DefinitionError: nobody comes; leave it out until somebody does.
    """

    upstream_roles: ClassVar[tuple[UpstreamRole, ...]] = ("open-host-service",)

    def __init__(self, *, host: Context, consumers: Sequence[Context]) -> None:
        super().__init__((host, *_listed(consumers)), caller(1))
        if len(self.contexts) < 2:
            raise DefinitionError(f"{self} at {self.place}: nobody consumes; leave it out until somebody does")

    def _pairs(self) -> Iterable[tuple[Context, Context]]:
        return ((self.contexts[0], consumer) for consumer in self.contexts[1:])


class Partnership(Relation):
    """Two teams succeed or fail together: each follows the other, and a break needs both of them."""

    kind: ClassVar[EdgeKind] = "partnership"

    def __init__(self, one: Context, other: Context, /) -> None:
        super().__init__((one, other), caller(1))


class SharedKernel(Relation):
    """A part of the model that several contexts share, and that changes only when all of their teams agree.

    Args:
        name: of the kernel.
        package: what is shared, dotted; in no context's package.
        between: who shares it, at least two.

    Raises:
        DefinitionError: fewer than two share it; or its package is inside a context's, or the other way round.
    """

    kind: ClassVar[EdgeKind] = "shared-kernel"

    def __init__(self, name: str, /, *, package: str, between: Sequence[Context]) -> None:
        super().__init__(_listed(between), caller(1))
        self.kernel: str = name
        self.package: str = package
        if len(self.contexts) < 2:
            raise DefinitionError(f"{self} at {self.place}: kernel {name!r} is shared by at least two contexts")
        for context in self.contexts:
            mine, theirs = f"{package}.", f"{context.package or '?'}."
            if mine.startswith(theirs) or theirs.startswith(mine):
                raise DefinitionError(
                    f"{self} at {self.place}: kernel {name!r} in {package!r} and context {context.name} in "
                    f"{context.package!r} are one inside the other; what is shared belongs to neither"
                )


class SeparateWays(Relation):
    """Two contexts have nothing to do with each other on purpose: no path leads from one to the other.

    Args:
        reason: why, for whoever would like to connect them.
    """

    kind: ClassVar[EdgeKind] = "separate-ways"

    def __init__(self, one: Context, other: Context, /, *, reason: str = "") -> None:
        super().__init__((one, other), caller(1))
        self.reason = reason


def _listed(given: object) -> Sequence[Context]:
    """What is given as several contexts; one that stands alone is looked at like one of several."""
    return cast("Sequence[Context]", given if isinstance(given, Sequence) else (given,))
