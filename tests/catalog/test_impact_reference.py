"""Impact against a reference that walks every path there is."""

from __future__ import annotations

from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from leftfold.catalog import Catalog, Consumption, Descriptor, Emission, impact
from tests.catalog.companies import EVENTS, FIELDS, descriptors

Path: TypeAlias = tuple[str, ...]
Key: TypeAlias = tuple[str, str, str]


class Reference:
    """Goes from an event to who takes it and on, never through the same event and field twice."""

    def __init__(self, company: list[Descriptor]) -> None:
        self.company = company
        self.found: dict[Key, tuple[str, Path]] = {}

    def event(self, event: str, field: str, path: Path, passed: frozenset[tuple[str, str]]) -> None:
        publisher = event.partition(".")[0]
        if publisher not in {one.name for one in self.company}:
            publisher = ""
        for one in self.company:
            for taken in (each for each in one.consumes if each.event == event):
                ties = [
                    edge for each in self.company for edge in each.relations if set(edge.pair) == {publisher, one.name}
                ]
                if any(edge.kind == "separate-ways" for edge in ties) or not self.reads(taken, field, publisher):
                    continue
                layer = any(
                    edge.upstream == publisher and "anti-corruption-layer" in edge.downstream_roles for edge in ties
                )
                here = (*path, f"{one.name}:{taken.by}")
                self.note((one.name, event, taken.by), "absorbed" if layer else "affected", here)
                if not layer:
                    self.onward(one, taken, field, here, passed)

    def reads(self, taken: Consumption, field: str, publisher: str) -> bool:
        if publisher and taken.versions == ">=2":
            return False
        if not field or taken.reads is None:
            return True
        return any(one == field or one.startswith(f"{field}/") or field.startswith(f"{one}/") for one in taken.reads)

    def onward(
        self, one: Descriptor, taken: Consumption, field: str, here: Path, passed: frozenset[tuple[str, str]]
    ) -> None:
        for handler in (each for each in one.handlers if each.name == taken.by):
            for emission in handler.emits:
                for after in self.fields(emission, field):
                    if (emission.event, after) not in passed:
                        label = f"{emission.event}#{after}" if after else emission.event
                        self.event(emission.event, after, (*here, label), passed | {(emission.event, after)})

    def fields(self, emission: Emission, field: str) -> list[str]:
        if emission.derived is None or not field:
            return [""]
        return [
            name
            for name, sources in emission.derived.items()
            if any(one == field or one.startswith(f"{field}/") or field.startswith(f"{one}/") for one in sources)
        ]

    def note(self, key: Key, outcome: str, path: Path) -> None:
        known = self.found.get(key)
        if known is None or (len(path), path) < (len(known[1]), known[1]):
            self.found[key] = outcome, path


@given(descriptors(), st.sampled_from(EVENTS), st.sampled_from(["", *FIELDS]))
def test_impact_is_what_walking_every_path_finds_with_the_same_shortest_paths(
    company: list[Descriptor], event: str, field: str
) -> None:
    catalog = Catalog(company)
    if not catalog.published(event) and not catalog.taken(event):
        return
    reference = Reference(company)
    label = f"{event}#{field}" if field else event
    reference.event(event, field, (label,), frozenset({(event, field)}))
    found = impact(catalog, label)
    hits = {
        (hit.context, hit.event, hit.handler): (hit.outcome, hit.path) for hit in found.hits if hit.basis == "event"
    }
    assert hits == reference.found
    assert not {(one.context, one.event, one.handler) for one in found.unaffected} & set(hits)


@settings(max_examples=40)
@given(descriptors(), st.sampled_from(EVENTS))
def test_the_answer_does_not_depend_on_the_order_of_descriptors(company: list[Descriptor], event: str) -> None:
    catalog, mixed = Catalog(company), Catalog(reversed(company))
    subjects = [f"context:{one.name}" for one in company]
    if catalog.published(event):
        subjects.append(f"event:{event}")
    for subject in subjects:
        assert impact(catalog, subject) == impact(mixed, subject)
