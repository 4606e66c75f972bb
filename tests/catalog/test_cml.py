"""Maps of Context Mapper, in and out."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from leftfold.catalog import (
    Catalog,
    Descriptor,
    InvalidCatalogFile,
    catalog_findings,
    cml_text,
    load_cml,
    normalised,
    read_cml,
)
from leftfold.contexts import Edge
from tests.catalog.companies import follows, partners, rules_of
from tests.conftest import ROOT, LeftOut

MAPS = ROOT.parent / "shared" / "data" / "context-maps"
COUNTS = {
    "Insurance-Example-Stage-1.cml": (6, {"plain": 5, "shared-kernel": 2}),
    "Insurance-Example-Stage-4.cml": (
        6,
        {"supplier customer": 1, "host language layer": 3, "host language conformist": 1, "partnership": 1}
        | {"shared-kernel": 1},
    ),
    "DDD-Sample-Stage-5.cml": (3, {"shared-kernel": 1, "host language": 2}),
    "DDD-Sample_Alternative-Relationship-Syntax.cml": (3, {"shared-kernel": 1, "host language": 2}),
    "ContextMapper-Example-Stage-4.cml": (
        5,
        {"language conformist": 1, "host language layer": 1, "language": 1, "shared-kernel": 1},
    ),
}
SHORT = {
    "open-host-service": "host",
    "published-language": "language",
    "anti-corruption-layer": "layer",
    "supplier": "supplier",
    "customer": "customer",
    "conformist": "conformist",
}


def bare(descriptors: tuple[Descriptor, ...]) -> list[Descriptor]:
    """What descriptors say, wherever it stands."""
    return [
        normalised(replace(one, place="", relations=tuple(replace(edge, place="") for edge in one.relations)))
        for one in descriptors
    ]


def kind(edge: Edge) -> str:
    if edge.kind != "directed":
        return edge.kind
    return " ".join(SHORT[role] for role in (*edge.upstream_roles, *edge.downstream_roles)) or "plain"


@pytest.fixture
def real(left_out: LeftOut) -> Path:
    """The folder of public maps."""
    if not MAPS.exists():
        left_out(f"the public context maps are not at ../{MAPS.relative_to(ROOT.parent)}")
    return MAPS


@pytest.mark.parametrize("name", COUNTS)
def test_a_real_map_has_the_contexts_and_relations_that_it_has(real: Path, name: str) -> None:
    found = read_cml(real / name)
    catalog = Catalog(found.descriptors)
    kinds = [kind(edge) for edge in catalog.edges]
    assert (len(catalog.by_name), {each: kinds.count(each) for each in kinds}) == COUNTS[name]
    assert found.findings == ()
    assert catalog_findings(catalog) == ()


@pytest.mark.parametrize("name", COUNTS)
def test_a_real_map_that_is_written_and_read_again_is_the_same(real: Path, name: str) -> None:
    found = read_cml(real / name)
    again = load_cml(cml_text(Catalog(found.descriptors)), "again.cml")
    assert bare(again.descriptors) == bare(found.descriptors)
    assert again.findings == ()


def test_both_spellings_of_a_real_map_are_the_same_graph(real: Path) -> None:
    arrows, words = (
        Catalog(bare(read_cml(real / name).descriptors))
        for name in ("DDD-Sample-Stage-5.cml", "DDD-Sample_Alternative-Relationship-Syntax.cml")
    )
    assert (arrows.edges, [*arrows.by_name]) == (words.edges, [*words.by_name])


def relation(line: str) -> Edge:
    text = f"ContextMap {{\n contains A, B\n {line}\n}}\nBoundedContext A {{ Aggregate Orders }} BoundedContext B"
    found = load_cml(text, "it.cml")
    [edge] = Catalog(found.descriptors).edges
    assert edge.place == "it.cml:3"
    assert found.findings == ()
    return replace(edge, place="")


HOST = follows("A", "B", "open-host-service", "published-language", "conformist")
SUPPLIER = follows("A", "B", "supplier", "customer")
DEFENDED = follows("A", "B", "supplier", "published-language", "customer", "anti-corruption-layer")
KERNEL = Edge(kind="shared-kernel", upstream="A", downstream="B")


@pytest.mark.parametrize(
    ("line", "edge"),
    [
        ("A -> B", follows("A", "B")),
        ("A <- B", follows("B", "A")),
        ("A [U,OHS,PL]->[D,CF] B", HOST),
        ("[U,OHS,PL] A -> [D,CF] B", HOST),
        ("A [OHS,PL] -> B [CF]", HOST),
        ("B [D,CF]<-[U,PL,OHS] A", HOST),
        ("A [OHS,PL] Upstream-Downstream [CF] B", HOST),
        ("B [CF] Downstream-Upstream [OHS,PL] A", HOST),
        ("A [] Upstream-Downstream [] B", follows("A", "B")),
        ("A [U,S]->[D,C] B", SUPPLIER),
        ("A [S]->[C] B", SUPPLIER),
        ("B Customer-Supplier A", SUPPLIER),
        ("A Supplier-Customer B", SUPPLIER),
        (
            "A [PL] Supplier-Customer [ACL] B",
            follows("A", "B", *("supplier", "published-language", "customer"), "anti-corruption-layer"),
        ),
        ("A -> B { downstreamRights = VETO_RIGHT }", follows("A", "B", veto=True)),
        ("A -> B { downstreamRights INFLUENCER exposedAggregates = Orders }", follows("A", "B")),
        ("A -> B { implementationTechnology = 'REST' }", follows("A", "B")),
        ("B [P]<->[P] A", partners("A", "B")),
        ("A Partnership B", partners("A", "B")),
        ("[P] A <-> B [P]", partners("A", "B")),
        ("B [SK]<->[SK] A", KERNEL),
        ("A Shared-Kernel B", KERNEL),
        ("A <-> B", KERNEL),
        ("A [SK]<->[SK] B : Money", replace(KERNEL, kernel="Money")),
    ],
)
def test_every_spelling_of_a_relation_is_understood(line: str, edge: Edge) -> None:
    assert relation(line) == edge


def test_a_role_on_the_next_line_is_of_the_next_relation() -> None:
    found = load_cml(
        "ContextMap {\n contains A, B, C\n A -> B\n [U] B -> C\n}\nBoundedContext A BoundedContext B BoundedContext C",
        "x",
    )
    assert [edge.pair for edge in Catalog(found.descriptors).edges] == [("A", "B"), ("B", "C")]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("ContextMap {\n contains A\n", 3, "found the end of the file"),
        ("ContextMap {\n contains\n}", 3, "expected a context, found '}'"),
        ("/* no end", 1, "a comment begins here and never ends"),
        ('ContextMap {\n type = "open\n', 2, "a text begins here and never ends"),
        ("ContextMap {\n A >> B\n}", 2, "expected one of -> <-"),
        ("ContextMap {\n A [X]-> B\n}", 2, "A is an upstream and cannot be 'X'; its roles are U, S, OHS, PL"),
        ("ContextMap {\n A [D]-> B\n}", 2, "A is an upstream and cannot be 'D'"),
        ("ContextMap {\n A [S]-> B\n}", 2, "a supplier [S] has a customer [C]"),
        ("ContextMap {\n A [P]<->[SK] B\n}", 2, "not with [P] [SK]"),
        ("ContextMap {\n A Partnership [SK] B\n}", 2, "Partnership and [SK] are two different relations"),
        ("ContextMap {\n A -> B { colour = red }\n}", 2, "a relation has no attribute 'colour'"),
        ("ContextMap {\n A -> B { downstreamRights = NONE }\n}", 2, "'NONE' is no right of a downstream"),
        ("ContextMap {}\nContextMap {}", 2, "this is a second ContextMap"),
        ("BoundedContexts A {}", 1, "'BoundedContexts' cannot stand here"),
        ("ContextMap {}\nBoundedContext A {\n Aggregate B { Entity C {\n", 3, "a { is never closed"),
        ("ContextMap {}\n}", 2, "found '}'"),
        ("BoundedContext A", 0, "has no ContextMap"),
    ],
)
def test_what_is_malformed_is_told_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(InvalidCatalogFile) as raised:
        load_cml(text, "it.cml")
    assert (raised.value.file, raised.value.line) == ("it.cml", line)
    assert said in str(raised.value)


def test_bytes_that_are_no_text_are_told_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "a.cml").write_bytes(b"ContextMap {\n contains \xff }")
    with pytest.raises(InvalidCatalogFile, match=r"a\.cml:2: is no UTF-8 text"):
        read_cml(tmp_path / "a.cml")


SEMANTICS = """
import "other.cml"
ContextMap { contains A, Team, Lost
  A -> Off { exposedAggregates = Gone }
}
BoundedContext A realizes Off { type = FEATURE
  Aggregate Orders { owner = A }
  Aggregate Bills { owner Team }
}
BoundedContext Team realizes A { type = TEAM }
BoundedContext Off
BoundedContext Off
"""


def test_what_the_language_forbids_is_told() -> None:
    found = load_cml(SEMANTICS, "it.cml")
    assert set(rules_of(found.findings)) == {
        ("import-not-followed", "other.cml"),
        ("undeclared-context", "Lost"),
        ("team-on-landscape", "Team"),
        ("not-on-map", "Off"),
        ("exposed-aggregate-unknown", "Gone"),
        ("only-teams-realize", "A"),
        ("owner-not-team", "Orders"),
        ("duplicate-name", "Off"),
    }
    places = {one.rule: one.declared_at for one in found.findings}
    assert (places["team-on-landscape"], places["owner-not-team"]) == ("it.cml:3", "it.cml:7")
    organisation = SEMANTICS.replace("ContextMap {", "ContextMap { type = ORGANIZATIONAL")
    assert "team-on-landscape" not in dict(rules_of(load_cml(organisation, "it.cml").findings))


def test_teams_owners_subdomains_and_visions_are_taken_over() -> None:
    text = """
    ContextMap { contains ^Domain, Shop }
    BoundedContext ^Domain implements Selling, Storing {
      domainVisionStatement = "Says \\"no\\""
      Module m { Aggregate Orders { owner = Web  Entity Order { String name } } }
      Aggregate Bills
    }
    BoundedContext Shop implements Everything
    BoundedContext Web realizes ^Domain { type TEAM }
    Domain Everything { Subdomain Storing { type = GENERIC_SUBDOMAIN } Subdomain Selling { type = CORE_DOMAIN } }
    UserStory S { As a "b" I want to "c" }
    """
    domain, shop = load_cml(text, "it.cml").descriptors
    assert (domain.name, domain.team, domain.subdomain, domain.purpose) == ("Domain", "Web", "core", 'Says "no"')
    assert (domain.aggregates, shop.subdomain) == ({"Orders": "Web", "Bills": ""}, "")


def test_what_the_language_has_no_word_for_is_spelt_otherwise_or_left_out() -> None:
    apart = Edge(kind="separate-ways", upstream="a b", downstream="a-b")
    catalog = Catalog(
        [
            Descriptor(name="a b", relations=(apart,), team="Customer Experience"),
            Descriptor(name="a-b", relations=(apart,)),
            Descriptor(name="1st"),
        ]
    )
    text = cml_text(catalog)
    again = load_cml(text, "again.cml")
    assert [one.name for one in again.descriptors] == ["_1st", "a_b", "a_b_2"]
    assert again.descriptors[1].team == "Customer_Experience"
    assert "// a_b and a_b_2 go separate ways" in text


names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True) | st.sampled_from(
    ["Domain", "contains", "type", "P"]
)
edges = st.sampled_from(
    [
        follows("a", "b"),
        HOST,
        SUPPLIER,
        follows("a", "b", "anti-corruption-layer", veto=True),
        partners("a", "b"),
        KERNEL,
        replace(KERNEL, kernel="money"),
    ]
)


@st.composite
def maps(draw: st.DrawFn) -> Catalog:
    contexts = draw(st.lists(names, min_size=2, max_size=5, unique=True))
    others = draw(st.lists(names.filter(lambda name: name not in contexts), max_size=2, unique=True))
    drawn: list[Edge] = []
    for edge in draw(st.lists(edges, max_size=6)):
        one, other = draw(st.permutations(contexts))[:2]
        one, other = (one, other) if edge.kind == "directed" else sorted((one, other))
        drawn.append(replace(edge, upstream=one, downstream=other))
    return Catalog(
        Descriptor(
            name=name,
            team=draw(st.sampled_from(["", *others])),
            purpose=draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=12)),
            subdomain=draw(st.sampled_from(["", "core", "supporting", "generic"])),
            relations=tuple(dict.fromkeys(edge for edge in drawn if name in edge.pair)),
            aggregates=draw(st.dictionaries(names, st.sampled_from(["", *others]), max_size=2)),
        )
        for name in contexts
    )


@given(maps())
def test_a_map_that_is_written_and_read_again_is_the_same(catalog: Catalog) -> None:
    again = load_cml(cml_text(catalog), "again.cml")
    once = Catalog(again.descriptors)
    assert [one for one in again.findings if one.rule != "duplicate-name"] == []
    assert [replace(edge, place="") for edge in once.edges] == list(catalog.edges)
    for one in catalog.descriptors:
        same = once.by_name[one.name]
        assert (same.team, same.purpose, same.subdomain, same.aggregates) == (
            *(one.team, one.purpose, one.subdomain, one.aggregates),
        )


@given(st.text(st.sampled_from("ContextMap AB{}[]<->,:=\"'/*\n"), max_size=60))
def test_any_text_is_a_map_or_an_error_with_its_file(text: str) -> None:
    with suppress(InvalidCatalogFile):
        load_cml(text, "it.cml")
