"""The benchmark of a catalog is about a company of the size that it says, the same one every time."""

from __future__ import annotations

from benchmarks.catalogs import CONTEXTS, EVENTS, RELATIONS, TAKEN, company, measure_catalogs
from leftfold.catalog import Catalog, catalog_findings, impact


def test_the_company_has_as_many_contexts_events_and_edges_as_it_says() -> None:
    descriptors = company()
    published = sum(len(one.publishes) for one in descriptors)
    taken = sum(len(one.consumes) for one in descriptors)
    relations = sum(len(one.relations) for one in descriptors) // 2
    assert (len(descriptors), published, taken, relations) == (CONTEXTS, EVENTS, TAKEN, RELATIONS)
    assert published + taken + relations == 35_000


def test_it_is_the_same_every_time_and_sound_but_for_relations_that_cannot_all_be() -> None:
    assert company(size=0.05) == company(size=0.05)
    rules = {one.rule for one in catalog_findings(Catalog(company(size=0.05))) if one.severity != "note"}
    assert rules <= {"customer-conforms", "customer-defends", "supplier-hosts", "conformist-translates"}


def test_a_change_of_an_event_stays_small_in_a_large_company() -> None:
    catalog = Catalog(company())
    reached = sorted(len(impact(catalog, event).names) for event in catalog.events[::100])
    assert reached[len(reached) // 2] < 10
    assert reached[-1] < 200


def test_every_work_is_measured() -> None:
    found = {one.work: one for one in measure_catalogs(rounds=2, size=0.02)}
    assert list(found) == [
        *("read and check a catalog", "impact of an event", "impact of a field", "impact of a context"),
        "write the pages",
    ]
    assert all(one.rows == 700 and one.per_second > 0 for one in found.values())
