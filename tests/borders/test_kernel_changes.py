from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leftfold.borders import KernelChange, kernel_changes
from leftfold.borders.kernel_changes import in_words

PARTS = st.sampled_from(["a", "b", "<order>", "<schema>"])
PATHS = st.lists(PARTS, min_size=1).map(".".join)
NAMES = st.one_of(
    st.sampled_from(["k", "k.m", "k/x.csv", "k/m.pyi", "k/m.pyi:f"]),
    st.tuples(st.sampled_from(["k", "k.m"]), PATHS).map(":".join),
)
STATES = st.dictionaries(NAMES, st.sampled_from(["1", "2"]))


@given(old=STATES, new=STATES)
def test_there_are_changes_if_and_only_if_there_is_a_difference(old: dict[str, str], new: dict[str, str]) -> None:
    changes = kernel_changes(old, new)
    assert bool(changes) == (old != new)
    assert list(changes) == sorted(changes)
    for change in changes:
        pair = old.get(change.element), new.get(change.element)
        assert (pair[0] is None, pair[1] is None) == (change.kind == "added", change.kind == "removed")
        assert pair[0] != pair[1]


@given(old=STATES, new=STATES)
def test_the_other_way_round_what_was_added_was_removed(old: dict[str, str], new: dict[str, str]) -> None:
    turned = {"added": "removed", "removed": "added", "changed": "changed"}
    there = [(one.element, turned[one.kind]) for one in kernel_changes(old, new)]
    assert [(one.element, one.kind) for one in kernel_changes(new, old)] == there


def test_changes_are_told_in_words_and_only_so_many() -> None:
    changes = [KernelChange(f"k:{name}", "added") for name in "abcd"]
    assert in_words(changes[:2]) == "added k:a, added k:b"
    assert in_words(changes, 2) == "added k:a, added k:b, and 2 more"
    assert str(KernelChange("k:A.<order>", "changed")) == "changed the order in k:A"
    assert str(KernelChange("k.m:<order>", "changed")) == "changed the order in k.m"
    assert str(KernelChange("k:A.<schema>", "changed")) == "changed the schema of k:A"


def test_order_is_told_where_members_changed_but_none_came_or_went() -> None:
    old = {"k": "1", "k:<order>": "1", "k:a": "1", "k:b": "1"}
    told = kernel_changes(old, {**old, "k:<order>": "2", "k:a": "2"})
    assert [str(one) for one in told] == ["changed the order in k", "changed k:a"]
    told = kernel_changes(old, {**old, "k:<order>": "2", "k:c": "1"})
    assert [str(one) for one in told] == ["added k:c"]
