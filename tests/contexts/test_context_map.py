"""The map: who is on it, what is said of each two, and what of that cannot all be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

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
from leftfold.errors import DefinitionError

a, b, c = (Context(name, package=f"acme.{name}") for name in "abc")


def said(*relations: Relation) -> list[tuple[str, str]]:
    """The rules that a map breaks in itself, with how bad each is."""
    return [(one.rule, one.severity) for one in ContextMap("acme", *relations).findings()]


def test_everybody_who_is_related_or_alone_is_on_the_map_once_by_name() -> None:
    made = ContextMap("acme", Partnership(c, b), CustomerSupplier(supplier=b, customer=c), alone=(a, b))
    assert made.contexts == (a, b, c)
    made.require([a, c])
    with pytest.raises(DefinitionError, match="map 'acme' does not know d; relate each, or name it in alone"):
        made.require([a, Context("d")])


def test_a_context_of_the_same_name_is_another_one() -> None:
    with pytest.raises(DefinitionError, match="does not know a"):
        ContextMap("acme", alone=(a,)).require([Context("a")])


def test_all_that_is_said_of_two_is_found_in_any_order() -> None:
    host = OpenHostService(host=a, consumers=[b, c])
    made = ContextMap("acme", host, AntiCorruptionLayer(upstream=a, downstream=b, layer="acme.b.x"))
    (one,) = made.between("b", "a")
    assert one.upstream_roles == ("open-host-service",)
    assert one.downstream_roles == ("anti-corruption-layer",)
    assert one.layer == "acme.b.x"
    assert made.between("a", "b") == (one,)
    assert made.between("b", "c") == ()
    assert made.between("a", "nobody") == ()


def test_kernels_are_listed_by_name() -> None:
    one, other = (SharedKernel(name, package=f"acme.k{name}", between=[a, b]) for name in ("z", "y"))
    assert ContextMap("acme", one, other).kernels == (other, one)


def packaged(*packages: str) -> tuple[Context, ...]:
    return tuple(Context(f"c{number}", package=package) for number, package in enumerate(packages))


@pytest.mark.parametrize(
    ("contexts", "relations", "text"),
    [
        ((a, Context("a")), [], "two contexts are named 'a'"),
        (packaged("acme", "acme.a"), [], "package 'acme.a' of c1 is inside 'acme' of c0"),
        (packaged("acme.a", "acme.a"), [], "is inside"),
        (packaged("acme.a", "acme.a.b.c", "acme.ab"), [], "package 'acme.a.b.c' of c1 is inside 'acme.a' of c0"),
        (
            (),
            [SharedKernel("k", package=f"acme.k{number}", between=[a, b]) for number in range(2)],
            "two kernels are named 'k'",
        ),
        (
            (c,),
            [SharedKernel("k", package="acme.c.k", between=[a, b])],
            "package 'acme.c.k' of kernel 'k' is inside 'acme.c'",
        ),
        (
            (),
            [SharedKernel(name, package=name, between=[a, b]) for name in ("k", "k.l")],
            "package 'k.l' of kernel 'k.l' is inside 'k' of kernel 'k'",
        ),
    ],
)
def test_a_map_that_cannot_be_is_refused(
    contexts: tuple[Context, ...], relations: Sequence[Relation], text: str
) -> None:
    with pytest.raises(DefinitionError, match=text):
        ContextMap("acme", *relations, alone=contexts)


def test_what_is_no_name_no_relation_and_no_context_is_told_at_once() -> None:
    context: Any = a
    alone: Any = ("b",)
    with pytest.raises(DefinitionError) as told:
        ContextMap(context, context, alone=alone)
    assert len(told.value.findings) == 3
    for said in ("its name is no text", "Context('a') is no relation", "alone='b' is no context"):
        assert said in str(told.value)


def test_one_context_is_no_tuple_of_them() -> None:
    alone: Any = a
    with pytest.raises(DefinitionError, match="is one context; give a tuple"):
        ContextMap("acme", alone=alone)


def test_everything_that_is_refused_is_told_at_once() -> None:
    with pytest.raises(DefinitionError) as told:
        ContextMap("acme", alone=(*packaged("acme.a", "acme.a.b"), a, Context("a")))
    assert len(told.value.findings) >= 2


def test_packages_that_begin_alike_are_beside_each_other() -> None:
    ContextMap("acme", alone=packaged("acme.a", "acme.ab", "acme.a_b", "acme"[:3]))


CUSTOMER = CustomerSupplier(supplier=a, customer=b)


@pytest.mark.parametrize(
    ("relations", "rules"),
    [
        ([CUSTOMER], []),
        ([CUSTOMER, UpstreamDownstream(upstream=a, downstream=b)], []),
        ([CUSTOMER, Conformist(upstream=a, downstream=b)], [("customer-conforms", "error")]),
        ([CUSTOMER, OpenHostService(host=a, consumers=[b, c])], [("supplier-hosts", "error")]),
        (
            [CUSTOMER, AntiCorruptionLayer(upstream=a, downstream=b, layer="acme.b.x")],
            [("customer-defends", "warning")],
        ),
        (
            [Conformist(upstream=a, downstream=b), AntiCorruptionLayer(upstream=a, downstream=b, layer="acme.b.x")],
            [("conformist-translates", "error")],
        ),
        ([CUSTOMER, SeparateWays(a, b)], [("separate-yet-related", "error")]),
        ([Partnership(a, b), SeparateWays(b, a)], [("separate-yet-related", "error")]),
        ([CUSTOMER, SeparateWays(a, c)], []),
        ([CUSTOMER, CustomerSupplier(supplier=b, customer=a)], [("both-directions", "warning")]),
        ([CUSTOMER, CustomerSupplier(supplier=b, customer=a), Partnership(a, b)], []),
        (
            [AntiCorruptionLayer(upstream=a, downstream=b, layer=layer) for layer in ("acme.b.x", "acme.b.y")],
            [("two-layers", "error")],
        ),
        ([AntiCorruptionLayer(upstream=a, downstream=b, layer="acme.b.x")] * 2, []),
        ([OpenHostService(host=a, consumers=[b]), Conformist(upstream=a, downstream=b)], []),
    ],
)
def test_what_cannot_all_be_is_found(relations: Sequence[Relation], rules: list[tuple[str, str]]) -> None:
    assert said(*relations) == rules


def test_a_contradiction_names_both_and_the_declaration() -> None:
    apart = SeparateWays(a, b)
    (finding,) = ContextMap("acme", CUSTOMER, apart).findings()
    assert (finding.contexts, finding.declared_at) == (("a", "b"), apart.place)


def test_a_map_shows_its_size() -> None:
    assert repr(ContextMap("acme", CUSTOMER)) == "ContextMap('acme', 2 contexts, 1 relations)"
