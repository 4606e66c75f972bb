"""Drawings of contexts."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from leftfold.catalog import (
    Catalog,
    Descriptor,
    UnknownSubject,
    dot_map,
    map_graph,
    matrix_map,
    mermaid_map,
    svg_map,
)
from leftfold.contexts import Edge
from tests.catalog.companies import consumer, descriptors, follows, producer, tutorial
from tests.catalog.test_impact import CHARGED


def company() -> Catalog:
    kernel = Edge(kind="shared-kernel", upstream="a <1>", downstream='b "2"', kernel="money")
    return Catalog(
        [
            Descriptor(name="a <1>", team="T & Co", relations=(kernel,), subdomain="core"),
            Descriptor(name='b "2"', relations=(kernel, follows('b "2"', "c", "open-host-service")), mud=True),
            producer("d", CHARGED),
            consumer("e", "charged"),
        ]
    )


def test_lines_are_relations_and_apart_from_them_who_only_listens() -> None:
    graph = map_graph(company())
    assert [(one.source, one.target, one.kind, one.label) for one in graph.links] == [
        ("a <1>", 'b "2"', "shared-kernel", "shared kernel money"),
        ('b "2"', "c", "directed", "OHS"),
        ("d", "e", "listens", "1 event"),
    ]
    looks = {one.name: (one.about, one.look) for one in graph.nodes}
    assert looks == {
        "a <1>": ("T & Co", "core"),
        'b "2"': ("mud", "mud"),
        "c": ("not registered", "unregistered"),
        "d": ("", ""),
        "e": ("", ""),
    }


@pytest.mark.parametrize(
    ("focus", "depth", "names"),
    [
        ("Customer", 1, ["Billing", "Customer", "Marketing", "Sales", "Support"]),
        ("Inventory", 1, ["Inventory", "Sales"]),
        ("Inventory", 2, ["Billing", "Customer", "Fulfillment", "Inventory", "Sales"]),
        ("Inventory", 10**12, [one.name for one in map_graph(tutorial()).nodes]),
    ],
)
def test_a_focus_shows_those_around_it(focus: str, depth: int, names: list[str]) -> None:
    graph = map_graph(tutorial(), focus=focus, depth=depth)
    assert [one.name for one in graph.nodes] == names
    assert all(one.source in names and one.target in names for one in graph.links)


def test_a_focus_on_nobody_is_told() -> None:
    with pytest.raises(UnknownSubject, match="no context is called so"):
        map_graph(tutorial(), focus="Nobody")


@settings(max_examples=40)
@given(descriptors())
def test_every_drawing_has_every_context_and_line(company: list[Descriptor]) -> None:
    graph = map_graph(Catalog(company))
    drawn = ET.fromstring(svg_map(graph))
    boxes = [one.get("data-id") for one in drawn.iter("{http://www.w3.org/2000/svg}text") if one.get("data-id")]
    assert boxes == [one.name for one in graph.nodes]
    paths = [one.get("class") for one in drawn.iter("{http://www.w3.org/2000/svg}path") if one.get("class")]
    assert paths == [one.kind for one in graph.links]
    assert len(mermaid_map(graph).splitlines()) == 1 + len(graph.nodes) + len(graph.links) + len(
        {one.look for one in graph.nodes}
    )
    assert len(dot_map(graph).splitlines()) == 3 + len(graph.nodes) + len(graph.links)
    assert len(matrix_map(graph).splitlines()) == 1 + len(graph.nodes)


def test_what_names_could_break_is_escaped() -> None:
    graph = map_graph(company())
    assert '["a #60;1#62;<br/>T #38; Co"]:::core' in mermaid_map(graph)
    assert '"b \\"2\\"" -> "c" [label="OHS"];' in dot_map(graph)
    ET.fromstring(svg_map(graph))


def test_the_table_says_who_follows_whom() -> None:
    assert matrix_map(map_graph(company())).splitlines() == [
        "        1 2 3 4 5",
        "1 a <1> - K . . .",
        '2 b "2" K - . . .',
        "3 c     . U - . .",
        "4 d     . . . - .",
        "5 e     . . . e -",
    ]


def test_an_empty_catalog_is_drawn() -> None:
    ET.fromstring(svg_map(map_graph(Catalog([]))))
    assert matrix_map(map_graph(Catalog([]))).strip() == ""
