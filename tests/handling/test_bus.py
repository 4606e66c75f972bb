"""A command is carried out in one commit, and with an id once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial

import pytest

from leftfold import Aggregate, Event, Metadata, Receipt, Repository, applies
from leftfold.errors import (
    AlreadyExists,
    CommandIdReused,
    Conflict,
    DefinitionError,
    InvalidInput,
    NotFound,
    UnknownCommand,
    UnreadableAnswer,
)
from leftfold.handling import (
    ANSWERS,
    Answers,
    Call,
    CommandBus,
    Loader,
    Proceed,
    Scope,
    Snapshots,
    command_handler_of,
    command_routes,
    decision_of,
)
from leftfold.messages import Codec, Command, Registry
from leftfold.store import Fact, MemoryStore
from leftfold.store.port import Store
from tests.handling.bank import Account, InsufficientFunds
from tests.handling.teller import (
    COMMANDS,
    Deposit,
    Desk,
    Gateway,
    Look,
    OpenAccount,
    Pay,
    Purse,
    Spend,
    Transfer,
    Withdraw,
    open_desk,
    pay,
)


async def _kinds(desk: Desk) -> list[str]:
    return [event.type for event in (await desk.loader.events.read_log()).events]


async def test_a_decided_command_is_answered_with_its_result_and_position(desk: Desk) -> None:
    assert await desk.commands.send(Deposit(account="A", amount=Decimal(5))) == Receipt(result=Decimal(5), position=1)
    receipt = await desk.commands.send(Withdraw(account="A", amount=Decimal(2)))
    assert receipt == Receipt(result=Decimal(3), position=2)
    assert await _kinds(desk) == ["Deposited", "Withdrawn"]


async def test_a_command_handler_stores_several_aggregates_in_one_commit(desk: Desk) -> None:
    for account in "AB":
        await desk.commands.send(Deposit(account=account, amount=Decimal(5)))
    receipt = await desk.commands.send(Transfer(source="A", target="B", amount=Decimal(2)))
    assert receipt == Receipt(result=(Decimal(3), Decimal(7)), position=4)
    *_, out, into = (await desk.loader.events.read_log()).events
    assert out.recorded_at == into.recorded_at


async def test_when_a_handler_raises_nothing_of_it_is_stored(desk: Desk) -> None:
    await desk.commands.send(Deposit(account="A", amount=Decimal(5)))
    with pytest.raises(NotFound):
        await desk.commands.send(Transfer(source="A", target="B", amount=Decimal(2)))
    assert await desk.store.head() == 1


async def test_events_carry_the_id_and_name_of_their_command_and_it_correlates_what_follows(desk: Desk) -> None:
    about = Metadata(actor="alice")
    await desk.commands.send(Deposit(account="A", amount=Decimal(1)), id="c-1", metadata=about)
    await desk.commands.send(Deposit(account="A", amount=Decimal(1)), id="c-2", metadata=Metadata(correlation_id="web"))
    await desk.commands.send(Deposit(account="A", amount=Decimal(1)))
    await desk.commands.send(Deposit(account="A", amount=Decimal(1)))
    first, second, third, fourth = [event.metadata for event in (await desk.loader.events.read_log()).events]
    assert first == Metadata(actor="alice", command_id="c-1", command="Deposit", correlation_id="c-1")
    assert second == Metadata(command_id="c-2", command="Deposit", correlation_id="web")
    assert third.command_id == third.correlation_id
    assert len({None, first.command_id, second.command_id, third.command_id, fourth.command_id}) == 5


async def test_what_has_to_exist_and_does_not_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound) as caught:
        await desk.commands.send(Withdraw(account="A", amount=Decimal(0)))
    assert caught.value.stream == "account-A"
    assert await desk.store.head() == 0


async def test_what_must_not_exist_and_does_is_refused(desk: Desk) -> None:
    await desk.commands.send(OpenAccount(account="A", owner="Alice"))
    with pytest.raises(AlreadyExists, match="Give what is new an id of its own") as caught:
        await desk.commands.send(OpenAccount(account="A", owner="Bob"))
    assert (caught.value.stream, caught.value.version) == ("account-A", 1)
    assert await desk.store.head() == 1


@pytest.mark.parametrize("ids", [[None] * 8, [f"c-{n}" for n in range(8)]], ids=["without ids", "with ids"])
async def test_commands_for_one_aggregate_that_meet_are_all_carried_out(desk: Desk, ids: list[str | None]) -> None:
    command = Deposit(account="A", amount=Decimal(1))
    receipts = await asyncio.gather(*(desk.commands.send(command, id=id) for id in ids))
    assert sorted(receipt.result for receipt in receipts) == [Decimal(n) for n in range(1, 9)]
    assert await desk.store.head() == 8


async def test_a_command_for_something_new_that_is_there_is_not_tried_over_and_over(store: Store) -> None:
    runs = 0

    async def open_it(command: OpenAccount, accounts: Repository[Account]) -> None:
        nonlocal runs
        runs += 1
        accounts.new(command.account).open(command.owner)

    desk = await open_desk(store, commands=[command_handler_of(open_it)])
    await desk.commands.send(OpenAccount(account="A", owner="Alice"))
    with pytest.raises(Conflict):
        await desk.commands.send(OpenAccount(account="A", owner="Bob"))
    assert runs == 3


async def test_a_decider_decides_every_command_of_its_union(desk: Desk) -> None:
    assert await desk.commands.send(Purse(id="P", amount=5)) == Receipt(result=None, position=1)
    assert await desk.commands.send(Purse(id="P", amount=0)) == Receipt(result=None, position=1)
    await desk.commands.send(Spend(id="P", amount=3), id="c")
    assert (await desk.commands.send(Spend(id="P", amount=3), id="c")).repeated
    with pytest.raises(InsufficientFunds):
        await desk.commands.send(Spend(id="P", amount=3))
    assert [event.stream for event in (await desk.loader.events.read_log()).events] == ["purse-P", "purse-P"]


async def test_a_command_nobody_handles_is_unknown_and_the_error_names_what_is_near(desk: Desk) -> None:
    class Deposits(Command):
        account: str

    with pytest.raises(UnknownCommand) as caught:
        await desk.commands.send(Deposits(account="A"))
    assert (caught.value.name, caught.value.near) == ("Deposits", ("Deposit",))


@pytest.mark.parametrize("id", [None, "c"])
async def test_a_value_of_another_type_is_refused_before_anything_runs(desk: Desk, id: str | None) -> None:
    wrong = Deposit(account="A", amount="much")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidInput, match="'Deposit', field 'amount'"):
        await desk.commands.send(wrong, id=id)
    assert await desk.store.head() == 0
    assert id is None or await desk.answers.find(id) is None


async def test_the_handler_gets_values_of_the_declared_types(desk: Desk) -> None:
    whole = Deposit(account="A", amount=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    receipt = await desk.commands.send(whole)
    assert type(receipt.result) is Decimal


# ---- with an id -----------------------------------------------------------------------------------------------------


async def test_a_command_sent_again_with_its_id_is_not_carried_out_again(desk: Desk) -> None:
    command = Deposit(account="A", amount=Decimal(5))
    first = await desk.commands.send(command, id="c")
    assert first == Receipt(result=Decimal(5), position=1)
    await desk.commands.send(Deposit(account="A", amount=Decimal(1)))
    assert await desk.commands.send(command, id="c") == Receipt(result=Decimal(5), position=1, repeated=True)
    assert await desk.store.head() == 2


async def test_a_command_over_several_streams_is_repeated_with_its_position(desk: Desk) -> None:
    for account in "AB":
        await desk.commands.send(Deposit(account=account, amount=Decimal(5)))
    command = Transfer(source="A", target="B", amount=Decimal(2))
    first = await desk.commands.send(command, id="c")
    again = await desk.commands.send(command, id="c")
    assert (again.result, again.position, again.repeated) == (first.result, 4, True)


async def test_without_an_id_the_same_command_is_carried_out_every_time(desk: Desk) -> None:
    command = Deposit(account="A", amount=Decimal(5))
    await desk.commands.send(command)
    assert (await desk.commands.send(command)).result == 10
    assert await desk.store.scan(ANSWERS) == []


async def test_a_refused_command_is_refused_again_in_the_same_words_whatever_has_happened_since(desk: Desk) -> None:
    await desk.commands.send(Deposit(account="A", amount=Decimal("1.50")))
    command = Withdraw(account="A", amount=Decimal(2))
    with pytest.raises(InsufficientFunds) as first:
        await desk.commands.send(command, id="c")
    await desk.commands.send(Deposit(account="A", amount=Decimal(9)))
    with pytest.raises(InsufficientFunds) as again:
        await desk.commands.send(command, id="c")
    assert again.value.fields == first.value.fields == {"balance": Decimal("1.50"), "requested": Decimal(2)}
    assert str(again.value) == str(first.value)
    assert await desk.store.head() == 2


async def test_a_command_that_records_nothing_remembers_its_answer(desk: Desk) -> None:
    await desk.commands.send(Deposit(account="A", amount=Decimal(5)))
    assert await desk.commands.send(Look(account="A"), id="c") == Receipt(result="A has 5", position=1)
    await desk.commands.send(Deposit(account="A", amount=Decimal(5)))
    again = await desk.commands.send(Look(account="A"), id="c")
    assert again == Receipt(result="A has 5", position=1, repeated=True)


async def test_an_id_is_of_one_command_with_one_content(desk: Desk) -> None:
    await desk.commands.send(Deposit(account="A", amount=Decimal(5)), id="c")
    others: list[Command[object]] = [
        Deposit(account="A", amount=Decimal(6)),
        Deposit(account="A", amount=Decimal(5), note="x"),
        OpenAccount(account="B", owner="Bob"),
    ]
    for other in others:
        with pytest.raises(CommandIdReused) as caught:
            await desk.commands.send(other, id="c")
        assert (caught.value.id, caught.value.command) == ("c", "Deposit")
    assert await desk.store.head() == 1


@pytest.mark.parametrize("id", ["", "x" * 513, "a\x00b", "\ud800"])
async def test_an_id_that_cannot_be_stored_is_refused(desk: Desk, id: str) -> None:
    with pytest.raises(InvalidInput):
        await desk.commands.send(Deposit(account="A", amount=Decimal(5)), id=id)
    assert await desk.store.head() == 0


async def test_of_many_that_send_one_id_at_once_one_is_carried_out_and_all_get_its_answer(desk: Desk) -> None:
    command = Deposit(account="A", amount=Decimal(5))
    receipts = await asyncio.gather(*(desk.commands.send(command, id="c") for _ in range(32)))
    assert {(receipt.result, receipt.position) for receipt in receipts} == {(Decimal(5), 1)}
    assert Counter(receipt.repeated for receipt in receipts) == {False: 1, True: 31}
    assert await desk.store.head() == 1


async def test_of_many_that_open_one_account_with_one_id_at_once_all_get_the_answer_of_the_one(desk: Desk) -> None:
    command = OpenAccount(account="A", owner="Alice")
    receipts = await asyncio.gather(*(desk.commands.send(command, id="c") for _ in range(32)))
    assert Counter(receipt.repeated for receipt in receipts) == {False: 1, True: 31}
    assert await desk.store.head() == 1


class Overtaken(MemoryStore):
    """Lets another be faster after a command has looked for its answer, and before it loads what it is about."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def read_facts(
        self, stream: str, *, after: int = 0, upto: int | None = None, valid: datetime | None = None, limit: int = 500
    ) -> Sequence[Fact]:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return await super().read_facts(stream, after=after, upto=upto, valid=valid, limit=limit)


class Empty(Command):
    account: str


async def empty(command: Empty, accounts: Repository[Account]) -> None:
    account = await accounts.get(command.account)
    if not account.balance:
        raise ValueError("it is empty")
    account.withdraw(account.balance)


@pytest.mark.parametrize("command", [OpenAccount(account="B", owner="Bob"), Empty(account="A")], ids=["there", "empty"])
async def test_who_finds_what_the_same_command_has_just_done_gets_its_answer(command: Command) -> None:
    store = Overtaken()
    desk = await open_desk(store, commands=(*COMMANDS, command_handler_of(empty)))
    await desk.commands.send(Deposit(account="A", amount=Decimal(5)))
    store.meanwhile = partial(desk.commands.send, command, id="c")
    assert (await desk.commands.send(command, id="c")).repeated
    assert await store.head() == 2


async def test_of_many_that_empty_one_account_with_one_id_at_once_none_is_refused(desk: Desk) -> None:
    await desk.commands.send(Deposit(account="A", amount=Decimal(5)))
    command = Withdraw(account="A", amount=Decimal(5))
    receipts = await asyncio.gather(*(desk.commands.send(command, id="c") for _ in range(32)))
    assert {(receipt.result, receipt.position) for receipt in receipts} == {(Decimal(0), 2)}


async def test_of_many_that_are_refused_with_one_id_at_once_one_answer_is_kept(desk: Desk) -> None:
    await desk.commands.send(Deposit(account="A", amount=Decimal(1)))
    command = Withdraw(account="A", amount=Decimal(5))
    sent = await asyncio.gather(*(desk.commands.send(command, id="c") for _ in range(32)), return_exceptions=True)
    assert {type(outcome) for outcome in sent} == {InsufficientFunds}
    assert len(await desk.store.scan(ANSWERS)) == 1


async def test_a_command_that_failed_is_not_answered_so_it_may_be_sent_again(store: Store) -> None:
    class Broken:
        async def charge(self, amount: Decimal) -> str:
            raise ConnectionError

    class Working:
        async def charge(self, amount: Decimal) -> str:
            return f"charged {amount}"

    handlers = *COMMANDS, command_handler_of(pay)
    broken, working = [
        await open_desk(store, commands=handlers, provide={Gateway: gateway}) for gateway in (Broken(), Working())
    ]
    await broken.commands.send(Deposit(account="A", amount=Decimal(5)))
    command, about = Pay(account="A", amount=Decimal(2)), Metadata(actor="alice")
    with pytest.raises(ConnectionError):
        await broken.commands.send(command, id="c", metadata=about)
    assert await store.head() == 1
    receipt = await working.commands.send(command, id="c", metadata=about)
    assert receipt == Receipt(result="charged 2 for alice after 1 events", position=2)
    assert (await broken.commands.send(command, id="c", metadata=about)).result == receipt.result


async def test_a_result_that_would_not_read_back_is_told_while_nothing_is_stored(store: Store) -> None:
    def careless(command: Deposit, account: Account) -> Decimal:
        account.deposit(command.amount)
        return 1.5  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

    desk = await open_desk(store, commands=[decision_of(careless, Account, id="account")])
    with pytest.raises(InvalidInput, match="command Deposit, result"):
        await desk.commands.send(Deposit(account="A", amount=Decimal(5)), id="c")
    assert await store.head() == 0


async def test_an_answer_of_another_type_than_todays_is_an_error_and_nothing_is_done(desk: Desk) -> None:
    class Counted(Command[int], name="Look"):
        account: str

    def count(command: Counted, account: Account) -> int:
        account.open(command.account)
        return account.version

    await desk.commands.send(Look(account="A"), id="c")
    newer = await open_desk(desk.store, commands=[decision_of(count, Account, id="account")])
    with pytest.raises(UnreadableAnswer) as caught:
        await newer.commands.send(Counted(account="A"), id="c")
    assert (caught.value.id, caught.value.command) == ("c", "Look")
    assert await desk.store.head() == 0


async def test_a_middleware_that_does_not_hand_on_the_receipt_is_told(store: Store) -> None:
    async def forgetful(call: Call, proceed: Proceed) -> object:
        await proceed(call)
        return None

    desk = await open_desk(store, middleware=[forgetful])
    with pytest.raises(DefinitionError, match="hand on the Receipt"):
        await desk.commands.send(Deposit(account="A", amount=Decimal(5)))


class Ticked(Event):
    pass


class Ticker(Aggregate[Ticked], snapshot_every=3):
    ticks: int = 0

    def tick(self) -> int:
        self.record(Ticked())
        return self.ticks

    @applies
    def _ticked(self, event: Ticked) -> None:
        self.ticks += 1


class Tick(Command[int]):
    id: str


def tick(_command: Tick, ticker: Ticker) -> int:
    return ticker.tick()


async def test_snapshots_are_taken_on_the_way_of_a_command_with_and_without_an_id() -> None:
    store = MemoryStore()
    loader = Loader(store, Codec(Registry("clock", Ticked)), Snapshots(with_append=True))
    answers = Answers(store)
    await answers.prepare()
    routes = command_routes([decision_of(tick, Ticker, id="id")], Scope([Ticker], {}))
    bus = CommandBus(loader, routes, answers)
    results = [(await bus.send(Tick(id="T"), id=f"c-{n}" if n % 2 else None)).result for n in range(7)]
    assert results == [1, 2, 3, 4, 5, 6, 7]
    assert [snapshot.key.version for snapshot in await store.read_snapshots()] == [3, 6]
