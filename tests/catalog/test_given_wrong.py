"""What is said to whoever hands the functions of a catalog another thing: what it is, and how to make the right one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import pytest

from leftfold import Context
from leftfold.catalog import (
    Catalog,
    Subject,
    UnknownSubject,
    catalog_findings,
    cml_text,
    descriptors_of,
    dot_map,
    impact,
    map_graph,
    matrix_map,
    mermaid_map,
    subject_of,
    svg_map,
)
from leftfold.contexts import ContextMap
from leftfold.errors import DefinitionError, InvalidInput

HALL = Context("hall")
MAP = ContextMap("house", alone=(HALL,))
CATALOG = Catalog(descriptors_of([HALL]))


@pytest.mark.parametrize("given", [HALL, MAP, None, [HALL], descriptors_of([HALL])])
@pytest.mark.parametrize(
    "asked",
    [
        catalog_findings,
        cml_text,
        map_graph,
        partial(subject_of, text="hall"),
        partial(impact, subject="hall"),
        partial(impact, subject=Subject(kind="context", name="hall")),
    ],
)
def test_what_is_no_catalog_is_told_how_one_is_made(asked: Callable[[Any], object], given: object) -> None:
    with pytest.raises(InvalidInput, match=r"is no Catalog; make one, as in Catalog\(descriptors_of"):
        asked(given)


@pytest.mark.parametrize("drawn", [svg_map, dot_map, matrix_map, mermaid_map])
@pytest.mark.parametrize("given", [HALL, MAP, CATALOG, None])
def test_what_is_nothing_to_draw_is_told_how_that_is_made(drawn: Callable[[Any], str], given: object) -> None:
    with pytest.raises(InvalidInput, match=r"is no MapGraph; make one, as in map_graph\(catalog\)"):
        drawn(given)


@pytest.mark.parametrize("given", [HALL, MAP, CATALOG, None])
def test_a_catalog_is_made_of_descriptors(given: object) -> None:
    with pytest.raises(InvalidInput, match=r"Catalog takes descriptors, and .* is none; make them"):
        Catalog(cast("Any", given))


@pytest.mark.parametrize("given", [HALL, MAP, CATALOG, None, [CATALOG], "hall"])
def test_descriptors_are_made_of_a_list_of_contexts(given: object) -> None:
    with pytest.raises(InvalidInput, match=r"give a list of .*, as in descriptors_of\(\[context\]\)"):
        descriptors_of(cast("Any", given))


@pytest.mark.parametrize("given", [HALL, CATALOG, [HALL]])
def test_a_catalog_is_no_context_map(given: object) -> None:
    with pytest.raises(DefinitionError, match="is no ContextMap; give the map"):
        descriptors_of([HALL], cast("Any", given))


@pytest.mark.parametrize("given", [HALL, [HALL], "cellar"])
def test_a_drawing_is_around_the_name_of_a_context(given: object) -> None:
    with pytest.raises(UnknownSubject, match="no context is called so"):
        map_graph(CATALOG, focus=cast("Any", given))


@pytest.mark.parametrize("given", [None, 0, "1", 1.5])
def test_a_drawing_goes_so_many_lines_far(given: object) -> None:
    with pytest.raises(InvalidInput, match="lines are counted from 1"):
        map_graph(CATALOG, focus="hall", depth=cast("Any", given))
