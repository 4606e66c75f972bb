"""States at other times than now."""

from __future__ import annotations

import asyncio
import gc
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from leftfold import App, AsOf, Envelope, Expected, NotFound, UnitOfWork
from leftfold.errors import InvalidQuery, ReadOnly
from leftfold.testing import ManualClock
from tests.handling.bank import Account, AccountOpened, Deposited, Withdraw, Withdrawn, purse

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


def balance(account: Account) -> Decimal:
    return account.balance


async def told(app: App, clock: ManualClock, *facts: tuple[int, int]) -> None:
    """One event an hour: the day it happened, and the amount."""
    for number, amount in facts:
        event = Deposited(amount=Decimal(amount)) if amount > 0 else Withdrawn(amount=Decimal(-amount))
        await app.events.append("account-A", Envelope(event=event, valid_at=day(number)), expected=Expected.ANY)
        clock.advance(HOUR)


async def test_as_of_a_version_a_recorded_and_a_valid_time_and_both(url: str) -> None:
    clock = ManualClock(START)
    async with App(Account, store=url, clock=clock) as app:
        await told(app, clock, (10, 1000), (20, 500), (12, -100))  # the last one is told late
        accounts = app.repository(Account)
        assert [(await accounts.at("A", version=number)).balance for number in (1, 2, 3)] == [1000, 1500, 1400]
        for hours, known in ((0, 1000), (1, 1500), (1.9, 1500), (2, 1400), (3, 1400)):
            assert (await accounts.at("A", recorded=START + hours * HOUR)).balance == known
        for number, so in ((10, 1000), (11, 1000), (12, 900), (19, 900), (20, 1400), (28, 1400)):
            assert (await accounts.at("A", valid=day(number))).balance == so
        then = await accounts.at("A", valid=day(15), recorded=START + HOUR)
        assert (then.balance, (await accounts.at("A", valid=day(15))).balance) == (Decimal(1000), Decimal(900))
        elsewhere = (START + HOUR).astimezone(timezone(timedelta(hours=-9)))
        assert (await accounts.at("A", recorded=elsewhere)).balance == 1500


async def test_times_that_have_no_answer_are_refused(url: str) -> None:
    clock = ManualClock(START)
    async with App(Account, store=url, clock=clock) as app:
        await told(app, clock, (10, 1000))
        accounts = app.repository(Account)
        for recorded, valid in ((START - HOUR, None), (None, day(9)), (START - HOUR, day(20))):
            with pytest.raises(NotFound, match="as of"):
                await accounts.at("A", recorded=recorded, valid=valid)
        with pytest.raises(InvalidQuery, match="future"):
            await accounts.at("A", recorded=clock.now() + HOUR)
        with pytest.raises(InvalidQuery, match="no zone"):
            await accounts.at("A", recorded=START.replace(tzinfo=None))
        with pytest.raises(InvalidQuery, match="no zone"):
            await accounts.at("A", valid=START.replace(tzinfo=None))
        with pytest.raises(InvalidQuery, match="has no version 2"):
            await accounts.at("A", version=2)
        with pytest.raises(InvalidQuery, match="counted from 1"):
            await accounts.at("A", version=0)
        with pytest.raises(InvalidQuery, match="two points"):
            await accounts.at("A", version=1, valid=day(10))
        with pytest.raises(InvalidQuery, match="before it begins"):
            await accounts.history("A", balance, since=day(2), until=day(1))
        with pytest.raises(InvalidQuery, match="no zone"):
            await accounts.history("A", balance, since=START.replace(tzinfo=None))
        with pytest.raises(NotFound):
            await accounts.load("B")


async def test_a_state_of_another_time_records_nothing(url: str) -> None:
    clock = ManualClock(START)
    async with App(Account, store=url, clock=clock) as app:
        await told(app, clock, (10, 1000), (11, 5))
        old = await app.repository(Account).at("A", version=1)
        with pytest.raises(ReadOnly):
            old.deposit(Decimal(1))


async def test_a_history_starts_with_the_value_that_held(url: str) -> None:
    clock = ManualClock(START)
    async with App(Account, store=url, clock=clock) as app:
        await told(app, clock, (10, 1000), (20, 500), (12, -100))
        accounts = app.repository(Account)
        changes = await accounts.history("A", balance)
        assert [(each.value, each.version, each.at) for each in changes] == [
            (Decimal(1000), 1, START),
            (Decimal(1500), 2, START + HOUR),
            (Decimal(1400), 3, START + 2 * HOUR),
        ]
        late = await accounts.history("A", balance, since=START + 1.5 * HOUR, until=START + 1.9 * HOUR)
        assert [(each.value, each.at) for each in late] == [(Decimal(1500), START + HOUR)]
        assert await accounts.history("A", balance, until=START - HOUR) == []
        assert await accounts.history("B", balance) == []
        days = await accounts.history("A", balance, valid=True)
        assert [(each.value, each.at) for each in days] == [
            (Decimal(1000), day(10)),
            (Decimal(900), day(12)),
            (Decimal(1400), day(20)),
        ]
        some = await accounts.history("A", balance, valid=True, since=day(13), until=day(19))
        assert [each.value for each in some] == [900]


async def test_the_events_between_two_times_are_those_recorded_or_happened_then(url: str) -> None:
    clock = ManualClock(START)
    async with App(Account, store=url, clock=clock) as app:
        await told(app, clock, (10, 1000), (20, 500), (12, -100))
        accounts = app.repository(Account)

        async def versions(since: datetime | None, until: datetime | None, *, valid: bool = False) -> list[int]:
            return [each.version for each in await accounts.between("A", since, until, valid=valid)]

        assert await versions(None, None) == [1, 2, 3]
        assert await versions(START, START + HOUR) == [1, 2]
        assert await versions(START + HOUR / 2, START + 1.5 * HOUR) == [2]
        assert await versions(START + 3 * HOUR, None) == await versions(None, START - HOUR) == []
        assert await versions(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)) == [1, 2, 3]
        assert await versions(day(11), day(20), valid=True) == [3, 2]
        assert await versions(day(12), day(12), valid=True) == [3]
        assert [each.event for each in await accounts.between("A", until=START)] == [Deposited(amount=Decimal(1000))]
        assert await accounts.between("B") == []
        with pytest.raises(InvalidQuery, match="before it begins"):
            await accounts.between("A", day(2), day(1))
        with pytest.raises(InvalidQuery, match="no zone"):
            await accounts.between("A", until=START.replace(tzinfo=None))


async def test_all_events_of_a_long_stream_are_between_its_ends(url: str) -> None:
    async with App(Account, store=url) as app:
        events = [Deposited(amount=Decimal(1))] * 700
        await app.events.append("account-A", *events[:400], expected=0)
        await app.events.append("account-A", *events[400:], expected=400)
        for valid in (False, True):
            assert len(await app.repository(Account).between("A", valid=valid)) == 700


async def test_news_of_an_earlier_day_is_folded_after_what_was_told_before_it(url: str) -> None:
    async with App(Account, store=url) as app:
        for owner, number in (("Alice", 20), ("Alicia", 10)):
            opened = Envelope(event=AccountOpened(owner=owner), valid_at=day(number))
            await app.events.append("account-A", opened, expected=Expected.ANY)
        accounts = app.repository(Account)
        assert (await accounts.at("A", valid=day(20))).owner == "Alicia"
        days = await accounts.history("A", lambda account: account.owner, valid=True)
        assert [(each.value, each.version, each.at) for each in days] == [
            ("Alicia", 2, day(10)),
            ("Alicia", 2, day(20)),
        ]


@pytest.mark.parametrize("valid", [False, True])
async def test_what_computes_a_history_cannot_record(url: str, valid: bool) -> None:
    clock = ManualClock(START)
    async with App(Account, store=url, clock=clock) as app:
        await told(app, clock, (10, 1000), (20, 500), (12, -100))
        with pytest.raises(ReadOnly):
            await app.repository(Account).history("A", lambda account: account.deposit(Decimal(1)), valid=valid)


async def test_differences_are_named_by_attribute(url: str) -> None:
    clock = ManualClock(START)
    async with App(Account, store=url, clock=clock) as app:
        accounts = app.repository(Account)
        await accounts.edit("A", Account.open, "Alice")
        await told(app, clock, (10, 5))
        changed = await accounts.diff("A", AsOf(version=1), AsOf())
        assert [(each.attribute, each.before, each.after) for each in changed] == [("balance", "0", "5")]
        begun = await accounts.diff("A", AsOf(recorded=START - HOUR), AsOf(version=1))
        assert [(each.attribute, each.before, each.after) for each in begun] == [
            ("balance", None, "0"),
            ("owner", None, "Alice"),
        ]
        assert await accounts.diff("A", AsOf(), AsOf(version=2)) == []


async def test_a_decider_has_other_times_too(url: str) -> None:
    async with App(purse, store=url) as app:
        await app.events.append("purse-P", Deposited(amount=Decimal(5)), expected=Expected.NO_STREAM)
        await app.repository(purse).decide("P", Withdraw(amount=Decimal(2)))
        assert await app.repository(purse).at("P", version=1) == 5
        assert [each.value for each in await app.repository(purse).history("P", lambda state: state)] == [5, 3]
        assert [each async for each in app.repository(purse).each()] == [("P", Decimal(3))]


async def test_a_clock_that_jumps_back_changes_nothing_that_was_known(url: str) -> None:
    clock = ManualClock(START)
    async with App(Account, store=url, clock=clock) as app:
        await told(app, clock, (10, 1000))
        clock.set(START - timedelta(days=1))
        await told(app, clock, (11, 500))
        accounts = app.repository(Account)
        clock.set(START + 5 * HOUR)
        assert (await accounts.at("A", recorded=START)).balance == 1500  # recorded times never run backwards
        with pytest.raises(NotFound):
            await accounts.at("A", recorded=START - HOUR)


async def test_a_clock_behind_the_log_refuses_nothing_that_is_recorded(url: str) -> None:
    async with App(Account, store=url, clock=ManualClock(START)) as app:
        await app.repository(Account).edit("A", Account.deposit, Decimal(5))
    async with App(Account, store=url, clock=ManualClock(START - HOUR)) as app:
        accounts = app.repository(Account)
        assert (await accounts.at("A", recorded=START)).balance == 5
        with pytest.raises(InvalidQuery, match="future"):
            await accounts.at("A", recorded=START + timedelta(microseconds=1))


async def test_one_moment_cuts_all_accounts_consistently(url: str) -> None:
    async with App(Account, store=url) as app:
        accounts = app.repository(Account)
        for number in range(8):
            await accounts.edit(f"A{number}", Account.deposit, Decimal(100))

        async def transfer(number: int) -> None:
            async def work(unit: UnitOfWork) -> None:
                both = unit.repository(Account)
                (await both.get(f"A{number % 8}")).withdraw(Decimal(1))
                (await both.get(f"A{(number + 3) % 8}")).deposit(Decimal(1))

            await app.transact(work)

        async def transfers() -> None:
            for number in range(60):
                await transfer(number)

        moving = asyncio.create_task(transfers())
        while not moving.done():
            found = [account async for account in accounts.each()]
            assert [account.id for account in found] == [f"A{number}" for number in range(8)]
            assert sum(account.balance for account in found) == 800
        await moving
        log = (await app.events.read_log(limit=10_000)).events
        for event in log[8::7]:
            states = [account async for account in accounts.each(recorded=event.recorded_at)]
            assert sum(account.balance for account in states) == 800


async def test_each_keeps_to_the_moment_at_which_it_began_page_after_page(url: str) -> None:
    async with App(Account, store=url) as app:
        hundred = Deposited(amount=Decimal(100))
        parts = [app.events.part(f"account-{number:03}", hundred, expected=0) for number in range(130)]
        await app.events.append_together(*parts)
        found: list[Decimal] = []
        async for account in app.repository(Account).each():
            if not found:  # the last of them are not loaded yet
                await app.repository(Account).edit("129", Account.withdraw, Decimal(1))
                await app.repository(Account).edit("130", Account.deposit, Decimal(1))
            found.append(account.balance)
        assert found == [Decimal(100)] * 130


async def test_each_leaves_out_what_had_not_begun_and_pages_through_many(url: str) -> None:
    clock = ManualClock(START)
    async with App(Account, purse, store=url, clock=clock) as app:
        for number in range(130):
            await app.events.append(f"account-{number:03}", AccountOpened(owner="x"), expected=0)
            clock.advance(HOUR)
        await app.events.append("accounts-x", Deposited(amount=Decimal(1)), expected=0)
        accounts = app.repository(Account)
        assert [account.id async for account in accounts.each()] == [f"{number:03}" for number in range(130)]
        early = [account.id async for account in accounts.each(recorded=START + 2 * HOUR)]
        assert early == ["000", "001", "002"]
        assert [account.id async for account in accounts.each(valid=START)] == ["000"]


async def test_each_holds_few_states_however_many_there_are(url: str) -> None:
    async with App(Account, store=url) as app:
        opened = AccountOpened(owner="x")
        parts = [app.events.part(f"account-{number:03}", opened, expected=0) for number in range(600)]
        for some in range(0, 600, 100):
            await app.events.append_together(*parts[some : some + 100])
        most = number = 0
        async for _ in app.repository(Account).each():
            number += 1
            if number % 60 == 0:
                most = max(most, sum(type(each) is Account for each in gc.get_objects()))
        assert number == 600
        assert 0 < most <= 250
