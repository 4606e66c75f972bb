"""Patterns and formats: what the engine is certain of, a validator says too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.schemas.formats import FORMATS, LENGTHS, fits
from leftfold.schemas.patterns import are_apart, matches, matching, matching_lengths
from tests.schemas.judging import is_valid

ATOMS = ("a", "[a-c]", "[^a]", r"\d", r"\.", ".", "(ab|c)", "(?:x|yy)", "-", "[0-9A-F_-]", r"\w")
REPEATS = ("", "", "*", "+", "?", "{2}", "{1,3}", "{2,}")
parts = st.builds("{}{}".format, st.sampled_from(ATOMS), st.sampled_from(REPEATS))
sequences = st.lists(parts, max_size=4).map("".join)
patterns = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "^"]),
    st.one_of(sequences, st.builds("{}|{}".format, sequences, sequences)),
    st.sampled_from(["", "$"]),
)
texts = st.text("abcxy.-019 F", max_size=6)


@given(patterns, texts)
def test_a_pattern_is_found_where_a_validator_finds_it(pattern: str, text: str) -> None:
    found = matches(pattern, text)
    assert found == is_valid({"pattern": pattern}, text)
    least, most = matching_lengths(pattern)
    if found:
        assert least <= len(text)
        assert most is None or len(text) <= most


@given(patterns)
def test_strings_are_made_that_a_pattern_is_found_in(pattern: str) -> None:
    made = list(matching(pattern))
    assert all(is_valid({"pattern": pattern}, text) for text in made)
    assert made


@pytest.mark.parametrize("pattern", ["^[A-Z]{3}$", r"^\d{4}-\d{2}$", "^(EUR|USD)$", r"^[^\s@]+@x\.org$", "a|b"])
def test_patterns_as_they_are_written_have_strings(pattern: str) -> None:
    assert next(matching(pattern), None) is not None


@pytest.mark.parametrize(
    "pattern", ["(?=a)", "(?i)a", r"\bword", r"(a)\1", r"\p{L}", "a**", "a*+", "[", "(", "[[a]]", "[a--b]", "^*", "{2}"]
)
def test_what_readers_read_differently_is_left_undecided(pattern: str) -> None:
    assert matches(pattern, "a") is None
    assert list(matching(pattern)) == []
    assert matching_lengths(pattern) == (0, None)


@pytest.mark.parametrize("text", ["\n", "a\n", "\u00e9", "\u0663", "\t"])
def test_a_text_that_is_not_plain_is_left_undecided(text: str) -> None:
    assert matches("^.$", text) is None


@pytest.mark.parametrize(
    ("pattern", "least", "most"),
    [
        ("^a{2,3}$", 2, 3),
        ("^a{2,}$", 2, None),
        ("a{2}", 2, None),
        ("^a{2}", 2, None),
        ("^(ab|c)d?$", 1, 3),
        ("^a$|bb", 1, None),
        ("^a*b$", 1, None),
    ],
)
def test_a_pattern_bounds_how_long_a_text_is(pattern: str, least: int, most: int | None) -> None:
    assert matching_lengths(pattern) == (least, most)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("^S_", "^I_", True),
        ("^ab", "^ac", True),
        ("^a", "^ab", False),
        ("^a?b", "^c", False),
        ("^a|b", "^c", False),
        ("^(a|b)", "^c", False),
        ("^.", "^c", False),
        ("a", "^c", False),
        ("^(?!x)a", "^c", False),
        ("^[ab]", "^c", False),
        ("^a{0}", "^c", False),
    ],
)
def test_patterns_are_apart_only_if_they_begin_with_other_letters(one: str, other: str, apart: bool) -> None:
    assert are_apart(one, other) == are_apart(other, one) == apart


@pytest.mark.parametrize(("format", "text"), [(format, text) for format, some in FORMATS.items() for text in some])
def test_what_is_given_for_a_format_is_of_it(format: str, text: str) -> None:
    assert fits(format, text)
    assert is_valid({"format": format}, text)
    least, most = LENGTHS.get(format, (0, None))
    assert least <= len(text)
    assert most is None or len(text) <= most


SPECIMENS = ["", " ", "?", "a", "0", "A ", "2024-02-30", "2024-02-29", "24:00", "P", "-3", "1e5", "a@b", "::", "1.2.3"]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("text", [*SPECIMENS, *(text for some in FORMATS.values() for text in some)])
def test_what_is_certain_of_a_format_a_validator_says_too(format: str, text: str) -> None:
    certain = fits(format, text)
    if format not in {"decimal", "local-date-time", "partial-time"}:
        assert certain in {None, is_valid({"format": format}, text)}


def test_every_format_has_a_text_that_is_certainly_not_of_it_but_for_those_of_anything() -> None:
    anything = {"regex", "iri-reference", "idn-email", "idn-hostname"}
    for format in FORMATS.keys() - anything:
        assert any(fits(format, text) is False for text in ("", " ", "?", " /")), format
