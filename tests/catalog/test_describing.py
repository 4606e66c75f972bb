"""Descriptors of contexts in code."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from leftfold import ConsumerView, Context
from leftfold.catalog import (
    Catalog,
    Descriptor,
    Emission,
    catalog_findings,
    descriptors_of,
    dump_descriptor,
    impact,
)
from tests.catalog import harbour
from tests.conftest import ROOT
from tests.flow import market


def described(root: Path = ROOT) -> dict[str, Descriptor]:
    app = harbour.app()
    return {one.name: one for one in descriptors_of(app.contexts, app.context_map, root=root)}


def taken(one: Descriptor) -> set[tuple[str, str, tuple[str, ...] | None, str]]:
    return {(each.event, each.versions, each.reads, each.by) for each in one.consumes}


def test_a_descriptor_has_what_the_context_says_about_itself() -> None:
    docks = described()["docks"]
    assert (docks.team, docks.purpose, docks.subdomain) == ("Quay", "Say where ships lie", "core")
    assert (docks.glossary, docks.package) == ({"berth": "a place for one ship"}, "tests.catalog.harbour")
    assert (docks.language, docks.mode) == ("docks", "full-transitive")
    assert (docks.commands, docks.queries, docks.aggregates) == (("Moor",), (), {"ship": ""})
    assert {edge.pair for edge in docks.relations} == {("billing", "docks"), ("docks", "watch")}


def test_every_version_of_an_event_is_published_with_its_fields_and_its_sunset() -> None:
    first, second = described()["docks"].publishes
    assert (first.name, first.version, first.fields, first.sunset) == (
        *("docks.moored", 1, {"/ship": "string"}, "2027-01-31"),
    )
    assert (second.version, second.sunset) == (2, "")
    assert second.fields == {"/berth": "string", "/length": "integer", "/ship": "string"}
    assert second.schema["additionalProperties"] is False


def test_a_view_reads_its_fields_in_its_versions_and_an_event_class_all_in_its_own() -> None:
    found = described()
    assert taken(found["billing"]) == {
        ("docks.moored", ">=2", ("/length", "/ship"), "reaction/billing.to_fee"),
    }
    assert taken(found["watch"]) == {
        ("docks.moored", "2", None, "projection/watch.ships"),
        ("docks.moored", "1", None, "reaction/watch.again"),
        ("billing.charged", "1", None, "reaction/watch.ring"),
    }
    [named] = found["docks"].consumes  # the module of docks holds watch, too, which names the class
    assert (named.event, named.evidence) == ("billing.charged", "static")


def test_a_handler_leads_to_the_published_events_that_its_commands_reach_in_other_contexts_too() -> None:
    found = described()
    handlers = {one.name: one for each in found.values() for one in each.handlers}
    assert handlers["reaction/billing.to_fee"].emits == (Emission(event="billing.charged"),)
    assert handlers["reaction/watch.again"].emits == (Emission(event="docks.moored"),)
    assert (handlers["reaction/watch.ring"].emits, handlers["projection/watch.ships"].emits) == ((), ())


def test_external_contexts_on_the_map_are_described_too_and_others_on_it_are_not() -> None:
    found = described()
    assert sorted(found) == ["billing", "customs", "docks", "watch"]
    assert (found["customs"].external, found["customs"].mud) == (True, True)
    alone = descriptors_of([harbour.docks], harbour.MAP)
    assert [one.name for one in alone] == ["customs", "docks"]


def test_what_code_names_of_a_context_that_is_run_elsewhere_is_described_too() -> None:
    _, docks = descriptors_of([harbour.docks], harbour.MAP)
    assert docks.consumes == described()["docks"].consumes != ()


def test_places_are_from_the_root_on_and_never_those_of_a_machine() -> None:
    docks = described()["docks"]
    assert docks.place.startswith("tests/catalog/harbour.py:")
    assert all(one.place.startswith("tests/catalog/harbour.py:") for one in docks.relations)
    elsewhere = described(Path("/nowhere"))["docks"]
    assert elsewhere.place.startswith("harbour.py:")
    assert elsewhere.digest == docks.digest
    assert str(ROOT) not in dump_descriptor(docks) + dump_descriptor(elsewhere)


def test_the_same_code_gives_the_same_text() -> None:
    first, second = ({name: dump_descriptor(one) for name, one in described().items()} for _ in range(2))
    assert first == second


def test_the_catalog_of_an_app_is_sound_and_answers_what_a_change_leads_to() -> None:
    catalog = Catalog(described().values())
    assert [one.rule for one in catalog_findings(catalog) if one.severity == "error"] == []
    length = impact(catalog, "docks.moored@2.length")
    assert [(hit.context, hit.handler, hit.outcome, hit.module, hit.until) for hit in length.hits] == [
        ("billing", "reaction/billing.to_fee", "absorbed", "tests.catalog.fees", ""),
        ("watch", "projection/watch.ships", "affected", "", ""),
        ("watch", "reaction/watch.again", "deferred", "", "2027-01-31"),
    ]
    berth = impact(catalog, "docks.moored@2.berth")
    assert berth.names == ("watch",)
    assert [(one.context, one.reason) for one in berth.unaffected] == [("billing", "it reads only /length, /ship")]


def test_what_a_function_may_send_without_saying_is_open() -> None:
    handlers = {one.name: one for each in descriptors_of([market.market, market.billing]) for one in each.handlers}
    assert [name for name, one in handlers.items() if one.open] == ["reaction/billing.bill"]
    assert handlers["start/market.deliver"].emits == (Emission(event="Received"),)


class Price(Struct, frozen=True):
    amount: int
    currency: str = "EUR"


class Prices(ConsumerView, of="shop.priced", versions=">=1"):
    prices: list[Price]
    by_name: dict[str, Price]


def test_a_view_reads_what_is_innermost_and_not_all_that_is_around_it() -> None:
    reader = Context("reader")

    @reader.on(Prices)
    async def note(event: Prices) -> None:
        pass

    [one] = descriptors_of([reader])
    assert one.consumes[0].reads == (
        *("/by_name/*/amount", "/by_name/*/currency", "/prices/*/amount", "/prices/*/currency"),
    )
