from __future__ import annotations

import re

from tests.conftest import ROOT


def test_the_glossary_is_in_alphabetical_order_and_says_each_word_once() -> None:
    words: list[str] = re.findall(r"^([^\n]+)\n: ", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    assert len(words) > 1
    assert words == sorted(set(words), key=str.casefold)
