"""The URL of an SQLite store: what it says, and which are refused before anything is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from leftfold.adapters.sqlite import SqliteLocation, open_sqlite
from leftfold.errors import InvalidStoreUrl


def test_a_url_says_where_the_file_is_and_how_durable() -> None:
    assert SqliteLocation.parse("sqlite:///bank.db") == SqliteLocation(path=Path("bank.db"))
    location = SqliteLocation.parse("sqlite:////var/a%20b/bank.db?durability=normal&deadline_s=2.5")
    assert location == SqliteLocation(path=Path("/var/a b/bank.db"), durability="normal", deadline_s=2.5)


def test_what_is_left_out_has_defaults() -> None:
    location = SqliteLocation.parse("sqlite:///bank.db")
    assert (location.durability, location.deadline_s) == ("full", 30.0)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "write sqlite:///"),
        ("bank.db", "write sqlite:///"),
        ("postgresql:///bank", "write sqlite:///"),
        ("sqlite://bank.db", "write sqlite:///"),
        ("sqlite://host/bank.db", "write sqlite:///"),
        ("sqlite:", "write sqlite:///"),
        ("sqlite:///", "write sqlite:///"),
        ("sqlite:///bank.db#part", "write sqlite:///"),
        ("sqlite:///:memory:", "a file"),
        ("sqlite:///a%00b.db", "NUL"),
        ("sqlite:///bank.db?durability=none", "durability is 'full' or 'normal'"),
        ("sqlite:///bank.db?durability=", "durability is 'full' or 'normal'"),
        ("sqlite:///bank.db?deadline_s=soon", "deadline_s is a number of seconds"),
        ("sqlite:///bank.db?deadline_s=0", "deadline_s is a number of seconds"),
        ("sqlite:///bank.db?deadline_s=nan", "deadline_s is a number of seconds"),
        ("sqlite:///bank.db?deadline_s=inf", "deadline_s is a number of seconds"),
        ("sqlite:///bank.db?mode=ro", "unknown option 'mode'"),
    ],
)
async def test_a_url_of_another_form_is_refused_with_the_form_that_works(
    url: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidStoreUrl) as refusal:
        await open_sqlite(url)
    assert refusal.value.url == url
    assert reason in refusal.value.reason
    assert list(tmp_path.iterdir()) == []
