"""Companies with everything that a catalog can say, drawn: for what has to be true of all of them."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from leftfold.borders import Observed, Origin
from leftfold.catalog import Catalog, Change, Consumption, Descriptor, Emission, Handler, Published
from leftfold.contexts import Edge
from leftfold.contexts.edges import DownstreamRole, UpstreamRole

__all__ = ["CHANGES", "subjects_of", "wide_companies"]

CHANGES: tuple[Change, ...] = ("remove", "rename", "type", "meaning", "add")

# Python orders text by code points, JavaScript by halves of surrogate pairs: these two differ in both orders.
NAMES = ["a", "Z", "\U0001f600", "\uffee", "e<1>"]
FIELDS = ["/a", "/b", "/b/x", "/bb"]
EVENTS = [f"{name}.{number}" for name in NAMES for number in range(2)]
UPS: tuple[UpstreamRole, ...] = ("open-host-service", "published-language", "supplier")
DOWNS: tuple[DownstreamRole, ...] = ("anti-corruption-layer", "conformist", "customer")
PLACES = ["", "x.py:1", "x.py:2"]
ORIGINS: tuple[Origin, ...] = ("declared", "static", "observed")
DAYS = [datetime(2026, 5, day, tzinfo=UTC) for day in (4, 5)]


@st.composite
def edges(draw: st.DrawFn) -> Edge:
    """A relation of any kind."""
    one, other = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=2, unique=True))
    first, second = sorted((one, other))
    place = draw(st.sampled_from(PLACES))
    match draw(st.sampled_from(["directed", "directed", "directed", "partnership", "kernel", "separate-ways"])):
        case "partnership":
            return Edge(kind="partnership", upstream=first, downstream=second, place=place)
        case "separate-ways":
            return Edge(kind="separate-ways", upstream=first, downstream=second, place=place)
        case "kernel":
            kernel = draw(st.sampled_from(["money", "time", ""]))
            return Edge(kind="shared-kernel", upstream=first, downstream=second, kernel=kernel, place=place)
        case _:
            down = tuple(sorted(draw(st.sets(st.sampled_from(DOWNS), max_size=2))))
            return Edge(
                kind="directed",
                upstream=one,
                downstream=other,
                upstream_roles=tuple(sorted(draw(st.sets(st.sampled_from(UPS), max_size=2)))),
                downstream_roles=down,
                veto=draw(st.booleans()),
                layer=f"{other}.layer" if "anti-corruption-layer" in down and draw(st.booleans()) else "",
                place=place,
            )


emissions = st.builds(
    Emission,
    event=st.sampled_from([*EVENTS, "nowhere"]),
    version=st.sampled_from([None, None, 1, 2]),
    derived=st.none()
    | st.dictionaries(st.sampled_from(FIELDS), st.lists(st.sampled_from(FIELDS), max_size=2).map(tuple), max_size=2),
)


@st.composite
def observations(draw: st.DrawFn) -> Observed:
    """Somebody was seen taking an event of whomever it may be of."""
    event, day = draw(st.sampled_from(EVENTS)), draw(st.sampled_from(DAYS))
    return Observed(
        kind="event",
        source=event.partition(".")[0],
        type=event,
        version=draw(st.sampled_from([1, 2])),
        consumer=draw(st.sampled_from(NAMES)),
        count=1,
        first=day,
        last=day,
    )


@st.composite
def descriptors(draw: st.DrawFn, name: str, relations: tuple[Edge, ...]) -> Descriptor:
    """A context that publishes and takes anything, or nothing."""
    own = [event for event in EVENTS if event.startswith(f"{name}.")][: draw(st.integers(0, 2))]
    own += draw(st.lists(st.sampled_from([event for event in EVENTS if event not in own]), max_size=1))
    taken = draw(st.lists(st.sampled_from(EVENTS), min_size=draw(st.integers(0, 3)), max_size=5))
    versions = st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=3, unique=True)
    sunset = st.sampled_from(["", "2027-01-31", "2028-01-31"])
    reads = st.none() | st.lists(st.sampled_from(FIELDS), max_size=3, unique=True).map(tuple)
    bys = [draw(st.sampled_from([f"on-{number}", "on-0", ""])) for number in range(len(taken))]
    return Descriptor(
        name=name,
        team=draw(st.sampled_from(["", "one", "two"])),
        mud=draw(st.sampled_from([False, False, True])),
        relations=relations,
        publishes=tuple(
            Published(name=event, version=version, sunset=draw(sunset), fields=dict.fromkeys(FIELDS, "string"))
            for event in own
            for version in draw(versions)
        ),
        consumes=tuple(
            Consumption(
                event=event,
                versions=draw(st.sampled_from(["", "1", ">=1,<3", ">=2"])),
                reads=draw(reads),
                by=by,
                evidence=draw(st.sampled_from(ORIGINS)),
                place=draw(st.sampled_from(PLACES)),
                named=draw(st.sampled_from(PLACES)),
            )
            for event, by in zip(taken, bys, strict=True)
        ),
        handlers=tuple(
            Handler(name=by, open=draw(st.booleans()), emits=tuple(draw(st.lists(emissions, max_size=2))))
            for by in dict.fromkeys(bys)
            if by and draw(st.integers(0, 3))
        ),
    )


@st.composite
def wide_companies(draw: st.DrawFn) -> Catalog:
    """A catalog in which somebody may be named and not described, and two may publish one event."""
    related = draw(st.lists(edges(), min_size=4, max_size=14))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=3, max_size=len(NAMES), unique=True))
    return Catalog(
        [draw(descriptors(name, tuple(edge for edge in related if name in edge.pair))) for name in sorted(names)],
        observed=draw(st.lists(observations(), max_size=3)),
    )


def subjects_of(catalog: Catalog) -> list[tuple[str, str, int | None, str]]:
    """Kind, name, version and field of all that can change in *catalog*."""
    found: list[tuple[str, str, int | None, str]] = [
        *(("context", name, None, "") for name in (*catalog.by_name, *catalog.unregistered)),
        *(("team", name, None, "") for name in catalog.teams),
        *(("kernel", name, None, "") for name in catalog.kernels),
    ]
    for event in sorted({*catalog.events, *catalog.consumed}):
        versions = dict.fromkeys(one.version for _, one in catalog.published(event))
        fields = dict.fromkeys(field for _, one in catalog.published(event) for field in one.fields)
        found += [("event", event, version, field) for version in (None, *versions) for field in ("", *fields)]
    return found
