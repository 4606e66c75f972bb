"""What a handler is, is read from its function, and everything wrong with it is told at once."""
# ruff: noqa: ARG001 - most functions here are read and never run

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, NewType, NoReturn

import pytest

from leftfold import Decider, Event, Metadata, Repository
from leftfold.errors import DefinitionError
from leftfold.handling import command_handler_of, decision_of, decisions_of, query_handler_of
from leftfold.handling.signatures import agrees
from leftfold.messages import Command, Query
from tests.handling import bank
from tests.handling.bank import Account
from tests.handling.teller import Deposit, FindBalance, Purse, Spend, Transfer, deposit, find_balance, purse, transfer


def test_a_decision_names_its_command_its_aggregate_and_the_field_of_its_id() -> None:
    decision = decision_of(deposit, Account, id="account", exists=True)
    assert (decision.command, decision.subject, decision.id, decision.exists) == (Deposit, Account, "account", True)
    assert (decision.decide, decision.where) == (deposit, "tests.handling.teller.deposit")


def test_a_decider_gives_one_decision_for_every_command_of_its_union() -> None:
    decisions = decisions_of(purse, id="id")
    assert [decision.command for decision in decisions] == [Purse, Spend]
    assert {decision.subject for decision in decisions} == {purse}


def test_a_command_handler_names_its_command_and_what_it_needs() -> None:
    handler = command_handler_of(transfer)
    assert (handler.command, handler.function, handler.message) == (Transfer, transfer, "command")
    assert handler.needs == {"accounts": Repository[Account]}


def test_a_query_handler_names_its_query_and_how_long_answers_are_kept() -> None:
    handler = query_handler_of(find_balance, timedelta(seconds=9))
    assert (handler.query, handler.message, handler.cache) == (FindBalance, "query", timedelta(seconds=9))


def test_the_function_stays_as_it_is() -> None:
    before = dict(vars(deposit))
    decision_of(deposit, Account, id="account")
    assert vars(deposit) == before


def test_names_local_to_the_function_that_registers_are_known() -> None:
    class Local(Command[int]):
        id: str

    def decide(command: Local, account: Account) -> int:
        return account.version if command.id else 0

    assert decision_of(decide, Account, id="id").command is Local


def _findings(error: pytest.ExceptionInfo[DefinitionError]) -> str:
    return "\n".join(error.value.findings)


def test_everything_wrong_with_a_decision_is_told_at_once() -> None:
    async def decide(command: Deposit, account: Account) -> str:
        return ""

    with pytest.raises(DefinitionError) as caught:
        decision_of(decide, Account, id="acount")
    told = caught.value.findings
    assert len(told) == 3
    assert all("test_handlers.test_everything_wrong_with_a_decision_is_told_at_once" in finding for finding in told)
    for part in ("write a plain def", "no field 'acount'; id= names one of account, amount", "declares Decimal"):
        assert part in _findings(caught)


def test_a_decision_takes_a_command_and_the_aggregate_it_is_registered_for() -> None:
    def alone(command: Deposit) -> Decimal:
        return command.amount

    def another(command: Deposit, account: Unrelated) -> Decimal:
        return command.amount

    def no_command(command: FindBalance, account: Account) -> Decimal:
        return account.balance

    for function, said in (
        (alone, "takes two parameters: the command and the Account"),
        (another, "decides for Unrelated, and is registered for Account"),
        (no_command, "FindBalance is no command; derive one class from Command"),
    ):
        with pytest.raises(DefinitionError, match=said):
            decision_of(function, Account, id="account")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class Unrelated:
    pass


def test_an_id_is_text() -> None:
    class Numbered(Command):
        number: int

    def decide(command: Numbered, account: Account) -> None: ...

    with pytest.raises(DefinitionError, match="an id is text, make it str"):
        decision_of(decide, Account, id="number")


AccountId = NewType("AccountId", str)
OwnAccountId = NewType("OwnAccountId", AccountId)
Number = NewType("Number", int)


def test_an_id_may_have_a_name_of_its_own() -> None:
    class Close(Command):
        account: OwnAccountId
        number: Number

    def decide(command: Close, account: Account) -> None: ...

    assert decision_of(decide, Account, id="account").command is Close
    with pytest.raises(DefinitionError, match="an id is text, make it str"):
        decision_of(decide, Account, id="number")


def test_a_result_that_is_not_annotated_or_not_known_is_told() -> None:
    def unannotated(command: Deposit, account: Account):  # type: ignore[no-untyped-def]  # noqa: ANN202
        return account.deposit(command.amount)

    def unknown(command: Deposit, account: Nowhere) -> Decimal:  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore[reportUndefinedVariable, reportUnknownParameterType]
        return command.amount

    with pytest.raises(DefinitionError, match="its result has no annotation; write -> None"):
        decision_of(unannotated, Account, id="account")
    with pytest.raises(DefinitionError, match="'Nowhere' is not known at run time; import it outside TYPE_CHECKING"):
        decision_of(unknown, Account, id="account")  # pyright: ignore[reportUnknownArgumentType]


def test_a_decider_answers_with_events_alone_and_decides_commands() -> None:
    class Asked(Command[int]):
        id: str

    def decide(command: Asked | bank.Withdraw, balance: int) -> list[Event]:
        return []

    def evolve(balance: int, event: bank.Deposited) -> int:
        return balance

    decider: Decider[Any, int, Any] = Decider(decide, evolve, 0, category="x")
    with pytest.raises(DefinitionError) as caught:
        decisions_of(decider, id="id")
    assert "Asked has the result int, and a decider answers with events alone" in _findings(caught)
    assert "Withdraw is no command; derive one class from Command" in _findings(caught)


def test_a_handler_is_async_and_takes_one_message() -> None:
    def plain(command: Deposit) -> Decimal:
        return command.amount

    async def yielding(command: Deposit) -> AsyncIterator[Decimal]:
        yield command.amount

    async def none(account: Account) -> None: ...
    async def two(command: Deposit, other: Transfer) -> None: ...

    for function, said in (
        (plain, "write async def"),
        (yielding, "it yields, and cannot be awaited; write it without yield"),
        (none, "no parameters annotated with a Command"),
        (two, "2 parameters annotated with a Command"),
    ):
        with pytest.raises(DefinitionError, match=said):
            command_handler_of(function)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(DefinitionError, match="Deposit is no query"):
        query_handler_of(plain)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_parameters_that_cannot_be_given_are_told() -> None:
    async def handle(command: Deposit, *rest: int, spare: int = 0, unsaid) -> Decimal:  # type: ignore[no-untyped-def]  # noqa: ANN001  # pyright: ignore[reportUnknownParameterType, reportMissingParameterType]
        return command.amount

    with pytest.raises(DefinitionError) as caught:
        command_handler_of(handle)  # pyright: ignore[reportUnknownArgumentType]
    assert len(caught.value.findings) == 3
    for part in ("'rest' is no plain parameter", "default of parameter 'spare' would never be used", "'unsaid' has no"):
        assert part in _findings(caught)


def test_the_result_of_a_query_handler_agrees_with_its_query() -> None:
    async def find(query: FindBalance) -> str:
        return query.account

    with pytest.raises(
        DefinitionError, match=r"find returns str, and FindBalance declares .*Decimal.*; make them agree"
    ):
        query_handler_of(find)


def test_a_cache_keeps_something_and_knows_nothing_of_who_asks() -> None:
    async def find(query: FindBalance, about: Metadata) -> Decimal | None:
        return None

    with pytest.raises(DefinitionError) as caught:
        query_handler_of(find, timedelta(0))
    assert "keeps nothing; give a time above 0" in _findings(caught)
    assert "a cached answer is for everybody" in _findings(caught)


class Animal: ...


class Dog(Animal): ...


class Asking(Query[int]):
    pass


@pytest.mark.parametrize(
    ("returned", "declared"),
    [
        (int, int),
        (None, None),
        (Dog, Animal),
        (int, int | None),
        (None, int | None),
        (int | None, None | int),
        (list[Dog], Sequence[Animal]),
        (dict[str, Dog], dict[str, Animal]),
        (list[int], list),
        (int, Any),
        (list[int], object),
        (NoReturn, int),
    ],
)
def test_results_that_agree(returned: object, declared: object) -> None:
    assert agrees(returned, declared)


@pytest.mark.parametrize(
    ("returned", "declared"),
    [
        (int, str),
        (int, None),
        (None, int),
        (Animal, Dog),
        (int | None, int),
        (list[int], list[str]),
        (list[int], Sequence[str]),
        (dict[str, int], list[str]),
        (tuple[int, int], tuple[int]),
        (object, int),
    ],
)
def test_results_that_do_not_agree(returned: object, declared: object) -> None:
    assert not agrees(returned, declared)
