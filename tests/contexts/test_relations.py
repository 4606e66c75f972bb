"""Relations: what each says, of whom, and where it was declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from leftfold.contexts import (
    AntiCorruptionLayer,
    Conformist,
    Context,
    CustomerSupplier,
    Edge,
    OpenHostService,
    Partnership,
    Relation,
    SeparateWays,
    SharedKernel,
    UpstreamDownstream,
)
from leftfold.errors import DefinitionError
from leftfold.integration import PublishedLanguage

PUBLISHED = "published-language"

a = Context("a", package="acme.a")
b = Context("b", package="acme.b")
c = Context("c", package="acme.c")


def edge(relation: Relation) -> Edge:
    """The only one, without its place."""
    (one,) = relation.edges()
    assert one.place == relation.place
    return Edge(**{name: getattr(one, name) for name in one.__struct_fields__ if name != "place"})


@pytest.mark.parametrize(
    ("relation", "said"),
    [
        (UpstreamDownstream(upstream=b, downstream=a), Edge(kind="directed", upstream="b", downstream="a")),
        (
            CustomerSupplier(supplier=b, customer=a, veto=True),
            Edge(
                kind="directed",
                upstream="b",
                downstream="a",
                upstream_roles=("supplier",),
                downstream_roles=("customer",),
                veto=True,
            ),
        ),
        (
            Conformist(upstream=b, downstream=a),
            Edge(kind="directed", upstream="b", downstream="a", downstream_roles=("conformist",)),
        ),
        (
            AntiCorruptionLayer(upstream=b, downstream=a, layer="acme.a.of_b"),
            Edge(
                kind="directed",
                upstream="b",
                downstream="a",
                downstream_roles=("anti-corruption-layer",),
                layer="acme.a.of_b",
            ),
        ),
        (
            OpenHostService(host=b, consumers=[a]),
            Edge(kind="directed", upstream="b", downstream="a", upstream_roles=("open-host-service",)),
        ),
        (Partnership(b, a), Edge(kind="partnership", upstream="a", downstream="b")),
        (
            SeparateWays(b, a, reason="no"),
            Edge(kind="separate-ways", upstream="a", downstream="b", reason="no"),
        ),
        (
            SharedKernel("money", package="acme.money", between=[b, a]),
            Edge(kind="shared-kernel", upstream="a", downstream="b", kernel="money", package="acme.money"),
        ),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_relation_as_data(relation: Relation, said: Edge) -> None:
    assert edge(relation) == said


def test_whoever_follows_a_context_with_a_published_language_is_told_in_it() -> None:
    teller = Context("teller", package="acme.teller", language=PublishedLanguage("teller"))
    assert edge(OpenHostService(host=teller, consumers=[a])).upstream_roles == ("open-host-service", PUBLISHED)
    assert edge(Conformist(upstream=teller, downstream=a)).upstream_roles == (PUBLISHED,)
    assert edge(CustomerSupplier(supplier=teller, customer=a)).upstream_roles == (PUBLISHED, "supplier")
    assert edge(Conformist(upstream=a, downstream=teller)).upstream_roles == ()
    assert edge(SeparateWays(teller, a)).upstream_roles == ()


def test_a_relation_knows_its_line() -> None:
    one = Partnership(a, b)
    other = Partnership(a, c)
    path, _, line = one.place.rpartition(":")
    assert path == __file__
    assert other.place == f"{path}:{int(line) + 1}"


def test_a_host_has_an_edge_to_each_consumer_and_none_between_them() -> None:
    edges = OpenHostService(host=a, consumers=[b, c]).edges()
    assert [(one.upstream, one.downstream) for one in edges] == [("a", "b"), ("a", "c")]


def test_who_shares_a_kernel_is_related_to_everybody_who_does() -> None:
    edges = SharedKernel("money", package="acme.money", between=[c, a, b]).edges()
    assert sorted(one.pair for one in edges) == [("a", "b"), ("a", "c"), ("b", "c")]


def loosely(given: object) -> Any:  # noqa: ANN401 - what a type checker would refuse
    return given


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Partnership(a, loosely("b")), "'b' is no context; give a Context"),
        (lambda: UpstreamDownstream(upstream=loosely(Context), downstream=b), "is no context; give a Context"),
        (lambda: OpenHostService(host=a, consumers=loosely(5)), "5 is no context; give a Context"),
        (lambda: SharedKernel("k", package="k", between=loosely(a)), "at least two contexts"),
        (lambda: Partnership(a, a), "name each context once"),
        (lambda: Partnership(a, Context("a")), "name each context once"),
        (lambda: OpenHostService(host=a, consumers=[b, b]), "name each context once"),
        (lambda: OpenHostService(host=a, consumers=[]), "nobody consumes"),
        (lambda: AntiCorruptionLayer(upstream=a, downstream=b, layer="acme.bb"), "is not inside 'acme.b'"),
        (lambda: AntiCorruptionLayer(upstream=a, downstream=Context("d"), layer="acme.b"), "d has no package"),
        (lambda: SharedKernel("k", package="k", between=[a]), "at least two contexts"),
        (lambda: SharedKernel("k", package="acme.a.k", between=[a, b]), "what is shared belongs to neither"),
        (lambda: SharedKernel("k", package="acme", between=[a, b]), "what is shared belongs to neither"),
    ],
)
def test_a_relation_that_cannot_be_is_refused_with_its_line(make: Callable[[], Relation], said: str) -> None:
    with pytest.raises(DefinitionError, match=said) as told:
        make()
    assert f"{__file__}:" in str(told.value)


def test_a_relation_shows_whom_it_relates() -> None:
    assert repr(CustomerSupplier(supplier=a, customer=b)) == "CustomerSupplier(a, b)"
