"""`leftfold schema` about published languages: lock, check --lock, show, diff and export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Leftfold, Ran
from tests.cli.languages import PLACE


class Schema:
    """The verb, with a lock in a folder of its own."""

    def __init__(self, leftfold: Leftfold, folder: Path) -> None:
        self.file = folder / "language.lock"
        self._leftfold = leftfold

    def __call__(self, action: str, app: str, *more: str) -> Ran:
        lock = ("--lock", str(self.file)) if action in {"check", "lock"} else ()
        return self._leftfold("schema", action, *more, *lock, "--app", f"{PLACE}:{app}")


@pytest.fixture
def schema(leftfold: Leftfold, tmp_path: Path) -> Schema:
    return Schema(leftfold, tmp_path)


def test_a_lock_is_written_and_the_same_app_passes_its_check(schema: Schema) -> None:
    ran = schema("lock", "first")
    assert (ran.code, ran.out) == (0, f"1 version locked in {schema.file}\n")
    ran = schema("check", "first")
    assert (ran.code, ran.out) == (0, "0 findings, 0 blocking\n")
    before = schema.file.read_bytes()
    assert schema("lock", "first").code == 0
    assert schema.file.read_bytes() == before


def test_a_version_that_fits_passes_and_is_noted_until_it_is_locked(schema: Schema) -> None:
    schema("lock", "first")
    ran = schema("check", "fitting", "--json")
    assert (ran.code, [(one["rule"], one["severity"]) for one in ran.lines]) == (0, [("version-unlocked", "note")])
    assert schema("lock", "fitting").code == 0
    assert schema("check", "fitting").out == "0 findings, 0 blocking\n"


def test_a_version_that_does_not_fit_blocks_check_and_lock_with_path_and_witness(schema: Schema) -> None:
    schema("lock", "first")
    before = schema.file.read_bytes()
    ran = schema("check", "renamed", "--json")
    breaks = {(one["direction"], one["rule"], one["path"]) for one in ran.lines if "direction" in one}
    assert ran.code == 1
    assert breaks == {
        ("backward", "required-property-added", "/order"),
        ("forward", "required-property-removed", "/id"),
    }
    assert all(json.loads(str(one["witness"])) is not None for one in ran.lines if "direction" in one)
    places = {str(one["place"]).rpartition(":")[0] for one in ran.lines}
    assert [place.endswith(".py") for place in places] == [True], "the class is named with its line"
    for_people = schema("check", "renamed")
    assert for_people.code == 1
    assert "error: acme.shop.placed@2 required-property-added backward v1 /order: who reads v2" in for_people.out
    refused = schema("lock", "renamed")
    assert (refused.code, "nothing was locked" in refused.err) == (1, True)
    assert schema.file.read_bytes() == before


def test_what_somebody_accepts_with_a_reason_passes_from_then_on(schema: Schema) -> None:
    schema("lock", "first")
    ran = schema("lock", "renamed", "--accept", "all readers were asked")
    assert (ran.code, "2 findings accepted" in ran.out) == (0, True)
    read: Any = json.loads(schema.file.read_text())
    assert {one["reason"] for one in read["accepted"]} == {"all readers were asked"}
    assert schema("check", "renamed").code == 0


@pytest.mark.parametrize(
    ("app", "why"), [("vetoed", "reader has a veto at shop"), ("partnered", "reader is a partner of shop")]
)
def test_a_break_needs_a_customer_with_a_veto_and_a_partner_to_agree(schema: Schema, app: str, why: str) -> None:
    schema("lock", "first")
    before = schema.file.read_bytes()
    checked = schema("check", app)
    assert (checked.code, checked.out.splitlines()[-1]) == (1, f"needs the agreement of Readers: {why}")
    refused = schema("lock", app, "--accept", "it is shorter")
    assert (refused.code, f"Readers ({why})" in refused.err, schema.file.read_bytes()) == (2, True, before)
    stranger = schema("lock", app, "--accept", "it is shorter", "--agreed", "Readers", "--agreed", "Yard")
    assert (stranger.code, "--agreed Yard: the map asks for Readers" in stranger.err) == (2, True)
    assert schema("lock", app, "--accept", "it is shorter", "--agreed", "Readers").code == 0
    read: Any = json.loads(schema.file.read_text())
    assert {one["reason"] for one in read["accepted"]} == {"it is shorter; agreed: Readers"}
    assert schema("check", app).code == 0
    assert "agreement" not in schema("check", app).out


def test_a_customer_without_a_veto_is_not_asked(schema: Schema) -> None:
    schema("lock", "first")
    assert "agreement" not in schema("check", "unvetoed").out
    assert schema("lock", "unvetoed", "--accept", "it is shorter").code == 0


def test_to_agree_goes_with_what_is_accepted(schema: Schema) -> None:
    ran = schema("lock", "first", "--agreed", "Readers")
    assert (ran.code, "--agreed names a team" in ran.err) == (2, True)


@pytest.mark.parametrize(("app", "rule"), [("tampered", "schema-changed"), ("withdrawn", "version-vanished")])
def test_what_was_promised_stays(schema: Schema, app: str, rule: str) -> None:
    schema("lock", "first")
    ran = schema("check", app, "--json")
    assert (ran.code, ran.lines[0]["rule"], ran.lines[0]["version"]) == (1, rule, 1)


def test_what_was_promised_is_checked_although_a_view_of_the_same_app_breaks(schema: Schema) -> None:
    schema("lock", "first")
    before = schema.file.read_bytes()
    ran = schema("check", "retyped", "--json")
    assert (ran.code, {one["rule"] for one in ran.lines} >= {"schema-changed"}) == (1, True)
    assert "--app 'tests.cli.languages:retyped': " in ran.err
    assert "NoteView" in ran.err, "the view that breaks is told, too"
    assert "needs the agreement of Readers: reader has a veto at shop" in schema("check", "retyped").out
    refused = schema("lock", "retyped", "--accept", "all readers were asked", "--agreed", "Readers")
    assert (refused.code, "NoteView" in refused.err, schema.file.read_bytes()) == (2, True, before)


def test_an_app_that_is_broken_otherwise_and_keeps_what_was_promised_is_no_app(schema: Schema) -> None:
    schema("lock", "first")
    ran = schema("check", "unheard")
    assert (ran.code, ran.out, "nothing.here" in ran.err) == (2, "", True)


def test_after_its_sunset_a_version_may_go(schema: Schema) -> None:
    schema("lock", "fitting")
    refused = schema("lock", "sunset")
    assert (refused.code, "sunset-moved" in refused.out) == (1, True)
    schema("lock", "sunset", "--accept", "nobody reads it")
    ran = schema("check", "withdrawn", "--json")
    assert (ran.code, [one["rule"] for one in ran.lines]) == (0, ["version-gone"])


def test_show_prints_a_schema_of_the_newest_version_or_of_one(schema: Schema) -> None:
    newest, old = (json.loads(schema("show", "fitting", f"acme.shop.placed{at}").out) for at in ("", "@1"))
    assert (newest["$id"], sorted(newest["properties"])) == ("acme.shop.placed/2", ["id", "note", "total"])
    assert (old["$id"], sorted(old["properties"])) == ("acme.shop.placed/1", ["id", "note"])
    assert old["additionalProperties"] is False


def test_diff_says_which_way_two_versions_fit(schema: Schema) -> None:
    ran = schema("diff", "fitting", "acme.shop.placed@1", "acme.shop.placed@2")
    assert (ran.code, ran.out) == (0, "backward: compatible\nforward: compatible\n")
    ran = schema("diff", "renamed", "acme.shop.placed@1", "acme.shop.placed@2", "--json")
    assert (ran.code, [one["direction"] for one in ran.lines]) == (1, ["backward", "forward"])
    ran = schema("diff", "renamed", "acme.shop.placed@1", "acme.shop.placed@2")
    assert ran.out.splitlines()[-2:] == ["backward: 1 finding", "forward: 1 finding"]


def test_diff_compares_files_too_without_an_app(leftfold: Leftfold, tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text('{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}')
    new.write_text('{"type": "object", "properties": {"n": {"type": "number"}}, "required": ["n"]}')
    ran = leftfold("schema", "diff", str(old), str(new), "--json")
    assert (ran.code, [(one["direction"], one["rule"]) for one in ran.lines]) == (1, [("forward", "type-widened")])


def test_diff_takes_numbers_as_the_files_say_them(leftfold: Leftfold, tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text('{"const": 0.10000000000000000001}')
    new.write_text('{"maximum": 0.1}')
    ran = leftfold("schema", "diff", str(old), str(new), "--json")
    assert (ran.code, [one["witness"] for one in ran.lines if one["rule"] == "maximum-lowered"]) == (
        1,
        ["0.10000000000000000001"],
    )


def test_export_describes_the_channels_of_a_context(schema: Schema) -> None:
    shop = json.loads(schema("export", "fitting", "shop").out)
    reader = json.loads(schema("export", "fitting", "reader").out)
    assert shop["info"]["title"] == "shop"
    assert {one["action"] for one in shop["operations"].values()} == {"send"}
    assert {one["action"] for one in reader["operations"].values()} == {"receive"}
    assert schema("export", "fitting", "shop", "--json").lines == [shop]


def test_a_schema_as_json_is_one_line(schema: Schema) -> None:
    shown = schema("show", "fitting", "acme.shop.placed")
    assert schema("show", "fitting", "acme.shop.placed", "--json").lines == [json.loads(shown.out)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "first"), "there is no lock"),
        (("lock", "mute"), "no context of this app has a language"),
        (("lock", "first", "--accept", " "), "--accept says why"),
        (("check", "first", "--accept", "x"), "goes with `schema lock` alone"),
        (("show", "first"), "takes TYPE or TYPE@VERSION, not nothing"),
        (("show", "first", "acme.shop.paid"), "nothing here publishes 'acme.shop.paid'; there is acme.shop.placed"),
        (("show", "first", "acme.shop.placed@2"), "there is acme.shop.placed@1"),
        (("show", "first", "acme.shop.placed@two"), "is not published"),
        (("show", "first", "acme.shop.placed@" + "9" * 5000), "is not published"),
        (("show", "first", "acme.shop.placed@\u0661"), "is not published"),
        (("diff", "first", "acme.shop.placed@1"), "takes OLD and NEW"),
        (("export", "first"), "which context? Name one: shop, reader"),
        (("export", "first", "other"), "which context?"),
    ],
)
def test_what_cannot_be_done_is_refused(schema: Schema, arguments: tuple[str, ...], said: str) -> None:
    ran = schema(*arguments)
    assert (ran.code, said in ran.err, ran.out) == (2, True, "")
    assert not schema.file.exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"type": 5}', '{"not": ' * 100_000, '{"type": "null", "type": "string"}'])
def test_a_file_that_holds_no_schema_is_refused(leftfold: Leftfold, tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(text)
    ran = leftfold("schema", "diff", str(file), str(file))
    assert (ran.code, f"{file} holds no JSON Schema" in ran.err) == (2, True)


def test_a_lock_that_cannot_be_read_is_an_error_that_names_the_file(schema: Schema) -> None:
    schema.file.write_text("<<<<<<<")
    for action in ("check", "lock"):
        ran = schema(action, "first")
        assert (ran.code, f"{schema.file}: the language lock cannot be read" in ran.err) == (1, True)
    assert schema.file.read_text() == "<<<<<<<"


def test_a_lock_is_written_where_its_link_leads_and_is_as_readable_as_any_file(schema: Schema) -> None:
    kept = schema.file.parent / "kept" / "language.lock"
    kept.parent.mkdir()
    schema.file.symlink_to(kept)
    assert schema("lock", "first").code == 0
    assert schema.file.is_symlink()
    plain = schema.file.parent / "plain"
    plain.touch()
    assert kept.stat().st_mode == plain.stat().st_mode
    assert list(kept.parent.iterdir()) == [kept]


def test_a_lock_that_cannot_be_written_is_an_error(schema: Schema) -> None:
    schema.file = schema.file.parent / "missing" / "language.lock"
    ran = schema("lock", "first")
    assert (ran.code, "No such file or directory" in ran.err, "Traceback" in ran.err) == (1, True, False)
    schema.file = schema.file.parent.parent
    ran = schema("lock", "first")
    assert (ran.code, str(schema.file) in ran.err, "Traceback" in ran.err) == (1, True, False)
