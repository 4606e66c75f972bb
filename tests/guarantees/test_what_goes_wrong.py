"""G7: what goes wrong beside a follower is told and does no harm: other logs, shapes and versions, failing folds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leftfold import App, Context, Event
from leftfold.errors import TableMismatch
from leftfold.ids import new_id
from leftfold.store import Expected, NewEvent, ToStream
from leftfold.store.port import Store
from leftfold.subscriptions import Failing, Lag, Policy
from leftfold.subscriptions.letters import LetterState
from tests.copying import copied
from tests.guarantees.children import Child
from tests.guarantees.counting import (
    POISON,
    STEADY,
    Account,
    Arrived,
    Counted,
    Counting,
    Total,
    append_counted,
    counting_house,
    folded,
    log_of,
    receiving_house,
)
from tests.guarantees.following import Found
from tests.guarantees.kept_up import ARRIVALS, TOTALS, opened, rows_in
from tests.guarantees.places import Place

_WAIT_S = 60.0


@asynccontextmanager
async def _following(source: Store, target: Store) -> AsyncGenerator[App]:
    stores = {"counting": source, "receiving": target}
    async with App(counting_house(), receiving_house(), store=stores, workers=STEADY) as app:
        yield app


async def _noted(app: App, name: str, word: str) -> Lag:
    """Wait until the subscription's note says *word*."""
    async with asyncio.timeout(_WAIT_S):
        while True:
            lag = next(one for one in await app.monitor.lags() if one.name.startswith(name))
            if any(word in note for note in lag.notes):
                return lag
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("after", [0, 3], ids=["shorter", "another"])
async def test_a_checkpoint_that_the_log_does_not_hold_stops_its_follower_before_it_does_anything(
    place: Place, after: int
) -> None:
    """The log is an older copy, which ends before the checkpoint or has other events behind the copy's end."""
    async with opened(place.url) as source, opened(place.spare()) as target, opened(place.spare()) as older:
        await append_counted(source, [("a", 1), ("b", 2)])
        await older.restore(await log_of(source))
        head = await append_counted(source, [("a", 3), ("b", 4)])
        async with _following(source, target) as app:
            await app.monitor.wait("arrivals", position=head, timeout=_WAIT_S)
        before = await rows_in(target, ARRIVALS)
        if after:
            await append_counted(older, [("a", 5), ("c", 6), ("c", 7)])
        async with _following(older, target) as app:
            lag = await _noted(app, "arrivals", "CheckpointMismatch")
            assert lag.position == head
            assert await rows_in(target, ARRIVALS) == before
        async with _following(source, target) as app:
            head = await append_counted(source, [("a", 8)])
            await app.monitor.wait("arrivals", position=head, timeout=_WAIT_S)
            rows = {key: Arrived(**asdict(row)) for key, row in folded(await log_of(source)).items()}
            assert await rows_in(target, ARRIVALS) == rows


@pytest.mark.parametrize(
    "regrown",
    [([("a", 5)], [("c", 6), ("b", 7)]), ([("a", 5), ("b", 6), ("c", 7)],)],
    ids=["step by step", "beyond them at once"],
)
async def test_a_log_that_is_put_back_under_its_followers_stops_them_and_they_begin_where_it_is(
    tmp_path: Path, regrown: Sequence[list[tuple[str, int]]]
) -> None:
    """What ends when the copy does is not waited for, and what comes in its place is not passed over."""
    paths = [tmp_path / name for name in ("log.db", "copy.db")]
    async with opened(f"sqlite:///{paths[0]}") as store, App(counting_house(), store=store, workers=STEADY) as app:
        for counted in ([("a", 1), ("b", 2)], [("a", 3), ("b", 4)]):
            head = await append_counted(store, counted)
            await app.monitor.wait("totals", position=head, timeout=_WAIT_S)
            if head == 2:
                copied(*paths)
        copied(*reversed(paths))
        for counted in regrown:
            head = await append_counted(store, counted)
            await app.monitor.wait("totals", position=head, timeout=_WAIT_S)
        assert await rows_in(store, TOTALS) == folded(await log_of(store))


async def test_two_deployments_with_other_versions_of_a_projection_each_read_their_own(place: Place) -> None:
    old, new = Counting(), Counting(version=2, factor=3)

    def worker(how: Counting) -> Child:
        return Child("following", "work", place.url, msgspec.json.encode(how).decode())

    async with opened(place.url) as store:
        with worker(old) as first:
            first.hear(dict[str, Any])
            await append_counted(store, [("a", 1), ("b", 2)])
            with worker(new) as second:
                second.hear(dict[str, Any])
                head = await append_counted(store, [("a", 3)])
                for name in ("totals@1.1/0.1", "totals@2.1/0.1"):
                    assert await store.reached(name, head, _WAIT_S) == head
                async with App(counting_house(new), store=store, workers=False) as app:
                    await app.monitor.wait("totals", position=head, timeout=_WAIT_S)
                log = await log_of(store)
                for child, factor in ((first, 1), (second, 3)):
                    child.tell("rows")
                    assert child.hear(Found).rows == folded(log, factor=factor)


async def test_a_row_type_that_does_not_fit_its_table_any_more_is_told_at_the_start(place: Place) -> None:
    @dataclass(frozen=True)
    class Wider(Total):
        note: str = ""

    narrow, wide = Context("counting"), Context("counting")

    @narrow.projection(key="account", name="totals")
    def before(row: Total | None, event: Counted) -> Total:
        return Total(event.account, 1, event.amount, 1, 1, "")

    @wide.projection(key="account", name="totals")
    def after(row: Wider | None, event: Counted) -> Wider:
        return Wider(event.account, 1, event.amount, 1, 1, "")

    async with opened(place.url) as store:
        async with App(narrow, store=store, workers=STEADY) as app:
            head = await append_counted(store, [("a", 1)])
            await app.monitor.wait("totals", position=head, timeout=_WAIT_S)
        with pytest.raises(TableMismatch):
            async with App(wide, store=store, workers=STEADY):
                pass


async def test_an_inline_projection_that_fails_refuses_its_own_append_and_no_other(place: Place) -> None:
    async with opened(place.url) as store:
        async with App(counting_house(), store=store, workers=STEADY, inline=["totals"]) as app:
            accounts = app.repository(Account)
            amounts = [POISON if number % 4 == 0 else number for number in range(40)]
            told = await asyncio.gather(
                *(accounts.edit(f"{number}", Account.count, amount) for number, amount in enumerate(amounts)),
                return_exceptions=True,
            )
            refused = [isinstance(one, ValueError) for one in told]
            assert refused == [amount == POISON for amount in amounts]
        log = await log_of(store)
        assert len(log) == refused.count(False)
        assert await rows_in(store, TOTALS) == folded(log)


async def test_old_code_waits_before_an_event_of_newer_code_which_takes_over(place: Place) -> None:
    class Voided(Event):
        account: str

    async with opened(place.url) as store:
        newer = counting_house()

        @newer.on()
        async def seen(event: Voided) -> None:
            """Newer code knows it."""

        async with App(counting_house(), store=store, workers=STEADY) as app:
            before = await append_counted(store, [("a", 1)])
            async with App(newer, store=store, workers=False) as other:
                await other.events.append("account-a", Voided(account="a"), expected=1)
            head = await append_counted(store, [("a", 2)])
            lag = await _noted(app, "totals", "UnknownEventType")
            assert lag.position == before
            assert await rows_in(store, TOTALS) == folded((await log_of(store))[:before])
        async with App(newer, store=store, workers=STEADY) as app:
            await app.monitor.wait("totals", position=head, timeout=_WAIT_S)
        log = [event for event in await log_of(store) if event.type == "Counted"]
        assert await rows_in(store, TOTALS) == folded(log)


async def test_a_damaged_event_stops_who_wants_what_it_was_and_nobody_else(place: Place) -> None:
    class Voided(Event):
        account: str

    house = counting_house()

    @house.on()
    async def seen(event: Voided) -> None:
        """Never called."""

    async with opened(place.url) as store, App(house, store=store, workers=STEADY) as app:
        before = await append_counted(store, [("a", 1)])
        damaged = NewEvent(id=new_id(), type="Voided", data=b"{}")
        await store.append(ToStream("account-b", Expected.NO_STREAM, [damaged]))
        head = await append_counted(store, [("a", 2)])
        await app.monitor.wait("totals", position=head, timeout=_WAIT_S)
        lag = await _noted(app, "seen", "DamagedPayload")
        assert lag.position == before
        log = [event for event in await log_of(store) if event.type == "Counted"]
        assert await rows_in(store, TOTALS) == folded(log)


async def test_a_key_whose_event_cannot_be_folded_waits_in_order_and_others_go_on(place: Place) -> None:
    """Retried, dead, replayed by code that can."""
    async with opened(place.url) as store:
        async with App(counting_house(Counting(attempts=2)), store=store, workers=STEADY) as app:
            poison = await append_counted(store, [("a", 1), ("b", 1), ("a", POISON)])
            await append_counted(store, [("a", 2), ("b", 2)])
            head = await append_counted(store, [("a", 3)])
            await app.monitor.wait("totals", position=head, timeout=_WAIT_S)
            rows = await rows_in(store, TOTALS)
            assert (rows["a"].count, rows["b"].count) == (1, 2)
            async with asyncio.timeout(_WAIT_S):
                while True:
                    letters = [letter async for letter in app.dead_letters.all("totals")]
                    if letters[0].state is LetterState.DEAD:
                        break
                    await asyncio.sleep(0.01)
            states = [(letter.state, letter.attempts) for letter in letters]
            assert states == [(LetterState.DEAD, 2), (LetterState.WAITING, 0), (LetterState.WAITING, 0)]
            assert letters[0].position == poison - 1
            again = await app.dead_letters.replay(letters[0])
            assert [letter.attempts for letter in again] == [3]
            assert (await rows_in(store, TOTALS))["a"].count == 1
        async with App(counting_house(Counting(bad=frozenset())), store=store, workers=STEADY) as app:
            await _held(store)
            assert await app.dead_letters.replay(letters[0]) == []
            assert await rows_in(store, TOTALS) == folded(await log_of(store))
            assert [letter async for letter in app.dead_letters.all()] == []


async def test_each_stream_is_folded_by_the_worker_of_its_shard_alone(place: Place) -> None:
    async with opened(place.url) as store:
        async with App(counting_house(Counting(shards=4)), store=store, workers=STEADY) as app:
            head = await append_counted(store, [(f"{number % 20}", 1) for number in range(100)])
            await app.monitor.wait("totals", position=head, timeout=10.0)
            assert [letter async for letter in app.dead_letters.all()] == []
            (lag,) = await app.monitor.lags()
            assert len(lag.owners) == 4
        assert await rows_in(store, TOTALS) == folded(await log_of(store))


async def test_a_dropped_letter_is_left_out_and_what_waited_behind_it_is_folded(place: Place) -> None:
    async with opened(place.url) as store, _alone(store) as app:
        await append_counted(store, [("a", 1), ("a", POISON)])
        head = await append_counted(store, [("a", 3), ("a", 4)])
        await app.monitor.wait("totals", position=head, timeout=_WAIT_S)
        first, second, _ = [letter async for letter in app.dead_letters.all()]
        await app.dead_letters.drop(first)
        assert second.state is LetterState.WAITING
        assert await rows_in(store, TOTALS) == folded(await log_of(store), left_out={"a": [first.position]})
        assert [letter async for letter in app.dead_letters.all()] == []


async def test_what_skips_goes_on_without_the_event_which_is_kept_as_a_letter(place: Place) -> None:
    async with opened(place.url) as store:
        house, reacted = Context("counting"), list[int]()
        house.includes(Account)
        policy = Policy(failing=Failing.SKIP)

        @house.projection(key="account", name="totals", policy=policy)
        def totals(row: Total | None, event: Counted) -> Total:
            if event.amount == POISON:
                raise ValueError
            return Total(event.account, 1, event.amount, 1 + (row.count if row else 0), 0, "")

        @house.on(policy=policy)
        async def react(event: Counted) -> None:
            if event.amount == POISON:
                raise ValueError
            reacted.append(event.amount)

        async with App(house, store=store, workers=STEADY) as app:
            head = await append_counted(store, [("a", 1), ("a", POISON), ("a", 3)])
            await app.monitor.wait("totals", position=head, timeout=_WAIT_S)
            assert await store.reached("react/0.1", head, _WAIT_S) == head
            assert (await rows_in(store, TOTALS))["a"].count == 2
            assert reacted == [1, 3]
            letters = [letter async for letter in app.dead_letters.all()]
            assert [(letter.state, letter.position) for letter in letters] == [(LetterState.SKIPPED, head - 1)] * 2


async def test_a_fold_that_returns_no_row_of_its_type_concerns_its_key_alone(place: Place) -> None:
    async with opened(place.url) as store:
        house = Context("counting")
        house.includes(Account)

        @house.projection(key="account", name="totals")
        def totals(row: Total | None, event: Counted) -> Total:
            wrong: Any = "no row"
            return wrong if event.amount == POISON else Total(event.account, 1, event.amount, 1, 0, "")

        async with App(house, store=store, workers=STEADY) as app:
            head = await append_counted(store, [("a", 1), ("a", POISON), ("b", 3)])
            await app.monitor.wait("totals", position=head, timeout=5.0)
            assert set(await rows_in(store, TOTALS)) == {"a", "b"}
            (letter,) = [letter async for letter in app.dead_letters.all()]
            assert letter.position == head - 1


@asynccontextmanager
async def _alone(store: Store) -> AsyncGenerator[App]:
    async with App(counting_house(), store=store, workers=STEADY) as app:
        yield app


async def _held(store: Store) -> None:
    """Wait until somebody follows."""
    async with asyncio.timeout(_WAIT_S):
        while not all(one.held for one in await store.checkpoints("totals@")):
            await asyncio.sleep(0.01)
