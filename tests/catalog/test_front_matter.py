"""The top of a page: what is read of YAML, and what is refused with its line."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.catalog import InvalidCatalogFile
from leftfold.catalog.front_matter import Value, front_matter

PAGE = """---
id: OrderService   # the name
name: "Order \\"Service\\""
version: 1.0.0
summary: |
  Takes orders.

    And keeps them.
folded: >-
  one
  two
plain: a text that goes
  on here
owners: [web, 'it''s', {id: desk, since: 2020}]
empty:
nothing: null
receives:
  - id: InventoryAdjusted
    version: ^1.0
    fields:
    - a
    - b
  - id: PaymentTaken
sends:
- OrderPlaced
-
  id: OrderEnded
nested:
  deep:
    er: yes
"a key": 'x: y'
url: https://example.org/a#b
---
# Title
"""


def read(*lines: str) -> dict[str, Value]:
    return front_matter("\n".join(("---", *lines, "---")), "a.mdx")


def test_keys_lists_texts_and_what_is_inside_them_are_read() -> None:
    assert front_matter(PAGE, "a.mdx") == {
        "id": "OrderService",
        "name": 'Order "Service"',
        "version": "1.0.0",
        "summary": "Takes orders.\n\n  And keeps them.",
        "folded": "one two",
        "plain": "a text that goes on here",
        "owners": ["web", "it's", {"id": "desk", "since": "2020"}],
        "empty": "",
        "nothing": "",
        "receives": [
            {"id": "InventoryAdjusted", "version": "^1.0", "fields": ["a", "b"]},
            {"id": "PaymentTaken"},
        ],
        "sends": ["OrderPlaced", {"id": "OrderEnded"}],
        "nested": {"deep": {"er": "yes"}},
        "a key": "x: y",
        "url": "https://example.org/a#b",
    }


def test_a_page_without_front_matter_has_none() -> None:
    assert front_matter("# Title\n", "a.mdx") == {}
    assert front_matter("", "a.mdx") == {}
    assert read() == {}
    assert read("# only a comment", "") == {}


@pytest.mark.parametrize(
    ("lines", "line", "said"),
    [
        (["id: a", "\tname: b"], 3, "a tab cannot indent"),
        (["id: a", "nothing"], 3, "expected a key and a colon, found 'nothing'"),
        (["id: a", "id: b"], 3, "the key 'id' is there twice"),
        (["id: [a, b"], 2, "] is missing"),
        (["id: {a, b}"], 2, "expected a key and a colon between { and }"),
        (['id: "a'], 2, "never ends on this line"),
        (['id: "a" b'], 2, "something follows a value: 'b'"),
        (["id: &a b"], 2, "& has a meaning in YAML that is not read here"),
        (["id: !str b"], 2, "! has a meaning"),
        (["a:", "  b: c", " d: e"], 4, "indented as nothing above it"),
        (["a:", "  - - b"], 3, "a list inside a list"),
        (["id: a", "  b: c"], 3, "looks like a key"),
        (["- a"], 2, "indented as nothing above it"),
        ([f"{' ' * depth}a:" for depth in range(2000)], 0, "nested too deep"),
        (["id: " + "[" * 2000], 2, "nested too deep"),
        (["id: [" + "a," * 20_000], 2, "more than 20,000 characters stand between brackets on one line"),
        (["id: a\x85\u2028\x0cb", "nothing"], 3, "expected a key and a colon, found 'nothing'"),
    ],
)
def test_what_is_not_read_is_told_with_its_line(lines: list[str], line: int, said: str) -> None:
    with pytest.raises(InvalidCatalogFile) as raised:
        read(*lines)
    assert raised.value.file == "a.mdx"
    assert raised.value.line == line or (not line and raised.value.line > 100)
    assert said in str(raised.value)


def test_front_matter_without_an_end_is_told() -> None:
    with pytest.raises(InvalidCatalogFile, match=r"a\.mdx:1: the front matter begins here and never ends"):
        front_matter("---\nid: a\n", "a.mdx")


@given(st.text(st.sampled_from("ab:- []{}\"'|>#&,\n\t"), max_size=60))
def test_any_text_is_read_or_an_error_with_its_file(text: str) -> None:
    with suppress(InvalidCatalogFile):
        front_matter(f"---\n{text}\n---\n", "a.mdx")


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=8)


@given(st.dictionaries(st.sampled_from(["a", "b", "c d"]), words | st.lists(words, max_size=3), max_size=3))
def test_what_is_quoted_comes_back_as_it_was(values: dict[str, str | list[str]]) -> None:
    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    lines: list[str] = []
    for key, value in values.items():
        lines.append(f"{key}: {quoted(value)}" if isinstance(value, str) else f"{key}:" + (" []" if not value else ""))
        if not isinstance(value, str):
            lines += [f"  - {quoted(one)}" for one in value]
    assert read(*lines) == values
