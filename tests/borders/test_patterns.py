"""What each pattern enforces: a planted violation is found, and what is allowed is not."""

from __future__ import annotations

from typing import Final

import pytest

from leftfold import Command
from leftfold.borders import LARGEST_KERNEL, Evidence, Route, Use, UseKind, judged
from leftfold.borders.uses import KERNEL
from leftfold.contexts import (
    AntiCorruptionLayer,
    Conformist,
    Context,
    ContextMap,
    CustomerSupplier,
    OpenHostService,
    Partnership,
    Relation,
    SeparateWays,
    SharedKernel,
    UpstreamDownstream,
)
from leftfold.integration import PublishedLanguage
from leftfold.schemas import Compatibility
from tests.borders.acme import billing, context, found, map_of, ordering, rules, shipping, taken


class Order(Command):
    """Have something brought."""


MONEY: Final = f"{KERNEL}money"
LAYER: Final = "acme.billing.orders"
IMPORTS: tuple[UseKind, ...] = ("import", "types")
OTHERS: tuple[UseKind, ...] = ("import", "types", "signature", "event", "command")


@pytest.mark.parametrize("kind", IMPORTS)
@pytest.mark.parametrize(
    "relation",
    [
        UpstreamDownstream(upstream=ordering, downstream=billing),
        CustomerSupplier(supplier=ordering, customer=billing),
        OpenHostService(host=ordering, consumers=[billing]),
        Conformist(upstream=ordering, downstream=billing),
        Partnership(ordering, billing),
    ],
    ids=lambda one: type(one).__name__,
)
def test_only_what_the_upstream_publishes_is_imported(relation: Relation, kind: UseKind) -> None:
    inside = taken("billing", "ordering", "acme.ordering.order", kind=kind)
    (finding,) = found(map_of(relation), taken("billing", "ordering", kind=kind), inside)
    assert finding.rule == "unpublished-import"
    assert finding.declared_at == relation.place
    assert finding.subject == "acme.billing.main -> acme.ordering.order"
    assert "ordering publishes acme.ordering.api; import what is published" in finding.message


def test_a_module_below_a_published_package_is_published_and_one_beside_it_is_not() -> None:
    relation = UpstreamDownstream(upstream=ordering, downstream=billing)
    below = taken("billing", "ordering", "acme.ordering.api.orders")
    beside = taken("billing", "ordering", "acme.ordering.api_inside")
    assert [one.subject for one in found(map_of(relation), below, beside)] == [beside.key]


def test_to_publish_the_package_itself_publishes_no_module_below_it() -> None:
    whole = Context("ordering", team="a team", package="acme.ordering", published=["acme.ordering"])
    relation = UpstreamDownstream(upstream=whole, downstream=billing)
    itself, below = (taken("billing", "ordering", one) for one in ("acme.ordering", "acme.ordering.order"))
    assert [one.subject for one in found(map_of(relation), itself, below)] == [below.key]


@pytest.mark.parametrize("kind", IMPORTS)
def test_a_name_that_a_published_module_hands_on_is_not_published(kind: UseKind) -> None:
    relation = CustomerSupplier(supplier=ordering, customer=billing)
    handed = taken(
        "billing",
        "ordering",
        "acme.ordering.order.Order",
        kind=kind,
        of="acme.ordering.order",
        through=("acme.ordering.api",),
    )
    (finding,) = found(map_of(relation), handed)
    assert finding.rule == "handed-on"
    assert "does not publish where it is defined, in acme.ordering.order" in finding.message


@pytest.mark.parametrize("kind", ["event", "command"])
def test_messages_of_an_open_host_are_of_classes_that_it_publishes(kind: UseKind) -> None:
    host = OpenHostService(host=ordering, consumers=[billing, shipping])
    spoken = taken("billing", "ordering", "placed", kind=kind, of="acme.ordering.api")
    whispered = taken("shipping", "ordering", "placed", kind=kind, of="acme.ordering.order")
    (finding,) = found(map_of(host), spoken, whispered)
    assert (finding.rule, finding.contexts) == ("unpublished-message", ("ordering", "shipping"))
    assert finding.declared_at == host.place


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_the_upstreams_stays_inside_the_layer(kind: UseKind) -> None:
    layer = AntiCorruptionLayer(upstream=ordering, downstream=billing, layer=LAYER)
    inside = [taken("billing", "ordering", kind=kind, module=one) for one in (LAYER, f"{LAYER}.events")]
    outside = taken("billing", "ordering", kind=kind, module=f"{LAYER}s")
    (finding,) = found(map_of(layer), *inside, outside)
    assert finding.rule == "outside-layer"
    assert finding.declared_at == layer.place
    assert f"{LAYER}s" in finding.message
    assert f", outside of {LAYER}; translate what belongs to ordering there" in finding.message


def test_without_a_layer_no_class_is_out_of_place() -> None:
    relation = Conformist(upstream=ordering, downstream=billing)
    assert found(map_of(relation), *(taken("billing", "ordering", kind=kind) for kind in OTHERS)) == ()


def test_who_takes_a_model_as_it_is_does_not_translate_it() -> None:
    conformist = Conformist(upstream=ordering, downstream=billing)
    event = taken("billing", "ordering", "placed", kind="event", of="")
    taken_so = judged(map_of(conformist), Evidence(uses=(event,)))
    assert taken_so == ()
    (finding,) = judged(map_of(conformist), Evidence(uses=(event,), translations=(event,)))
    assert (finding.rule, finding.severity) == ("conformist-translates", "warning")
    assert finding.declared_at == conformist.place
    layer = AntiCorruptionLayer(upstream=ordering, downstream=billing, layer="acme.billing.main")
    assert judged(map_of(layer), Evidence(uses=(event,), translations=(event,))) == ()


def circle(kind: UseKind) -> tuple[Use, ...]:
    names = ("ordering", "shipping", "billing")
    return tuple(taken(user, used, kind=kind) for user, used in zip(names, (*names[1:], names[0]), strict=True))


def follows(user: Context, used: Context) -> Relation:
    return UpstreamDownstream(upstream=used, downstream=user)


def test_a_circle_of_imports_is_told_with_each_step() -> None:
    context_map = map_of(follows(ordering, shipping), follows(shipping, billing), follows(billing, ordering))
    (finding,) = found(context_map, *circle("import"))
    assert (finding.rule, finding.severity) == ("import-cycle", "error")
    assert finding.contexts == ("billing", "ordering", "shipping")
    assert finding.subject == "billing -> ordering -> shipping -> billing"
    assert "acme.shipping.main imports acme.billing.api" in finding.message
    assert found(context_map, *circle("import")[:2]) == ()


def test_a_circle_that_a_partnership_is_part_of_is_theirs() -> None:
    context_map = map_of(follows(ordering, shipping), follows(shipping, billing), Partnership(billing, ordering))
    assert found(context_map, *circle("import")) == ()


def test_to_listen_to_each_other_is_no_circle_of_imports_and_fails_nothing() -> None:
    context_map = map_of(follows(ordering, shipping), follows(shipping, billing), follows(billing, ordering))
    (finding,) = found(context_map, *circle("event"))
    assert (finding.rule, finding.severity) == ("event-cycle", "note")
    mixed = (*circle("import")[:2], *circle("event")[2:])
    assert found(context_map, *mixed) == ()


@pytest.mark.parametrize("mode", Compatibility)
def test_the_language_of_a_partner_fits_both_ways(mode: Compatibility) -> None:
    teller = Context("teller", team="T", package="acme.teller", language=PublishedLanguage("teller", mode=mode))
    relation = Partnership(ordering, teller)
    told = found(map_of(relation))
    if mode in (Compatibility.FULL, Compatibility.FULL_TRANSITIVE):
        assert told == ()
    else:
        [finding] = told
        assert (finding.rule, finding.subject) == ("partner-language", "teller")
        assert (finding.found_at, finding.declared_at) == (teller.place, relation.place)
    assert found(map_of(CustomerSupplier(supplier=teller, customer=ordering))) == ()


def test_a_kernel_knows_no_context() -> None:
    kernel = SharedKernel("money", package="acme.money", between=[ordering, billing])
    planted = taken(MONEY, "shipping", module="acme.money.rates")
    (finding,) = found(map_of(kernel, alone=(shipping,)), planted)
    assert (finding.rule, finding.contexts) == ("kernel-imports-context", ("billing", "ordering", "shipping"))
    assert finding.declared_at == kernel.place


def test_only_who_shares_a_kernel_imports_it() -> None:
    kernel = SharedKernel("money", package="acme.money", between=[ordering, billing])
    sharing = [taken(one, MONEY, "acme.money.amount") for one in ("ordering", "billing")]
    outsider = taken("shipping", MONEY, "acme.money.amount")
    (finding,) = found(map_of(kernel, alone=(shipping,)), *sharing, outsider, origins=["static"])
    assert (finding.rule, finding.contexts) == ("kernel-outsider", ("shipping",))


@pytest.mark.parametrize(("lines", "told"), [(LARGEST_KERNEL, []), (LARGEST_KERNEL + 1, ["kernel-size"])])
def test_a_kernel_above_the_limit_is_told(lines: int, told: list[str]) -> None:
    kernel = SharedKernel("money", package="acme.money", between=[ordering, billing])
    uses = tuple(taken(one, MONEY, "acme.money.amount") for one in ("ordering", "billing"))
    evidence = Evidence(origins=frozenset({"static"}), uses=uses, kernel_lines={"money": lines})
    findings = judged(map_of(kernel), evidence)
    assert rules(findings) == told
    assert all(f"{LARGEST_KERNEL}" in one.message and one.severity == "warning" for one in findings)


def test_who_shares_a_kernel_and_imports_nothing_of_it_is_told() -> None:
    kernel = SharedKernel("money", package="acme.money", between=[ordering, billing])
    evidence = Evidence(
        origins=frozenset({"static"}), uses=(taken("billing", MONEY, "acme.money.x"),), kernel_lines={"money": 9}
    )
    (finding,) = judged(map_of(kernel), evidence)
    assert (finding.rule, finding.contexts, finding.severity) == ("kernel-unused", ("ordering",), "warning")


APART: Final = SeparateWays(ordering, billing, reason="another market")


@pytest.mark.parametrize("kind", ["import", "types", "event", "command"])
@pytest.mark.parametrize(("user", "used"), [("ordering", "billing"), ("billing", "ordering")])
def test_who_goes_separate_ways_takes_nothing_of_the_other(user: str, used: str, kind: UseKind) -> None:
    (finding,) = found(map_of(APART), taken(user, used, kind=kind))
    assert (finding.rule, finding.declared_at, finding.severity) == ("separate-ways", APART.place, "error")
    assert "(another market)" in finding.message


@pytest.mark.parametrize(("kind", "severity"), [("imports", "error"), ("messages", "warning")])
def test_a_path_through_others_is_told_whole(kind: str, severity: str) -> None:
    path = ("acme.ordering.main", "acme.shipping.api", "acme.billing.api")
    route = Route(user="ordering", used="billing", kind="imports" if kind == "imports" else "messages", path=path)
    (finding,) = judged(map_of(APART), Evidence(routes=(route,)))
    assert (finding.rule, finding.severity) == ("separate-ways-through-others", severity)
    assert " -> ".join(path) in finding.message
    assert (
        judged(map_of(follows(ordering, billing)), Evidence(uses=(taken("ordering", "billing"),), routes=(route,)))
        == ()
    )


@pytest.mark.parametrize("kind", ["directed", "host", "partnership"])
def test_whoever_follows_mud_has_a_layer(kind: str) -> None:
    mud = context("legacy", "api", mud=True)
    relation: Relation = UpstreamDownstream(upstream=mud, downstream=billing)
    if kind == "host":
        relation = OpenHostService(host=mud, consumers=[billing])
    elif kind == "partnership":
        relation = Partnership(mud, billing)
    (finding,) = found(map_of(relation))
    assert (finding.rule, finding.contexts) == ("mud-without-layer", ("billing", "legacy"))
    layer = AntiCorruptionLayer(upstream=mud, downstream=billing, layer="acme.billing.legacy")
    assert found(map_of(layer)) == ()
    assert found(map_of(relation, layer)) == ()


def test_mud_may_follow_whom_it_likes() -> None:
    mud = context("legacy", "api", mud=True)
    assert found(map_of(UpstreamDownstream(upstream=billing, downstream=mud))) == ()


def test_a_context_that_nobody_answers_for_is_told() -> None:
    (finding,) = found(map_of(alone=(context("ordering", team=""), billing)))
    assert (finding.rule, finding.contexts, finding.severity) == ("no-team", ("ordering",), "warning")
    assert finding.declared_at != ""


def test_an_external_context_has_no_code() -> None:
    erp = context("erp", external=True)
    assert found(map_of(alone=(erp,))) == ()

    @erp.command
    async def order(command: Order) -> None: ...

    assert rules(found(map_of(alone=(erp,)))) == ["external-with-code"]


def relations() -> list[tuple[Relation, Use]]:
    return [
        (CustomerSupplier(supplier=ordering, customer=billing), taken("billing", "ordering")),
        (Partnership(ordering, billing), taken("ordering", "billing")),
        (Partnership(ordering, billing), taken("billing", "ordering")),
    ]


@pytest.mark.parametrize(("relation", "use"), relations())
def test_a_relation_that_nothing_shows_is_told(relation: Relation, use: Use) -> None:
    assert judged(map_of(relation), Evidence(uses=(use,))) == ()
    (finding,) = judged(map_of(relation), Evidence(origins=frozenset({"declared", "static"})))
    assert (finding.rule, finding.severity, finding.declared_at) == ("no-evidence", "warning", relation.place)
    assert "declared, static" in finding.message


def test_of_what_is_external_nothing_can_be_shown() -> None:
    erp = context("erp", external=True)
    layer = AntiCorruptionLayer(upstream=erp, downstream=billing, layer="acme.billing.erp")
    assert judged(map_of(layer), Evidence()) == ()


def test_contradictions_of_the_map_are_told_too() -> None:
    context_map: ContextMap = map_of(APART, CustomerSupplier(supplier=ordering, customer=billing))
    assert "separate-yet-related" in rules(judged(context_map, Evidence()))
