"""Lists of what there is much of: what is not shown is not read."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import Raw

from leftfold.adapters.sqlite.work import SqliteWork
from leftfold.app import App
from leftfold.messages.metadata import NO_METADATA
from leftfold.processes.instance import Instance, Timer, dump_instance
from leftfold.processes.journal import Journal, dump_journal
from leftfold.processes.outgoing import Origin, Outgoing, dump_outgoing
from leftfold.store import Begin, Transaction, WorkItem
from tests.cli import parcels, watchers
from tests.cli.command import Leftfold

_MANY = 1_200
_PAGE = 500
_NOON = datetime(2100, 1, 1, 12, tzinfo=UTC)
_PROCESS = "process/watching.watch"
_SAGA = "saga/parcels.Ship"


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the items that were found from now on."""
    ids: list[str] = []
    find = SqliteWork.find_work

    async def noted(
        self: SqliteWork, *, queues: str = "", statuses: Collection[str] = (), after: str = "", limit: int = 500
    ) -> Sequence[WorkItem]:
        page = await find(self, queues=queues, statuses=statuses, after=after, limit=limit)
        ids.extend(item.id for item in page)
        return page

    monkeypatch.setattr(SqliteWork, "find_work", noted)
    return ids


def _filled(app: App, url: str, writes: Sequence[Begin]) -> None:
    async def fill() -> None:
        async with app.with_settings(store=url) as opened:
            await opened.running(opened.contexts[0].name).store.transact(Transaction(writes=writes))

    asyncio.run(fill())


def test_a_list_of_sagas_reads_a_page_and_counts_the_rest(leftfold: Leftfold, sqlite: str, found: list[str]) -> None:
    state = dump_journal(Journal(fields=Raw(b'{"parcel":"A"}'), outline=("pack", "label", "hand_over", "mail")))
    statuses = ("completed", "compensated")
    _filled(
        parcels.app,
        sqlite,
        [
            Begin(id=f"{_SAGA}/{n:04d}", queue=f"{_SAGA}/1", status=statuses[n % 3 == 0], state=state, wake=None)
            for n in range(_MANY)
        ],
    )
    asked = ("sagas", "list", "--limit", "2", "--app", parcels.APP, "--store", sqlite)
    text = leftfold(*asked).out
    assert text.splitlines()[-1] == "1,200 instances, 2 of them listed"
    assert "0001" in text
    assert "0002" not in text
    assert len(found) == _PAGE
    assert leftfold(*asked, "--status", "compensated").out.splitlines()[-1] == "400 instances, 2 of them listed"
    assert [one["id"] for one in leftfold(*asked, "--json").lines] == ["0000", "0001"]
    assert len(found) == _PAGE + 400 + _PAGE


def test_parked_commands_that_are_not_shown_are_not_read_for_a_program(
    leftfold: Leftfold, sqlite: str, found: list[str]
) -> None:
    origin = Origin(name=_PROCESS, id=f"{_PROCESS}/w", key="w")
    state = dump_outgoing(Outgoing(command="Mark", payload=Raw(b"{}"), metadata=NO_METADATA, origin=origin))
    _filled(
        watchers.app,
        sqlite,
        [
            Begin(id=f"command/{n:04d}", queue="command/watching", status="refused", state=state, wake=None)
            for n in range(_MANY)
        ],
    )
    asked = ("processes", "parked", "--limit", "2", "--app", watchers.APP, "--store", sqlite)
    assert [one["id"] for one in leftfold(*asked, "--json").lines] == ["command/0000", "command/0001"]
    assert len(found) == _PAGE
    assert leftfold(*asked).out.splitlines()[-1] == "1,200 parked, 2 of them listed"


def test_lists_of_processes_and_of_timers_show_the_first_of_all(
    leftfold: Leftfold, sqlite: str, found: list[str]
) -> None:
    def state(n: int) -> bytes:
        timer = Timer(due=_NOON - timedelta(seconds=n), cause="c")
        return dump_instance(Instance(state=Raw(b'{"id":"w"}'), version=1, timers={"tea": timer}))

    _filled(
        watchers.app,
        sqlite,
        [
            Begin(id=f"{_PROCESS}/{n:04d}", queue=f"{_PROCESS}/1", status="waiting", state=state(n), wake=None)
            for n in range(_MANY)
        ],
    )
    where = ("--limit", "3", "--app", watchers.APP, "--store", sqlite)
    assert leftfold("processes", "list", *where).out.splitlines()[-1] == "1,200 instances, 3 of them listed"
    assert [one["key"] for one in leftfold("processes", "list", *where, "--json").lines] == ["0000", "0001", "0002"]
    assert len(found) == 2 * _PAGE
    assert leftfold("timers", *where).out.splitlines()[-1] == "1,200 timers, 3 of them listed"
    assert [one["key"] for one in leftfold("timers", *where, "--json").lines] == ["1199", "1198", "1197"]


def test_columns_of_a_list_are_aligned_whatever_comes_later(leftfold: Leftfold, sqlite: str) -> None:
    state = dump_journal(Journal(fields=Raw(b'{"parcel":"A"}'), outline=("pack", "label", "hand_over", "mail")))
    ids = ("A", "A-and-much-longer", "B")
    _filled(
        parcels.app,
        sqlite,
        [Begin(id=f"{_SAGA}/{id}", queue=f"{_SAGA}/1", status="completed", state=state, wake=None) for id in ids],
    )
    ran = leftfold("sagas", "list", "--app", parcels.APP, "--store", sqlite)
    head, *lines = ran.out.splitlines()[:-1]
    assert [line.index("completed") for line in lines] == [head.index("status")] * len(ids)
