"""Catalogs for tests: small ones by hand, others drawn."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from leftfold.catalog import Catalog, Consumption, Descriptor, Emission, Handler, Published
from leftfold.contexts import Edge, Finding
from leftfold.contexts.edges import DownstreamRole, UpstreamRole

__all__ = ["consumer", "descriptors", "follows", "partners", "producer", "rules_of", "tutorial"]

NAMES = [f"c{number}" for number in range(5)]
EVENTS = [f"{name}.e{number}" for name in NAMES for number in range(2)]
FIELDS = ["/a", "/b", "/b/x", "/c"]


def follows(
    upstream: str,
    downstream: str,
    *roles: UpstreamRole | DownstreamRole,
    layer: str = "",
    veto: bool = False,
) -> Edge:
    """An upstream and a downstream with these roles."""
    ups: tuple[UpstreamRole, ...] = ("supplier", "open-host-service", "published-language")
    downs: tuple[DownstreamRole, ...] = ("customer", "conformist", "anti-corruption-layer")
    return Edge(
        kind="directed",
        upstream=upstream,
        downstream=downstream,
        upstream_roles=tuple(sorted(one for one in ups if one in roles)),
        downstream_roles=tuple(sorted(one for one in downs if one in roles)),
        layer=layer,
        veto=veto,
    )


def partners(one: str, other: str) -> Edge:
    """Two partners."""
    first, second = sorted((one, other))
    return Edge(kind="partnership", upstream=first, downstream=second)


def producer(name: str, *published: Published, relations: tuple[Edge, ...] = (), team: str = "") -> Descriptor:
    """A context that publishes and takes nothing."""
    return Descriptor(name=name, team=team, relations=relations, publishes=published)


def consumer(  # noqa: PLR0913 - each is a word about it
    name: str,
    event: str,
    *,
    reads: tuple[str, ...] | None = None,
    versions: str = "",
    emits: tuple[Emission, ...] = (),
    relations: tuple[Edge, ...] = (),
    team: str = "",
    mud: bool = False,
) -> Descriptor:
    """A context that takes one event, and publishes what that leads to."""
    by = f"reaction/{name}.on"
    return Descriptor(
        name=name,
        team=team,
        mud=mud,
        relations=relations,
        publishes=tuple(Published(name=one.event) for one in emits),
        consumes=(Consumption(event=event, versions=versions, reads=reads, by=by),),
        handlers=(Handler(name=by, emits=emits),),
    )


def tutorial() -> Catalog:
    """A company of three contexts that are described and five that are only named."""
    partnership = partners("Billing", "Sales")
    customer_supplier: tuple[UpstreamRole, DownstreamRole] = ("supplier", "customer")
    sales = (
        follows("Customer", "Sales", *customer_supplier),
        follows("Inventory", "Sales", *customer_supplier),
        follows("Sales", "Billing"),
        partnership,
        follows("Sales", "Fulfillment", *customer_supplier),
    )
    billing = (
        follows("Sales", "Billing"),
        partnership,
        follows("Customer", "Billing", *customer_supplier),
        follows("Billing", "Accounting"),
    )
    customers = tuple(follows("Customer", name, *customer_supplier) for name in ("Sales", "Support", "Marketing"))
    return Catalog(
        [
            Descriptor(name="Customer", team="Customer Experience", relations=customers, apis=("GET /customers/{id}",)),
            Descriptor(name="Sales", team="Revenue", relations=sales),
            Descriptor(name="Billing", team="Finance", relations=billing),
        ]
    )


def rules_of(findings: Sequence[Finding]) -> list[tuple[str, str]]:
    """Rule and subject of each finding."""
    return [(one.rule, one.subject) for one in findings]


@st.composite
def descriptors(draw: st.DrawFn) -> list[Descriptor]:
    """A small company: every context publishes two events, and takes some, with handlers that lead to its own."""
    edges = draw(st.lists(_edges(), max_size=6))
    return [
        _described(draw, name, tuple(edge for edge in edges if name in edge.pair))
        for name in NAMES[: draw(st.integers(2, len(NAMES)))]
    ]


@st.composite
def _edges(draw: st.DrawFn) -> Edge:
    one, other = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=2, unique=True))
    match draw(st.sampled_from(["plain", "conformist", "layer", "partners", "apart"])):
        case "partners":
            return partners(one, other)
        case "apart":
            first, second = sorted((one, other))
            return Edge(kind="separate-ways", upstream=first, downstream=second)
        case "layer":
            return follows(one, other, "anti-corruption-layer", layer=f"{other}.layer")
        case "conformist":
            return follows(one, other, "conformist")
        case _:
            return follows(one, other)


def _described(draw: st.DrawFn, name: str, relations: tuple[Edge, ...]) -> Descriptor:
    own = [event for event in EVENTS if event.startswith(f"{name}.")]
    taken = draw(st.lists(st.sampled_from(EVENTS), max_size=4, unique=True))
    derived = st.none() | st.dictionaries(
        st.sampled_from(FIELDS), st.lists(st.sampled_from(FIELDS), max_size=2).map(tuple), max_size=2
    )
    emission = st.builds(Emission, event=st.sampled_from(own), derived=derived)
    reads = st.none() | st.lists(st.sampled_from(FIELDS), max_size=3, unique=True).map(tuple)
    return Descriptor(
        name=name,
        team=draw(st.sampled_from(["", "one", "two"])),
        relations=relations,
        publishes=tuple(Published(name=event, fields=dict.fromkeys(FIELDS, "string")) for event in own),
        consumes=tuple(
            Consumption(
                event=event,
                versions=draw(st.sampled_from(["", "1", ">=1,<3", ">=2"])),
                reads=draw(reads),
                by=f"reaction/{name}.{event}",
            )
            for event in taken
        ),
        handlers=tuple(
            Handler(name=f"reaction/{name}.{event}", emits=tuple(draw(st.lists(emission, max_size=2))))
            for event in taken
        ),
    )
