"""What a published language may do to its lock, and what blocks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

import jsonschema_rs
import msgspec
import pytest
from msgspec import Meta

from leftfold import IntegrationEvent
from leftfold.integration.language_check import language_findings
from leftfold.integration.language_finding import Reading
from leftfold.integration.language_lock import Accepted, LanguageLock, lock_of_languages
from leftfold.integration.message_schemas import message_schema
from leftfold.schemas import Compatibility
from tests.integration.sales import (
    TODAY,
    Coded,
    Coded2,
    FewerV3,
    PartsV1,
    PartsV2,
    PlacedV1,
    PlacedV2,
    PlacedV3,
    PlacedV4,
    ReadsNote,
    ReadsParts,
    ReadsStrictly,
    RenamedV2,
    TotalBackV3,
    TotalGoneV2,
    changes,
    found,
    locked,
    speaking,
)

PLACED = "acme.sales.placed"


def test_what_is_as_it_was_locked_has_no_findings() -> None:
    assert language_findings(locked(PlacedV1, PlacedV2), [speaking(PlacedV1, PlacedV2)], (), TODAY) == ()


def test_what_is_not_locked_yet_is_noted_and_does_not_block() -> None:
    (note,) = language_findings(LanguageLock(), [speaking(PlacedV1)], (), TODAY)
    assert (note.rule, note.version, note.severity, note.blocks) == ("version-unlocked", 1, "note", False)


def test_an_optional_field_may_be_added_in_a_new_version() -> None:
    assert found(locked(PlacedV1), speaking(PlacedV1, PlacedV2)) == ()


def test_a_rename_breaks_in_both_directions_with_a_document_that_shows_it() -> None:
    findings = found(locked(PlacedV1), speaking(PlacedV1, RenamedV2))
    assert {(one.direction, one.rule, one.path) for one in findings} == {
        ("backward", "required-property-added", "/sum"),
        ("forward", "required-property-removed", "/total"),
    }
    for one in findings:
        assert (one.blocks, one.against, one.version) == (True, 1, 2)
        writer, reader = (PlacedV1, RenamedV2) if one.direction == "backward" else (RenamedV2, PlacedV1)
        witness = msgspec.json.decode(one.witness)
        jsonschema_rs.validator_for(dict(message_schema(writer))).validate(witness)
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(witness, reader)
        assert "looks like a rename" in one.message


@pytest.mark.parametrize(
    ("mode", "against"),
    [
        (Compatibility.NONE, set[int]()),
        (Compatibility.BACKWARD, {2}),
        (Compatibility.BACKWARD_TRANSITIVE, {1, 2}),
        (Compatibility.FORWARD, set[int]()),
        (Compatibility.FULL, {2}),
        (Compatibility.FULL_TRANSITIVE, {1, 2}),
    ],
)
def test_the_mode_says_with_which_versions_and_which_way_a_new_one_is_compared(
    mode: Compatibility, against: set[int]
) -> None:
    lock = locked(PlacedV1, PlacedV2, mode=mode)
    assert {one.against for one in found(lock, speaking(PlacedV1, PlacedV2, PlacedV3, mode=mode))} == against


def test_a_weaker_mode_than_was_promised_blocks() -> None:
    (one,) = found(locked(PlacedV1), speaking(PlacedV1, mode=Compatibility.NONE))
    assert (one.rule, one.type, one.blocks) == ("mode-changed", "acme.sales", True)
    assert "full-transitive was promised" in one.message


def test_the_schema_of_a_locked_version_never_changes() -> None:
    class Placed(IntegrationEvent, name=PLACED, version=1):
        id: str
        total: int
        note: str | None = None
        more: int = 0

    (one,) = found(locked(PlacedV1), speaking(Placed))
    assert (one.id, one.blocks) == (f"{PLACED}@1 schema-changed", True)


def test_a_change_of_what_is_locked_that_somebody_let_pass_lets_no_other_change_pass() -> None:
    class More(IntegrationEvent, name=PLACED, version=1):
        id: str
        total: int
        note: str | None = None
        more: int = 0

    class Less(IntegrationEvent, name=PLACED, version=1):
        id: int

    first = speaking(More, sunset={1: TODAY + timedelta(days=9)}, mode=Compatibility.FORWARD)
    before = locked(PlacedV1, sunset={1: TODAY + timedelta(days=10)})
    accepted = [Accepted(finding=one.change, reason="asked") for one in found(before, first)]
    assert [one.blocks for one in found(msgspec.structs.replace(before, accepted=tuple(accepted)), first)] == [
        False
    ] * 3
    lock = lock_of_languages([first], before, accepted)
    assert found(lock, first) == ()
    second = speaking(Less, sunset={1: TODAY + timedelta(days=1)}, mode=Compatibility.NONE)
    again = found(lock, second)
    assert {one.rule for one in again} == {"mode-changed", "schema-changed", "sunset-moved"}
    assert all(one.blocks for one in again)


def test_of_a_locked_version_words_for_people_may_change_and_a_default_may_not() -> None:
    class Placed(IntegrationEvent, name=PLACED, version=2):
        """Words for people."""

        id: str
        total: int
        note: str | None = None
        channel: Annotated[str, Meta(title="Channel", description="Where it was placed", examples=["web"])] = "web"

    class Shop(IntegrationEvent, name=PLACED, version=2):
        id: str
        total: int
        note: str | None = None
        channel: str = "shop"

    class Later(Shop, name=PLACED, version=3):
        pass

    lock = locked(PlacedV1, PlacedV2)
    assert found(lock, speaking(PlacedV1, Placed)) == ()
    (one,) = found(lock, speaking(PlacedV1, Shop))
    assert (one.id, one.blocks) == (f"{PLACED}@2 schema-changed", True)
    assert found(lock, speaking(PlacedV1, PlacedV2, Later)) == ()


@pytest.mark.parametrize(
    ("sunset", "rule", "blocks"),
    [
        (None, "version-vanished", True),
        (TODAY + timedelta(days=1), "version-vanished", True),
        (TODAY, "version-gone", False),
        (TODAY - timedelta(days=1), "version-gone", False),
    ],
)
def test_a_locked_version_is_there_until_the_sunset_that_was_locked(
    sunset: date | None, rule: str, *, blocks: bool
) -> None:
    lock = locked(PlacedV1, PlacedV2, sunset={} if sunset is None else {1: sunset})
    (one,) = found(lock, speaking(PlacedV2))
    assert (one.rule, one.version, one.blocks) == (rule, 1, blocks)


def test_what_is_gone_after_its_sunset_is_compared_with_nothing_any_more() -> None:
    lock = locked(PlacedV1, PlacedV2, sunset={1: TODAY}, mode=Compatibility.FORWARD_TRANSITIVE)
    now = speaking(PlacedV2, FewerV3, mode=Compatibility.FORWARD_TRANSITIVE)
    assert [one.rule for one in found(lock, now)] == ["version-gone"]


def test_a_sunset_that_nobody_was_told_of_lets_nothing_go() -> None:
    (one,) = found(locked(PlacedV1, PlacedV2), speaking(PlacedV2, sunset={1: date(2020, 1, 1)}))
    assert (one.rule, one.blocks) == ("version-vanished", True)


def test_a_sunset_may_be_later_than_promised_and_never_sooner() -> None:
    day = TODAY + timedelta(days=90)
    lock = locked(PlacedV1, sunset={1: day})
    assert found(lock, speaking(PlacedV1, sunset={1: day + timedelta(days=1)})) == ()
    (sooner,) = found(lock, speaking(PlacedV1, sunset={1: day - timedelta(days=1)}))
    (now,) = found(locked(PlacedV1), speaking(PlacedV1, sunset={f"{PLACED}@1": TODAY}))
    assert [(one.rule, one.blocks) for one in (sooner, now)] == [("sunset-moved", True)] * 2


def test_a_removed_name_never_comes_back_with_another_type_even_when_its_version_is_gone() -> None:
    mode = Compatibility.NONE
    first = speaking(PlacedV1, TotalGoneV2, mode=mode)
    lock = lock_of_languages([first], LanguageLock())
    for _ in range(2):  # the second time, the version that had the field is in no lock any more
        lock = lock_of_languages([speaking(TotalGoneV2, mode=mode)], lock)
    assert set(lock.languages["acme.sales"].types[PLACED].removed) == {"/note", "/total"}
    (one,) = found(lock, speaking(TotalGoneV2, TotalBackV3, mode=mode))
    assert (one.rule, one.path, one.blocks) == ("removed-name-reused", "/total", True)


def test_a_version_that_means_something_else_breaks_although_its_schema_fits() -> None:
    meaning = {f"{PLACED}@2": "total is net of tax now"}
    (one,) = found(locked(PlacedV1), speaking(PlacedV1, PlacedV2, semantic_breaks=meaning))
    assert (one.rule, one.against, one.blocks) == ("semantic-break", 1, True)
    assert "total is net of tax now" in one.message


def test_what_cannot_be_decided_blocks_until_the_lock_says_why_it_may_pass() -> None:
    lock = locked(Coded)
    now = speaking(Coded, Coded2)
    undecided = found(lock, now)
    assert {(one.rule, one.path, one.blocks) for one in undecided} == {("undecided", "/code", True)}
    accepted = [Accepted(finding=one.id, reason="both are a to z") for one in undecided[:1]]
    passed = found(msgspec.structs.replace(lock, accepted=tuple(accepted)), now)
    assert changes(passed) == changes([*undecided[1:], undecided[0]])
    assert [one.blocks for one in passed] == [True] * (len(undecided) - 1) + [False]
    assert passed[-1].accepted == "both are a to z"


def test_a_view_that_reads_what_a_new_version_has_no_more_is_told() -> None:
    reading = Reading("billing", ReadsNote)
    assert found(locked(PlacedV1, PlacedV2), speaking(PlacedV1, PlacedV2, FewerV3)) == ()
    (one,) = found(locked(PlacedV1, PlacedV2), speaking(PlacedV1, PlacedV2, FewerV3), [reading])
    assert (one.rule, one.reader, one.path, one.version) == ("read-field-removed", "billing.ReadsNote", "/note", 3)
    assert one.blocks


def test_a_view_is_held_to_what_it_reads_inside_of_what_it_reads() -> None:
    reading = Reading("billing", ReadsParts)
    assert found(locked(PartsV1), speaking(PartsV1), [reading]) == ()
    gone = found(locked(PartsV1), speaking(PartsV1, PartsV2), [reading])
    assert [(one.rule, one.path, one.version) for one in gone] == [
        ("read-field-removed", "/gift", 2),
        ("read-field-removed", "/lines/*/note", 2),
    ]


def test_a_part_of_a_view_that_forbids_unknown_fields_does_not_read_more_than_it_has() -> None:
    reading = Reading("billing", ReadsStrictly)
    (one,) = found(locked(PartsV1, PartsV2), speaking(PartsV1, PartsV2), [reading])
    assert (one.rule, one.path, one.version) == ("additional-properties-closed", "/lines/*/note", 1)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(one.witness, type=ReadsStrictly)


def test_a_language_that_nobody_speaks_any_more_has_vanished() -> None:
    findings = language_findings(locked(PlacedV1, PlacedV2), [], (), TODAY)
    assert changes(findings) == [f"{PLACED}@1 version-vanished", f"{PLACED}@2 version-vanished"]


def test_a_version_that_is_put_before_a_locked_one_is_compared_with_it() -> None:
    before = locked(PlacedV1, FewerV3)
    assert found(before, speaking(PlacedV1, PlacedV2, FewerV3)) == ()
    findings = found(before, speaking(PlacedV1, RenamedV2, FewerV3))
    assert {(one.version, one.against) for one in findings} == {(2, 1), (3, 2)}
    last_only = found(
        locked(FewerV3, PlacedV4, mode=Compatibility.FULL),
        speaking(RenamedV2, FewerV3, PlacedV4, mode=Compatibility.FULL),
    )
    assert {(one.version, one.against) for one in last_only} == {(3, 2)}


def test_two_new_versions_are_compared_with_each_other_too() -> None:
    findings = found(LanguageLock(), speaking(PlacedV1, RenamedV2))
    assert {one.against for one in findings} == {1}
    assert len(findings) == 2
