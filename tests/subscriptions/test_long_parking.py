"""What was given up is read page by page, while whoever follows lets go of it, and however much it is."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
import pytest

from leftfold import RecordedEvent
from leftfold.clock import SystemClock
from leftfold.errors import NotAnswered, UnknownEventType
from leftfold.store import Appended, Delete, MemoryStore, Put, Transaction
from leftfold.store.tables import Selection, Table
from leftfold.store.transaction import Write
from leftfold.subscriptions import Outcome, Policy, Retry, Source, letters, monitor, parked, parking, retrying
from leftfold.subscriptions.letters import (
    LetterState,
    ask,
    forget_letters,
    letters_left,
    letters_of,
    wait_until_answered,
)
from leftfold.subscriptions.monitor import lag_of
from leftfold.subscriptions.parked import any_parked, parked_at, parked_sooner, tried_again, try_again
from leftfold.subscriptions.parking import (
    LETTERS,
    PARKED,
    REQUESTS,
    Letter,
    ParkedSubject,
    Parking,
    Request,
    letter_key,
    request_key,
    subject_key,
)
from leftfold.subscriptions.retrying import Retrying
from leftfold.testing import ManualClock
from tests.subscriptions.telling import Telling, Told
from tests.turns import counted_turns

_PLACES = [("a", 1), ("b", 2), ("b", 4), ("b", 5), ("b", 6), ("c", 3), ("d", 7), ("e", 8)]


class _Noting(MemoryStore):
    """Notes what was left out to get to a page, and lets go of `gone` once a page of `table` was read.

    It notes the most rows that were written at once as well.
    """

    table = LETTERS
    gone: Sequence[str] = ()
    passed = 0
    selected = 0
    got = 0
    most = 0

    async def select(self, table: Table, selection: Selection, *, generation: int | None = None) -> Sequence[bytes]:
        found = await super().select(table, selection, generation=generation)
        self.passed += selection.offset
        self.selected += len(found)
        if self.gone and table is self.table:
            keys, self.gone = self.gone, ()
            await self.transact(Transaction(writes=[Delete(table=table, keys=keys)]))
        return found

    async def get(self, table: Table, keys: Sequence[str], *, generation: int | None = None) -> Mapping[str, bytes]:
        self.got += len(keys)
        return await super().get(table, keys, generation=generation)

    async def transact(self, transaction: Transaction) -> Appended | None:
        self.most = max(self.most, *(len(one.rows) for one in transaction.writes if isinstance(one, Put)), 0)
        return await super().transact(transaction)


class _Trying:
    """Notes whose letters it is handed."""

    events: frozenset[type] = frozenset({Told})

    def __init__(self) -> None:
        self.tried: list[str] = []

    def subjects(self, event: RecordedEvent[object]) -> tuple[str, ...]:
        return (event.stream,)

    async def consume(
        self, events: Sequence[RecordedEvent[object]], parked: Container[str], only: str | None = None
    ) -> Outcome:
        assert only is not None
        assert only not in parked
        assert "b" in parked
        self.tried.append(only)
        return Outcome([], [])

    def forget(self) -> None:
        """It keeps nothing."""


@pytest.fixture
async def store(monkeypatch: pytest.MonkeyPatch) -> _Noting:
    """Letters of five subjects, all parked; a page has two."""
    monkeypatch.setattr(letters, "_PAGE", 2)
    monkeypatch.setattr(parked, "_PAGE", 2)
    monkeypatch.setattr(parking, "_PAGE", 2)
    made = _Noting()
    for table in (LETTERS, PARKED, REQUESTS):
        await made.prepare(table)
    kept = [_letter(subject, position) for subject, position in _PLACES]
    waiting = {one.subject: _parked(one.subject) for one in kept}
    await made.transact(
        Transaction(
            writes=[
                Put(table=LETTERS, rows={letter_key(one): msgspec.json.encode(one) for one in kept}),
                Put(
                    table=PARKED, rows={subject_key("s", name): msgspec.json.encode(waiting[name]) for name in waiting}
                ),
            ]
        )
    )
    return made


def _letter(subject: str, position: int) -> Letter:
    return Letter(
        subscription="s", part=0, subject=subject, position=position, type="T", stream="x-1", version=1, error="broken"
    )


def _parked(subject: str, due: datetime | None = None, subscription: str = "s", part: int = 0) -> ParkedSubject:
    return ParkedSubject(
        subscription=subscription, part=part, subject=subject, attempts=1, dead=due is None, due=due, error=""
    )


async def test_letters_are_listed_in_order_with_the_first_of_each_subject_told(store: _Noting) -> None:
    found = [one async for one in letters_of(store, "s")]
    assert [(one.subject, one.position) for one in found] == _PLACES
    assert [one.position for one in found if one.state is LetterState.DEAD] == [1, 2, 3, 7, 8]
    assert store.passed == 0


async def test_no_letter_is_passed_over_when_those_before_it_go_meanwhile(store: _Noting) -> None:
    store.gone = [letter_key(_letter(*place)) for place in _PLACES[:2]]
    found = [(one.subject, one.position) async for one in letters_of(store, "s")]
    assert found == _PLACES


async def test_what_is_left_of_many_letters_is_got_by_its_keys(store: _Noting) -> None:
    asked = [one async for one in letters_of(store, "s")]
    await store.transact(Transaction(writes=[Delete(table=LETTERS, keys=[letter_key(_letter("b", 2))])]))
    store.selected = 0
    left = await letters_left(store, asked)
    assert [(one.subject, one.position) for one in left] == [place for place in _PLACES if place != ("b", 2)]
    assert [one.position for one in left if one.state is LetterState.DEAD] == [1, 4, 3, 7, 8]
    assert store.selected == 2, "whether another one is before it, for each that is not the first"


async def test_no_parked_subject_is_passed_over_when_those_before_it_go_meanwhile(store: _Noting) -> None:
    store.table, store.gone = PARKED, [subject_key("s", "a"), subject_key("s", "b")]
    assert await parked_sooner(store, "s", "shown", 10) == ["a", "b", "c", "d", "e"]
    assert store.passed == 0


async def test_every_parked_subject_is_asked_to_be_tried_again_at_its_first_event(store: _Noting) -> None:
    await try_again(store, "s")
    asked = [msgspec.json.decode(row, type=Request) for row in await store.select(REQUESTS, Selection())]
    firsts = dict(reversed(_PLACES))
    assert {one.subject: one.position for one in asked} == firsts


async def _all_keys(store: MemoryStore, table: Table) -> list[str]:
    return [key for key, _ in await store.scan(table, after="", limit=100)]


async def test_a_follower_that_is_gone_leaves_no_letter_and_those_of_others_stay(store: _Noting) -> None:
    await try_again(store, "s")
    other = Letter(subscription="other", part=0, subject="a", position=1, type="T", stream="x-1", version=1)
    asked = Request(subscription="other", part=0, subject="a", position=1, action="drop")
    waits = ParkedSubject(subscription="other", part=0, subject="a", attempts=1, dead=True, due=None, error="")
    kept = {LETTERS: (letter_key(other), other), PARKED: (subject_key("other", "a"), waits)}
    kept |= {REQUESTS: (request_key(asked), asked)}
    rows = [Put(table=table, rows={key: msgspec.json.encode(row)}) for table, (key, row) in kept.items()]
    await store.transact(Transaction(writes=rows))
    await forget_letters(store, "s")
    for table, (key, _) in kept.items():
        assert await _all_keys(store, table) == [key]


async def test_a_part_is_told_what_is_asked_of_it_and_nothing_that_is_asked_of_others(store: _Noting) -> None:
    asked = [
        Request(subscription=subscription, part=part, subject="a", position=1, action="drop")
        for subscription, part in (("other", 0), ("s", 0), ("s.2", 1))
    ]
    rows = {request_key(one): msgspec.json.encode(one) for one in asked}
    await store.transact(Transaction(writes=[Put(table=REQUESTS, rows=rows)]))
    clock = SystemClock()
    assert await Parking(store, "s", 0, Policy(), clock).requests() == [asked[1]]
    assert await Parking(store, "s", 1, Policy(), clock).requests() == []


async def test_of_all_that_is_parked_a_part_is_told_what_is_its_own_and_leaves_out_nothing_on_the_way(
    store: _Noting,
) -> None:
    others = [_parked("z", None, *of) for of in (("r", 0), ("s.2", 0), ("s/2", 0), ("s", 1))]
    rows = {subject_key(one.subscription, f"z{n}"): msgspec.json.encode(one) for n, one in enumerate(others)}
    await store.transact(Transaction(writes=[Put(table=PARKED, rows=rows)]))
    ours = Parking(store, "s", 0, Policy(), SystemClock())
    await ours.load()
    assert sorted(ours.subjects) == ["a", "b", "c", "d", "e"]
    assert store.passed == 0


async def test_a_wait_for_many_letters_looks_at_those_that_are_answered_first(store: _Noting) -> None:
    assert await store.claim("s/0.1", "worker", 60.0) is not None
    asked = [one async for one in letters_of(store, "s")]
    await ask(store, asked, "drop")
    store.got = 0
    with pytest.raises(NotAnswered, match=f"{len(asked)} "):
        await wait_until_answered(store, asked, "drop", 0.05)
    assert store.got <= 2 * 2 + len(asked), "a page each time, and all of them to tell how many are left"
    await store.transact(Transaction(writes=[Delete(table=REQUESTS, keys=await _all_keys(store, REQUESTS))]))
    await wait_until_answered(store, asked, "drop", 0.0)


async def test_what_is_due_is_tried_the_longest_due_first_and_others_have_their_turn_in_between(
    store: _Noting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "_DUE_S", 0.0)
    clock, trying = ManualClock(), _Trying()
    due = [_parked(name, clock.now() - timedelta(seconds=ord(name))) for name in "bcde"]
    rows = {subject_key("s", one.subject): msgspec.json.encode(one) for one in due}
    await store.transact(Transaction(writes=[Put(table=PARKED, rows=rows)]))
    ours = Parking(store, "s", 0, Policy(), clock)
    await ours.load()

    async def write(writes: Sequence[Write]) -> None:
        await store.transact(Transaction(writes=writes))

    tries = Retrying(ours, trying, Source(store, Telling()), write)
    await tries.turn(asked=False)
    assert set(trying.tried) == {"e"}
    await tries.turn(asked=False)
    assert set(trying.tried) == {"e", "d"}


async def test_what_is_asked_for_many_is_done_bit_by_bit_without_a_pause_and_others_have_their_turn_in_between(
    store: _Noting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrying, "_DUE_S", 0.0)
    trying, ours = _Trying(), Parking(store, "s", 0, Policy(), SystemClock())
    await ours.load()
    assert await store.claim("s/0.1", "worker", 60.0) is not None
    await ask(store, [one async for one in letters_of(store, "s") if one.subject in "acd"], "replay")

    async def write(writes: Sequence[Write]) -> None:
        await store.transact(Transaction(writes=writes))

    tries = Retrying(ours, trying, Source(store, Telling()), write)
    left = [len(await _all_keys(store, REQUESTS))]
    while left[-1]:
        await tries.turn(asked=True)
        assert tries.wait_s(1.0) < 0.1
        left.append(len(await _all_keys(store, REQUESTS)))
        assert len(set(trying.tried)) == len(left) - 1
    assert left == [3, 2, 1, 0]
    await tries.turn(asked=True)
    assert tries.wait_s(1.0) == 1.0


async def test_whether_an_event_waits_is_looked_up_by_what_it_is_about_and_not_among_all_that_waits(
    store: _Noting,
) -> None:
    async def subjects() -> list[str]:
        return ["b", "stream x-1"]

    places = [("s", 4), ("s", 3), ("s", 9), ("s.2", 4), ("r", 4)]
    found = [await parked_at(store, *place, subjects) for place in places]
    assert [one and one.subject for one in found] == ["b", None, None, None, None]
    assert store.selected == 0


async def test_whether_anything_waits_and_what_is_asked_is_told_without_a_look_at_all_that_is_parked(
    store: _Noting,
) -> None:
    sent = [
        Request(subscription=subscription, part=part, subject="a", position=position, action="drop")
        for subscription, part, position in (("r", 0, 1), ("s", 0, 1), ("s", 0, 2), ("t", 1, 1), ("t", 0, 2))
    ]
    rows = {request_key(one): msgspec.json.encode(one) for one in sent}
    await store.transact(Transaction(writes=[Put(table=REQUESTS, rows=rows)]))
    assert [await any_parked(store, name) for name in ("a", "s", "s.2", "z")] == [False, True, False, False]
    assert [await tried_again(store, name) for name in ("a", "r", "s", "s.2")] == [True, False, False, True]
    assert await Parking(store, "s", 0, Policy(), SystemClock()).requests() == sent[1:3]
    assert store.selected == 0
    assert await Parking(store, "t", 0, Policy(), SystemClock()).requests() == sent[4:]


async def test_what_is_parked_is_counted_without_a_look_at_all_of_it(
    store: _Noting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "_LOOKS", (1, 2, 3))
    kept = [msgspec.structs.replace(_letter("a", at), subscription=name) for name, at in (("r", 1), ("t", 1), ("t", 2))]
    rows = {letter_key(one): msgspec.json.encode(one) for one in kept}
    await store.transact(Transaction(writes=[Put(table=LETTERS, rows=rows)]))
    lags = [await lag_of(name, (), store, store, SystemClock()) for name in ("a", "r", "s", "s.2", "t", "z")]
    assert [(lag.parked, lag.letters) for lag in lags] == [(0, 0), (0, 1), (3, 3), (0, 0), (0, 2), (0, 0)]
    assert store.selected == 0


async def test_between_two_lags_the_loop_has_a_turn(store: _Noting) -> None:
    async with counted_turns() as turns:
        for name in ("a", "r", "s"):
            await lag_of(name, (), store, store, SystemClock())
        assert turns() >= 2


async def test_between_two_pages_of_letters_the_loop_has_a_turn(store: _Noting) -> None:
    async with counted_turns() as turns:
        at = [turns() async for _ in letters_of(store, "s")]
    assert len(set(at)) > 2


async def test_what_is_asked_for_many_is_written_page_by_page_and_what_is_left_is_read_so(store: _Noting) -> None:
    assert await store.claim("s/0.1", "worker", 60.0) is not None
    asked, store.most = [one async for one in letters_of(store, "s")], 0
    await ask(store, asked, "replay")
    assert (len(await _all_keys(store, REQUESTS)), store.most) == (len(asked), 2)
    async with counted_turns() as turns:
        assert await letters_left(store, asked) == asked
        assert turns() >= len(asked) // 2


async def test_between_two_pages_of_what_is_parked_the_loop_has_a_turn(store: _Noting) -> None:
    async with counted_turns() as turns:
        await Parking(store, "s", 0, Policy(), SystemClock()).load()
        assert turns() >= 2


def test_what_waits_for_newer_code_waits_although_other_pauses_are_short() -> None:
    clock = ManualClock()
    ours = Parking(MemoryStore(), "s", 0, Policy(retry=Retry(most=timedelta(seconds=2))), clock)
    for _ in range(10):
        ours.failed("a", UnknownEventType("member-a", 1, "Joined", 2, "newer"))
    clock.advance(timedelta(seconds=29))
    assert ours.due() == []
    clock.advance(timedelta(seconds=31))
    assert ours.due() == ["a"]
