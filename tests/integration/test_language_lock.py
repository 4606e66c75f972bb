"""The file of a language lock: the same text for the same promise, and nothing read from another."""

from __future__ import annotations

import json
import random
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold import DefinitionError
from leftfold.integration import Accepted, LanguageLock, dump_language_lock, load_language_lock
from leftfold.integration.language_lock import lock_of_languages
from tests.integration.sales import Coded, PlacedV1, PlacedV2, RenamedV2, speaking

BREAKS = {"acme.sales.placed@2": "net of tax"}
SPOKEN = speaking(PlacedV1, PlacedV2, Coded, sunset={1: date(2026, 9, 1)}, semantic_breaks=BREAKS)
LOCK = lock_of_languages(
    [SPOKEN], LanguageLock(), [Accepted(finding="b", reason="x"), Accepted(finding="a", reason="y")]
)
TEXT = dump_language_lock(LOCK)


@given(st.permutations([PlacedV1, PlacedV2, Coded]))
def test_the_text_is_the_same_in_whatever_order_things_are_declared(events: list[type[PlacedV1]]) -> None:
    spoken = speaking(*events, sunset={1: date(2026, 9, 1)}, semantic_breaks=BREAKS)
    assert dump_language_lock(lock_of_languages([spoken], LanguageLock(), LOCK.accepted)) == TEXT


def test_it_holds_mode_schemas_digests_sunsets_breaks_and_what_is_accepted() -> None:
    read = json.loads(TEXT)
    language = read["languages"]["acme.sales"]
    versions = language["types"]["acme.sales.placed"]["versions"]
    assert (language["mode"], language["context"]) == ("full-transitive", "sales")
    assert versions["1"]["sunset"] == "2026-09-01"
    assert versions["2"]["semantic_break"] == "net of tax"
    assert versions["2"]["schema"]["properties"].keys() == {"id", "total", "note", "channel"}
    assert versions["1"]["digest"].startswith("sha256:")
    assert [one["finding"] for one in read["accepted"]] == ["a", "b"]
    assert TEXT.endswith("}\n")


def test_what_is_written_reads_back_as_it_was() -> None:
    assert load_language_lock(TEXT) == LOCK
    assert dump_language_lock(load_language_lock(TEXT)) == TEXT


def test_fields_that_are_gone_are_remembered_and_those_of_today_are_not() -> None:
    lock = lock_of_languages([speaking(RenamedV2)], lock_of_languages([speaking(PlacedV1)], LanguageLock()))
    assert set(lock.languages["acme.sales"].types["acme.sales.placed"].removed) == {"/total"}


@given(st.integers(0, len(TEXT) - 1), st.randoms(use_true_random=False))
def test_a_lock_that_was_damaged_is_read_as_it_was_or_refused(at: int, chance: random.Random) -> None:
    damaged = TEXT[:at] + chance.choice("0aZ}\n<") + TEXT[at + 1 :]
    if (read := read_or_refused(damaged)) is not None:
        assert digests(read) <= digests(LOCK)


def read_or_refused(text: str) -> LanguageLock | None:
    try:
        return load_language_lock(text)
    except DefinitionError:
        return None


def digests(lock: LanguageLock) -> set[str]:
    types = [one for language in lock.languages.values() for one in language.types.values()]
    return {version.digest for one in types for version in one.versions.values()}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "cannot be read"),
        ("<<<<<<< ours", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"languages": {}, "accepted": [], "form": 2}', "has form 2"),
        ('{"languages": {}, "accepted": [], "form": 2, "more": 1}', "has form 2"),
        ('{"languages": {}, "accepted": [], "more": 1}', "more"),
        ('{"languages": {}, "languages": {}}', "'languages' twice"),
        (TEXT.replace('"2": {', '"1": {', 1), "twice"),
        (TEXT.replace('"1": {', '"' + "9" * 5000 + '": {', 1), "is no version"),
        (TEXT.replace('"full-transitive"', '"sometimes"'), "sometimes"),
        (TEXT.replace('"note"', '"remark"', 1), "another schema of acme.sales.placed@1"),
        (TEXT.replace('"2026-09-01"', '"soon"'), "Invalid RFC3339"),
        (TEXT.replace('"1": {', '"one": {', 1), "'one' is no version"),
    ],
)
def test_another_text_is_refused_with_what_to_do(text: str, said: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        load_language_lock(text)
    assert said in str(caught.value)


def test_a_lock_of_deep_nesting_is_refused() -> None:
    with pytest.raises(DefinitionError, match="cannot be read"):
        load_language_lock('{"languages": ' + '{"a": ' * 100_000)
