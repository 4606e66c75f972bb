"""Descriptors as files: one form, and errors that say where."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from leftfold.catalog import (
    SUFFIX,
    Catalog,
    Consumption,
    Descriptor,
    InvalidCatalogFile,
    NewerFormat,
    UnknownSubject,
    descriptors_in,
    dump_catalog,
    dump_descriptor,
    load_descriptors,
    subject_of,
    with_digest,
)
from leftfold.contexts import Context
from leftfold.errors import InvalidInput
from tests.catalog.companies import follows, tutorial

STRANGE = '{"kind": "partnership", "upstream": "b", "downstream": "c"}'


def loaded(text: str) -> tuple[Descriptor, ...]:
    return load_descriptors(text.encode(), "it.json")


def test_what_is_written_is_read_again_and_written_the_same() -> None:
    for one in tutorial().descriptors:
        text = dump_descriptor(one)
        [again] = loaded(text)
        assert again == with_digest(one)
        assert dump_descriptor(again) == text
        assert text.startswith('{\n  "descriptor": 1,\n  "name": "')
        assert text.endswith("}\n")


def test_a_catalog_has_a_line_for_each_context() -> None:
    text = dump_catalog(reversed(tutorial().descriptors))
    assert [line.split('"name":"')[1].split('"')[0] for line in text.splitlines()[1:-1]] == [
        *("Billing", "Customer", "Sales"),
    ]
    assert loaded(text) == tuple(with_digest(one) for one in tutorial().descriptors)


def test_a_descriptor_can_be_written_by_hand_in_any_order() -> None:
    [one] = loaded('{"team": "Finance", "name": "Billing of all", "descriptor": 1, "apis": ["POST /b", "GET /a"]}')
    assert (one.name, one.team, one.apis) == ("Billing of all", "Finance", ("POST /b", "GET /a"))


def test_the_digest_is_of_the_content_and_neither_of_order_nor_of_places() -> None:
    one = Descriptor(name="a", relations=(follows("a", "b"), follows("c", "a")), place="a.py:1")
    same = Descriptor(name="a", relations=(follows("c", "a"), follows("a", "b")), place="a.py:2")
    assert with_digest(one).digest == with_digest(same).digest
    assert with_digest(one).digest != with_digest(Descriptor(name="a", relations=one.relations[:1])).digest


@pytest.mark.parametrize(
    ("text", "line", "place", "said"),
    [
        ("{\n\n  nothing", 3, "", "JSON is malformed"),
        ('{"descriptor": 1}', 1, "", "missing required field `name`"),
        ('{"descriptor": 1, "name": 5}', 1, "$.name", "Expected `str`, got `int`"),
        ('{"descriptor": 1, "name": ""}', 1, "$.name", "a context has a name"),
        (r'{"descriptor": 1, "name": "a\nb"}', 1, "$.name", r"a name of one line, and 'a\nb' has a break"),
        ('{"descriptor": 0, "name": "a"}', 0, "", "there is no format 0"),
        ('{"name": "a"}', 0, "", 'a descriptor says "descriptor": 1'),
        ("[]", 1, "", "Expected `object`, got `array`"),
        ('{"descriptor": 1, "name": "a", "subdomain": "odd"}', 1, "$.subdomain", "Invalid enum value 'odd'"),
        ('{"descriptor": 1, "name": "a", "consumes": [{"event": 1}]}', 1, "$.consumes[0].event", "Expected `str`"),
        (
            '{"descriptor": 1, "name": "a", "consumes": [{"event": "e", "versions": "new"}]}',
            *(1, "$.consumes[0].versions", "'new' is no bound"),
        ),
        (
            '{"catalog": 1, "contexts": [{"name": "a", "relations": [' + STRANGE + "]}]}",
            *(1, "$.contexts[0].relations[0]", "a takes no part in it"),
        ),
        ('{"descriptor": 1, "name": "a", "digest": "sha256:0"}', 1, "$.digest", "export it again"),
        ('{"descriptor": 1,\n"name": "a",\n"glossary": {"a": "}",\n"b":\n2}}', 3, "$.glossary[...]", "Expected `str`"),
        (
            '{"descriptor": 1,\n"name": "a", "publishes": [{"name": "b"},\n{"name"\n: 1}]}',
            4,
            "$.publishes[1].name",
            "got",
        ),
        ('{"descriptor": 1, "name": "a", "publishes": [\n\n', 3, "", "truncated"),
        ('\n\n["a"]', 1, "", "Expected `object`, got `array`"),
        (
            '{"descriptor": 1,\n"name": "a",\n"colour": "blue"}',
            3,
            "$.colour",
            "'colour' says nothing here; leave it out",
        ),
        ('{"descriptor": 1, "name": "a", "publish": []}', 1, "$.publish", "write publishes"),
        (
            '{"catalog": 1, "contexts": [{"name": "a",\n"consumes": [{"event": "e",\n"read": []}]}]}',
            *(3, "$.contexts[0].consumes[0].read", "write reads"),
        ),
        (
            '{"descriptor": 1, "name": "a", "relations": [{"kind": "partnership", "upstream": "a", "down": "c"}]}',
            *(1, "$.relations[0].down", "'down' says nothing here"),
        ),
        (
            '{"descriptor": 1, "name": "a", "consumes": [{"event": "e",\n"reads": ["/b", "amount"]}]}',
            *(2, "$.consumes[0].reads", "'amount' is no JSON pointer; write '/amount'"),
        ),
        (
            '{"descriptor": 1, "name": "a", "publishes": [{"name": "e",\n"fields": {"b": "string"}}]}',
            *(2, "$.publishes[0].fields", "'b' is no JSON pointer; write '/b'"),
        ),
        (
            '{"descriptor": 1, "name": "a", "publishes": [{"name": "e", "sunset": "soon"}]}',
            *(1, "$.publishes[0].sunset", "'soon' is no day; write it as 2027-01-31"),
        ),
        (
            '{"descriptor": 1, "name": "a", "publishes": [{"name": "e", "version": 0}]}',
            *(1, "$.publishes[0].version", "versions count from 1"),
        ),
        (
            '{"descriptor": 1, "name": "a", "publishes": [{"name": ""}]}',
            1,
            "$.publishes[0].name",
            "an event has a name",
        ),
        ('{"catalog": 1, "context": [], "contexts": []}', 1, "$.context", "write contexts"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, line: int, place: str, said: str) -> None:
    with pytest.raises(InvalidCatalogFile) as raised:
        loaded(text)
    error = raised.value
    assert (error.file, error.line, error.place) == ("it.json", line, place)
    assert said in str(error)
    assert str(error).startswith(f"it.json{f':{line}' if line else ''}")


def test_a_byte_order_mark_is_passed_over() -> None:
    assert load_descriptors(b'\xef\xbb\xbf{"descriptor": 1, "name": "a"}', "it.json") == (Descriptor(name="a"),)


def test_text_that_is_no_utf_8_is_told_with_its_line() -> None:
    with pytest.raises(InvalidCatalogFile) as raised:
        load_descriptors(b'{"descriptor": 1,\n "name": "\xff"}', "it.json")
    assert raised.value.reason


@pytest.mark.parametrize("text", ['{"descriptor": 2, "name": "a"}', '{"catalog": 2, "contexts": 7}'])
def test_a_newer_format_is_an_error_of_its_own(text: str) -> None:
    with pytest.raises(NewerFormat) as raised:
        loaded(text)
    assert (raised.value.found, raised.value.known) == (2, 1)
    assert "use a newer Leftfold" in str(raised.value)


def test_folders_are_searched_for_descriptors_and_other_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "other.json").write_text("no descriptor")
    file = tmp_path / "deep" / "er" / f"a{SUFFIX}"
    file.write_text(dump_descriptor(Descriptor(name="a", consumes=(Consumption(event="e"),))))
    [(found, [one])] = descriptors_in([tmp_path])
    assert (found, one.name) == (file, "a")


def test_a_path_may_be_a_text_and_one_path_is_no_list_of_paths(tmp_path: Path) -> None:
    file = tmp_path / f"a{SUFFIX}"
    file.write_text(dump_descriptor(Descriptor(name="a")))
    for path in (str(tmp_path), str(file)):
        assert [(found, one.name) for found, [one] in descriptors_in([path])] == [(file, "a")]
        for single in (path, Path(path)):
            with pytest.raises(InvalidInput, match="is given one path; give a list of paths"):
                list(descriptors_in(cast("list[Path]", single)))


def test_what_is_no_descriptor_is_in_no_catalog_and_what_is_no_text_names_nothing_there() -> None:
    with pytest.raises(InvalidInput, match=r"Catalog takes descriptors, and Context\('a'\) is none; .*descriptors_of"):
        Catalog(cast("list[Descriptor]", [Context("a")]))
    with pytest.raises(UnknownSubject, match="is no text; give the name of what is to change"):
        subject_of(Catalog([]), cast("str", None))


def test_a_folder_without_descriptors_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidCatalogFile, match=r"no file in it is a descriptor; .* \.context\.json"):
        list(descriptors_in([tmp_path]))
