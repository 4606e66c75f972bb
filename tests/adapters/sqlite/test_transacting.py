"""Transactions in group commits: refused members leave nothing, neighbours lose nothing, crashes tear nothing apart."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from leftfold.adapters.sqlite.batch import Batch
from leftfold.errors import Conflict, Fenced, IdReused, KeyTaken, NotAtHead
from leftfold.store import Appended, NewEvent, ToStream
from leftfold.store.tables import Selection
from leftfold.store.transaction import Advance, Inline, Insert, Point, Put, Rows, RowWrite, Transaction
from leftfold.testing.conformance.stores import log_of
from tests.adapters.sqlite.opened import BEGIN, connected, event, opened, traced, url_of
from tests.adapters.sqlite.tabled import NOTES, active, write
from tests.conftest import ROOT


def _note(text: str) -> bytes:
    return b'{"text":"%s"}' % text.encode()


def _refused(_appended: Appended, _rows: Rows) -> Sequence[RowWrite]:
    raise ArithmeticError("not today")


class _Flaws(Exception):
    """An error that counts what is wrong, and is false while that is nothing."""

    def __len__(self) -> int:
        return 0


def _flawed(_appended: Appended, _rows: Rows) -> Sequence[RowWrite]:
    raise _Flaws


async def test_a_refused_member_takes_its_events_names_rows_and_words_back_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await active(store, NOTES)
        await write(store, Put(table=NOTES, rows={"old": _note("untouched")}))
        refused = Transaction(
            parts=[ToStream("b-1", 0, [event(tags=("blue",))]), ToStream("a-1", 1, [event(tags=("red",))])],
            writes=[Put(table=NOTES, rows={"old": _note("torn"), "new": _note("torn")})],
            inline=[Inline((), _refused)],
        )
        statements = traced(store)
        outcomes = await asyncio.gather(
            store.append(ToStream("a-1", 0, [event(tags=("red",))])),
            store.transact(refused),
            store.append(ToStream("c-1", 0, [event(tags=("green", "red"))])),
            store.append(ToStream("a-1", 1, [event()])),
            store.append(ToStream("b-1", 0, [event(tags=("blue",))])),
            return_exceptions=True,
        )
        assert isinstance(outcomes[1], ArithmeticError)
        assert statements.count(BEGIN) == 1
        log = await log_of(store)
        assert [(found.position, found.stream, found.version, found.tags) for found in log] == [
            (1, "a-1", 1, ("red",)),
            (2, "c-1", 1, ("green", "red")),
            (3, "a-1", 2, ()),
            (4, "b-1", 1, ("blue",)),
        ]
        assert await store.get(NOTES, ["old", "new"]) == {"old": _note("untouched")}
        assert [found.key for found in await store.search(NOTES, "untouched", Selection())] == ["old"]
        assert list(await store.search(NOTES, "torn", Selection())) == []
        async with opened(url_of(path)) as other:
            assert await log_of(other) == log
    with connected(path) as anybody:
        assert anybody.execute("select count(*) from names").fetchone() == (6,)


async def test_an_error_that_is_false_is_raised_as_it_is(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        with pytest.raises(_Flaws):
            await store.transact(Transaction(parts=[ToStream("a-1", 0, [event()])], inline=[Inline((), _flawed)]))
        assert await store.head() == 0


async def test_every_kind_of_refusal_stands_beside_good_members_in_one_commit(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        await active(store, NOTES)
        await store.append(ToStream("a-1", 0, [event()]))
        claim = await store.claim("p", "me", 60.0)
        assert claim is not None
        first, second = event(), event()
        statements = traced(store)
        outcomes = await asyncio.gather(
            store.transact(Transaction(writes=[Insert(table=NOTES, key="k", row=_note("1"))])),
            store.transact(Transaction(writes=[Insert(table=NOTES, key="k", row=_note("2"))])),
            store.transact(Transaction(parts=[ToStream("a-1", 0, [event()])], writes=[_put("x")])),
            store.transact(Transaction(parts=[ToStream("a-1", 1, [first])], writes=[_put("a")])),
            store.transact(Transaction(parts=[ToStream("a-1", 1, [first])], writes=[_put("x")])),
            store.transact(Transaction(writes=[_put("x"), _advance(claim.token + 1, first, 2)])),
            store.transact(Transaction(writes=[_put("b"), _advance(claim.token, first, 2)])),
            store.transact(Transaction(writes=[_put("x"), Point(table=NOTES, generation=1, at_head=1)])),
            store.transact(Transaction(writes=[_put("c"), Point(table=NOTES, generation=1, at_head=2)])),
            store.append(ToStream("a-1", 2, [second])),
            return_exceptions=True,
        )
        kinds = [None if outcome is None else type(outcome) for outcome in outcomes]
        assert kinds == [None, KeyTaken, Conflict, Appended, Appended, Fenced, None, NotAtHead, None, Appended]
        assert statements.count(BEGIN) == 1
        repeated = outcomes[4]
        assert isinstance(repeated, Appended)
        assert repeated.repeated
        assert await store.get(NOTES, ["k", "a", "b", "c", "x"]) == {
            "k": _note("1"),
            **{key: _note(key) for key in ("a", "b", "c")},
        }
        assert [checkpoint.position for checkpoint in await store.checkpoints()] == [2]
        assert [found.id for found in await store.read_stream("a-1", after=1)] == [first.id, second.id]


async def test_rows_go_to_the_generation_that_is_active_at_their_turn_in_one_commit(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        await active(store, NOTES)
        await store.prepare(NOTES, 2)
        point = Point(table=NOTES, generation=2)
        refused = Transaction(
            parts=[ToStream("a-1", 0, [event()])], writes=[point, _put("x")], inline=[Inline((), _refused)]
        )
        outcomes = await asyncio.gather(
            write(store, _put("before")),
            store.transact(refused),
            write(store, _put("between")),
            write(store, _put("old"), point, _put("new")),
            write(store, _put("after")),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes].count(type(None)) == 4
        assert [key for key, _ in await store.scan(NOTES, generation=1)] == ["before", "between", "old"]
        assert [key for key, _ in await store.scan(NOTES)] == ["after", "new"]


async def test_an_id_that_is_stored_already_refuses_its_transaction_alone(tmp_path: Path) -> None:
    async with opened(url_of(tmp_path / "store.db")) as store:
        await active(store, NOTES)
        known = event()
        await store.append(ToStream("a-1", 0, [known]))
        outcomes = await asyncio.gather(
            store.transact(Transaction(parts=[ToStream("b-1", 0, [event()])], writes=[_put("a")])),
            store.transact(Transaction(parts=[ToStream("c-1", 0, [event(), known])], writes=[_put("x")])),
            store.transact(Transaction(writes=[_put("b")])),
            return_exceptions=True,
        )
        assert [type(outcome) for outcome in outcomes] == [Appended, IdReused, type(None)]
        assert set(await store.get(NOTES, ["a", "b", "x"])) == {"a", "b"}
        assert [found.stream for found in await log_of(store)] == ["a-1", "b-1"]


async def test_a_name_read_back_before_its_commit_failed_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store, opened(url_of(path)) as other:
        await store.append(ToStream("a-1", 0, [event()]))
        flush, flushes = Batch.flush, 0

        def failing(self: Batch) -> None:
            nonlocal flushes
            flush(self)
            flushes += self.changed
            if flushes == 2:  # the first one is before the repetition is read back, the second before the commit
                raise OSError("the disk broke")

        first = event()
        repeats = [store.append(ToStream("b-1", 0, [first])), store.append(ToStream("b-1", 0, [first]))]
        monkeypatch.setattr(Batch, "flush", failing)
        await asyncio.gather(*repeats)
        assert flushes > 2
        await other.append(ToStream("c-1", 0, [event()]))
        await store.append(ToStream("c-1", 1, [event()]))
        assert await log_of(store) == await log_of(other)


_WORKER = """
import asyncio, sys
from leftfold.adapters.sqlite import open_sqlite
from leftfold.store import Expected, ToStream
from leftfold.store.transaction import Advance, Inline, Put, Transaction
from tests.adapters.sqlite.opened import event
from tests.adapters.sqlite.tabled import NOTES

async def main():
    store = await open_sqlite(sys.argv[1])
    claim = await store.claim("p", "worker", 60.0)
    position = claim.position
    while True:
        new = event()
        note = {"text": b'{"text":"inline"}'}
        inline = Inline((), lambda appended, rows: [Put(table=NOTES, rows={f"i{appended.position}": note["text"]})])
        appended = await store.transact(Transaction(
            parts=[ToStream("a-1", Expected.ANY, [new])],
            writes=[
                Put(table=NOTES, rows={f"w{position + 1}": b'{"text":"written"}'}),
                Advance(name="p", token=claim.token, position=position + 1, event_id=new.id),
            ],
            inline=[inline],
        ))
        position = appended.position
        print(position, flush=True)

asyncio.run(main())
"""


async def test_a_process_that_is_killed_leaves_events_rows_words_and_checkpoint_together(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await active(store, NOTES)
        for lines in (1, 7, 23):
            command = [sys.executable, "-c", _WORKER, url_of(path)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as worker:
                assert worker.stdout is not None
                acknowledged = [int(worker.stdout.readline()) for _ in range(lines)][-1]
                worker.kill()
            head = await store.head()
            assert head >= acknowledged
            [checkpoint] = await store.checkpoints()
            [last] = await store.read_stream("a-1", backward=True, limit=1)
            assert (checkpoint.position, checkpoint.event_id, last.version) == (head, last.id, head)
            keys = [key for key, _ in await store.scan(NOTES, limit=10_000)]
            assert sorted(keys) == sorted(f"{kind}{n}" for kind in "iw" for n in range(1, head + 1))
            for word in ("inline", "written"):
                assert len(await store.search(NOTES, word, Selection(limit=10_000))) == head
            assert await store.claim("p", "another", 0.001) is None
            await store.release("p", checkpoint.token, "its worker was killed")


async def test_writing_rows_waits_for_a_busy_file_with_its_appends(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    async with opened(url_of(path)) as store:
        await active(store, NOTES)
        with connected(path) as holder:
            holder.execute("begin immediate")
            writing = asyncio.ensure_future(write(store, _put("a")))
            for _ in range(20):
                await asyncio.sleep(0.001)
            assert not writing.done()
            assert await store.get(NOTES, ["a"]) == {}
            holder.execute("rollback")
        await writing
        assert await store.get(NOTES, ["a"]) == {"a": _note("a")}


def _put(key: str) -> Put:
    return Put(table=NOTES, rows={key: _note(key)})


def _advance(token: int, event: NewEvent, position: int) -> Advance:
    return Advance(name="p", token=token, position=position, event_id=event.id)
