"""A baseline accepts findings for a while, each with a reason, and shows when it is not needed any more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leftfold.borders import GRACE, Accepted, accepting, against, dump_baseline, load_baseline
from leftfold.contexts import Finding
from leftfold.errors import InvalidBaseline

TODAY = date(2026, 11, 1)
WRONG = Finding(rule="no-relation", contexts=("a", "b"), message="a takes it", subject="a -> b", found_at="a.py:1")
TEXT = """
[[accepted]]
rule = "no-relation"
contexts = ["a", "b"]
subject = "a -> b"
reason = "until the new API is there"
until = 2027-01-31
"""
texts = st.text(st.characters(codec="utf-8"))


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def entry(until: date) -> Accepted:
    return Accepted(
        rule=WRONG.rule,
        contexts=WRONG.contexts,
        subject=WRONG.subject,
        reason="later",
        until=until,
        place="base.toml:2",
    )


def test_what_is_accepted_is_not_told_before_its_day() -> None:
    other = Finding(rule="no-team", contexts=("a",), message="nobody")
    left = against([WRONG, other], [entry(TODAY + timedelta(days=1))], TODAY)
    assert left == (other,)


def test_from_its_day_on_it_is_told_and_says_that_it_was_accepted() -> None:
    (left,) = against([WRONG], [entry(TODAY)], TODAY)
    assert left.rule == WRONG.rule
    assert left.message == "a takes it (accepted until 2026-11-01: later; that is over)"


@pytest.mark.parametrize("field", ["rule", "contexts", "subject"])
def test_a_finding_is_accepted_only_if_rule_contexts_and_subject_are_its_own(field: str) -> None:
    from msgspec.structs import replace

    other = replace(WRONG, **{field: ("c",) if field == "contexts" else "other"})
    assert other in against([other], [entry(date.max)], TODAY)


def test_a_finding_whose_lines_moved_is_still_accepted() -> None:
    from msgspec.structs import replace

    moved = replace(WRONG, found_at="a.py:99", declared_at="map.py:3", message="said otherwise")
    assert against([moved], [entry(date.max)], TODAY) == ()


@pytest.mark.parametrize("until", [TODAY, date.max])
def test_an_entry_that_nothing_is_found_for_is_a_warning(until: date) -> None:
    (left,) = against([], [entry(until)], TODAY)
    assert (left.rule, left.severity, left.declared_at) == ("baseline-unused", "warning", "base.toml:2")


@pytest.mark.parametrize("name", ["base.toml", "base.json"])
def test_a_baseline_that_is_written_needs_reasons_before_it_can_be_read(tmp_path: Path, name: str) -> None:
    note = Finding(rule="not-seen", contexts=("a",), message="", severity="note")
    made = accepting([WRONG, note], (), TODAY)
    assert [(one.key, one.reason, one.until) for one in made] == [
        ((WRONG.rule, WRONG.contexts, WRONG.subject), "", TODAY + GRACE)
    ]
    path = written(tmp_path / name, dump_baseline(made, tmp_path / name))
    with pytest.raises(InvalidBaseline, match=rf"{name}:\d+: reason is empty; say why") as told:
        load_baseline(path)
    line = int(str(told.value).removeprefix(f"{path}:").partition(":")[0])
    assert path.read_text().splitlines()[line - 1].strip() in ("[[accepted]]", "{")


def test_what_is_written_again_keeps_its_reasons_and_lets_go_of_what_is_mended() -> None:
    known, gone = entry(TODAY), Accepted(rule="x", contexts=(), subject="", reason="y", until=TODAY)
    other = Finding(rule="no-team", contexts=("a",), message="")
    assert [one.reason for one in accepting([WRONG, other], [known, gone], TODAY)] == ["later", ""]


@given(
    st.lists(
        st.builds(
            Accepted,
            rule=texts,
            contexts=st.lists(texts, max_size=3).map(lambda names: tuple(sorted(names))),
            subject=texts,
            reason=texts.filter(lambda text: bool(text.strip())),
            until=st.dates(),
        ),
        max_size=4,
        unique_by=lambda one: one.key,
    ),
    st.sampled_from(["base.toml", "base.json"]),
)
def test_a_baseline_reads_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, entries: Sequence[Accepted], name: str
) -> None:
    path = tmp_path_factory.mktemp("baseline") / name
    path.write_text(dump_baseline(entries, path), encoding="utf-8")
    from msgspec.structs import replace

    read = load_baseline(path)
    assert [replace(one, place="") for one in read] == list(entries)
    assert len({one.place for one in read}) == len(entries)


def test_an_entry_knows_its_line(tmp_path: Path) -> None:
    path = written(tmp_path / "base.toml", f"# accepted\n{TEXT}{TEXT.replace('a -> b', 'a -> c')}")
    assert [one.place for one in load_baseline(path)] == [f"{path}:3", f"{path}:10"]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('"later"', "later", 4, "this is no TOML"),
        ('rule = "no-relation"\n', "", 2, "an entry has no rule; say it"),
        ('reason = "until the new API is there"\n', "", 2, "an entry has no reason; say it"),
        ('"until the new API is there"', '"  "', 2, "reason is empty; say why this is accepted"),
        ("2027-01-31", '"soon"', 2, "until is a day, as 2027-01-31, not 'soon'"),
        ("2027-01-31", "2027-01-31T10:00:00", 2, "until is a day"),
        ("2027-01-31", "20270131", 2, "until is a day"),
        ('["a", "b"]', '"a"', 2, "contexts is a list of names"),
        ('["a", "b"]', "[1]", 2, "contexts is a list of names"),
        ('"a -> b"', "7", 2, "subject is text"),
        ("rule =", "severity = 1\nrule =", 2, "there is no severity in an entry"),
    ],
)
def test_what_is_wrong_in_a_baseline_is_told_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    text = TEXT if old != '"later"' else '[[accepted]]\nrule = "a"\n\nreason = later\n'
    path = written(tmp_path / "base.toml", text.replace(old, new))
    with pytest.raises(InvalidBaseline) as told:
        load_baseline(path)
    assert str(told.value).startswith(f"{path}:{line}: ")
    assert said in str(told.value)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("base.toml", "other = 1\n", 1),
        ("base.toml", "accepted = 1\n", 1),
        ("base.toml", "accepted = []\nmore = 1\n", 1),
        ("base.json", "[]", 1),
        ("base.json", '{\n"accepted": [\n}', 3),
        ("base.json", '{"accepted": [\n1]}', 2),
        ("base.json", "[" * 100_000, 1),
    ],
)
def test_a_file_that_is_no_baseline_is_told(tmp_path: Path, name: str, text: str, line: int) -> None:
    path = written(tmp_path / name, text)
    with pytest.raises(InvalidBaseline) as told:
        load_baseline(path)
    assert str(told.value).startswith(f"{path}:{line}: ")


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = tmp_path / "base.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(InvalidBaseline, match="not UTF-8"):
        load_baseline(path)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "base.toml"
    path.write_text(TEXT, encoding="utf-8-sig")
    assert len(load_baseline(path)) == 1


def test_a_finding_that_is_accepted_twice_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "base.toml", TEXT + TEXT)
    with pytest.raises(InvalidBaseline, match=rf"base.toml:9: this finding is accepted twice, at {path}:2 too"):
        load_baseline(path)


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = written(tmp_path / "base.json", json.dumps({"accepted": [{}, {"reason": ""}]}, indent=1))
    with pytest.raises(InvalidBaseline) as told:
        load_baseline(path)
    assert len(told.value.findings) == 3
