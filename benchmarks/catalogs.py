"""A catalog of a large company, made up the same way every time, and how long it takes to read, check and ask it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from math import inf
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import NamedTuple

from benchmarks.measuring import Result
from leftfold.catalog import (
    Catalog,
    Consumption,
    Descriptor,
    Emission,
    Handler,
    Published,
    catalog_findings,
    dump_catalog,
    impact,
    load_descriptors,
)
from leftfold.catalog.pages import write_pages
from leftfold.contexts import Edge

__all__ = ["CONTEXTS", "EVENTS", "RELATIONS", "TAKEN", "company", "measure_catalogs"]

CONTEXTS = 1_000
EVENTS = 10_000
TAKEN = 20_000
RELATIONS = 5_000
"""Together with the events that are published, 35,000 edges."""

_FIELDS = 6
_EMIT = 0.3
"""Of the handlers, how many lead to events."""
_ASKED = 300


class _Took(NamedTuple):
    """Seconds that passed, and that the process computed."""

    seconds: float
    computing: float


def company(seed: int = 7, size: float = 1.0) -> list[Descriptor]:
    """Descriptors of a company.

    Args:
        size: a part of all that there is, above 0 and up to 1.
    """
    dice = random.Random(seed)
    names = [f"context-{number:04}" for number in range(int(CONTEXTS * size))]
    events = [f"{names[number % len(names)]}.event-{number:05}" for number in range(int(EVENTS * size))]
    owned: dict[str, list[str]] = {name: [] for name in names}
    for event in events:
        owned[event.partition(".")[0]].append(event)
    taken: dict[str, list[str]] = {name: [] for name in names}
    for _ in range(int(TAKEN * size)):
        taken[dice.choice(names)].append(dice.choice(events))
    edges = _relations(dice, names, int(RELATIONS * size))
    return [_context(dice, name, owned[name], taken[name], edges[name]) for name in names]


def _relations(dice: random.Random, names: Sequence[str], count: int) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = {name: [] for name in names}
    for _ in range(count):
        one, other = sorted(dice.sample(names, 2))
        edge = dice.choice(
            [
                Edge(kind="directed", upstream=one, downstream=other, downstream_roles=("conformist",)),
                Edge(
                    kind="directed",
                    upstream=one,
                    downstream=other,
                    upstream_roles=("supplier",),
                    downstream_roles=("customer",),
                ),
                Edge(
                    kind="directed",
                    upstream=one,
                    downstream=other,
                    upstream_roles=("open-host-service", "published-language"),
                ),
                Edge(
                    kind="directed",
                    upstream=one,
                    downstream=other,
                    downstream_roles=("anti-corruption-layer",),
                    layer="a.layer",
                ),
            ]
        )
        found[one].append(edge)
        found[other].append(edge)
    return found


def _context(
    dice: random.Random, name: str, owned: Sequence[str], taken: Sequence[str], edges: Sequence[Edge]
) -> Descriptor:
    handlers = [f"reaction/{name}.on-{number}" for number in range(len(taken))]
    return Descriptor(
        name=name,
        team=f"team-{dice.randrange(150):03}",
        purpose=f"What {name} is for",
        relations=tuple(edges),
        publishes=tuple(_published(event) for event in owned),
        consumes=tuple(
            Consumption(
                event=event,
                versions=">=1,<3",
                reads=tuple(f"/field_{n}" for n in sorted(dice.sample(range(_FIELDS), 3))),
                by=by,
            )
            for event, by in zip(taken, handlers, strict=True)
        ),
        handlers=tuple(
            Handler(name=by, emits=(Emission(event=dice.choice(owned)),) if owned and dice.random() < _EMIT else ())
            for by in handlers
        ),
    )


def _published(event: str) -> Published:
    names = [f"field_{number}" for number in range(_FIELDS)]
    schema: dict[str, object] = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": names,
        "additionalProperties": False,
    }
    return Published(name=event, fields={f"/{name}": "string" for name in names}, schema=schema)


def measure_catalogs(rounds: int, size: float = 1.0) -> Iterator[Result]:
    """Read and check the whole; the impact of events, fields and contexts, one after another; write the pages.

    Args:
        rounds: how often the whole is read.
        size: see `company`.
    """
    descriptors = company(size=size)
    data = dump_catalog(descriptors).encode()
    edges = (
        sum(len(one.publishes) + len(one.consumes) for one in descriptors)
        + sum(len(one.relations) for one in descriptors) // 2
    )
    how = f"{len(descriptors):,} contexts, {len(data) / 1e6:.1f} MB, {edges:,} edges"

    def read_and_check() -> None:
        catalog_findings(Catalog(load_descriptors(data, "company.json")))

    yield _result("read and check a catalog", "catalogs", [_timed(read_and_check) for _ in range(rounds)], edges, how)
    catalog = Catalog(load_descriptors(data, "company.json"))
    dice = random.Random(11)
    events = dice.sample(catalog.events, min(_ASKED, len(catalog.events)))
    yield _impacts("impact of an event", catalog, events, edges, how)
    yield _impacts("impact of a field", catalog, [f"{one}.field_1" for one in events], edges, how)
    names = dice.sample(tuple(catalog.by_name), min(_ASKED, len(catalog.by_name)))
    yield _impacts("impact of a context", catalog, names, edges, how)
    yield _pages(catalog, rounds, edges, how)


def _pages(catalog: Catalog, rounds: int, edges: int, how: str) -> Result:
    with TemporaryDirectory() as place:
        folder = Path(place) / "pages"
        took = [_timed(lambda: write_pages(catalog, folder)) for _ in range(rounds)]
        pages = [file.stat().st_size for file in folder.rglob("*.html")]
        data = [file.stat().st_size for file in (folder / "data").iterdir()]
    each = [_Took(one.seconds / len(pages), one.computing / len(pages)) for one in took]
    sizes = f"the largest of {len(pages):,} pages {max(pages) / 1000:.0f} kB, data {sum(data) / 1e6:.1f} MB"
    return _result("write the pages", "pages", each, edges, f"{how}; {min(took).seconds:.1f} s for all, {sizes}")


def _impacts(work: str, catalog: Catalog, subjects: Sequence[str], edges: int, how: str) -> Result:
    hits: list[int] = []

    def ask(subject: str) -> Callable[[], None]:
        return lambda: hits.append(len(impact(catalog, subject).names))

    took = [_timed(ask(subject)) for subject in subjects]
    slowest = max(took).seconds * 1000
    reach = f"; hits {median(hits):g} contexts in the median, {max(hits):,} at most; {slowest:.1f} ms at most"
    return _result(work, "answers", took, edges, how + reach)


def _timed(work: Callable[[], object]) -> _Took:
    start, computing = perf_counter(), process_time()
    work()
    return _Took(perf_counter() - start, process_time() - computing)


def _result(work: str, unit: str, took: Sequence[_Took], edges: int, how: str) -> Result:
    seconds = [one.seconds for one in took]
    hundredths = quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else [seconds[0]] * 99
    paces = [round(one * 1e6, 4) for one in seconds]
    return Result(
        work=work,
        system="leftfold",
        per_second=round(1 / min(seconds), 1) if min(seconds) else inf,
        median_per_second=round(1 / median(seconds), 1),
        p50_ms=round(hundredths[49] * 1000, 3),
        p99_ms=round(hundredths[98] * 1000, 3),
        fastest_us=min(paces),
        rounds_us=paces,
        paces_us=paces,
        computing_us=[round(one.computing * 1e6, 4) for one in took],
        rows=edges,
        seconds=round(sum(seconds), 3),
        unit=unit,
        events_per_second=0.0,
        rounds=len(seconds),
        how=how,
        durability={},
    )
