"""Contexts that no relation names have nothing to do with each other; and nobody follows who follows them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from leftfold.borders import (
    Evidence,
    Guard,
    Observed,
    UseKind,
    check_map,
    declared,
    imported,
    judged,
    namings,
    observed_uses,
    refused,
)
from leftfold.catalog import Catalog
from leftfold.contexts import CustomerSupplier, OpenHostService, Partnership, Relation, SharedKernel, UpstreamDownstream
from leftfold.errors import DefinitionError
from leftfold.testing import assert_context_map
from tests.borders.acme import billing, found, map_of, ordering, rules, shipping, taken

KINDS: tuple[UseKind, ...] = ("import", "types", "event", "command")
DIRECTED: list[Relation] = [
    UpstreamDownstream(upstream=ordering, downstream=billing),
    CustomerSupplier(supplier=ordering, customer=billing),
    OpenHostService(host=ordering, consumers=[billing]),
]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_taken_without_a_relation_is_told_with_its_line(kind: UseKind) -> None:
    context_map = map_of(alone=(ordering, billing))
    (finding,) = found(context_map, taken("billing", "ordering", kind=kind))
    assert (finding.rule, finding.contexts, finding.severity) == ("no-relation", ("billing", "ordering"), "error")
    assert finding.found_at == "acme/billing/main.py:7"
    assert finding.declared_at == ""
    assert finding.subject == "acme.billing.main -> acme.ordering.api"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("relation", DIRECTED, ids=lambda one: type(one).__name__)
def test_the_downstream_may_follow_the_upstream(relation: Relation, kind: UseKind) -> None:
    assert found(map_of(relation), taken("billing", "ordering", kind=kind)) == ()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("relation", DIRECTED, ids=lambda one: type(one).__name__)
def test_the_upstream_knows_nothing_of_the_downstream(relation: Relation, kind: UseKind) -> None:
    (finding,) = found(map_of(relation), taken("ordering", "billing", kind=kind))
    assert finding.rule == "wrong-way"
    assert finding.declared_at == relation.place
    assert "turn it round, or declare a Partnership" in finding.message


def test_partners_follow_each_other() -> None:
    both = taken("billing", "ordering"), taken("ordering", "billing")
    assert found(map_of(Partnership(ordering, billing)), *both) == ()


def test_who_shares_a_kernel_shares_nothing_else() -> None:
    kernel = SharedKernel("money", package="acme.money", between=[ordering, billing])
    (finding,) = found(map_of(kernel), taken("billing", "ordering"))
    assert finding.rule == "no-relation"
    assert finding.declared_at == kernel.place
    assert "share kernel 'money' and nothing else" in finding.message


def test_a_relation_to_somebody_else_allows_nothing() -> None:
    context_map = map_of(CustomerSupplier(supplier=ordering, customer=shipping), alone=(billing,))
    assert rules(found(context_map, taken("billing", "ordering"), taken("billing", "shipping"))) == ["no-relation"] * 2


def test_what_only_a_log_says_of_a_context_that_is_on_no_map_is_told() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    seen = Observed(
        kind="event", source="ordering", type="Placed", version=2, consumer="ghost", count=3, first=at, last=at
    )
    context_map = map_of(alone=(ordering,))
    (finding,) = judged(context_map, observed_uses([seen]))
    assert (finding.rule, finding.contexts) == ("no-relation", ("ghost", "ordering"))
    assert "ghost takes the event Placed v2 (seen 3 times, last on 2026-03-01)" in finding.message


def test_a_class_in_a_signature_is_told_where_it_is_imported_and_not_again() -> None:
    assert found(map_of(alone=(ordering, billing)), taken("billing", "ordering", kind="signature")) == ()


@pytest.mark.parametrize("given", [ordering, [ordering], None, Catalog(())])
def test_only_a_map_is_held_to_what_contexts_do(given: object) -> None:
    asked: list[Callable[[Any], object]] = [
        *(check_map, declared, imported, Guard, assert_context_map),
        *(partial(judged, evidence=Evidence()), partial(namings, classes=()), partial(refused, contexts=())),
    ]
    for one in asked:
        with pytest.raises(DefinitionError, match=r"is no ContextMap; give the map|this App has no map"):
            one(given)
