from __future__ import annotations

from pathlib import Path

import pytest

from leftfold.borders import InvalidKernelFile, load_teams, read_teams
from leftfold.borders.kernel_teams import same_person

GOOD = '[teams.checkout]\nmembers = ["Ann@Example.org"]\ncontact = "#checkout"\n\n[teams."a b"]\nmembers = []\n'


def test_teams_have_members_whose_capitals_do_not_count() -> None:
    assert load_teams(GOOD, "teams.toml") == {"checkout": frozenset({"ann@example.org"}), "a b": frozenset()}
    assert same_person(" ANN@example.org", "ann@Example.org")
    assert not same_person("ann@example.org", "anna@example.org")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[teams.a]\nmembers = [\n", 3),
        ("[teams.a]\nmembers = 1 2\n", 2),
        ("\n[teams.a]\nmembers = []\n[teams.b]\nmember = []\n", 4),
        ('[teams.a]\nmembers = []\n[teams."b c"]\nmembers = "x@y"\n', 3),
        ("[teams.a]\nmembers = [7]\n", 1),
        ('[teams.a]\nmembers = [""]\n', 1),
        ('[teams.a]\nmembers = ["Ann Lee <ann@x>"]\n', 1),
        ("[team.a]\nmembers = []\n", 1),
        ("teams = 3\n", 1),
        ("", 1),
    ],
)
def test_what_is_no_file_of_teams_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(InvalidKernelFile) as caught:
        load_teams(text, "teams.toml")
    assert str(caught.value).startswith(f"teams.toml:{line}: ")
    assert (caught.value.path, caught.value.line) == ("teams.toml", line)


def test_a_file_that_is_not_there_is_none_and_one_that_is_no_text_is_refused(tmp_path: Path) -> None:
    assert read_teams(tmp_path / "teams.toml") is None
    (tmp_path / "teams.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidKernelFile, match="UTF-8"):
        read_teams(tmp_path / "teams.toml")


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "teams.toml").write_text(GOOD, encoding="utf-8-sig")
    assert read_teams(tmp_path / "teams.toml") == load_teams(GOOD, "teams.toml")
