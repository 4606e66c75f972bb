"""Edges: what is said twice is said once, in whatever order, and findings come in one order."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from leftfold.contexts import DownstreamRole, Edge, EdgeKind, Finding, UpstreamRole, contradictions, in_order, merged
from leftfold.contexts.places import caller, place_in, place_under

KINDS: Sequence[EdgeKind] = ("directed", "partnership", "shared-kernel", "separate-ways")
UP: Sequence[UpstreamRole] = ("supplier", "open-host-service", "published-language")
DOWN: Sequence[DownstreamRole] = ("customer", "conformist", "anti-corruption-layer")
names = st.sampled_from("abc")
edges = st.lists(
    st.builds(
        Edge,
        kind=st.sampled_from(KINDS),
        upstream=names,
        downstream=names,
        upstream_roles=st.lists(st.sampled_from(UP), max_size=2, unique=True).map(lambda them: tuple(sorted(them))),
        downstream_roles=st.lists(st.sampled_from(DOWN), max_size=2, unique=True).map(lambda them: tuple(sorted(them))),
        veto=st.booleans(),
        layer=st.sampled_from(["", "x", "y"]),
        kernel=st.sampled_from(["", "k"]),
    ),
    max_size=8,
)
findings = st.lists(
    st.builds(
        Finding,
        rule=names,
        contexts=st.tuples(names),
        message=names,
        severity=st.sampled_from(["error", "warning", "note"]),
    ),
    max_size=8,
)


@given(edges)
def test_edges_that_are_merged_are_merged(said: list[Edge]) -> None:
    assert merged(merged(said)) == merged(said)


@given(edges, st.randoms(use_true_random=False))
def test_the_order_in_which_it_is_said_does_not_matter(said: list[Edge], chance: random.Random) -> None:
    other = [*said]
    chance.shuffle(other)
    assert merged(other) == merged(said)
    assert in_order(contradictions(other)) == in_order(contradictions(said))


@given(edges)
def test_no_role_is_lost_and_each_way_is_told_once(said: list[Edge]) -> None:
    found = {(one.kind, one.upstream, one.downstream, one.kernel): one for one in merged(said)}
    assert len(found) == len(merged(said))
    for one in said:
        whole = found[one.kind, one.upstream, one.downstream, one.kernel]
        assert set(one.upstream_roles) <= set(whole.upstream_roles)
        assert set(one.downstream_roles) <= set(whole.downstream_roles)
        assert whole.veto >= one.veto
        assert whole.layer or not one.layer


@given(edges)
def test_a_context_that_relates_to_itself_is_found(said: list[Edge]) -> None:
    itself = {one.pair for one in said if one.upstream == one.downstream}
    assert {one.contexts for one in contradictions(said) if one.rule == "self-relation"} == itself


@given(edges)
def test_an_edge_reads_back_as_it_was_written(said: list[Edge]) -> None:
    assert msgspec.json.decode(msgspec.json.encode(said), type=list[Edge]) == said


@given(findings, st.randoms(use_true_random=False))
def test_findings_are_told_once_errors_first_in_one_order(found: list[Finding], chance: random.Random) -> None:
    other = [*found, *found]
    chance.shuffle(other)
    ordered = in_order(other)
    assert ordered == in_order(found)
    assert set(ordered) == set(found)
    rank = ["error", "warning", "note"]
    assert [rank.index(one.severity) for one in ordered] == sorted(rank.index(one.severity) for one in ordered)


def test_a_place_is_told_from_a_folder_above_it() -> None:
    assert place_under("/r/a/b.py:3", "/r") == "a/b.py:3"
    assert place_under("/r/a/b.py:3", "/r/") == "a/b.py:3"
    assert place_under("/r2/b.py:3", "/r") == "/r2/b.py:3"
    assert place_under("C:\\r\\a\\b.py:3", "C:\\r") == "a/b.py:3"
    assert place_under("/r/b.py:3", "") == "/r/b.py:3"
    assert place_under("", "/r") == ""


def test_a_frame_is_counted_from_whoever_asks() -> None:
    def inner() -> tuple[str, str]:
        return place_in(caller(1)), place_in(caller(2))

    def outer() -> tuple[str, str]:
        return inner()

    near, far = outer()
    assert near.startswith(f"{__file__}:")
    assert int(near.rpartition(":")[2]) + 2 == int(far.rpartition(":")[2])
    assert place_in(None) == ""
    assert caller(10_000) is None
