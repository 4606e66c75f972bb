"""What files there are counts, not their order, nor how often."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from leftfold.catalog import Catalog, Descriptor, catalog_findings, dump_catalog, load_descriptors, normalised
from tests.catalog.companies import descriptors, follows


def read_again(catalog: Catalog) -> Catalog:
    return Catalog(load_descriptors(dump_catalog(catalog.everything).encode(), "catalog.json"))


def told(catalog: Catalog) -> tuple[str, tuple[object, ...]]:
    return dump_catalog(catalog.everything), catalog_findings(catalog)


@settings(max_examples=25)
@given(st.lists(descriptors(), min_size=1, max_size=2), st.randoms(use_true_random=False))
def test_the_order_of_descriptors_does_not_matter(companies: list[list[Descriptor]], dice: Random) -> None:
    one = [each for company in companies for each in company]
    other = [*one]
    dice.shuffle(other)
    assert told(Catalog(one)) == told(Catalog(other))


@settings(max_examples=25)
@given(st.lists(descriptors(), min_size=1, max_size=2))
def test_merging_what_was_merged_changes_nothing(companies: list[list[Descriptor]]) -> None:
    once = Catalog(each for company in companies for each in company)
    again = read_again(once)
    assert told(again) == told(once)
    assert told(Catalog([*again.everything, *once.everything])) == told(once)


@settings(max_examples=25)
@given(descriptors(), descriptors())
def test_merging_in_parts_is_merging_all_at_once(some: list[Descriptor], others: list[Descriptor]) -> None:
    parts = [*read_again(Catalog(some)).everything, *read_again(Catalog(others)).everything]
    assert told(Catalog(parts)) == told(Catalog([*some, *others]))


@settings(max_examples=25)
@given(descriptors(), st.randoms(use_true_random=False))
def test_the_order_inside_a_descriptor_does_not_matter_for_its_one_form(
    company: list[Descriptor], dice: Random
) -> None:
    for one in company:
        mixed = Descriptor(
            name=one.name,
            team=one.team,
            relations=tuple(dice.sample(one.relations, len(one.relations))),
            publishes=tuple(dice.sample(one.publishes, len(one.publishes))),
            consumes=tuple(dice.sample(one.consumes, len(one.consumes))) * 2,
            handlers=tuple(dice.sample(one.handlers, len(one.handlers))),
        )
        assert normalised(mixed) == normalised(one)


def test_of_two_descriptors_of_one_content_the_same_one_is_taken_whichever_comes_first() -> None:
    one = Descriptor(name="a", relations=(follows("a", "b"), follows("a", "c")), place="a.py:1")
    same = Descriptor(name="a", relations=(follows("a", "c"), follows("a", "b")), place="b.py:1")
    first, second = Catalog([one, same]), Catalog([same, one])
    assert first.conflicts == second.conflicts == {}
    assert first.descriptors == second.descriptors
    assert first.consumers("a") == second.consumers("a")
