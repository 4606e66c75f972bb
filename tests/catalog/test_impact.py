"""What a change leads to, pattern by pattern."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from msgspec.structs import replace

from leftfold.borders import Observed
from leftfold.catalog import (
    Approval,
    Catalog,
    Change,
    Consumption,
    Descriptor,
    Emission,
    Evidence,
    Impact,
    Published,
    Spared,
    Subject,
    UnknownSubject,
    impact,
)
from leftfold.contexts import Edge, UpstreamRole
from leftfold.errors import InvalidQuery
from tests.catalog.companies import consumer, follows, partners, producer

CHARGED = Published(name="charged", fields={"/amount": "string", "/order": "string"})
_ROLES: dict[str, UpstreamRole] = {"host": "open-host-service", "language": "published-language"}
BILLED = (Emission(event="billed"),)


def outcomes(found: Impact) -> dict[str, str]:
    return {hit.context: hit.outcome for hit in found.hits}


def worst(found: Impact) -> dict[str, str]:
    return {hit.context: outcome for outcome, hits in reversed(list(found.by_outcome())) for hit in hits}


def chain(*relations: Edge, mud: bool = False) -> Catalog:
    """bank -> shop -> desk -> till, each by an event."""
    return Catalog(
        [
            producer("bank", CHARGED, relations=tuple(one for one in relations if "bank" in one.pair)),
            consumer("shop", "charged", reads=("/amount",), emits=BILLED, relations=relations, team="Shop", mud=mud),
            consumer("desk", "billed", emits=(Emission(event="filed"),)),
            consumer("till", "filed"),
        ]
    )


def seen_taking(consumer: str, last: datetime) -> Observed:
    return Observed(
        kind="event", source="bank", type="charged", version=1, consumer=consumer, count=3, first=last, last=last
    )


def test_who_reads_the_field_is_hit_and_so_is_who_takes_what_that_leads_to() -> None:
    found = impact(chain(), "charged.amount")
    assert outcomes(found) == {"shop": "affected", "desk": "affected", "till": "affected"}
    assert found.hits[2].path == (
        *("charged#/amount", "shop:reaction/shop.on", "billed", "desk:reaction/desk.on", "filed"),
        "till:reaction/till.on",
    )
    assert [hit.direct for hit in found.hits] == [True, False, False]


def test_who_does_not_read_the_field_is_named_as_unaffected() -> None:
    found = impact(chain(), "charged.order")
    assert found.hits == ()
    assert found.unaffected == (
        Spared(context="shop", reason="it reads only /amount", event="charged", handler="reaction/shop.on"),
    )


def test_what_is_added_hits_nobody() -> None:
    found = impact(chain(), "charged.tip", change="add")
    assert (found.hits, [one.context for one in found.unaffected]) == ((), ["shop"])


@pytest.mark.parametrize(("field", "reads", "hit"), [("/a", "/a/b", True), ("/a/b", "/a", True), ("/a", "/ab", False)])
def test_a_change_of_what_is_around_a_field_hits_and_so_does_one_of_what_is_inside(
    field: str, reads: str, hit: bool
) -> None:
    bank = producer("bank", Published(name="e", fields={"/a": "object", "/a/b": "string", "/ab": "string"}))
    assert bool(impact(Catalog([bank, consumer("shop", "e", reads=(reads,))]), f"e#{field}").hits) is hit


@pytest.mark.parametrize("kind", ["conformist", "plain", "customer", "partners", "kernel"])
def test_it_goes_on_through_whoever_takes_the_model_as_it_is(kind: str) -> None:
    edge = {
        "conformist": follows("bank", "shop", "conformist"),
        "plain": follows("bank", "shop"),
        "customer": follows("bank", "shop", "supplier", "customer"),
        "partners": partners("bank", "shop"),
        "kernel": Edge(kind="shared-kernel", upstream="bank", downstream="shop", kernel="money"),
    }[kind]
    assert outcomes(impact(chain(edge), "charged")) == {"shop": "affected", "desk": "affected", "till": "affected"}


def test_it_stops_in_an_anti_corruption_layer_which_has_to_change() -> None:
    found = impact(chain(follows("bank", "shop", "anti-corruption-layer", layer="shop.bank")), "charged.amount")
    [hit] = found.hits
    assert (hit.context, hit.outcome, hit.module, found.names) == ("shop", "absorbed", "shop.bank", ("shop",))


def test_it_does_not_reach_who_goes_separate_ways() -> None:
    found = impact(chain(Edge(kind="separate-ways", upstream="bank", downstream="shop")), "charged")
    assert (found.hits, found.unaffected[0].reason) == ((), "it and bank go separate ways")


def test_behind_a_big_ball_of_mud_everything_is_unknown_up_to_the_next_layer() -> None:
    behind = follows("till", "vault", "anti-corruption-layer", layer="vault.till")
    farther = follows("vault", "attic")
    catalog = Catalog(
        [
            *chain(mud=True).descriptors[:3],
            consumer("till", "filed", relations=(behind,)),
            Descriptor(name="vault", relations=(behind, farther)),
            Descriptor(name="attic", relations=(farther,)),
        ]
    )
    found = impact(catalog, "charged")
    assert outcomes(found) == {"shop": "affected", "desk": "affected", "till": "affected", "vault": "unknown"}
    assert (found.names, found.unknown) == (("shop", "desk", "till"), ("vault",))


def two_versions(*roles: str, sunset: str = "2027-01-31", versions: str = ">=1,<3") -> Catalog:
    edge = Edge(
        kind="directed",
        upstream="bank",
        downstream="shop",
        upstream_roles=tuple(_ROLES[one] for one in roles),
    )
    old = Published(name="charged", version=1, fields={"/amount": "string"}, sunset=sunset)
    new = Published(name="charged", version=2, fields={"/amount": "string"})
    shop = consumer("shop", "charged", versions=versions, emits=BILLED, relations=(edge,))
    return Catalog([producer("bank", old, new, relations=(edge,)), shop, consumer("desk", "billed")])


@pytest.mark.parametrize("role", ["host", "language"])
def test_while_an_older_version_is_served_it_stops_until_the_sunset_of_that(role: str) -> None:
    found = impact(two_versions(role), "charged.amount")
    [hit] = found.hits
    assert (hit.outcome, hit.until) == ("deferred", "2027-01-31")
    assert impact(two_versions(role, sunset=""), "charged@2").hits[0].until == ""


def test_without_a_promise_an_older_version_stops_nothing() -> None:
    assert outcomes(impact(two_versions(), "charged")) == {"shop": "affected", "desk": "affected"}


def test_when_no_version_is_left_it_does_not_stop() -> None:
    assert outcomes(impact(two_versions("host"), "charged"))["shop"] == "affected"
    only_old = two_versions("host", versions="1")
    assert impact(only_old, "charged").hits[0].until == "2027-01-31"
    assert outcomes(impact(only_old, "charged", change="type"))["shop"] == "deferred"


def test_who_reads_only_other_versions_is_unaffected() -> None:
    found = impact(two_versions(versions="1"), "charged@2")
    assert (found.hits, found.unaffected[0].reason) == ((), "it reads only versions 1")
    assert outcomes(impact(two_versions(versions="1"), "charged@1"))["shop"] == "affected"


def test_it_goes_on_only_along_fields_that_are_made_of_what_changes() -> None:
    emits = (Emission(event="billed", derived={"/sum": ("/amount",), "/id": ("/order",)}),)
    shop = consumer("shop", "charged", emits=emits)
    readers = [consumer("sums", "billed", reads=("/sum",)), consumer("ids", "billed", reads=("/id",))]
    catalog = Catalog([producer("bank", CHARGED), shop, *readers])
    assert impact(catalog, "charged.amount").names == ("shop", "sums")
    assert impact(catalog, "charged.order").names == ("shop", "ids")
    assert set(impact(catalog, "charged").names) == {"shop", "sums", "ids"}


def test_a_handler_that_does_not_say_what_it_leads_to_is_open() -> None:
    shop = consumer("shop", "charged", emits=BILLED)
    silent = Descriptor(name="shop", publishes=shop.publishes, consumes=(Consumption(event="charged"),))
    found = impact(Catalog([producer("bank", CHARGED), silent, consumer("desk", "billed")]), "charged")
    assert [(hit.context, hit.open) for hit in found.hits] == [("shop", True)]


def test_a_context_reaches_who_takes_its_events_by_these_alone_and_others_by_relation() -> None:
    quiet = follows("bank", "quiet")
    bank = producer("bank", CHARGED, Published(name="closed"), relations=(quiet,))
    other = consumer("other", "elsewhere", relations=(follows("bank", "other"),))
    catalog = Catalog([bank, consumer("shop", "charged", emits=BILLED), consumer("desk", "billed"), other])
    found = impact(catalog, "bank")
    assert {(hit.context, hit.basis, hit.open) for hit in found.hits} == {
        ("shop", "event", False),
        ("desk", "event", False),
        ("quiet", "relation", False),
        ("other", "relation", True),
    }


def test_of_an_event_nobody_knows_whether_a_follower_reads_it_that_nobody_describes() -> None:
    catalog = Catalog([producer("bank", CHARGED, relations=(follows("bank", "nobody"),))])
    [hit] = impact(catalog, "charged").hits
    assert (hit.context, hit.outcome, hit.registered, hit.path) == ("nobody", "unknown", False, ("charged", "nobody"))


def test_a_kernel_hits_all_who_share_it_and_all_have_to_agree() -> None:
    edges = tuple(
        Edge(kind="shared-kernel", upstream=one, downstream=other, kernel="money")
        for one, other in [("bank", "shop"), ("bank", "till"), ("shop", "till")]
    )
    catalog = Catalog(
        Descriptor(name=name, team=name.title(), relations=tuple(one for one in edges if name in one.pair))
        for name in ("bank", "shop", "till")
    )
    found = impact(catalog, "money")
    assert found.names == ("bank", "shop", "till")
    assert found.approvals == tuple(Approval(name.title(), name, "shared-kernel") for name in ("bank", "shop", "till"))


def test_a_customer_with_a_veto_and_both_partners_have_to_agree() -> None:
    veto = follows("bank", "shop", "supplier", "customer", veto=True)
    assert impact(chain(veto), "charged").approvals == (Approval("Shop", "shop", "veto"),)
    assert impact(chain(veto), "charged.order").approvals == ()
    assert impact(chain(partners("bank", "shop")), "charged").approvals == (
        Approval("", "bank", "partnership"),
        Approval("Shop", "shop", "partnership"),
    )


def test_what_was_seen_is_evidence_with_its_last_day() -> None:
    last = datetime(2026, 5, 4, tzinfo=UTC)
    known = Catalog(chain().descriptors, observed=[seen_taking("shop", last)])
    [hit, *_] = impact(known, "charged").hits
    assert hit.evidence == (Evidence("declared"), Evidence("observed", last_seen="2026-05-04T00:00:00+00:00"))


def test_who_was_seen_taking_an_event_is_hit_though_nobody_says_so_described_or_not() -> None:
    last = datetime(2026, 5, 4, tzinfo=UTC)
    known = Catalog(
        [producer("bank", CHARGED), Descriptor(name="till", team="Till")],
        observed=[seen_taking("till", last), seen_taking("stranger", last), seen_taking("bank", last)],
    )
    found = impact(known, "charged.order")
    assert [(hit.context, hit.team, hit.registered, hit.outcome) for hit in found.hits] == [
        ("stranger", "", False, "affected"),
        ("till", "Till", True, "affected"),
    ]
    assert {hit.evidence for hit in found.hits} == {(Evidence("observed", last_seen=last.isoformat()),)}
    assert known.unregistered == ("stranger",)
    assert known.consumers("bank").others == ("stranger", "till")
    assert [one.name for one in known.find(consumes="charged")] == ["till"]


def test_the_last_of_several_days_is_told_in_one_zone() -> None:
    late, later = datetime(2026, 5, 4, 23, tzinfo=UTC), datetime(2026, 5, 5, 0, tzinfo=timezone(timedelta(hours=2)))
    seen = [seen_taking("shop", late), replace(seen_taking("shop", later), version=2)]
    [taken] = Catalog([producer("bank", CHARGED), consumer("shop", "charged")], observed=seen).taken("charged")
    assert taken.last_seen == "2026-05-04T23:00:00+00:00"


def test_who_was_seen_taking_what_another_context_keeps_for_itself_under_the_same_name_is_not_hit() -> None:
    private = replace(seen_taking("till", datetime(2026, 5, 4, tzinfo=UTC)), source="shop")
    known = Catalog([producer("bank", CHARGED), Descriptor(name="shop"), Descriptor(name="till")], observed=[private])
    assert impact(known, "charged").hits == ()


STORED = Published(name="stored", fields={"/order": "string"})


@pytest.mark.parametrize("subject", ["bank", "stored", "charged", "stored.order"])
@pytest.mark.parametrize("layer", [True, False])
def test_who_says_nothing_and_was_seen_taking_one_event_is_hit_by_no_less_than_before(
    subject: str, *, layer: bool
) -> None:
    first = follows("bank", "shop", *(("anti-corruption-layer",) if layer else ()))
    second = follows("shop", "till")
    company = [
        producer("bank", CHARGED, STORED, relations=(first,)),
        Descriptor(name="shop", relations=(first, second)),
        Descriptor(name="till", relations=(second,)),
    ]
    seen = [seen_taking("shop", datetime(2026, 5, 4, tzinfo=UTC))]
    before, after = (worst(impact(Catalog(company, observed=one), subject)) for one in ((), seen))
    known = {"shop": "absorbed" if layer else "affected"} if subject == "charged" else {}
    assert after == {**before, **known}
    assert set(before) == ({"shop", "till"} if subject == "bank" and not layer else {"shop"})


def test_a_hit_has_all_that_shows_it_when_no_handler_tells_two_versions_apart() -> None:
    last = datetime(2026, 5, 4, tzinfo=UTC)
    takes = Consumption(event="charged", versions="2", evidence="static", place="till.py:3")
    bank = producer("bank", CHARGED, Published(name="charged", version=2, fields=CHARGED.fields))
    known = Catalog([bank, Descriptor(name="till", consumes=(takes,))], observed=[seen_taking("till", last)])
    [hit] = impact(known, "charged").hits
    assert hit.evidence == (Evidence("static", "till.py:3"), Evidence("observed", last_seen=last.isoformat()))


def test_a_version_that_was_seen_and_is_not_said_to_be_read_is_evidence_of_its_own() -> None:
    last = datetime(2026, 5, 4, tzinfo=UTC)
    said = consumer("shop", "charged", versions="2")
    [declared, seen] = Catalog([producer("bank", CHARGED), said], observed=[seen_taking("shop", last)]).taken("charged")
    assert (declared.consumption.versions, declared.last_seen) == ("2", "")
    assert (seen.consumption.versions, seen.last_seen) == ("1", last.isoformat())


def test_of_two_paths_the_shorter_one_is_told_and_of_two_as_short_the_first_by_letters() -> None:
    catalog = Catalog(
        [
            producer("bank", CHARGED),
            consumer("a", "charged", emits=(Emission(event="long"),)),
            consumer("b", "long", emits=BILLED),
            consumer("z", "charged", emits=BILLED),
            consumer("y", "charged", emits=BILLED),
            consumer("till", "billed"),
        ]
    )
    [hit] = [one for one in impact(catalog, "charged").hits if one.context == "till"]
    assert hit.path == ("charged", "y:reaction/y.on", "billed", "till:reaction/till.on")


def test_circles_end() -> None:
    one, other = (
        consumer("a", "b.e", emits=(Emission(event="a.e"),)),
        consumer("b", "a.e", emits=(Emission(event="b.e"),)),
    )
    assert set(impact(Catalog([one, other]), "a.e").names) == {"a", "b"}
    assert impact(Catalog([one, other]), "a").names == ("b",)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("charge", "nothing in this catalog is called so; ask for charged"),
        ("CHARGE", "nothing in this catalog is called so; ask for charged"),
        ("charged@7", "charged is not published in version 7; ask for charged@1"),
        ("charged.amont", "charged has no field /amont; ask for charged#/amount"),
        ("twice", "could be several things; ask for context:twice or event:twice"),
        ("team:shop", "nothing in this catalog is called so"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(asked: str, said: str) -> None:
    catalog = Catalog([*chain().descriptors, producer("twice", Published(name="twice"))])
    with pytest.raises(UnknownSubject) as raised:
        impact(catalog, asked)
    assert said in str(raised.value)
    assert raised.value.subject == asked


def test_names_with_dots_are_found_and_so_are_labels_of_versions() -> None:
    event = Published(name="acme.bank.charged", version=3, label="1.2.0", fields={"/lines/*/price": "string"})
    catalog = Catalog([producer("bank", event), consumer("shop", "acme.bank.charged")])
    for asked in ("acme.bank.charged", "acme.bank.charged@1.2.0", "acme.bank.charged@3.lines.*.price"):
        assert impact(catalog, asked).names == ("shop",)
    assert impact(catalog, "acme.bank.charged@1.2.0#/lines").subject == "event acme.bank.charged@3#/lines"


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        (None, "'None': is no subject; give the name"),
        (7, "'7': is no subject"),
        (Subject(kind="context", name="pub"), "'context pub': nothing in this catalog"),
        (Subject(kind="event", name="charged.amount"), "'event charged.amount': nothing in this catalog"),
        (Subject(kind="team", name="Bank"), "'team Bank': nothing in this catalog"),
    ],
)
def test_what_is_nothing_that_can_change_is_refused(subject: Subject, said: str) -> None:
    with pytest.raises(UnknownSubject, match=said):
        impact(chain(), subject)
    assert impact(chain(), Subject(kind="team", name="Shop")).subject == "team Shop"


def test_what_is_no_change_is_refused() -> None:
    given: dict[str, Change] = msgspec.json.decode(b'{"change": "removed"}')
    with pytest.raises(InvalidQuery, match="change='removed'; what can be done is remove, rename"):
        impact(chain(), "charged", change=given["change"])
