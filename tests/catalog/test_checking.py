"""Each rule of a catalog finds what was planted, and nothing in a sound one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leftfold.borders import Observed
from leftfold.catalog import Catalog, Consumption, Descriptor, Published, catalog_findings
from leftfold.contexts import Edge
from tests.catalog.companies import consumer, follows, partners, producer, rules_of

EVENT = Published(name="bank.charged", version=2, fields={"/amount": "string", "/lines": "array", "/meta": "object"})
BOTH = (follows("bank", "shop"),)


def sound() -> list[Descriptor]:
    return [
        producer("bank", EVENT, relations=BOTH),
        consumer("shop", "bank.charged", reads=("/amount",), versions=">=1,<3", relations=BOTH),
    ]


def seen_by(consumer: str, version: int) -> Observed:
    day = datetime(2026, 5, 4, tzinfo=UTC)
    return Observed(
        kind="event",
        source="bank",
        type="bank.charged",
        version=version,
        consumer=consumer,
        count=1,
        first=day,
        last=day,
    )


def found(*descriptors: Descriptor) -> list[tuple[str, str]]:
    return rules_of(catalog_findings(Catalog(descriptors)))


def test_a_sound_catalog_has_no_findings() -> None:
    assert found(*sound()) == []


def test_two_descriptors_of_one_name_with_other_content_are_told_with_both_files() -> None:
    bank, shop = sound()
    other = producer("bank", EVENT, relations=BOTH, team="Accounts")
    catalog = Catalog([bank, shop, other, bank], files={"bank": ("one.json", "two.json")})
    [finding] = catalog_findings(catalog)
    assert (finding.rule, finding.severity, finding.declared_at) == ("duplicate-context", "error", "one.json")
    assert "one.json and two.json" in finding.message
    assert len(catalog.conflicts["bank"]) == 2


def test_what_two_say_of_an_external_context_is_taken_together() -> None:
    one = Descriptor(name="erp", external=True, relations=(follows("erp", "a"),))
    two = Descriptor(name="erp", external=True, relations=(follows("erp", "b"),), place="elsewhere.py:3")
    catalog = Catalog([one, two])
    assert catalog.conflicts == {}
    assert catalog.consumers("erp").declared == ("a", "b")
    assert Catalog([one, Descriptor(name="erp", external=True, team="x")]).conflicts.keys() == {"erp"}


def test_it_may_be_written_in_another_place_in_each_repository_that_knows_it() -> None:
    sent = [Published(name="erp.sent", place=place) for place in ("a/erp.py:3", "b/erp.py:7")]
    one, two = (
        Descriptor(name="erp", external=True, relations=(follows("erp", name),), publishes=(event,))
        for name, event in zip("ab", sent, strict=True)
    )
    assert Catalog([one, two]).conflicts == Catalog([two, one]).conflicts == {}
    assert Catalog([one, two]).by_name == Catalog([two, one]).by_name


def test_what_was_only_seen_is_told_as_such_and_a_version_that_is_gone_since_is_no_finding() -> None:
    bank, shop = sound()
    seen = [seen_by(name, 1) for name in ("shop", "stranger")]
    [finding] = catalog_findings(Catalog([bank, shop], observed=seen))
    assert (finding.rule, finding.contexts) == ("unregistered-context", ("stranger",))
    assert finding.message == "stranger, which nobody describes, was seen taking bank.charged; merge its descriptor"


def test_a_relation_to_somebody_whom_nobody_describes_is_kept_and_told() -> None:
    bank = producer("bank", relations=(follows("bank", "nobody"),))
    assert found(bank) == [("unregistered-context", "nobody")]
    assert Catalog([bank]).unregistered == ("nobody",)


@pytest.mark.parametrize(
    "edge",
    [
        follows("bank", "shop"),
        follows("shop", "bank"),
        partners("bank", "shop"),
        Edge(kind="shared-kernel", upstream="bank", downstream="shop", kernel="money"),
        Edge(kind="separate-ways", upstream="bank", downstream="shop"),
    ],
)
@pytest.mark.parametrize("speaker", ["bank", "shop"])
def test_a_relation_that_one_side_does_not_know_of_is_told(edge: Edge, speaker: str) -> None:
    other = "shop" if speaker == "bank" else "bank"
    [finding] = catalog_findings(Catalog([Descriptor(name=speaker, relations=(edge,)), Descriptor(name=other)]))
    assert (finding.rule, finding.severity) == ("one-sided-relation", "warning")
    assert f"{speaker} declares it, and {other} does not" in finding.message
    both = [Descriptor(name=name, relations=(edge,)) for name in ("bank", "shop")]
    assert "one-sided-relation" not in dict(found(*both))


def test_an_event_that_nobody_publishes_is_told() -> None:
    assert found(consumer("shop", "bank.charged")) == [("unregistered-event", "bank.charged")]


def test_a_version_that_nobody_publishes_is_told() -> None:
    bank, _ = sound()
    shop = consumer("shop", "bank.charged", versions=">=3", relations=BOTH)
    [finding] = catalog_findings(Catalog([bank, shop]))
    assert (finding.rule, finding.contexts) == ("version-not-published", ("bank", "shop"))
    assert "reads versions >=3 of bank.charged; published are 2" in finding.message


@pytest.mark.parametrize(
    ("pointer", "there"),
    [("/amount", True), ("/lines/*/price", True), ("/meta/a/b", True), ("/amount/x", False), ("/tax", False)],
)
def test_a_field_that_is_not_published_is_told(pointer: str, there: bool) -> None:
    bank, _ = sound()
    shop = consumer("shop", "bank.charged", reads=(pointer,), relations=BOTH)
    expected = [] if there else [("field-not-published", f"bank.charged{pointer}")]
    assert found(bank, shop) == expected


def test_of_an_event_without_fields_nothing_is_said() -> None:
    shop = consumer("shop", "bank.charged", reads=("/tax",), relations=BOTH)
    assert found(producer("bank", Published(name="bank.charged"), relations=BOTH), shop) == []


def test_a_field_that_only_an_older_version_lacks_is_told_with_that_version() -> None:
    old = Published(name="bank.charged", version=1, label="1.0.0", fields={"/sum": "string"})
    shop = consumer("shop", "bank.charged", reads=("/amount",), relations=BOTH)
    [finding] = catalog_findings(Catalog([producer("bank", EVENT, old, relations=BOTH), shop]))
    assert finding.message.endswith("which version 1.0.0 lacks")


def test_an_event_that_nobody_takes_is_noted() -> None:
    [finding] = catalog_findings(Catalog([producer("bank", EVENT)]))
    assert (finding.rule, finding.severity, finding.subject) == ("orphan-event", "note", "bank.charged")


def test_one_event_of_two_publishers_is_told() -> None:
    bank, shop = sound()
    assert ("published-twice", "bank.charged") in found(bank, shop, producer("till", EVENT))


@pytest.mark.parametrize("origin", ["declared", "static", "observed"])
def test_who_takes_something_of_one_with_whom_it_goes_separate_ways_is_told_however_it_is_known(origin: str) -> None:
    apart = Edge(kind="separate-ways", upstream="bank", downstream="shop", place="map.py:4")
    said = {
        "declared": (Consumption(event="bank.charged", place="shop.py:1"),),
        "static": (Consumption(event="bank.charged", evidence="static", place="shop.py:1"),),
        "observed": (),
    }[origin]
    company = [producer("bank", EVENT, relations=(apart,)), Descriptor(name="shop", relations=(apart,), consumes=said)]
    [finding] = catalog_findings(Catalog(company, observed=[seen_by("shop", 2)]))
    assert (finding.rule, finding.contexts, finding.subject) == ("separate-ways", ("bank", "shop"), "bank.charged")
    assert finding.declared_at == ("shop.py:1" if said else "map.py:4")


def test_what_contradicts_itself_is_told() -> None:
    edge = follows("bank", "shop", "supplier", "customer", "conformist")
    both = [Descriptor(name=name, relations=(edge,)) for name in ("bank", "shop")]
    assert found(*both) == [("customer-conforms", "directed")]


def circle(*names: str) -> list[Descriptor]:
    edges = [follows(up, down) for up, down in zip(names, (*names[1:], names[0]), strict=True)]
    return [Descriptor(name=name, relations=tuple(one for one in edges if name in one.pair)) for name in names]


def test_contexts_that_use_each_other_in_a_circle_are_told_once() -> None:
    [finding] = catalog_findings(Catalog(circle("c", "a", "b")))
    assert (finding.rule, finding.severity) == ("relation-cycle", "warning")
    assert finding.message.startswith("a uses c uses b uses a:")


def test_partners_may_use_each_other() -> None:
    both = (follows("a", "b"), follows("b", "a"), partners("a", "b"))
    assert found(*(Descriptor(name=name, relations=both) for name in ("a", "b"))) == []


def test_contexts_that_listen_to_each_other_are_noted_apart_from_those_that_use_each_other() -> None:
    one = Descriptor(name="a", publishes=(Published(name="a.e"),), consumes=(Consumption(event="b.e"),))
    two = Descriptor(name="b", publishes=(Published(name="b.e"),), consumes=(Consumption(event="a.e"),))
    [finding] = catalog_findings(Catalog([one, two]))
    assert (finding.rule, finding.severity, finding.message) == ("event-cycle", "note", "a listens to b listens to a")
