"""Handlers are given what their annotations name, and what is missing is told before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Generic, Protocol, TypeVar, get_args, get_origin

import pytest

from leftfold import EventStore, Metadata, Repository, UnitOfWork
from leftfold.errors import DefinitionError, InvalidAppend, ReadOnly
from leftfold.handling import (
    Handling,
    Scope,
    Supply,
    command_handler_of,
    command_routes,
    decision_of,
    query_handler_of,
    query_routes,
)
from leftfold.messages import Command, Query
from leftfold.store import Expected
from leftfold.store.port import Store
from tests.handling.bank import Account, Deposited
from tests.handling.teller import COMMANDS, Deposit, FindBalance, Gateway, Pay, deposit, open_desk, pay

T = TypeVar("T")


class Table(Generic[T]):
    def __init__(self, kind: object, handling: Handling) -> None:
        self.kind = kind
        self.handling = handling


class Row:
    pass


def _tables(annotation: object) -> Supply | None:
    if get_origin(annotation) is not Table:
        return None
    return lambda handling: Table[Row](get_args(annotation)[0], handling)


class Sees(Query[str]):
    pass


async def test_a_resolver_gives_what_the_scope_itself_does_not_know(store: Store) -> None:
    async def see(query: Sees, rows: Table[Row], about: Metadata) -> str:
        return f"{query} {rows.kind} {about.actor} {rows.handling.metadata.actor} {rows.handling.tracking}"

    desk = await open_desk(store)
    routes = query_routes([query_handler_of(see)], Scope([], {}, [_tables]))
    handling = Handling(desk.loader, Metadata(actor="alice"))
    assert await routes.of(Sees()).run(Sees(), handling) == f"Sees() {Row} alice alice None"


def test_everything_that_is_missing_is_told_with_where_and_what_to_do() -> None:
    async def see(query: Sees, gateway: Gateway, rows: Table[Row]) -> str:
        return f"{query}{gateway}{rows}"

    async def carry(command: Deposit, accounts: Repository[Account]) -> Decimal:
        return (await accounts.get(command.account)).balance

    with pytest.raises(DefinitionError) as caught:
        query_routes([query_handler_of(see)], Scope([Account], {}))
    gateway, rows = caught.value.findings
    assert "see, parameter 'gateway': nothing provides Gateway; give it as provide={Gateway: ...}" in gateway
    assert "see, parameter 'rows': nothing provides" in rows
    with pytest.raises(DefinitionError, match=r"'accounts': .*Account.* is of an aggregate that is not here; add"):
        command_routes([command_handler_of(carry)], Scope([], {}))


def test_a_repository_of_nothing_is_told_to_name_its_class() -> None:
    async def carry(command: Deposit, accounts: Repository) -> Decimal:  # type: ignore[type-arg]  # noqa: ARG001  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]
        raise AssertionError(command)

    with pytest.raises(DefinitionError, match=r"Repository does not say of what; write Repository\[X\]"):
        command_routes([command_handler_of(carry)], Scope([Account], {}))  # pyright: ignore[reportUnknownArgumentType]


def test_who_asks_for_a_unit_of_work_is_told_to_take_repositories() -> None:
    async def carry(command: Deposit, work: UnitOfWork) -> Decimal:
        return (await work.repository(Account).get(command.account)).balance

    with pytest.raises(
        DefinitionError, match=r"each run of a handler is one unit of work; take a Repository\[X\] for each"
    ) as told:
        command_routes([command_handler_of(carry)], Scope([Account], {}))
    assert "provide=" not in str(told.value)


def test_two_handlers_of_one_command_and_two_commands_of_one_name_are_told() -> None:
    class Twin(Command[Decimal], name="Deposit"):
        account: str

    def twin(command: Twin, account: Account) -> Decimal:
        return account.deposit(Decimal(command.account))

    handlers = [decision_of(each, Account, id="account") for each in (deposit, deposit)]
    with pytest.raises(DefinitionError) as caught:
        command_routes([*handlers, decision_of(twin, Account, id="account")], Scope([Account], {}))
    twice, named = caught.value.findings
    assert "both handle Deposit; keep one" in twice
    assert "Twin both are command 'Deposit'; give one of them another name=" in named


def test_a_command_or_a_result_that_has_no_json_is_told() -> None:
    class Odd(Command[Row]):
        id: str
        row: Row

    def odd(command: Odd, account: Account) -> Row:
        account.look()
        return command.row

    with pytest.raises(DefinitionError, match=r"command .*Odd, field 'row' has no codec"):
        command_routes([decision_of(odd, Account, id="id")], Scope([Account], {}))


def test_routes_are_found_by_name_for_whoever_has_only_that() -> None:
    routes = command_routes(COMMANDS, Scope([Account], {}))
    assert routes.named("Deposit").form.load(b'{"account":"A","amount":"5.0"}') == Deposit(
        account="A", amount=Decimal("5.0")
    )
    assert [route.form.name for route in routes] == [handler.command.__name__ for handler in COMMANDS]


class Named(Protocol):
    name: str

    def greet(self) -> str: ...


class Person:
    name = "P"

    def greet(self) -> str:
        return self.name


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        (Named, Row(), "Row is no Named; it has no greet, name"),
        (Row, Person(), "Person is no Row; give one"),
        (int, "5", "str is no int; give one"),
    ],
)
def test_a_value_that_is_not_of_its_key_is_told(key: type, value: object, said: str) -> None:
    [flaw] = Scope([], {key: value}).flaws()
    assert said in flaw


def test_values_of_their_keys_are_fine() -> None:
    assert Scope([], {Named: Person(), Row: Row(), object: 5}).flaws() == []


async def test_a_command_handler_reads_events_and_may_not_write_them_by_itself(store: Store) -> None:
    async def write(command: Deposit, log: EventStore) -> Decimal:
        event = Deposited(amount=command.amount)
        await log.append(f"account-{command.account}", event, expected=Expected.ANY)
        return command.amount

    async def commit(command: Deposit, log: EventStore) -> Decimal:
        await log.commit(log.part("account-A", Deposited(amount=command.amount), expected=0))
        return command.amount

    for function in (write, commit):
        desk = await open_desk(store, commands=[command_handler_of(function)])
        with pytest.raises(InvalidAppend, match="a commit of its own; record through a Repository"):
            await desk.commands.send(Deposit(account="A", amount=Decimal(5)))
    assert await store.head() == 0


async def test_a_query_handler_reads_aggregates_and_may_not_change_them(store: Store) -> None:
    async def edit(query: FindBalance, accounts: Repository[Account]) -> Decimal | None:
        return (await accounts.edit(query.account, Account.deposit, Decimal(1))).result

    async def record(query: FindBalance, accounts: Repository[Account]) -> Decimal | None:
        return (await accounts.get(query.account)).deposit(Decimal(1))

    for function, error in ((edit, InvalidAppend), (record, ReadOnly)):
        desk = await open_desk(store, queries=[query_handler_of(function)])
        await desk.commands.send(Deposit(account="A", amount=Decimal(5)), id="c")
        with pytest.raises(error):
            await desk.queries.ask(FindBalance(account="A"))
    assert await store.head() == 1


async def test_what_is_provided_is_given_to_handlers_of_its_protocol(store: Store) -> None:
    class Cash:
        charged: Sequence[Decimal] = ()

        async def charge(self, amount: Decimal) -> str:
            self.charged = (*self.charged, amount)
            return "cash"

    cash = Cash()
    desk = await open_desk(store, commands=[*COMMANDS, command_handler_of(pay)], provide={Gateway: cash})
    await desk.commands.send(Deposit(account="A", amount=Decimal(5)))
    receipt = await desk.commands.send(Pay(account="A", amount=Decimal(2)), metadata=Metadata(actor="alice"))
    assert receipt.result == "cash for alice after 1 events"
    assert cash.charged == (Decimal(2),)
