"""Tags by which events are found, compared with those that events have: part by part, and nothing is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from leftfold.adapters.sqlite import store as sqlite_store
from leftfold.store import ToStream
from tests.adapters.sqlite.opened import connected, event, opened, url_of
from tests.turns import counted_turns

_DAMAGE = """
pragma foreign_keys = off;
drop trigger tags_no_delete;
delete from tags where position in (2, 6);
insert into tags (tag, position) select number, 4 from names where name = 't';
insert into tags (tag, position) select number, 9 from names where name = 'u';
insert into tags (tag, position) values (77, 5);
"""


@pytest.mark.parametrize("together", [1, 2, 3, 10_000])
async def test_each_tag_that_is_lost_or_stray_is_told_once_however_many_are_looked_at_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(sqlite_store, "SCAN_POSITIONS", together)
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        for version in range(7):
            tags = (("t", "u"), ("u",))[version % 2]
            await store.append(ToStream("a-1", version, [event(tags=tags)]))
        assert await store.wrong_tags() == []
        with connected(path) as connection:
            connection.executescript(_DAMAGE)
        async with counted_turns() as turns:
            wrong = await store.wrong_tags()
            assert turns() > 7 // together
    assert [(one.position, one.tag, one.lost) for one in wrong] == [
        (2, "u", True),
        (4, "t", False),
        (5, "number 77", False),
        (6, "u", True),
        (9, "u", False),
    ]
